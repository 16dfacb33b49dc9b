import numpy as np
import pytest

from neurodsr.statespace.dimension import dimension_curves, embed, nearest_outside


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


def test_embedding_keeps_to_its_pieces():
    vectors, following, position = embed([np.arange(6.0), np.arange(10.0, 14.0)], 2, 1, 1)
    np.testing.assert_array_equal(vectors, [[0, 1], [1, 2], [2, 3], [3, 4], [10, 11], [11, 12]])
    np.testing.assert_array_equal(following, [2, 3, 4, 5, 12, 13])
    np.testing.assert_array_equal(position, [0, 1, 2, 3, 6, 7])


@pytest.mark.parametrize("norm", [2.0, np.inf])
def test_nearest_neighbours_outside_the_theiler_window_equal_a_full_search(norm):
    rng = np.random.default_rng(0)
    points = np.cumsum(rng.standard_normal((300, 2)), axis=0)
    position, queries = np.arange(300), np.arange(0, 300, 7)
    distance, index = nearest_outside(points, position, queries, 40, norm)
    every = np.linalg.norm(points[queries][:, None] - points, ord=norm, axis=2)
    every[np.abs(position - queries[:, None]) <= 40] = np.inf
    np.testing.assert_array_equal(index, every.argmin(axis=1))
    np.testing.assert_allclose(distance, every.min(axis=1))


def test_no_neighbour_outside_the_window_is_said():
    distance, index = nearest_outside(
        np.random.default_rng(0).standard_normal((20, 2)), np.arange(20), np.arange(20), 50, 2.0
    )
    assert np.isnan(distance).all() and (index == -1).all()
