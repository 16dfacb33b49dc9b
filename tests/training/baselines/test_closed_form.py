"""VAR, SINDy and reservoir against what is known of the data."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.evaluation.measures.geometry import state_space_divergence
from neurodsr.models.baselines.autoregression import Autoregression
from neurodsr.models.reconstruction import load_runs
from neurodsr.models.var import VAR, fit_var
from neurodsr.preprocess.stretches import Stretch, stretches
from neurodsr.training.baselines import fit_baseline
from neurodsr.training.baselines.reservoir import train as train_reservoir
from neurodsr.training.baselines.segments import bootstrap
from neurodsr.training.baselines.sindy import choices, identify, simplest
from neurodsr.training.baselines.validation import Score, ranking
from neurodsr.training.selection import (
    DECAYED,
    SUSTAINED,
    UNBOUNDED,
    Criterion,
    make_criterion,
)

from ..conftest import make_series

log = logging.getLogger("test")
Settings = dict[str, Any]


def lorenz(samples: int, dt: float) -> np.ndarray:
    from scipy.integrate import solve_ivp

    def flow(_: float, u: np.ndarray) -> list[float]:
        x, y, z = u
        return [10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]

    times = dt * np.arange(samples)
    return solve_ivp(flow, (0, times[-1]), [-8, 8, 27], t_eval=times, rtol=1e-10, atol=1e-10).y.T


def test_a_var_is_that_of_the_nulls(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    result = fit_baseline(series, statespace, settings | {"family": "var", "runs": 3}, 0, None, log)
    first, second, _ = load_runs(result)
    known = fit_var([stretch.x for stretch in stretches(series, "train", 2)], 10)
    np.testing.assert_array_equal(first.var.A, known.A)
    assert result.attrs["parameters"] == 9 * known.order + 3
    # runs of a bootstrap differ, by little
    forecasts = [one.forecast(series["observation"].values[:20], 5) for one in (first, second)]
    difference = np.abs(forecasts[0] - forecasts[1])[1:]
    assert 0 < difference.max() < 0.2


def test_a_var_with_an_input_is_recovered() -> None:
    rng = np.random.default_rng(0)
    A, C = np.array([[[0.5, 0.2], [-0.3, 0.4]]]), np.array([[1.0], [-2.0]])
    s = rng.standard_normal((3000, 1))
    x = VAR(A, np.zeros(2), 0.01 * np.eye(2), C).simulate(np.zeros((1, 2)), 2999, rng, s)
    model = fit_var([x], 3, [s[1:]])
    assert model.order == 1
    np.testing.assert_allclose(model.A, A, atol=0.01)
    np.testing.assert_allclose(model.C, C, atol=0.01)


def test_sindy_recovers_the_lorenz_equations() -> None:
    """The coefficients 10, 28, 1, 1, 8/3, 1 and nothing else."""
    x = lorenz(5000, 0.002)
    one = identify([Stretch(x, None)], 0.002, 2, 0.003, 1, 0)
    terms = {tuple(row): i for i, row in enumerate(one.exponents.tolist())}
    known = np.zeros_like(one.coefficients)
    for channel, powers, value in [
        (0, (1, 0, 0), -10), (0, (0, 1, 0), 10), (1, (1, 0, 0), 28), (1, (0, 1, 0), -1),
        (1, (1, 0, 1), -1), (2, (1, 1, 0), 1), (2, (0, 0, 1), -8 / 3),
    ]:  # fmt: skip
        known[channel, terms[powers]] = value
    np.testing.assert_allclose(one.coefficients, known, atol=1e-3)


def test_smoothing_makes_noisy_derivatives_usable() -> None:
    x = lorenz(5000, 0.01)
    noisy = [Stretch(x + 0.5 * np.random.default_rng(0).standard_normal(x.shape), None)]
    errors = []
    for smoothing in (1, 15):
        one = identify(noisy, 0.01, 2, 0.0, smoothing, 0)
        term = one.exponents.tolist().index([1, 0, 0])
        errors.append(abs(one.coefficients[1, term] - 28))
    assert errors[1] < 0.5 and errors[0] > 2.0


def test_choices_are_bounded_by_the_data() -> None:
    auto = {"degree": "auto", "threshold": 0.1, "smoothing": 1}
    wide = [Stretch(np.zeros((400, 10)), None)]
    # 11, 66 and 286 monomials; at most half the number of samples
    assert [one["degree"] for one in choices(auto, wide)] == [1, 2]
    with pytest.raises(RecordingError, match="400 training samples are too few for the 1001"):
        choices(auto | {"degree": 4}, wide)


def criterion(floor: float) -> Criterion:
    """One whose values differ by merit alone."""
    return replace(make_criterion(make_series(lorenz(500, 0.02)), 40, 0), floor=floor, spread=0.0)


def test_the_simplest_of_good_models_is_chosen() -> None:
    scores = [Score(0.1, 0.02, ""), Score(0.11, 0.02, ""), Score(0.2, 0.02, ""),
              Score(np.inf, np.inf, "")]  # fmt: skip
    assert simplest(scores, [9, 5, 2, 1], criterion(0.0), 0.05) == 1


def test_a_simple_model_that_oscillates_where_rest_forecasts_better_is_not_chosen() -> None:
    resting = Score(0.3, 0.1, DECAYED)
    moving = Score(0.1, 0.2, SUSTAINED)
    assert simplest([resting, moving], [9, 2], criterion(0.0), 0.05) == 0
    assert simplest([resting, moving._replace(error=0.09)], [9, 2], criterion(0.0), 0.05) == 1
    assert (
        simplest([resting, moving], [9, 2], criterion(0.0), None) == 1
    )  # free runs alone are to choose


def test_of_models_nearer_than_halves_of_the_data_the_simplest_forecasts_well() -> None:
    scores = [Score(0.1, 0.8, ""), Score(0.3, 0.2, ""), Score(0.2, 0.21, ""), Score(0.15, 0.8, ""),
              Score(0.9, 0.1, "")]  # fmt: skip
    assert simplest(scores, [5, 9, 7, 1, 2], criterion(0.0), 0.05) == 0
    assert simplest(scores, [5, 9, 7, 1, 2], criterion(0.5), 0.05) == 2
    assert ranking(scores, criterion(0.5), 0.05).tolist() == [1, 2, 0, 3, 4]


def test_what_oscillates_is_ranked_by_free_runs_unless_rest_forecasts_better() -> None:
    moving = [Score(0.1, 0.9, SUSTAINED), Score(0.3, 0.1, SUSTAINED), Score(0.2, 0.103, SUSTAINED),
              Score(np.inf, np.inf, UNBOUNDED)]  # fmt: skip
    assert ranking(moving, criterion(0.0), 0.05).tolist() == [0, 2, 1, 3]
    resting = Score(0.9, 0.101, DECAYED)
    assert ranking([*moving, resting], criterion(0.0), 0.05).tolist() == [1, 4, 0, 2, 3]


def test_what_free_runs_hardly_tell_apart_is_told_apart_by_divergence() -> None:
    scores = [Score(0.1, 0.1, "", 0.3), Score(0.11, 0.105, "", 0.1), Score(0.3, 0.1, "", 0.05),
              Score(0.115, 0.1, "", 0.2)]  # fmt: skip
    assert ranking(scores, criterion(0.0), 0.05).tolist() == [1, 3, 0, 2]
    worse = [*scores[:1], scores[1]._replace(error=0.2), *scores[2:]]
    assert ranking(worse, criterion(0.0), 0.05).tolist() == [3, 0, 1, 2]
    assert ranking(scores, criterion(0.4), 0.05).tolist() == [2, 1, 3, 0]
    assert simplest(scores, [2, 9, 1, 3], criterion(0.0), 0.05) == 1
    assert simplest(scores, [2, 9, 1, 3], criterion(0.4), 0.05) == 2
    alike = [score._replace(divergence=0.1) for score in scores]
    assert simplest(alike, [2, 9, 1, 3], criterion(0.0), 0.05) == 0


def test_bootstrap_blocks_are_pieces_of_the_data() -> None:
    x = np.arange(100.0)[:, None]
    parts = [Stretch(x[:60], x[:60]), Stretch(x[60:], x[60:])]
    assert bootstrap(parts, 0, 1, 10) is parts
    drawn = bootstrap(parts, 1, 1, 10)
    assert sum(len(part) for part in drawn) == pytest.approx(100, abs=10)
    for part in drawn:
        assert len(part) >= 10 and (np.diff(part.x[:, 0]) == 1).all()
        np.testing.assert_array_equal(part.x, part.s)
        assert not part.x[0] < 60 <= part.x[-1]


def test_the_read_out_is_the_ridge_regression_of_the_driven_states() -> None:
    """Closed form, from states that the stored reservoir computes itself."""
    x = np.random.default_rng(0).standard_normal((300, 2))
    choice = {"leak": 0.5, "spectral_radius": 0.9, "input_scaling": 0.5, "bias": 0.2,
              "ridge": 1e-2, "noise": 0.0}  # fmt: skip
    size = {"units": 20, "connections": 3, "warm_up": 50}
    one = train_reservoir([Stretch(x, None)], choice, size, np.random.default_rng(1), 0)
    radius = np.abs(np.linalg.eigvals(one.recurrent.toarray())).max()
    assert radius == pytest.approx(0.9)
    states = np.stack([one.encode(x[: t + 2])[:20] for t in range(50, 299)])
    centred, target = states - states.mean(0), x[51:] - x[51:].mean(0)
    known = np.linalg.solve(centred.T @ centred + 1e-2 * 249 * np.eye(20), centred.T @ target)
    np.testing.assert_allclose(one.readout, known.T, atol=1e-8)
    np.testing.assert_allclose(one.readout_bias, x[51:].mean(0) - states.mean(0) @ known, atol=1e-8)


def test_a_reservoir_reconstructs_the_lorenz_attractor_and_a_var_does_not() -> None:
    x = lorenz(10_000, 0.02)
    x = (x - x.mean(0)) / x.std(0)
    data, held_out = x[:5000], x[5000:]
    choice = {"leak": 0.2, "spectral_radius": 1.0, "input_scaling": 0.7, "bias": 0.9,
              "ridge": 1e-7, "noise": 0.01}  # fmt: skip
    size = {"units": 150, "connections": 10, "warm_up": 100}
    rng = np.random.default_rng(0)
    reservoir = train_reservoir([Stretch(data, None)], choice, size, rng, 0)
    linear = Autoregression(fit_var([data], 10), 0)
    divergence = [
        state_space_divergence(held_out, one.free_run(data[-200:], 5000), "al-rnn-8", rng)
        for one in (reservoir, linear)
    ]
    floor = state_space_divergence(held_out, data, "al-rnn-8", rng)
    assert divergence[0] < floor + 0.2 * (divergence[1] - floor)
