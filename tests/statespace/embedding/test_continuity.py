import numpy as np
import pytest

from neurodsr.statespace.embedding.continuity import continuity, needed_counts
from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors


def test_needed_counts_are_the_binomial_quantiles():
    # cumulative binomial (n, 1/2): 247/256 at 6 of 8, 502/512 at 7 of 9, 1013/1024 at 8 of 10,
    # 1981/2048 at 8 of 11, 4017/4096 at 9 of 12, 7814/8192 at 9 of 13, all the first above 0.95
    np.testing.assert_array_equal(needed_counts(), [6, 7, 8, 8, 9, 9])


def test_continuity_equals_its_definition_by_plain_loops(henon):
    x = np.stack([henon[:80], np.sin(henon[:80])], axis=1)
    vectors = delay_vectors([x], [Coordinate(0, 0), Coordinate(1, 1)], ahead=3)
    queries, theiler = np.arange(0, len(vectors.points), 5), 2
    expected = np.zeros((4, 2))
    scaled = x / x.std(axis=0)
    for q in queries:
        gaps = np.linalg.norm(vectors.points - vectors.points[q], axis=1)
        gaps[np.abs(np.arange(len(gaps)) - q) <= theiler] = np.inf
        near = np.argsort(gaps)[:13]
        for lag in range(4):
            for c in range(2):
                radii = []
                for k, needed in zip(range(8, 14), needed_counts(), strict=True):
                    far = np.abs(scaled[near[:k] + lag, c] - scaled[q + lag, c])
                    radii.append(np.sort(far)[needed - 1])
                expected[lag, c] += min(radii) / len(queries)
    np.testing.assert_allclose(continuity(vectors, 3, theiler, queries), expected)


def test_a_function_of_the_coordinates_is_continuous_and_noise_is_not(henon):
    rng = np.random.default_rng(0)
    x = np.stack([henon, np.tanh(henon), rng.standard_normal(len(henon))], axis=1)
    vectors = delay_vectors([x], [Coordinate(0, 0)], ahead=0)
    first = continuity(vectors, 0, 1, np.arange(500))[0]
    assert first[0] < 0.01 and first[1] < 0.01
    # of 13 independent values at least 6 lie within about 0.5 sd of another one
    assert 0.3 < first[2] < 1.5


def test_lorenz_peaks_where_the_information_is_least(lorenz):
    vectors = delay_vectors([lorenz[:, :1]], [Coordinate(0, 0)], ahead=30)
    curve = continuity(vectors, 30, 17, np.arange(0, len(vectors.points), 5))[:, 0]
    assert curve.argmax() == pytest.approx(18, abs=2)


def test_too_few_vectors_give_nothing():
    vectors = delay_vectors([np.arange(12.0)], [Coordinate(0, 0)], ahead=2)
    assert np.isnan(continuity(vectors, 2, 1, np.arange(3))).all()
