import numpy as np
import pytest

from neurodsr.statespace.embedding.dimension import dimension_curves


def test_lorenz_needs_three_dimensions(lorenz):
    curves = dimension_curves([lorenz[:, 0]], 17, 6, theiler=31, maximum_queries=10_000)
    np.testing.assert_allclose(curves.false_neighbours[:3], [0.992, 0.057, 0.0], atol=0.015)
    np.testing.assert_allclose(curves.e1[:5], [0.0, 0.23, 0.92, 0.95, 0.96], atol=0.06)
    np.testing.assert_allclose(curves.e2[:3], [0.07, 0.70, 1.28], atol=0.15)
    assert curves.dimension(0.01) == 3


def test_henon_needs_two_dimensions(henon):
    assert dimension_curves([henon], 1, 5, theiler=1, maximum_queries=1000).dimension(0.01) == 2


def test_white_noise_has_no_dimension_and_e2_of_one():
    noise = np.random.default_rng(0).uniform(size=5000)
    curves = dimension_curves([noise], 1, 6, theiler=1, maximum_queries=5000)
    assert curves.dimension(0.01) is None
    np.testing.assert_allclose(curves.e2[:5], 1.0, atol=0.05)


def test_mackey_glass_needs_three_to_five_dimensions(mackey_glass):
    curves = dimension_curves([mackey_glass], 14, 8, theiler=50, maximum_queries=1000)
    # correlation dimension 2.1 (Farmer 1982): more than 2, and 2 D + 1 suffices
    assert 3 <= curves.dimension(0.01) <= 5
    assert curves.agree(0.01)


def test_roessler_and_lorenz_96_are_in_their_published_ranges(roessler, lorenz_96):
    found = dimension_curves([roessler[:, 0]], 15, 8, theiler=30, maximum_queries=1000)
    assert 3 <= found.dimension(0.01) <= 5
    assert np.nanmin(found.e2) < 0.3
    found = dimension_curves([lorenz_96[:, 0]], 3, 10, theiler=10, maximum_queries=1000)
    assert 4 <= found.dimension(0.05) <= 8


def test_each_criterion_is_told_apart(lorenz):
    noise = np.random.default_rng(0).standard_normal(2000)
    curves = dimension_curves([noise], 1, 12, theiler=1, maximum_queries=500)
    # many dimensions: neighbours are as far as the noise is wide, and nothing tears them 15-fold
    assert curves.lonely[11] > 0.7 and curves.torn[11] < 0.01
    curves = dimension_curves([lorenz[:, 0]], 17, 3, theiler=31, maximum_queries=500)
    assert curves.torn[0] > 0.9 and curves.lonely[2] == 0
    np.testing.assert_array_less(curves.false_neighbours, curves.torn + curves.lonely + 1e-12)


@pytest.mark.parametrize("level", [0.0, 0.05, 0.1])
def test_known_noise_does_not_raise_the_dimension(lorenz, level):
    x = lorenz[:, 0] / lorenz[:, 0].std()
    x = x + level * np.random.default_rng(0).standard_normal(len(x))
    curves = dimension_curves([x], 17, 6, theiler=31, maximum_queries=2000, noise=level)
    assert curves.by_false_neighbours(0.01) == 3


def test_missing_values_split_a_piece(henon):
    gappy = henon.copy()
    gappy[[500, 1500]] = np.nan
    split = [gappy[:500], gappy[501:1500], gappy[1501:]]
    one, other = (dimension_curves(p, 1, 4, 1, 300) for p in ([gappy], split))
    np.testing.assert_array_equal(one.false_neighbours, other.false_neighbours)
    assert np.isnan(dimension_curves([np.full(9, np.nan)], 1, 3, 1, 9).e1).all()


def test_cao_and_false_neighbours_equal_their_definitions(henon):
    """Plain sums over the definitions of Kennel et al. (1992) and Cao (1997)."""
    x, delay, theiler = henon[:150], 2, 3

    def nearest(i, m, order):
        best, who = np.inf, -1
        for j in range(len(x) - m * delay):
            gap = [x[i + k * delay] - x[j + k * delay] for k in range(m)]
            distance = np.linalg.norm(gap, ord=order)
            if abs(i - j) > theiler and 0 < distance < best:
                best, who = distance, j
        return best, who

    spread, moved, false = [], [], []
    for m in (1, 2, 3):
        rows = []
        for i in range(len(x) - m * delay):
            d, n = nearest(i, m, np.inf)
            step = abs(x[i + m * delay] - x[n + m * delay])
            r, n = nearest(i, m, 2)
            leap = abs(x[i + m * delay] - x[n + m * delay])
            torn = leap / r > 15 or np.sqrt(r * r + leap * leap) / x.std() > 2
            rows.append((max(d, step) / d, step, torn))
        for values, mean in zip((spread, moved, false), np.mean(rows, axis=0), strict=True):
            values.append(mean)
    curves = dimension_curves([x], delay, 3, theiler, 10_000)
    np.testing.assert_allclose(curves.e1[:2], np.divide(spread[1:], spread[:-1]))
    np.testing.assert_allclose(curves.e2[:2], np.divide(moved[1:], moved[:-1]))
    np.testing.assert_allclose(curves.false_neighbours, false)


def test_constant_data_have_no_dimension():
    curves = dimension_curves([np.ones(300)], 1, 4, 1, 100)
    assert curves.dimension(0.01) is None and not curves.agree(0.01)
    steps = np.repeat([0.0, 1.0, 2.0, 3.0], 75)
    assert np.isfinite(dimension_curves([steps], 1, 4, 1, 100).false_neighbours[0])
