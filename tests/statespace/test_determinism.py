import numpy as np
import pytest

from neurodsr.preprocess.correlation import autocorrelation
from neurodsr.statespace.delays import correlation_delay
from neurodsr.statespace.determinism import (
    nonlinearity_test,
    prediction_error,
    rank_p,
    time_asymmetry,
)


def check(x, seed=0, number=39):
    x = x if x.ndim == 2 else x[:, None]
    lags = [(correlation_delay(autocorrelation([c], 100)) + 1) // 2 for c in x.T]
    return nonlinearity_test(x, lags, 3, number, 30, np.random.default_rng(seed))


def test_prediction_error_of_noise_and_of_a_map(henon):
    noise = np.random.default_rng(0).standard_normal(2000)
    # a mean of four independent futures misses by sqrt(1 + sum of squared weights) > 1
    assert 1.0 < prediction_error(noise, 3, 1, 1) < 1.3
    assert prediction_error(henon, 2, 1, 1) < 0.05


def test_time_asymmetry_has_its_closed_form():
    sawtooth = np.tile(np.arange(10.0), 100)
    # nine steps of 1 and one of -9: third moment (9 - 729) / 10 over (90 / 10) ** 1.5
    assert time_asymmetry(sawtooth, 1) == pytest.approx(-72 / 27, abs=0.01)
    assert time_asymmetry(sawtooth[::-1], 1) == pytest.approx(72 / 27, abs=0.01)


def test_lorenz_is_nonlinear_and_z_alone_is_directed(lorenz):
    test = check(lorenz[:3000])
    assert test.p_all == 0.025
    assert (test.p[:, 0] == 0.025).all()
    assert test.p[2, 1] == 0.025
    assert test.data.shape == (3, 2) and test.surrogates.shape == (39, 3, 2)


def test_noisy_henon_is_nonlinear(henon):
    x = henon[:400] + 0.2 * henon.std() * np.random.default_rng(0).standard_normal(400)
    assert check(x).p_all == 0.025


def test_linear_noise_through_a_monotone_function_is_not_nonlinear(ar):
    assert check(np.exp(0.5 * ar([0.6], 600, 4))).p_all > 0.05


@pytest.mark.parametrize(
    "coefficients", [[0.0], [0.9], [1.6, -0.81]], ids=["white", "AR(1)", "oscillating AR(2)"]
)
def test_false_positives_are_as_rare_as_the_level_says(ar, coefficients):
    rejected = [check(ar(coefficients, 250, seed), seed).p_all <= 0.05 for seed in range(60)]
    # P(more than 8 of 60 | 5 %) < 0.003
    assert sum(rejected) <= 8


def test_channels_together_keep_the_level(ar):
    rejected = []
    for seed in range(30):
        shared = ar([0.8], 250, seed)
        x = np.stack([shared, *(shared + ar([0.5], 250, 100 + seed + k) for k in (0, 50))], axis=1)
        rejected.append(check(x, seed).p_all <= 0.05)
    # P(more than 6 of 30 | 5 %) < 0.001
    assert sum(rejected) <= 6


def test_rank_p_counts_the_data_itself():
    assert rank_p(np.array([3.0, 1.0, 2.0, 0.0])) == 0.25
    assert rank_p(np.array([1.0, 1.0, 2.0, 0.0])) == 0.75
