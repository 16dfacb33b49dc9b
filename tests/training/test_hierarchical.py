"""A cohort of damped oscillators that differ in one number, and the chain rule behind it."""

import logging
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.models.families import ShallowPLRNN
from neurodsr.models.model import Model
from neurodsr.models.observation import Identity
from neurodsr.training import fused, hierarchical
from neurodsr.training.cohort import fit_cohort, in_common
from neurodsr.training.hierarchical import Hierarchy
from neurodsr.training.windows import Noise

LOG = logging.getLogger("test")


def oscillator(turn: float, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Rotation by ``turn`` (rad) a step, damped, and driven by noise."""
    map_ = 0.97 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    x = np.zeros((samples, 2))
    for t in range(1, samples):
        x[t] = map_ @ x[t - 1] + 0.25 * rng.standard_normal(2)
    return x


def series_of(observation: np.ndarray, name: str = "one") -> xr.Dataset:
    samples = len(observation)
    split = np.zeros(samples, np.int8)
    split[int(0.8 * samples) :] = 1
    return xr.Dataset(
        {
            "observation": (("time", "channel"), observation),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", split),
        },
        coords={"channel": ["x", "y"]},
        attrs={"sampling_interval": 0.1, "recording": name},
    )


@pytest.fixture
def cohort() -> tuple[dict[str, xr.Dataset], np.ndarray]:
    rng = np.random.default_rng(3)
    turns = np.linspace(0.1, 0.6, 8)
    found = {
        f"sub-{i}": series_of(oscillator(t, 400, rng), f"sub-{i}") for i, t in enumerate(turns)
    }
    return found, turns


@pytest.fixture
def chosen(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        **settings, "latent": 2, "hidden": 5, "epochs": 25, "batches_per_epoch": 20, "runs": 2,
        "sequence_length": 15, "noise": 0.0,
        "learning_rate": {**settings["learning_rate"], "start": 2e-2, "end": 1e-3},
    }  # fmt: skip


@pytest.mark.parametrize("optimiser", ["radam", "soap"])
def test_vectors_tell_what_differs_and_runs_agree(
    cohort: tuple[dict[str, xr.Dataset], np.ndarray], chosen: dict[str, Any], optimiser: str
) -> None:
    data, turns = cohort
    chosen["optimiser"] = optimiser
    result = fit_cohort(data, chosen, features=1, vector_rate=3.0, seed=0, log=LOG)
    vector = result["vector"].values[..., 0]
    for run in range(2):
        assert abs(np.corrcoef(vector[run], turns)[0, 1]) > 0.97
    assert np.corrcoef(vector)[0, 1] > 0.95
    np.testing.assert_allclose(vector[0].mean(), 0, atol=1e-5)
    np.testing.assert_allclose(vector[0].var(), 1, rtol=1e-4)
    # driving noise of variance 0.0625 in each channel is what no map can foretell in one step
    assert 0.0625 * 0.8 < float(result["noise_variance"].min()) < 0.5
    assert result["A"].shape == (2, 8, 2, 2)


def test_a_new_subject_is_placed_by_its_vector_alone(
    cohort: tuple[dict[str, xr.Dataset], np.ndarray], chosen: dict[str, Any]
) -> None:
    data, turns = cohort
    model = Model(ShallowPLRNN(2, 5), Identity(2, 2))
    windows = hierarchical.cohort_windows(list(data.values()), 15)
    settings = {**chosen, "vector_rate": 3.0}
    fitted, _ = hierarchical.train(
        model, windows, hierarchical.begin(model, 8, 1, 0), settings, 0, {}, LOG
    )
    fitted = fitted.aligned()
    rng = np.random.default_rng(9)
    new = [series_of(oscillator(t, 150, rng)) for t in (0.2, 0.5)]
    found, _ = hierarchical.train(
        model, hierarchical.cohort_windows(new, 15), hierarchical.newcomers(fitted, 2), settings, 1,
        {}, LOG, shared=False,
    )  # fmt: skip
    np.testing.assert_allclose(found.mean, fitted.mean, rtol=1e-6)
    np.testing.assert_allclose(found.directions, fitted.directions, rtol=1e-6)
    line = np.polyfit(fitted.vectors[:, 0], turns, 1)
    np.testing.assert_allclose(np.polyval(line, found.vectors[:, 0]), [0.2, 0.5], atol=0.08)


def test_gradients_of_what_is_shared_are_derivatives(
    cohort: tuple[dict[str, xr.Dataset], np.ndarray],
) -> None:
    """Chain rule by torch through the plain recursion, against one step of plain descent."""
    model = Model(ShallowPLRNN(2, 3), Identity(2, 2))
    windows = hierarchical.cohort_windows(list(cohort[0].values())[:3], 10)
    start = hierarchical.begin(model, 3, 2, 1)
    batch = windows.epoch(0, 0, 3, 1, 16, Noise(0.0)).batch(0)
    mean, directions, vectors = (
        torch.from_numpy(a.astype(np.float32)).requires_grad_()
        for a in (start.mean, start.directions, start.vectors)
    )
    theta = mean + vectors @ directions
    named = model.unpack(theta)
    pull = np.full((3, 10), 0.2, np.float32)
    loss = fused.losses(model, named, batch, pull)
    whole = torch.autograd.grad(loss.sum(), [mean, directions, vectors])
    own = {name: v.detach().requires_grad_() for name, v in named.items()}
    _, slope = fused.gradients(model, own, batch, pull)
    for here, there in zip(
        whole, (slope.sum(0), start.vectors.T @ slope, slope @ start.directions.T), strict=True
    ):
        np.testing.assert_allclose(here.numpy(), there, rtol=2e-3, atol=1e-5)


def test_alignment_keeps_the_models() -> None:
    rng = np.random.default_rng(0)
    one = Hierarchy(
        rng.standard_normal(20),
        rng.standard_normal((3, 20)),
        rng.standard_normal((9, 3)),
        np.ones(9),
    )
    two = one.aligned()
    np.testing.assert_allclose(two.parameters(), one.parameters(), atol=1e-5)
    np.testing.assert_allclose(two.vectors.T @ two.vectors / 9, np.eye(3), atol=1e-10)
    np.testing.assert_allclose(two.vectors.mean(0), 0, atol=1e-10)


def test_runs_that_differ_by_a_rotation_are_brought_together() -> None:
    rng = np.random.default_rng(0)
    v = rng.standard_normal((12, 3))
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    both = in_common([v, v @ rotation])
    np.testing.assert_allclose(both[1], v, atol=1e-10)


def test_a_subject_with_other_channels_is_named(
    cohort: tuple[dict[str, xr.Dataset], np.ndarray], chosen: dict[str, Any]
) -> None:
    data = dict(cohort[0])
    data["sub-5"] = data["sub-5"].assign_coords(channel=["x", "w"])
    with pytest.raises(RecordingError, match=r"sub-5: channel: x, w: not those of sub-0 \(x, y\)"):
        fit_cohort(data, chosen, 1, 3.0, 0, LOG)


def test_more_features_than_recordings_are_refused(
    cohort: tuple[dict[str, xr.Dataset], np.ndarray], chosen: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match=r"features: 7 for 8 recordings; lower it to 6"):
        fit_cohort(cohort[0], chosen, 7, 3.0, 0, LOG)
