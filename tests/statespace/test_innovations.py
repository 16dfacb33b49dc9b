"""Linear processes driven by the data's own innovations: what they keep, and what they explain."""

import numpy as np
import pytest
from scipy.signal import lfilter

from neurodsr.statespace.determinism import driven_p, nonlinearity_test
from neurodsr.statespace.innovations import (
    autoregression_order,
    innovations,
    shuffled,
    sign_flipped,
)

AR = np.array([1.6, -0.81])


def driven(noise):
    return lfilter([1.0], [1.0, *-AR], noise)[500:]


def heavy(seed, samples=2000):
    """AR(2) with noise of Student's t, 3 degrees of freedom."""
    x = driven(np.random.default_rng(seed).standard_t(3, samples + 500))
    return (x - x.mean()) / x.std()


def glide(seed, jump=False, samples=2000):
    """An oscillation driven by Gaussian noise, whose frequency trebles."""
    noise, x = np.random.default_rng(seed).standard_normal(samples), np.zeros(samples)
    for t in range(2, samples):
        share = float(t > samples / 2) if jump else t / samples
        x[t] = 1.9 * np.cos(0.2 + 0.4 * share) * x[t - 1] - 0.9 * x[t - 2] + noise[t]
    return x - x.mean()


def test_order_coefficients_and_innovations_are_those_of_the_process():
    noise = np.random.default_rng(0).standard_normal(20_500)
    x = driven(noise)
    assert autoregression_order(x) == 2
    coefficients, residuals = innovations(x, 2, 0)
    np.testing.assert_allclose(coefficients, np.tile(AR, (len(residuals), 1)), atol=0.02)
    assert np.corrcoef(residuals, noise[502:])[0, 1] > 0.999


def test_coefficients_follow_a_change():
    coefficients, _ = innovations(glide(0, samples=20_000), 2, 8)
    time = np.arange(2, 20_000) / 20_000
    np.testing.assert_allclose(coefficients[:, 0], 1.9 * np.cos(0.2 + 0.4 * time), atol=0.08)
    np.testing.assert_allclose(coefficients[:, 1], -0.9, atol=0.08)


def test_sizes_stay_in_place_and_shuffled_innovations_nearby():
    x = heavy(0)
    order = autoregression_order(x)
    coefficients, residuals = innovations(x, order, 8)

    def theirs(surrogate):
        past = np.stack([surrogate[order - k : len(x) - k] for k in range(1, order + 1)], axis=1)
        return surrogate[order:] - np.sum(past * coefficients, axis=1)

    for surrogate in sign_flipped(x, 3, np.random.default_rng(1)):
        np.testing.assert_allclose(np.abs(theirs(surrogate)), np.abs(residuals), atol=1e-9)
    for surrogate in shuffled(x, 3, 10, np.random.default_rng(1)):
        own = theirs(surrogate)
        np.testing.assert_allclose(np.sort(own), np.sort(residuals), atol=1e-9)
        moved = np.argsort(own) - np.argsort(residuals)
        assert 7 < moved.std() < 13


@pytest.mark.parametrize(
    ("make", "rejected"),
    [(heavy, 4), (glide, 7), (lambda seed: glide(seed, jump=True), 7)],
    ids=["heavy tails", "a spectrum that drifts", "a spectrum that jumps"],
)
def test_linear_processes_are_explained(make, rejected):
    # Gaussian surrogates alone call so many of 10 nonlinear at least
    gaussian, both = 0, 0
    for seed in range(10):
        x, rng = make(seed)[:, None], np.random.default_rng(seed)
        found = nonlinearity_test(x, [2], 3, 39, 30, rng, 5).p_predictive <= 0.05
        gaussian += found
        both += found and driven_p(x, [2], 3, 39, rng, 5) <= 0.05
    # P(more than 2 of 10 | 5 %) = 0.01
    assert gaussian >= rejected and both <= 2


def test_chaos_is_not_explained(henon, lorenz):
    for x, delay in ((henon[:800], 1), (lorenz[::4, 0][:1500], 4)):
        assert driven_p(x[:, None], [delay], 3, 39, np.random.default_rng(0), 5) == 1 / 40
