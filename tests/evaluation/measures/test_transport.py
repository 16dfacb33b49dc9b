import numpy as np
import pytest

from neurodsr.evaluation.measures.transport import (
    SlicedReference,
    directions,
    hausdorff,
    sliced_wasserstein,
    transport,
)

ONE = np.ones((1, 1))


@pytest.mark.parametrize("shift", [0.5, -2.0, 10.0])
def test_shifted_normal_distributions_are_as_far_as_the_shift(shift: float) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((20_000, 1)), shift + rng.standard_normal((15_000, 1))
    assert sliced_wasserstein(x, y, ONE) == pytest.approx(abs(shift), abs=0.02)


def test_scaled_normal_distributions() -> None:
    """W1 of N(0, 1) and N(0, s^2) is |s - 1| sqrt(2 / pi)."""
    x = np.random.default_rng(0).standard_normal((50_000, 1))
    expected = 2 * np.sqrt(2 / np.pi)
    assert sliced_wasserstein(x, 3 * x, ONE) == pytest.approx(expected, rel=0.01)


def test_unequal_numbers_of_samples_by_hand() -> None:
    """{0, 1} against {0, 0, 3}: 1/2 at 0 stays, 1/6 moves by 1, 1/3 by 2."""
    first, second = np.array([[0.0, 1.0]]), np.array([[0.0, 0.0, 3.0]])
    assert transport(first, second) == pytest.approx(1 / 6 + 2 / 3)
    assert transport(second, first) == pytest.approx(1 / 6 + 2 / 3)


def test_unequal_numbers_against_scipy() -> None:
    from scipy.stats import wasserstein_distance

    rng = np.random.default_rng(0)
    x, y = np.sort(rng.standard_normal(501)), np.sort(rng.exponential(size=1203))
    assert transport(x[None], y[None]) == pytest.approx(wasserstein_distance(x, y), rel=1e-9)


def test_slices_against_pot() -> None:
    ot = pytest.importorskip("ot", reason="POT is not installed")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((400, 3)), rng.standard_normal((300, 3)) * [1, 2, 3] + 0.5
    vectors = directions(3, 70, rng)
    expected = ot.sliced_wasserstein_distance(x, y, projections=vectors, p=1)
    assert sliced_wasserstein(x, y, vectors) == pytest.approx(expected, rel=1e-9)


def test_quantiles_as_of_the_literature() -> None:
    """Mean over 1000 evenly spaced quantiles, ends included, and over directions."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((777, 2)), rng.standard_normal((500, 2)) + 1.0
    vectors = directions(2, 40, rng)
    q = np.linspace(0, 1, 1000)
    expected = np.mean(np.abs(np.quantile(x @ vectors, q, 0) - np.quantile(y @ vectors, q, 0)))
    assert sliced_wasserstein(x, y, vectors, quantiles=1000) == pytest.approx(expected, rel=1e-9)


def test_directions_are_unit_vectors_of_no_preference() -> None:
    vectors = directions(3, 4000, np.random.default_rng(0))
    assert np.linalg.norm(vectors, axis=0) == pytest.approx(np.ones(4000))
    assert np.abs(vectors.mean(axis=1)).max() < 0.03
    assert directions(1, 50, np.random.default_rng(0)).shape == (1, 1)


def test_shift_of_an_isotropic_cloud_in_three_dimensions() -> None:
    """The mean length of a unit vector's projection in 3-D is 1/2."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5000, 3))
    reference = SlicedReference(x, directions(3, 2000, rng))
    assert reference.distance(x + [4.0, 0.0, 0.0]) == pytest.approx(2.0, rel=0.03)
    assert reference.distance(x) == 0.0


def test_hausdorff_of_circles() -> None:
    """Of concentric circles, the difference of radii; one outlier counts in full."""
    angle = np.linspace(0, 2 * np.pi, 2000)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert hausdorff(circle, 1.3 * circle) == pytest.approx(0.3, abs=1e-5)
    outlier = np.vstack([circle, [[5.0, 0.0]]])
    assert hausdorff(circle, outlier) == hausdorff(outlier, circle) == pytest.approx(4.0)
