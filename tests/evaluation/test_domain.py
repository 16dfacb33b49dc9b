"""Duffing's oscillator has two basins: a model of both, and models of one."""

from typing import Self

import numpy as np
import pytest
import xarray as xr
from known_systems import defaults

from neurodsr.evaluation.domain import (
    generalisation,
    new_trials,
    wilson,
    with_domain,
)
from neurodsr.models.interface import Reconstruction
from neurodsr.preprocess.stretches import Stretch

STEPS, DT = 600, 0.1
SETTINGS = defaults("evaluation")


def duffing(z: np.ndarray) -> np.ndarray:
    """x'' = x - x^3 - 0.3 x', one step of Runge and Kutta: fixed points at x = -1 and 1."""

    def flow(z: np.ndarray) -> np.ndarray:
        x, v = z[..., 0], z[..., 1]
        return np.stack([v, x - x**3 - 0.3 * v], axis=-1)

    k1 = flow(z)
    k2 = flow(z + DT / 2 * k1)
    k3 = flow(z + DT / 2 * k2)
    k4 = flow(z + DT * k3)
    return z + DT / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def right_well_only(z: np.ndarray) -> np.ndarray:
    """Harmonic motion around x = 1, from anywhere."""
    x, v = z[..., 0] - 1.0, z[..., 1]
    v = v - DT * (2 * x + 0.3 * v)
    return np.stack([x + 1.0 + DT * v, v], axis=-1)


def runaway(z: np.ndarray) -> np.ndarray:
    return 2.0 * z + 1.0


class Known(Reconstruction):
    """A model that is a given map of observations."""

    warm_up = 1

    def __init__(self, run: int, step) -> None:
        self.run, self._step = run, step

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        raise NotImplementedError

    @property
    def latent_dimension(self) -> int:
        return 2

    def encode(self, history, inputs=None):
        return history[-1]

    def decode(self, z):
        return z

    def step(self, z, s=None):
        return self._step(z)

    def tangent(self, z, v):
        raise NotImplementedError


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
    models = [Known(0, duffing), Known(1, right_well_only), Known(2, runaway)]
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
    found = with_domain(scores, [Known(1, step)], trials, train, SETTINGS, np.random.default_rng(0))
    assert found.attrs["verdict"].startswith("Better. Out of domain: ")
    assert words in found.attrs["verdict"]
    assert np.isnan(found["statistical_error"].sel(run=0)).all()
    assert found.attrs["new_trials"] == LEFT[::7].sum()
    assert found.attrs["domain_radius"] == SETTINGS["domain_radius"]


def test_no_words_where_training_data_have_been_everywhere() -> None:
    scores = xr.Dataset(coords={"run": [0]}, attrs={"verdict": "Better."})
    trials = [Stretch(orbit, None) for orbit in ORBITS[::9]]
    same = with_domain(
        scores, [Known(0, duffing)], trials, trials, SETTINGS, np.random.default_rng(0)
    )
    assert same.attrs["verdict"] == "Better." and same.attrs["new_trials"] == 0
    assert float(same["topological_error"].sel(domain="seen").item()) == 0.0


def test_wilson_interval_of_the_textbook() -> None:
    """Ten of ten, and 15 of 50 (Newcombe 1998: 0.7225 to 1, 0.1910 to 0.4375)."""
    assert wilson(np.array([10.0, 10.0])) == pytest.approx([1.0, 0.7225, 1.0], abs=1e-4)
    assert wilson(np.array([15.0, 50.0])) == pytest.approx([0.3, 0.1910, 0.4375], abs=1e-4)
    assert np.isnan(wilson(np.array([0.0, 0.0]))).all()
