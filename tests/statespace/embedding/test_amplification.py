import numpy as np
import pytest

from neurodsr.statespace.embedding.amplification import largest_decrease, noise_amplification
from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors, evenly


def test_cost_equals_the_equations_of_uzal_by_plain_loops(henon):
    x, theiler, k = henon[:120], 3, 3
    coordinates = [Coordinate(0, 0), Coordinate(0, 2)]
    vectors = delay_vectors([x], coordinates, ahead=4)
    points, horizons = vectors.points, np.array([1, 2, 4])
    states = np.stack([x[: len(x) - 2], x[2:]], axis=1)
    size, spread = [], []
    for q in range(len(points)):
        gaps = np.linalg.norm(points - points[q], axis=1)
        gaps[np.abs(np.arange(len(points)) - q) <= theiler] = np.inf
        ball = [q, *np.argsort(gaps)[:k]]
        pairs = [(a, b) for i, a in enumerate(ball) for b in ball[i + 1 :]]
        total = sum(np.sum((points[a] - points[b]) ** 2) for a, b in pairs)
        size.append(2 / (k * (k + 1)) * total)  # equation 16
        row = []
        for horizon in horizons:
            later = states[np.array(ball) + horizon]
            centre = later.mean(axis=0)  # 14
            row.append(np.mean(np.sum((later - centre) ** 2, axis=1)))  # 13
        spread.append(row)
    expected = []
    for count in (1, 2, 3):
        average = np.mean(np.array(spread)[:, :count], axis=1)  # 15
        sigma = np.mean(average / size)  # 17, 18
        alpha = 1 / np.mean(1 / np.array(size))  # 21, with the mean
        expected.append(np.log10(np.sqrt(sigma * alpha)))
    found = noise_amplification(vectors, horizons, theiler, evenly(len(points), None), np.zeros(1))
    np.testing.assert_allclose(found, expected)


def test_the_second_delay_lowers_the_cost_of_lorenz(lorenz):
    x = lorenz[:, 0] / lorenz[:, 0].std()
    start = delay_vectors([x], [Coordinate(0, 0)], 200)
    queries, horizons = evenly(len(start.points), None), np.arange(2, 60)
    before = noise_amplification(start, horizons, 17, queries, np.zeros(1))
    two = start.having([Coordinate(0, 0), Coordinate(0, 18)])
    after = noise_amplification(two, horizons, 17, queries, np.zeros(1))
    # -0.78 with a standard deviation of 0.04 over 24 trajectories of this length
    assert largest_decrease(before, after) == pytest.approx(-0.78, abs=0.12)


def test_decrease_is_taken_where_it_first_stops():
    after = np.array([-0.1, -0.4, -0.3, -0.9])
    assert largest_decrease(np.zeros(4), after) == pytest.approx(-0.4)
    assert largest_decrease(np.zeros(3), np.array([0.1, 0.2, -0.3])) == pytest.approx(-0.3)
    assert np.isnan(largest_decrease(np.zeros(2), np.array([np.nan, 1.0])))


def test_equal_states_and_missing_neighbours_have_no_cost():
    still = delay_vectors([np.zeros(50)], [Coordinate(0, 0)], 3)
    assert np.isnan(
        noise_amplification(still, np.array([1, 2]), 1, np.arange(5), np.zeros(1))
    ).all()
    few = delay_vectors([np.arange(10.0)], [Coordinate(0, 0)], 3)
    assert np.isnan(noise_amplification(few, np.array([1, 2]), 9, np.arange(5), np.zeros(1))).all()


def test_rounding_counts_as_uniform_noise():
    # of equal states only the rounding is left: the variance of four errors about their mean
    still = delay_vectors([np.zeros(50)], [Coordinate(0, 0)], 3)
    found = noise_amplification(still, np.array([1, 2]), 1, np.arange(5), np.array([0.2]))
    np.testing.assert_allclose(found, np.log10(np.sqrt(0.2**2 / 12 * 3 / 4)))
