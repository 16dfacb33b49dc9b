import numpy as np

from neurodsr.preprocess.spikes import bin_counts, smooth


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
