import numpy as np

from neurodsr.statespace.embedding.coordinates import (
    Coordinate,
    complete_stretches,
    delay_vectors,
    evenly,
)


def test_vectors_keep_to_their_pieces_and_leave_out_what_is_missing():
    first = np.stack([np.arange(6.0), 10.0 + np.arange(6.0)], axis=1)
    second = np.stack([np.arange(20.0, 25.0), 30.0 + np.arange(5.0)], axis=1)
    second[1, 0] = np.nan
    vectors = delay_vectors([first, second], [Coordinate(0, 0), Coordinate(1, 2)], ahead=1)
    # of the second piece only its last three samples are complete, too few for 0, 2 and 1 ahead
    np.testing.assert_array_equal(vectors.points, [[0, 12], [1, 13], [2, 14]])
    np.testing.assert_array_equal(vectors.position, [0, 1, 2])
    np.testing.assert_array_equal(vectors.ahead(1)[:, 0], [3, 4, 5])
    assert vectors.span == 2
    other = vectors.having([Coordinate(1, 1)])
    np.testing.assert_array_equal(other.points, [[11], [12], [13]])


def test_position_counts_over_all_pieces():
    vectors = delay_vectors([np.arange(4.0), np.arange(3.0)], [Coordinate(0, 0), Coordinate(0, 1)])
    np.testing.assert_array_equal(vectors.position, [0, 1, 2, 4, 5])


def test_no_stretch_long_enough_leaves_no_points():
    vectors = delay_vectors([np.array([1.0, np.nan, 2.0])], [Coordinate(0, 0), Coordinate(0, 1)])
    assert vectors.points.shape == (0, 2) and vectors.ahead(1).shape == (0, 1)
    assert complete_stretches([np.full(3, np.nan)]) == []


def test_evenly_spread_indices():
    np.testing.assert_array_equal(evenly(10, 4), [0, 3, 6, 9])
    np.testing.assert_array_equal(evenly(3, 4), [0, 1, 2])
    np.testing.assert_array_equal(evenly(3, None), [0, 1, 2])
