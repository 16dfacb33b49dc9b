import numpy as np
import pytest

from neurodsr.statespace.correlation_dimension import (
    correlation_dimension,
    longest_flat,
    scaling,
)
from neurodsr.statespace.embedding.coordinates import Coordinate

STATE = [Coordinate(c, 0) for c in range(3)]


def delayed(dimension, delay):
    return [Coordinate(0, k * delay) for k in range(dimension)]


def test_lorenz_has_its_dimension_and_the_embedding_restores_it(lorenz):
    state = correlation_dimension([lorenz], STATE, 50)
    # 2.055 +- 0.004 (200000 time units); of 100 time units it varies by about 0.05
    assert state.dimension == pytest.approx(2.05, abs=0.1)
    assert state.low < 2.055 < state.high
    embedded = correlation_dimension([lorenz[:, :1]], delayed(3, 17), 50)
    assert embedded.dimension == pytest.approx(state.dimension, rel=0.05)


def test_henon_has_its_dimension():
    x, y, values = 0.1, 0.1, np.empty(20_100)
    for t in range(len(values)):
        x, y = 1.0 - 1.4 * x * x + y, 0.3 * x
        values[t] = x
    found = correlation_dimension([values[100:]], delayed(2, 1), 1, most_points=20_000)
    # 1.220 +- 0.036 (Sprott 2003), 1.21 +- 0.01 (Grassberger & Procaccia 1983)
    assert found.dimension == pytest.approx(1.22, abs=0.036)


def test_mackey_glass_has_its_dimension(mackey_glass):
    # 2.1 by Kaplan and Yorke (Farmer 1982), 1.95 +- 0.03 by correlation (Grassberger 1983)
    found = correlation_dimension([mackey_glass], delayed(4, 14), 50)
    assert found.dimension == pytest.approx(1.95, abs=0.2)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_noise_fills_the_space(dimension):
    noise = np.random.default_rng(0).uniform(size=(8000, dimension))
    found = correlation_dimension([noise], [Coordinate(c, 0) for c in range(dimension)], 0)
    assert found.dimension == pytest.approx(dimension, rel=0.05)


def test_a_cycle_has_dimension_one():
    t = np.arange(8000)
    found = correlation_dimension([np.sin(t / 9.0)], delayed(3, 14), 60)
    assert found.dimension == pytest.approx(1.0, abs=0.05)


def test_correlation_sum_equals_a_count_of_all_pairs(henon):
    x, theiler = henon[:200], 3
    found = correlation_dimension([x], delayed(2, 1), theiler)
    points = np.stack([x[:-1], x[1:]], axis=1)
    gaps = np.linalg.norm(points[:, None] - points, axis=2)
    i = np.arange(len(points))
    gaps = gaps[np.abs(i[:, None] - i) > theiler]
    expected = [(gaps <= radius).mean() for radius in found.radius]
    np.testing.assert_allclose(found.correlation_sum, expected, atol=1e-4)


def test_slope_and_interval_of_a_power_law_are_exact():
    radius = np.geomspace(1e-3, 1.0, 73)
    exponents = np.linspace(1.4, 1.6, 10)
    pairs = np.full(10, 1e7)
    counts = pairs[:, None] * radius ** exponents[:, None]
    found = scaling(radius, counts, pairs)
    assert found.dimension == pytest.approx(1.5, abs=0.02)
    # Student's quantile t(9, 0.975) = 2.262, and slopes that hardly spread
    half = 2.262 * exponents.std(ddof=1) / np.sqrt(10)
    assert (found.high - found.low) / 2 == pytest.approx(half, rel=0.1)
    assert found.correlation_sum[found.last] <= 0.1


def test_longest_run_of_flat_slopes():
    slope = np.array([5.0, 3.0, 2.0, 2.05, 2.1, 1.5, 1.0, 1.0, 0.2])
    assert longest_flat(slope, np.arange(9)) == (2, 4)


def test_noise_that_hides_the_attractor_leaves_no_region(lorenz):
    x = lorenz[:, 0] / lorenz[:, 0].std()
    x = x + 0.03 * np.random.default_rng(0).standard_normal(len(x))
    found = correlation_dimension([x], delayed(4, 17), 50)
    assert np.isnan(found.dimension) and "constant slope" in found.reason


def test_few_or_equal_states_are_told_so():
    for x in (np.arange(8.0), np.zeros(100), np.full(50, np.nan)):
        assert "too few" in correlation_dimension([x], delayed(2, 1), 1).reason
