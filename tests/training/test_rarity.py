"""Windows that pass through rarely visited states are drawn more often, by known numbers."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.training.rarity import NEIGHBOUR, REPEATS, rarity, repeated, weighted
from neurodsr.training.windows import Noise, make_windows


def test_rarity_of_a_lattice_is_the_distance_on_it() -> None:
    """On a line of unit steps the seventh nearest, the state itself among them, is 3 away."""
    states = np.arange(200.0)[:, None]
    states[50] = np.nan
    found = rarity(states)
    assert NEIGHBOUR == 7
    assert np.isnan(found[50])
    np.testing.assert_array_equal(found[60:190], 3.0)
    assert found[0] == 6.0
    np.testing.assert_allclose(rarity(5 * states)[60:190], 15.0)


def test_rarity_falls_with_density() -> None:
    """In two dimensions, density is inverse to the square of the distance."""
    rng = np.random.default_rng(0)
    dense, sparse = rng.random((8000, 2)), rng.random((2000, 2)) + [5, 0]
    found = rarity(np.concatenate([dense, sparse])) ** 2
    assert np.median(found[8000:]) / np.median(found[:8000]) == pytest.approx(4, rel=0.1)


def test_windows_are_repeated_in_proportion() -> None:
    rare = np.concatenate([np.ones(60), np.full(40, 3.0)])
    rare[5] = np.nan
    starts, ends = np.array([0, 20, 50, 70, 95]), np.full(100, 100)
    weights = np.array([1, 1, 2, 3, 3])
    drawn = repeated(starts, ends, 19, rare, 1)
    assert len(drawn) == REPEATS * 5
    counts = np.array([(drawn == start).sum() for start in starts])
    assert np.abs(counts - REPEATS * 5 * weights / weights.sum()).max() < 1
    alike = repeated(starts, ends, 19, rare, 0)
    assert [(alike == start).sum() for start in starts] == [REPEATS] * 5


def test_where_few_values_recur_all_windows_are_drawn_alike() -> None:
    """Counts, say: every state has its like, at no distance."""
    rare = rarity(np.tile([0.0, 1.0], 100)[:, None])
    assert not rare.any()
    starts = np.arange(50)
    np.testing.assert_array_equal(repeated(starts, np.full(200, 200), 20, rare, 2), starts)


def test_trainings_see_rare_states_more_often(series: xr.Dataset) -> None:
    plain, weighted = make_windows(series, 20, 20), make_windows(series, 20, 20, rare=2)
    assert set(weighted.starts) <= set(plain.starts)
    size = [np.abs(windows.observation[windows.starts]).mean() for windows in (plain, weighted)]
    assert size[1] > 1.02 * size[0]


def test_samples_are_weighted_by_their_rarity() -> None:
    rare = np.array([0.5, 0.5, np.nan, 1.0, 2.0])
    np.testing.assert_allclose(weighted(rare, 1), [0.5, 0.5, 1, 1, 2])
    np.testing.assert_allclose(weighted(rare, 2), np.array([1, 1, 5.5, 4, 16]) / 5.5)
    np.testing.assert_array_equal(weighted(np.zeros(9), 2), np.ones(9))


def test_samples_of_a_window_have_their_weights(series: xr.Dataset) -> None:
    """Each window those of its samples, none the lanes that fill up a vector."""
    windows = make_windows(series, 20, 20, emphasis=1)
    assert windows.weights is not None
    assert make_windows(series, 20, 20, rare=1).weights is None
    epoch = windows.epoch(7, 0, 2, 1, 4, Noise(0.0))
    weight = epoch.batch(0).weight
    for run in range(2):
        for lane in range(4):
            first = epoch.starts[run, 0, lane]
            length = min(21, windows.ends[first] - first)
            expected = windows.weights[first : first + length]
            np.testing.assert_array_equal(weight[run, 0, :length, lane], expected)
    assert not weight[:, :, :, 4:].any()
    plain = make_windows(series, 20, 20).epoch(7, 0, 2, 1, 4, Noise(0.0)).batch(0)
    assert plain.weight.tolist() == [[[[1.0] * 4 + [0.0] * (weight.shape[3] - 4)] * 21]]
