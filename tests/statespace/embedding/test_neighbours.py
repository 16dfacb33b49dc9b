import numpy as np
import pytest

from neurodsr.statespace.embedding.neighbours import nearest_outside, neighbours_outside


def all_distances(points, position, queries, theiler, norm):
    every = np.linalg.norm(points[queries][:, None] - points, ord=norm, axis=2)
    every[np.abs(position - position[queries][:, None]) <= theiler] = np.inf
    return every


@pytest.mark.parametrize("norm", [2.0, np.inf])
@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_nearest_neighbours_outside_the_theiler_window_equal_a_full_search(norm, dimension):
    rng = np.random.default_rng(0)
    points = np.cumsum(rng.standard_normal((300, dimension)), axis=0)
    position, queries = 3 * np.arange(300), np.arange(0, 300, 7)
    distance, index = nearest_outside(points, position, queries, 120, norm)
    every = all_distances(points, position, queries, 120, norm)
    np.testing.assert_array_equal(index, every.argmin(axis=1))
    np.testing.assert_allclose(distance, every.min(axis=1))


@pytest.mark.parametrize("dimension", [1, 3, 12])
def test_several_neighbours_equal_a_full_search(dimension):
    rng = np.random.default_rng(1)
    points = rng.standard_normal((400, dimension)) * np.linspace(1, 3, dimension)
    position, queries = np.arange(400), np.arange(400)
    distance, index = neighbours_outside(points, position, queries, 6, 10)
    every = all_distances(points, position, queries, 10, 2.0)
    np.testing.assert_array_equal(index, np.argsort(every, axis=1)[:, :6])
    np.testing.assert_allclose(distance, np.sort(every, axis=1)[:, :6])


def test_equal_points_are_neighbours_but_not_the_nearest_at_a_positive_distance():
    points = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    position, first = np.arange(3), np.array([0])
    distance, index = neighbours_outside(points, position, first, 2, 0)
    np.testing.assert_allclose(distance, [[0.0, np.sqrt(2)]])
    np.testing.assert_array_equal(index, [[1, 2]])
    assert nearest_outside(points, position, first, 0, 2.0)[1] == [2]


def test_no_neighbour_outside_the_window_is_said():
    points = np.random.default_rng(0).standard_normal((20, 2))
    distance, index = nearest_outside(points, np.arange(20), np.arange(20), 50, 2.0)
    assert np.isnan(distance).all() and (index == -1).all()
    distance, index = neighbours_outside(points, np.arange(20), np.arange(20), 5, 16)
    assert (np.isfinite(distance) == (index >= 0)).all()
    np.testing.assert_array_equal((index >= 0).sum(axis=1)[[0, 2, 10]], [3, 1, 0])


def test_one_point_has_no_neighbour():
    distance, index = neighbours_outside(np.zeros((1, 2)), np.arange(1), np.arange(1), 3, 0)
    assert np.isnan(distance).all() and (index == -1).all()
