import numpy as np
import pytest

from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.systems import Roessler
from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors
from neurodsr.statespace.embedding.mdop import best_separation, maximum_delay, mdop


@pytest.fixture(scope="module")
def fine_roessler():
    """Roessler's system, 10000 states every 0.05."""
    return runge_kutta(Roessler().field, [1.0, 0.0, 0.0], 0.05, 12_000)[2000:]


def test_beta_equals_its_definition_by_plain_loops(henon):
    x = np.stack([henon[:90], np.roll(henon[:90], 3)], axis=1)
    vectors = delay_vectors([x], [Coordinate(0, 0)], ahead=4)
    rows = []
    for i, point in enumerate(vectors.points):
        gaps = np.linalg.norm(vectors.points - point, axis=1)
        gaps[(np.abs(np.arange(len(gaps)) - i) <= 2) | (gaps == 0)] = np.inf
        j = gaps.argmin()
        moved = np.abs(x[i : i + 5] - x[j : j + 5])
        rows.append(np.log10(moved / gaps[j]))
    found = best_separation(vectors, 4, 2)
    expected = np.mean(rows, axis=0)
    np.testing.assert_allclose(found.beta, expected, atol=1e-12)
    lag, channel = np.unravel_index(expected.argmax(), expected.shape)
    assert found.coordinate == (channel, lag)


def test_all_roessler_coordinates_give_the_published_embedding(fine_roessler):
    # DelayEmbeddings.jl with delays up to 26: z, y and y at the largest delay
    found = mdop([fine_roessler], 26, 26)
    assert found.coordinates == ((2, 0), (1, 0), (1, 26))
    assert found.gain[-1] < 0.05


def test_largest_delay_of_roessler_y_is_the_published_one(fine_roessler):
    # published: 26. The minimum is flat, 0.002 deep between 22 and 26, and depends on the run
    largest, cost = maximum_delay([fine_roessler[:, 1]], range(14, 40, 2), 26, most_queries=2000)
    assert largest == pytest.approx(26, abs=5)
    assert cost.shape == (13, 1)


def test_lorenz_is_unfolded_and_noise_is_not(lorenz):
    found = mdop([lorenz[:, 0]], 100, 17)
    assert len(found.coordinates) == 3 and found.gain[-1] < 0.05
    noise = mdop([np.random.default_rng(0).standard_normal(2000)], 20, 1)
    assert noise.gain[-1] > 0.05


def test_henon_needs_two_coordinates(henon):
    assert mdop([henon], 3, 1).coordinates == ((0, 0), (0, 3))


def test_too_short_pieces_give_no_embedding():
    for pieces in ([np.arange(9.0)], [np.full((300, 2), np.nan)], [np.zeros(300)]):
        assert mdop(pieces, 20, 1).coordinates == ((0, 0),)


def test_rounded_values_are_unfolded_like_those_before_rounding(lorenz):
    x = lorenz[:, 0]
    fine, coarse = (mdop([values], 60, 17) for values in (x, np.round(x / 0.1) * 0.1))
    assert len(coarse.coordinates) == len(fine.coordinates)
    assert coarse.coordinates[1].delay == pytest.approx(fine.coordinates[1].delay, abs=6)
