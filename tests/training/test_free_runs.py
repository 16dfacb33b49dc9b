"""Forecasts by which epochs are told apart, against maps whose forecasts are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import xarray as xr

from neurodsr.models.families import Parameters
from neurodsr.models.maps import ShallowMap
from neurodsr.models.model import Model, build
from neurodsr.training.free_runs import FreeRuns
from neurodsr.training.gain import WARM_UP, history
from neurodsr.training.selection import make_criterion

ANGLE = 0.2
ROTATION = np.array(
    [[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]], dtype=np.float32
)


def series_of(x: np.ndarray) -> xr.Dataset:
    """Three quarters for training, the rest for validation."""
    split = np.repeat([0, 1], [len(x) * 3 // 4, len(x) - len(x) * 3 // 4]).astype(np.int8)
    return xr.Dataset(
        {
            "observation": (("time", "channel"), x),
            "segment": ("time", np.zeros(len(x), int)),
            "split": ("time", split),
        },
        coords={"channel": [f"x{i}" for i in range(x.shape[1])]},
        attrs={"sampling_interval": 1.0},
    )


def circle(samples: int = 1200) -> np.ndarray:
    phase = ANGLE * np.arange(samples)
    return np.stack([np.cos(phase), np.sin(phase)], 1)


def rotating(settings: dict, channels: int, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model whose map is the rotation, whatever its parameters."""
    model = build(settings | {"latent": 2, "clipped": False}, channels, 0)
    turn = torch.from_numpy(ROTATION)
    signs = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    out = torch.tensor([[0, 0, turn[0, 1], -turn[0, 1]], [turn[1, 0], -turn[1, 0], 0, 0]])

    def lower(parameters: Parameters) -> ShallowMap:
        one, none = torch.ones(1), torch.zeros
        return ShallowMap(
            turn.diagonal()[None] * one, out[None], signs[None], none(1, 2), none(1, 4),
            none(1, 2, 0), False,
        )  # fmt: skip

    monkeypatch.setattr(type(model.family), "lower", lambda self, parameters: lower(parameters))
    return model


def test_the_true_map_forecasts_without_error(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = rotating(settings, 2, monkeypatch)
    criterion = make_criterion(series_of(circle()), 40, 0)
    row = np.zeros((1, model.count), np.float32)
    _, error, _ = FreeRuns(model, criterion).score(row)
    assert criterion.known == 1 and error[0] < 1e-9


def test_a_state_that_one_sample_does_not_fix_is_followed_first(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second coordinate is not seen, and taken for 0 at first. The last known sample alone
    leaves the error ``sin(phase) sin(k angle)``, whose mean square is a quarter."""
    model = rotating(settings, 1, monkeypatch)
    series = series_of(circle()[:, :1])
    row = np.zeros((1, model.count), np.float32)
    known = make_criterion(series, 314, 0, known=history(model, series))
    assert known.known == WARM_UP == 50
    _, error, _ = FreeRuns(model, known).score(row)
    alone = make_criterion(series, 314, 0)
    _, blind, _ = FreeRuns(model, alone).score(row)
    assert error[0] < 1e-3
    assert blind[0] == pytest.approx(0.25, rel=0.05)


def test_missing_samples_of_a_history_do_not_pull(
    settings: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = rotating(settings, 1, monkeypatch)
    criterion = make_criterion(series_of(circle()[:, :1]), 100, 0, known=50)
    holes = criterion.future.copy()
    holes[20:30] = np.nan
    row = np.zeros((1, model.count), np.float32)
    _, error, _ = FreeRuns(model, replace(criterion, future=holes)).score(row)
    assert error[0] < 3e-3


def test_histories_are_short_where_the_split_is() -> None:
    criterion = make_criterion(series_of(circle(160)), 100, 0, known=50)
    assert criterion.known == 20 and len(criterion.future) == 40
