"""Which epoch is kept, and what free runs come to in the long run."""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neurodsr.models.model import Model, build
from neurodsr.training.descent import ENDURANCE, Task, begin, looks, validate
from neurodsr.training.free_runs import FreeRuns
from neurodsr.training.selection import (
    DECAYED,
    FADES,
    SUSTAINED,
    Criterion,
    make_criterion,
)
from neurodsr.training.windows import make_windows

Settings = dict[str, Any]
Look = tuple[float, float, str, float] | tuple[float, float, str, float, float]
"""Criterion, forecast error and kind of free runs, criterion of what they come to, divergence."""


class Scripted:
    """A judge of one run that knows beforehand what it will say."""

    def __init__(self, *looks: Look) -> None:
        self.looks = iter(looks)

    def score(self, stacked: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
        value, error, kind, self.end, self.divergence = (*next(self.looks), np.inf)[:5]
        return np.array([value]), np.array([error]), [kind]

    def endure(self, stacked: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray]:
        return np.array([self.end]), np.array([self.divergence])


def kept(
    model: Model, looks: list[Look], rounds: int = 3, floor: float = 0.0, spread: float = 0.0
) -> list[int]:
    """The epoch that is kept after each of them."""
    state, epochs = begin(model, 1, len(looks), 0), []
    criterion = replace(make_criterion(wave(), 40, 0), floor=floor, spread=spread)
    task = Task(
        model, None, None, None, None, Scripted(*looks), 2000,  # type: ignore[arg-type]
        partial(criterion.hardly_worse, tolerance=0.05),
    )  # fmt: skip
    for epoch in range(1, len(looks) + 1):
        state.epoch = epoch
        state.parameters[:] = epoch
        validate(task, state, 0.05, rounds)
        epochs.append(int(state.chosen_epoch[0]))
        if epochs[-1]:
            assert (state.best == epochs[-1]).all()
    return epochs


def wave() -> xr.Dataset:
    """A series that nothing depends on but that there is one."""
    time = np.arange(500)
    return xr.Dataset(
        {
            "observation": (("time", "channel"), np.sin(time / 5)[:, None]),
            "split": ("time", np.where(time < 400, 0, 1)),
            "segment": ("time", np.zeros(500, int)),
        }
    )


@pytest.fixture
def model(settings: Settings) -> Model:
    return build(settings, 3, 0)


def test_a_late_epoch_is_kept_unless_an_early_one_is_much_better(model: Model) -> None:
    history = [(0.5, 0.9), (0.4, 0.5), (0.45, 0.5), (0.7, 0.4), (0.3, 0.9)]
    assert kept(model, [(v, e, SUSTAINED, v) for v, e in history]) == [1, 2, 3, 3, 5]


def test_below_the_floor_the_last_epoch_is_kept(series: xr.Dataset, model: Model) -> None:
    """Nearer to the data than its halves are to each other: equal, and training went on."""
    looks = [(v, 1.0, SUSTAINED, v) for v in (0.1, 0.2, 0.5, 0.19, 0.28)]
    assert kept(model, looks) == [1, 1, 1, 1, 1]
    assert kept(model, looks, floor=0.2) == [1, 2, 2, 4, 4]
    criterion = replace(make_criterion(series, 40, 0), floor=0.2)
    assert criterion.equal_below(0.05) == 0.2
    assert criterion.equal_below(None) == 0.0


def test_of_epochs_that_differ_by_chance_the_last_is_kept(model: Model) -> None:
    looks = [(v, 1.0, SUSTAINED, v) for v in (0.1, 0.16, 0.07, 0.13, 0.11)]
    assert kept(model, looks) == [1, 1, 3, 3, 3]
    assert kept(model, looks, spread=0.025) == [1, 1, 3, 3, 5]
    assert kept(model, looks, spread=0.035) == [1, 2, 3, 4, 5]
    wide = replace(make_criterion(wave(), 40, 0), floor=0.2, spread=0.5)
    assert wide.hardly_worse(np.array([0.1, np.inf]), None).tolist() == [
        pytest.approx(0.12),
        np.inf,
    ]


def test_of_epochs_that_differ_by_chance_the_one_of_least_divergence_is_kept(model: Model) -> None:
    history = [
        (0.1, 0.5), (0.12, 0.3), (0.07, 0.4), (0.13, 0.2), (0.11, 0.2), (0.12, 0.3), (0.12, 0.205)
    ]  # fmt: skip
    looks = [(v, 1.0, SUSTAINED, v, d) for v, d in history]
    assert kept(model, looks, spread=0.035) == [1, 2, 2, 4, 5, 5, 7]
    creeping = [(0.1, 1.0, SUSTAINED, 0.1, 0.2 * 1.04**k) for k in range(4)]
    assert kept(model, creeping) == [1, 2, 2, 2]
    # the second epoch, the nearest by then, is too bad once the third one is found
    assert kept(model, looks, spread=0.02) == [1, 2, 3, 3, 5, 5, 5]
    # of what comes to rest the divergence is unknown
    assert kept(model, [*looks, (0.11, 1.0, DECAYED, 0.0), looks[0]], spread=0.035)[-2:] == [8, 9]


def test_divergence_chooses_among_epochs_that_forecast_alike(model: Model) -> None:
    """At a high rate an early epoch may come near by chance, but forecasts badly."""
    early, late = (0.1, 1.3, SUSTAINED, 0.1, 0.2), (0.1, 1.0, SUSTAINED, 0.1, 0.3)
    assert kept(model, [early, late]) == [1, 2]
    assert kept(model, [late, early]) == [1, 1]
    alike = (0.1, 1.08, SUSTAINED, 0.1, 0.2)
    assert kept(model, [alike, late]) == [1, 1]
    assert kept(model, [late, alike]) == [1, 2]
    # errors do not creep up
    creeping = [(0.1, 1.06**k, SUSTAINED, 0.1, 0.9**k) for k in range(4)]
    assert kept(model, creeping) == [1, 2, 2, 2]


def test_free_runs_that_come_to_rest_late_are_not_kept(model: Model) -> None:
    """They look right for a while, as transient chaos does."""
    looks = [(0.5, 1.0, SUSTAINED, 0.4), (0.3, 1.0, SUSTAINED, 2.0), (0.4, 1.0, SUSTAINED, 0.45)]
    assert kept(model, looks) == [1, 1, 3]
    assert kept(model, looks, rounds=0) == [1, 2, 2]
    assert kept(model, [(0.5, 1.0, SUSTAINED, np.inf)]) == [0]


@pytest.mark.parametrize("kind", [DECAYED, FADES])
def test_what_dies_from_the_start_counts_as_it_is(model: Model, kind: str) -> None:
    """Damped dynamics that noise keeps moving would else lose against any oscillation."""
    assert kept(model, [(0.5, 1.0, SUSTAINED, 0.5), (0.3, 1.0, kind, 9.0)]) == [1, 2]


def test_a_good_oscillation_is_given_up_for_rest_that_forecasts_better(model: Model) -> None:
    """A noise-driven damped system: the first epochs oscillate, as the data seem to."""
    oscillates, rests = (0.1, 1.0, SUSTAINED, 0.1), (0.8, 0.98, DECAYED, 0.8)
    assert kept(model, [oscillates, rests]) == [1, 2]
    assert kept(model, [rests, oscillates]) == [1, 1]
    assert kept(model, [rests, (0.1, 0.97, SUSTAINED, 0.1)]) == [1, 2]


def test_continued_free_runs_are_those_of_the_map(
    series: xr.Dataset, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_criterion(series, 40, 0)
    criterion = replace(whole, inputs=whole.inputs[:5], transient=2)
    row = model.initial(np.random.default_rng(1)).astype(np.float32)[None]
    orbits = []

    def record(_: Criterion, *both: np.ndarray) -> float:
        orbits.extend(both)
        return 0.0

    monkeypatch.setattr(Criterion, "distance_after", record)
    monkeypatch.setattr(Criterion, "divergence", record)
    FreeRuns(model, criterion).endure(row, 2)
    named = model.unpack(torch.from_numpy(row))
    z = model.observation.encoder(named) @ torch.from_numpy(criterion.start)
    maps = model.family.lower(named).canonical()
    known = []
    for _ in range(15):
        z = maps.step(z)
        known.append(z[0, :3].numpy())
    np.testing.assert_allclose(orbits[0], known[:5], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(orbits[1], known[-5:], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(orbits[2], known[2:], rtol=1e-4, atol=1e-6)
    assert np.ptp(known[-5:], axis=0).max() > 1e-2  # still moving


def test_long_free_runs_cost_a_small_part_of_the_training(
    series: xr.Dataset, settings: Settings, model: Model
) -> None:
    task = Task(model, make_windows(series, 100, 100), None, None, None, None, 2000, None)  # type: ignore[arg-type]
    settings |= {"batches_per_epoch": 50, "batch": 16, "epochs": 300}
    # of an epoch of 50 updates (three runs of 16 windows of 100 steps each), a twentieth pays for
    # 0.375 lengths of 16 starts of 2000 steps: for ten after 27 epochs, but 20 looks are due
    assert looks(task, settings | {"validate_every": 2}) == (15, 5)
    assert looks(task, settings | {"validate_every": 20}) == (20, 7)
    assert looks(task, settings | {"validate_every": 2, "epochs": 5000}) == (27, ENDURANCE)
    assert looks(task, settings | {"validate_every": 200}) == (200, ENDURANCE)
    assert looks(task, settings | {"validate_every": 2, "epochs": 40}) == (2, 0)
