import sys
from pathlib import Path

import numpy as np
import pytest

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.simulate.flows import stochastic_heun
from neurodsr.statespace.determinism import nonlinearity_test, rank_p, time_asymmetry
from neurodsr.statespace.embedding.delays import correlation_delay
from neurodsr.statespace.forecast import QUERIES, REACH, RIDGE, forecast

sys.path.insert(0, str(Path(__file__).parents[1] / "studies"))


def check(x, seed=0, number=39):
    x = x if x.ndim == 2 else x[:, None]
    correlations = [autocorrelation([c], 100) for c in x.T]
    lags = [(correlation_delay(c) + 1) // 2 for c in correlations]
    theiler = max(decay_time(c) or 100 for c in correlations)
    return nonlinearity_test(x, lags, 3, number, 30, np.random.default_rng(seed), theiler)


def test_forecasts_of_noise_and_of_a_map(henon):
    noise = np.random.default_rng(0).standard_normal(2000)
    simplex, gain = forecast(noise, 3, 1, 1)
    # a mean of four independent futures misses by sqrt(1 + sum of squared weights) > 1
    assert 1.0 < simplex < 1.3
    assert -0.1 < gain < 0.02
    simplex, gain = forecast(henon, 2, 1, 1)
    assert simplex < 0.05 and gain > 2.0


def plain_forecast(x, dimension, delay, horizon, apart):
    """The same, written from the definition."""
    points = len(x) - (dimension - 1) * delay - horizon
    vectors = np.array([x[i : i + dimension * delay : delay] for i in range(points)])
    future = x[(dimension - 1) * delay + horizon :][:points]
    design = np.column_stack([np.ones(points), vectors])
    overall = np.linalg.lstsq(design, future, rcond=None)[0]
    errors = []
    for i in np.unique(np.linspace(0, points - 1, QUERIES).astype(int)):
        square = np.sum((vectors - vectors[i]) ** 2, axis=1)
        radius = REACH * square.mean()
        others = np.flatnonzero(np.abs(np.arange(points) - i) > apart)
        near = others[np.argsort(square[others])[: dimension + 1]]
        weight = np.exp(-np.sqrt(square[near] / square[near[0]]))
        simplex = weight @ future[near] / weight.sum()
        inside = others[square[others] < radius]
        kernel = (1 - square[inside] / radius) ** 2
        local = simplex
        if kernel.sum() > dimension + 1:
            rows = np.column_stack([np.ones(len(inside)), vectors[inside] - vectors[i]])
            left = rows.T @ (kernel[:, None] * rows)
            left[1:, 1:] += RIDGE * np.diag(np.diag(left)[1:])
            local = np.linalg.solve(left, rows.T @ (kernel * future[inside]))[0]
        errors.append(np.array([simplex, local, design[i] @ overall]) - future[i])
    simplex, local, linear = np.mean(np.square(errors), axis=0)
    return np.sqrt(simplex) / x.std(), 0.5 * np.log(linear / local)


@pytest.mark.parametrize("apart", [4, 30])
def test_forecasts_agree_with_their_definition(lorenz, apart):
    x = lorenz[:900:3, 0] + 0.5 * np.random.default_rng(1).standard_normal(300)
    found = forecast(x, 3, 2, 2, apart)
    np.testing.assert_allclose(found, plain_forecast(x, 3, 2, 2, apart), rtol=1e-6)


def test_time_asymmetry_has_its_closed_form():
    sawtooth = np.tile(np.arange(10.0), 100)
    # nine steps of 1 and one of -9: third moment (9 - 729) / 10 over (90 / 10) ** 1.5
    assert time_asymmetry(sawtooth, 1) == pytest.approx(-72 / 27, abs=0.01)
    assert time_asymmetry(sawtooth[::-1], 1) == pytest.approx(72 / 27, abs=0.01)


def test_lorenz_is_nonlinear_and_z_alone_is_directed(lorenz):
    test = check(lorenz[:3000])
    assert test.p_all == test.p_predictive == 0.025
    assert (test.p[:, :2] == 0.025).all()
    assert test.p[2, 2] == 0.025
    assert test.data.shape == (3, 3) and test.surrogates.shape == (39, 3, 3)


def test_noisy_henon_is_nonlinear(henon):
    x = henon[:400] + 0.2 * henon.std() * np.random.default_rng(0).standard_normal(400)
    assert check(x).p_all == 0.025


@pytest.mark.parametrize("name", ["van der Pol", "FitzHugh-Nagumo"])
def test_a_relaxation_cycle_with_noise_is_nonlinear(name):
    from power import simulate

    cycles = simulate(name, 4, 400)[:5]
    noisy = [x + 0.1 * x.std() * np.random.default_rng(7).standard_normal(400) for x in cycles]
    assert all(check(x).p_predictive <= 0.05 for x in noisy)


def test_a_round_cycle_with_noise_in_its_dynamics_is_nonlinear():
    # Hopf normal form: a sine of nearly constant amplitude whose phase diffuses; 1000 samples are
    # 48 periods. With noise of the measurement as large as the cycle one in six is still found.
    def field(s):
        return s * (1.0 - np.sum(s**2, axis=0)) + np.array([-s[1], s[0]])

    rng = np.random.default_rng(0)
    cycles = stochastic_heun(field, np.ones((2, 4)), 0.3, 0.3, 1100, rng, substeps=6)[100:, 0].T
    for x in cycles + 0.07 * rng.standard_normal(cycles.shape):
        assert check(x).p_predictive == 0.025


@pytest.mark.parametrize(
    "name",
    ["white", "AR(1) 0.8", "AR(10)", "pink", "AR(2) modulus 0.97", "cube of AR(2) 0.9"],
)
def test_false_positives_are_as_rare_as_the_level_says(name):
    from false_positives import study

    # at 5 %, more than 7 of 40 have a chance of 0.1 %
    assert study(name, 300, 40)[-1] <= 17.5


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
