"""Distances between attractors and exponents."""

import numpy as np
import pytest

from neurodsr.group.similarity.distances import exponent_distances, sliced_wasserstein


@pytest.mark.parametrize("mu", [0.0, 0.3, 2.0])
def test_shifted_normal_distributions_are_as_far_apart_as_their_means(mu: float) -> None:
    rng = np.random.default_rng(0)
    clouds = [rng.standard_normal((20000, 1)), mu + rng.standard_normal((20000, 1))]
    assert sliced_wasserstein(clouds, rng)[0, 1] == pytest.approx(mu, abs=0.03)


def test_shift_in_a_plane_is_seen_from_all_directions() -> None:
    """Mean of |cos| over directions is 2 / pi."""
    rng = np.random.default_rng(1)
    cloud = rng.standard_normal((500, 2))
    far = sliced_wasserstein([cloud, cloud + [3.0, 4.0]], rng, directions=4000)
    assert far[0, 1] == pytest.approx(5 * 2 / np.pi, rel=0.03)


def test_agrees_with_optimal_transport() -> None:
    ot = pytest.importorskip("ot")
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((400, 3)), rng.gamma(2.0, 1.0, (400, 3))
    towards = np.random.default_rng(3).standard_normal((3, 128))
    towards /= np.linalg.norm(towards, axis=0)
    expected = ot.sliced.sliced_wasserstein_distance(a, b, projections=towards, p=1)
    found = sliced_wasserstein([a, b], np.random.default_rng(3))
    assert found[0, 1] == pytest.approx(expected, rel=0.01)


def test_is_a_distance_and_what_is_unknown_stays_so() -> None:
    rng = np.random.default_rng(4)
    clouds = [rng.standard_normal((n, 2)) * n / 100 for n in (100, 150, 300)]
    found = sliced_wasserstein([*clouds, np.full((1, 2), np.nan)], rng)
    assert np.isnan(found[3]).all() and np.isnan(found[:, 3]).all()
    known = found[:3, :3]
    np.testing.assert_allclose(known, known.T)
    assert (np.diag(known) == 0).all() and known[0, 2] <= known[0, 1] + known[1, 2] + 1e-12


def test_exponents_are_compared_in_order_as_far_as_both_have_them() -> None:
    spectra = [
        np.array([-14.57, 0.9, 0.0]),
        np.array([0.0, 0.5, np.nan, -10.0]),
        np.full(2, np.nan),
    ]
    found = exponent_distances(spectra, 2)
    assert found[0, 1] == pytest.approx(0.4 / np.sqrt(2))
    assert np.isnan(found[2]).all()
