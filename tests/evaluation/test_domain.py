"""Duffing's oscillator has two basins: a model of both, and models of one."""

import numpy as np
import pytest
import xarray as xr
from known_systems import KnownMap, defaults, flow_map

from neurodsr.evaluation.domain import (
    generalisation,
    new_trials,
    wilson,
    with_domain,
)
from neurodsr.preprocess.stretches import Stretch

STEPS, DT = 600, 0.1
SETTINGS = defaults("evaluation")


def oscillator(z: np.ndarray) -> np.ndarray:
    """x'' = x - x^3 - 0.3 x': fixed points at x = -1 and 1."""
    x, v = z[..., 0], z[..., 1]
    return np.stack([v, x - x**3 - 0.3 * v], axis=-1)


duffing = flow_map(oscillator, DT, substeps=1)


def right_well_only(z: np.ndarray) -> np.ndarray:
    """Harmonic motion around x = 1, from anywhere."""
    x, v = z[..., 0] - 1.0, z[..., 1]
    v = v - DT * (2 * x + 0.3 * v)
    return np.stack([x + 1.0 + DT * v, v], axis=-1)


def runaway(z: np.ndarray) -> np.ndarray:
    return 2.0 * z + 1.0


def trajectories(grid: int = 10) -> np.ndarray:
    """From a grid of initial conditions ``(trial, time, channel)``."""
    axis = np.linspace(-1.5, 1.5, grid)
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    orbit = [z]
    for _ in range(STEPS - 1):
        orbit.append(duffing(orbit[-1]))
    return np.stack(orbit, axis=1)


ORBITS = trajectories()
LEFT = ORBITS[:, -1, 0] < 0


def test_half_of_the_grid_ends_in_each_well() -> None:
    """By the symmetry (x, v) -> (-x, -v)."""
    assert LEFT.sum() == 50
    assert np.abs(np.abs(ORBITS[:, -1, 0]) - 1).max() < 0.01


@pytest.fixture(scope="module")
def errors() -> xr.Dataset:
    trials = [Stretch(orbit, None) for orbit in ORBITS]
    train = [orbit for orbit in ORBITS[~LEFT][::2]]
    new = new_trials(trials, train, 0.3, 0.5)
    np.testing.assert_array_equal(new, LEFT)
    models = [KnownMap(step, run=i) for i, step in enumerate((duffing, right_well_only, runaway))]
    return generalisation(models, trials, new, 0.3, 0.5, np.random.default_rng(0))


def test_a_perfect_model_has_no_error_anywhere(errors: xr.Dataset) -> None:
    perfect = errors.sel(run=0)
    assert float(perfect["statistical_error"].max()) == 0.0
    assert (perfect["topological_error"] == 0).all()
    assert (perfect["topological_error_high"] < 0.08).all()


def test_a_model_of_one_basin_is_wrong_in_the_other(errors: xr.Dataset) -> None:
    one = errors.sel(run=1)
    assert float(one["topological_error"].sel(domain="new")) == 1.0
    assert float(one["topological_error"].sel(domain="seen")) == 0.0
    assert float(one["statistical_error_mean"].sel(domain="new")) > 4 * float(
        one["statistical_error_mean"].sel(domain="seen")
    )


def test_a_run_that_diverges_is_wrong_everywhere(errors: xr.Dataset) -> None:
    assert (errors["topological_error"].sel(run=2) == 1).all()
    assert np.isinf(errors["statistical_error"].sel(run=2)).all()


@pytest.mark.parametrize(
    "step, words", [(duffing, "holds there too"), (right_well_only, "trained on only")]
)
def test_words_say_where_a_model_holds(step, words: str) -> None:
    scores = xr.Dataset(coords={"run": [0, 1]}, attrs={"verdict": "Better."})
    trials = [Stretch(orbit, None) for orbit in ORBITS[::7]]
    train = [Stretch(orbit, None) for orbit in ORBITS[~LEFT]]
    found = with_domain(
        scores, [KnownMap(step, run=1)], trials, train, SETTINGS, np.random.default_rng(0)
    )
    assert found.attrs["verdict"].startswith("Better. Out of domain: ")
    assert words in found.attrs["verdict"]
    assert np.isnan(found["statistical_error"].sel(run=0)).all()
    assert found.attrs["new_trials"] == LEFT[::7].sum()
    assert found.attrs["domain_radius"] == SETTINGS["domain_radius"]


def test_no_words_where_training_data_have_been_everywhere() -> None:
    scores = xr.Dataset(coords={"run": [0]}, attrs={"verdict": "Better."})
    trials = [Stretch(orbit, None) for orbit in ORBITS[::9]]
    same = with_domain(
        scores, [KnownMap(duffing)], trials, trials, SETTINGS, np.random.default_rng(0)
    )
    assert same.attrs["verdict"] == "Better." and same.attrs["new_trials"] == 0
    assert float(same["topological_error"].sel(domain="seen").item()) == 0.0


def test_wilson_interval_of_the_textbook() -> None:
    """Ten of ten, and 15 of 50 (Newcombe 1998: 0.7225 to 1, 0.1910 to 0.4375)."""
    assert wilson(np.array([10.0, 10.0])) == pytest.approx([1.0, 0.7225, 1.0], abs=1e-4)
    assert wilson(np.array([15.0, 50.0])) == pytest.approx([0.3, 0.1910, 0.4375], abs=1e-4)
    assert np.isnan(wilson(np.array([0.0, 0.0]))).all()
