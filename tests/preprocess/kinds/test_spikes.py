"""Counts, smoothing kernels with known moments, and units chosen by their columns."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.spikes import bin_counts, chosen_units, reach, smooth


def test_counts_are_those_of_numpy_histogram():
    rng = np.random.default_rng(0)
    times, units = rng.uniform(-1, 11, 500), rng.integers(0, 3, 500)
    edges = np.linspace(0, 10, 41)
    expected = np.stack([np.histogram(times[units == u], edges)[0] for u in range(3)], axis=1)
    np.testing.assert_array_equal(bin_counts(times, units, 3, edges), expected)


def test_a_spike_on_an_edge_belongs_to_the_bin_that_begins_there():
    counts = bin_counts(np.array([0.0, 1.0, 2.0]), np.zeros(3, int), 2, np.array([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(counts, [[1, 0], [1, 0]])


def test_smoothed_impulse_is_a_gaussian_of_unit_area():
    impulse = np.zeros((201, 1))
    impulse[100] = 1.0
    smoothed = smooth(impulse, 5.0)[:, 0]
    assert abs(smoothed.sum() - 1.0) < 1e-9
    lag = np.arange(-100, 101)
    assert abs(np.sqrt(np.sum(smoothed * lag**2)) - 5.0) < 0.02


def test_smoothing_keeps_a_constant_up_to_ends_and_gaps():
    values = np.ones((50, 1))
    values[20:25] = np.nan
    smoothed = smooth(values, 4.0)
    np.testing.assert_allclose(smoothed[np.isfinite(values)], 1.0, atol=1e-12)
    np.testing.assert_array_equal(np.isnan(smoothed), np.isnan(values))


def test_causal_kernels_look_at_the_past_alone():
    impulse = np.zeros((201, 1))
    impulse[100] = 1.0
    lag = np.arange(-100, 101)
    # a geometric law has the mean 1 / (exp(1 / width) - 1)
    decay = smooth(impulse, 5.0, "exponential")[:, 0]
    assert np.all(decay[:100] == 0.0)
    assert abs(np.sum(decay * lag) - 1 / np.expm1(0.2)) < 0.02
    # a half-normal law, of which the sample at 0 has half a share too much, sqrt(2 / pi) width
    long = np.zeros((1001, 1))
    long[400] = 1.0
    half = smooth(long, 50.0, "half-gaussian")[:, 0]
    assert np.all(half[:400] == 0.0)
    assert abs(np.sum(half * np.arange(-400, 601)) - 50 * np.sqrt(2 / np.pi)) < 0.5


def test_nothing_reaches_beyond_the_reach():
    impulse = np.zeros((401, 1))
    impulse[200] = 1.0
    for shape in ("gaussian", "half-gaussian", "exponential"):
        touched = np.flatnonzero(smooth(impulse, 5.0, shape)[:, 0])
        assert np.abs(touched - 200).max() == reach(5.0, shape)


def population(**columns):
    return xr.Dataset(
        coords={"unit": ["a", "b", "c", "d"]}
        | {name: ("unit", np.array(values)) for name, values in columns.items()}
    )


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ('location == "CA1"', [0, 2]),
        ('location != "CA1" and rate > 1', [3]),
        ('quality in ["good", "mua"] or not rate >= 1', [0, 1, 2]),
        ("rate < -1 or rate == 3.5", [3]),
        ('unit == "b"', [1]),
    ],
)
def test_units_are_chosen_by_their_columns(query, chosen):
    units = population(
        location=["CA1", "CA3, so", "CA1", "DG (gr)"],
        rate=[2.0, 0.5, 8.0, 3.5],
        quality=["good", "noise", "mua", "noise"],
    )
    np.testing.assert_array_equal(chosen_units("units", units, query), chosen)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("region == 'CA1'", "units: units.query: .*no column 'region'"),
        ("rate > 100", "keeps none of 4"),
    ],
)
def test_queries_that_find_nothing_are_explained(query, says):
    with pytest.raises(RecordingError, match=says):
        chosen_units("units", population(rate=[1.0, 2.0, 3.0, 4.0]), query)
