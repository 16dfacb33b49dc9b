"""Groups, clusters and planes of matrices of distances."""

import numpy as np
import pytest

from neurodsr.group.similarity.structure import (
    adjusted_rand,
    clusters,
    discriminability,
    plane,
    separation,
    silhouette,
)


def distances(points: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=2))


def test_one_dimension_gives_the_F_of_the_analysis_of_variance() -> None:
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(0)
    x, group = rng.standard_normal((18, 1)), np.repeat([0, 1, 2], 6)
    x[group == 2] += 1
    found = separation(distances(x), np.arange(18), group, 2000, rng)
    expected = stats.f_oneway(*(x[group == g, 0] for g in range(3)))
    assert pytest.approx(expected.statistic) == found.F
    assert found.p == pytest.approx(expected.pvalue, abs=0.04)


def test_sessions_do_not_count_as_subjects() -> None:
    """Six subjects have only 20 ways to be grouped, however many sessions each has."""
    rng = np.random.default_rng(1)
    subject = np.repeat(np.arange(6), 10)
    group = (subject >= 3).astype(int)
    x = np.stack([5.0 * group, rng.standard_normal(60) * 0.01], 1)
    found = separation(distances(x), subject, group, 2000, rng)
    assert found.subjects == 6 and found.share > 0.99
    assert found.p == pytest.approx(0.1, abs=0.03)


def test_null_groups_are_found_as_often_as_they_should() -> None:
    rng = np.random.default_rng(2)
    group = np.repeat([0, 1], 8)
    p = [
        separation(distances(rng.standard_normal((16, 3))), np.arange(16), group, 199, rng).p
        for _ in range(300)
    ]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.035)


def test_clusters_apart_are_found_again_and_noise_is_not() -> None:
    rng = np.random.default_rng(3)
    truth = np.repeat([0, 1, 2], 10)
    apart = clusters(
        distances(rng.standard_normal((30, 2)) + 20 * truth[:, None]), np.arange(30), rng
    )
    assert adjusted_rand(apart.label, truth) == 1
    assert apart.silhouette > 0.8 and apart.stability.mean() > 0.95
    noise = clusters(distances(rng.standard_normal((30, 8))), np.arange(30), rng)
    assert noise.silhouette < 0.25 and noise.stability.mean() < 0.9


def test_indices_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(4)
    a, b = rng.integers(0, 3, 40), rng.integers(0, 4, 40)
    d = distances(rng.standard_normal((40, 2)))
    assert adjusted_rand(a, b) == pytest.approx(metrics.adjusted_rand_score(a, b))
    assert silhouette(d, a) == pytest.approx(metrics.silhouette_score(d, a, metric="precomputed"))


def test_plane_gives_euclidean_distances_back() -> None:
    points = np.random.default_rng(5).standard_normal((12, 2))
    coordinates, share = plane(distances(points))
    np.testing.assert_allclose(distances(coordinates), distances(points), atol=1e-10)
    assert share.sum() == pytest.approx(1)


def test_discriminability_of_persons() -> None:
    subject = np.repeat(np.arange(5), 2)
    near = 10.0 * subject[:, None] + np.tile([[0.0], [1.0]], (5, 1))
    assert discriminability(distances(near), subject) == 1
    assert discriminability(np.ones((10, 10)) - np.eye(10), subject) == 0.5
    assert np.isnan(discriminability(np.ones((4, 4)), np.arange(4)))
