"""The validation criterion tells good free runs from bad ones, and names what they do."""

from dataclasses import replace

import numpy as np
import pytest

from neurodsr.training.selection import (
    DECAYED,
    POOLED,
    SUSTAINED,
    UNBOUNDED,
    admitted,
    make_criterion,
)

from .conftest import lorenz, make_series


def lanes(orbit: np.ndarray, steps: int) -> np.ndarray:
    """Sixteen stretches of a long orbit ``(step, channel, lane)``."""
    return np.stack([orbit[i * steps : (i + 1) * steps] for i in range(16)], -1)


def test_criterion_ranks_free_runs() -> None:
    criterion = make_criterion(make_series(lorenz(8000)), 100, seed=0)
    steps = len(criterion.inputs)
    truth = lorenz(8000 + 16 * steps)[8000:]
    truth = lanes((truth - truth.mean(0)) / truth.std(0), steps)
    rng = np.random.default_rng(0)
    good, kind = criterion.distance(truth)
    assert kind == SUSTAINED
    assert good < 0.5
    shuffled = truth[rng.permutation(steps)]
    assert criterion.distance(shuffled)[0] > 2 * good
    assert criterion.distance(0.6 * truth)[0] > 1.2 * good
    decaying = truth * np.exp(-np.arange(steps) / 20)[:, None, None]
    value, kind = criterion.distance(decaying)
    assert kind == DECAYED
    assert value > 3 * good
    exploding = truth * np.exp(np.arange(steps) / 50)[:, None, None]
    assert criterion.distance(exploding) == (np.inf, UNBOUNDED)
    assert criterion.distance(truth * np.nan) == (np.inf, UNBOUNDED)


def test_one_lost_free_run_of_sixteen_is_noticed() -> None:
    """At rest, or on a cycle as wide as the attractor; more of the same system is not lost."""
    criterion = make_criterion(make_series(lorenz(8000)), 100, seed=0)
    steps = len(criterion.inputs)
    truth = lorenz(8000 + 32 * steps)[8000:]
    truth = (truth - truth.mean(0)) / truth.std(0)
    first, last = lanes(truth, steps), lanes(truth[16 * steps :], steps)
    value, _ = criterion.distance(last)
    assert criterion.distance_after(first, last) == value
    for lost in (np.zeros(steps), np.sqrt(2) * np.sin(0.3 * np.arange(steps))):
        last = lanes(truth[16 * steps :], steps).copy()
        last[..., 3] = lost[:, None]
        assert criterion.distance_after(first, last) > 2 * criterion.distance(last)[0] > 2 * value
    assert criterion.distance_after(first, 100 * last) == np.inf


def test_the_true_system_is_hardly_worse_than_itself() -> None:
    """Free runs of the system that made the data, from other starts: by chance, not by merit."""
    samples, fresh = 40_000, 12
    orbit = lorenz(samples + fresh * 16 * 2000)
    criterion = make_criterion(make_series(orbit[:samples]), 100, seed=0)
    scaled = (orbit - orbit[:samples].mean(0)) / orbit[:samples].std(0)
    steps, transient = len(criterion.inputs), criterion.transient
    values = np.array(
        [
            criterion.distance(lanes(scaled[samples + i * 16 * steps :], steps))[0]
            for i in range(fresh)
        ]
    )
    assert (steps, transient) == (2000, 500)
    assert 0.5 < np.ptp(values) / criterion.spread < 4
    within = values <= criterion.hardly_worse(np.full(fresh, np.min(values)), 0.05)
    assert within.all()
    noise = make_series(np.random.default_rng(0).standard_normal((samples, 3)))
    assert make_criterion(noise, 100, seed=0).spread < criterion.spread / 3
    short = make_series(orbit[:200])
    assert make_criterion(short, 100, seed=0).spread == 0


def test_models_nearer_than_halves_of_the_data_are_told_apart_by_forecasts() -> None:
    value, error = np.array([0.1, 0.2, 0.3, np.nan, 0.0]), np.array([0.5, 0.4, 0.1, 0.1, 0.1])
    barred, unknown = np.array([False, False, False, True, True]), np.full(5, np.inf)
    wide = replace(make_criterion(make_series(lorenz(500)), 40, 0), spread=0.0)
    for floor, expected in ((0.0, [0, 1, 2, 4, 3]), (0.25, [1, 0, 2, 4, 3])):
        one = replace(wide, floor=floor)
        assert one.order(value, error, unknown, barred, 0.05).tolist() == expected


def test_divergence_chooses_among_models_that_forecast_alike() -> None:
    value, error = np.full(4, 0.1), np.array([1.0, 1.3, 1.05, 0.5])
    divergence, barred = np.array([0.3, 0.1, 0.2, 0.1]), np.array([False, False, False, True])
    criterion = make_criterion(make_series(lorenz(500)), 40, 0)
    assert criterion.order(value, error, divergence, barred, 0.05).tolist() == [2, 0, 1, 3]


def test_divergence_is_that_of_gaussians() -> None:
    rng = np.random.default_rng(0)
    series = make_series(rng.standard_normal((100_000, 1)))
    narrow = 0.8 * rng.standard_normal((3000, 1, 16))
    # ln(0.8) + 1 / (2 * 0.64) - 1 / 2, and none with noise of variance 0.36, half of the data's 1.2
    bare, noisy = (make_criterion(series, 40, 0, noise=level) for level in (np.nan, 1.2))
    assert bare.divergence(narrow) == pytest.approx(0.0581, abs=0.01)
    assert noisy.divergence(narrow) == pytest.approx(0, abs=0.005)


def test_divergence_sees_a_shape_that_chance_hides_from_the_criterion() -> None:
    samples, lengths = 40_000, 3
    orbit = lorenz(samples + lengths * 16 * 2000)
    scaled = (orbit - orbit[:samples].mean(0)) / orbit[:samples].std(0)
    rng = np.random.default_rng(0)
    series = make_series(scaled[:samples] + 0.05 * rng.standard_normal((samples, 3)))
    bare, criterion = (make_criterion(series, 100, 0, noise=level) for level in (0, 0.05))
    truth = lanes(scaled[samples:], lengths * len(criterion.inputs))
    some = truth[:: criterion.thinning(lengths)]
    assert some.size <= POOLED < 2 * some.size
    true, narrow, wide = (criterion.divergence(scale * some) for scale in (1, 0.97, 1.05))
    assert min(narrow, wide) > 1.1 * true
    assert bare.divergence(0.97 * some) < 1.1 * bare.divergence(some)
    parts = np.array_split(truth, lengths)
    by_chance = np.ptp([criterion.distance(part)[0] for part in parts])
    changes = [criterion.distance(0.97 * p)[0] - criterion.distance(p)[0] for p in parts]
    assert np.abs(changes).max() < 0.5 * by_chance


def test_divergence_is_unknown_where_data_are_few_or_free_runs_leave() -> None:
    few = make_criterion(make_series(lorenz(1000)), 40, 0)
    assert few.density is None
    assert few.divergence(np.zeros((10, 3, 16))) == np.inf
    many = make_criterion(make_series(lorenz(40_000)), 100, 0)
    orbit = np.zeros((100, 3, 16))
    assert np.isfinite(many.divergence(orbit))
    assert many.divergence(orbit + np.nan) == np.inf
    assert many.divergence(orbit + 1e9) == np.inf
    wide = make_criterion(make_series(np.tile(lorenz(2000), 2)), 40, 0)
    assert wide.density is None


def test_free_runs_alone_may_choose() -> None:
    errors = np.array([1.0, 7.0, np.inf])
    moving = np.zeros(3, bool)
    assert (admitted(errors, moving, 0.5, None) == [True, True, False]).all()


def test_what_moves_has_to_forecast_as_well_as_what_rests() -> None:
    errors = np.array([1.0, 1.04, 1.06, 9.0, np.inf])
    for resting, least_resting, expected in [
        (True, 1.0, [True, True, False, False, False]),
        (False, 1.0, [True, False, False, False, False]),
        (False, np.inf, [True, True, True, True, False]),
    ]:
        kinds = np.full(5, resting)
        assert (admitted(errors, kinds, least_resting, 0.05) == expected).all()
