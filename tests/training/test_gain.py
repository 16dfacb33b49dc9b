"""A state that one observation does not fix is inferred from a history."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray

from neurodsr.models.model import build
from neurodsr.models.piecewise_linear import PiecewiseLinearMap
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction, load_runs
from neurodsr.training.gain import GAINS, WARM_UP, gains, history

Array = NDArray[np.float64]
Settings = dict[str, Any]


def rotation(angle: float) -> Array:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def fit_of(angles: Sequence[float]) -> xr.Dataset:
    """Rotations of which the first coordinate is seen; a state is taken to have no second one."""
    runs, none = len(angles), np.zeros(len(angles))
    return xr.Dataset(
        {
            "A": (("run", "latent", "latent_from"), [rotation(angle) for angle in angles]),
            "W1": (("run", "latent", "hidden"), np.zeros((runs, 2, 1))),
            "W2": (("run", "hidden", "latent_from"), np.zeros((runs, 1, 2))),
            "h1": (("run", "latent"), np.zeros((runs, 2))),
            "h2": (("run", "hidden"), np.zeros((runs, 1))),
            "C": (("run", "latent", "input"), np.zeros((runs, 2, 0))),
            "B": (("run", "channel", "latent"), [[[1.0, 0.0]]] * runs),
            "E": (("run", "latent", "channel"), [[[1.0], [0.0]]] * runs),
            "gain": ("run", none),
            "run_status": ("run", ["ok"] * runs),
        },
        coords={"run": np.arange(runs)},
        attrs={"clipped": 0, "pulled_units": 1, "history": 50, "family": "shallow-plrnn"},
    )


def wave(noise: float, samples: int = 1000, angle: float = 0.2) -> xr.Dataset:
    """A sine, all of it validation data."""
    x = np.sin(angle * np.arange(samples))
    x += noise * np.random.default_rng(0).standard_normal(samples)
    return xr.Dataset(
        {
            "observation": (("time", "channel"), x[:, None]),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", np.ones(samples, np.int8)),
        },
        attrs={"sampling_interval": 1.0},
    )


@pytest.mark.parametrize("gain", [0.1, 0.5, 1.0])
def test_the_error_shrinks_by_the_observer_matrix(gain: float) -> None:
    """Linear map A seen through its first coordinate: the error of a state is multiplied by
    (1 - gain P) A at each sample, P onto that coordinate (Luenberger 1964)."""
    A = rotation(0.2)
    model = PiecewiseLinearMap(
        A=A, W1=np.zeros((2, 1)), W2=np.zeros((1, 2)), h1=np.zeros(2), h2=np.zeros(1),
        C=np.zeros((2, 0)), clipped=False,
    )  # fmt: skip
    one = PiecewiseLinearReconstruction(
        model, np.array([[1.0, 0.0]]), np.array([[1.0], [0.0]]), 0, gain, 1
    )
    states = model.simulate(np.array([[0.3, 1.0], [-1.0, 0.4]]), 30)
    observer = (np.eye(2) - gain * np.diag([1.0, 0.0])) @ A
    first = np.stack([np.zeros(2), -states[0, :, 1]], axis=1)
    expected = states[-1] + first @ np.linalg.matrix_power(observer, 29).T
    np.testing.assert_allclose(one.encode(states[..., :1]), expected, atol=1e-12)


def test_noise_calls_for_slow_pulling_and_a_wrong_map_for_fast() -> None:
    right, slow = gains(fit_of([0.2, 0.17]), wave(0.5))
    exact_right, exact_slow = gains(fit_of([0.2, 0.17]), wave(0.0))
    assert 0 < right < exact_right
    assert slow < exact_slow
    assert right <= 0.1 < 0.2 <= slow
    assert exact_right < exact_slow


def test_forecasts_of_what_one_sample_does_not_fix() -> None:
    """A sine goes up or down from the same value; the last sample alone is wrong by its slope."""
    fit, series = fit_of([0.2]), wave(0.0)
    (blind,) = load_runs(fit)
    (seeing,) = load_runs(fit.assign(gain=("run", gains(fit, series))))
    x = series["observation"].values
    error = [np.abs(one.forecast(x[:60], 40)[:, 0] - x[59:99, 0]).max() for one in (blind, seeing)]
    slope = np.abs(np.cos(0.2 * 59))
    assert error[0] == pytest.approx(slope, rel=0.02)
    assert error[1] < 0.02


def test_one_observation_is_enough_where_it_fixes_the_state(settings: Settings) -> None:
    series = wave(0.0).assign(split=("time", np.zeros(1000, np.int8)))
    assert history(build(settings | {"latent": 3}, 3, 0), series) == 1
    assert history(build(settings | {"latent": 4}, 3, 0), series) == WARM_UP == 50
    assert history(build(settings | {"latent": 4}, 3, 0), series.isel(time=slice(80))) == 20
    fit = fit_of([0.2]).assign_attrs(history=1)
    assert gains(fit, wave(0.0)) == 0
    (one,) = load_runs(fit)
    assert one.warm_up == 1


def test_short_validation_stretches_give_short_histories() -> None:
    assert gains(fit_of([0.2]), wave(0.0, samples=60)) > 0
    assert gains(fit_of([0.2]), wave(0.0, samples=5)) in GAINS
    assert gains(fit_of([0.2]), wave(0.0, samples=1)) == 0
