"""Axes along which the optimiser is turned: where they are, and what they do to a training."""

import numpy as np
import pytest

from neurodsr.training.compiled import optimiser
from neurodsr.training.sides import first_memory, sides_of

SHAPES = [(4,), (4, 9), (9, 4), (3, 3), (4, 1), (0, 2)]


def minimise(gradient, start, shapes, updates=60, rate=0.01):  # type: ignore[no-untyped-def]
    """Parameters ``(update + 1, parameter)`` of one run from a start on."""
    values = start[None].astype(np.float32)
    sides = sides_of("soap", shapes)
    memory = first_memory(values, sides)
    course = [values[0].copy()]
    for number in range(1, updates + 1):
        optimiser.update(
            values, gradient(values[0]).astype(np.float32)[None], *memory, sides, number,
            np.array([rate]), 0.0, True, np.ones(1, bool),
        )  # fmt: skip
        course.append(values[0].copy())
    return np.array(course)


def test_shorter_sides_of_matrices_are_turned_and_both_of_square_ones() -> None:
    assert sides_of("soap", SHAPES).tolist() == [
        [4, 4, 9, 1, 0],
        [40, 9, 4, 0, 16],
        [76, 3, 3, 1, 32],
        [76, 3, 3, 0, 41],
    ]
    assert sides_of("radam", SHAPES).shape == sides_of("soap", []).shape == (0, 5)
    *others, axes = first_memory(np.ones((2, 89), np.float32), sides_of("soap", SHAPES))
    assert [one.shape for one in others] == [(2, 89), (2, 89), (2, 50)]
    assert (axes[1, 16:32].reshape(4, 4) == np.eye(4)).all() and not any(map(np.any, others))


def test_updates_are_those_of_the_published_algorithm() -> None:
    """Against a transcription in double precision (Vyas et al. 2025, one-sided, rectified)."""
    rng = np.random.default_rng(1)
    gradients = rng.standard_normal((40, 4, 9)) * np.array([3.0, 1.0, 0.3, 0.1])[:, None]
    start = rng.standard_normal((4, 9))
    drawn = iter(gradients)
    found = minimise(lambda _: next(drawn).ravel(), start.ravel(), [(4, 9)], 40)[-1]
    W, L, M, V = start.copy(), np.zeros((4, 4)), np.zeros((4, 9)), np.zeros((4, 9))
    b1, b2, Q = optimiser.BETA1, optimiser.BETA2, np.eye(4)
    for t, G in enumerate(gradients, 1):
        L = optimiser.BETA_COVARIANCE * L + (1 - optimiser.BETA_COVARIANCE) * G @ G.T
        if (t - 1) % optimiser.EVERY == 0:
            Q = np.linalg.eigh(L)[1]
        M = b1 * M + (1 - b1) * G
        V = b2 * V + (1 - b2) * (Q.T @ G) ** 2
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * t * b2**t / (1 - b2**t)
        if length > 5:
            r = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            step = np.sqrt(r * (1 - b2**t)) * (Q.T @ M) / (np.sqrt(V) + optimiser.EPSILON)
        else:
            step = Q.T @ M
        W -= 0.01 * Q @ step / (1 - b1**t)
    np.testing.assert_allclose(found.reshape(4, 9), W, atol=2e-5)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (4, 4)])
def test_coordinates_of_the_shorter_side_do_not_matter(shape: tuple[int, int]) -> None:
    """A quadratic bowl and the same one turned: the courses are turned alike; Adam's are not."""
    rng = np.random.default_rng(2)
    scales = rng.lognormal(0, 2, shape)
    start = rng.standard_normal(shape)
    n = min(shape)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    left = shape[0] == n

    def turned(X):  # type: ignore[no-untyped-def]
        return Q @ X if left else X @ Q.T

    def back(X):  # type: ignore[no-untyped-def]
        return Q.T @ X if left else X @ Q

    def straight(values):  # type: ignore[no-untyped-def]
        return (scales * values.reshape(shape)).ravel()

    def oblique(values):  # type: ignore[no-untyped-def]
        return turned(scales * back(values.reshape(shape))).ravel()

    for shapes, alike in (([shape], True), ([], False)):
        one = minimise(straight, start.ravel(), shapes)[-1].reshape(shape)
        other = minimise(oblique, turned(start).ravel(), shapes)[-1].reshape(shape)
        assert np.allclose(turned(one), other, atol=1e-3) == alike


def test_a_run_without_finite_gradient_keeps_its_axes() -> None:
    sides = sides_of("soap", [(2, 3)])
    values = np.ones((2, 6), np.float32)
    gradient = np.arange(12, dtype=np.float32).reshape(2, 6)
    gradient[0, 1] = np.inf
    first, second, covariance, axes = first_memory(values, sides)
    finite = np.ones(2, bool)
    optimiser.update(
        values, gradient, first, second, covariance, axes, sides, 1, np.full(2, 0.1), 0.0, True,
        finite,
    )  # fmt: skip
    assert finite.tolist() == [False, True]
    assert (values[0] == 1).all() and (axes[0] == [1, 0, 0, 1]).all() and (covariance[0] == 0).all()
    assert (axes[1] != [1, 0, 0, 1]).any() and (values[1] != 1).any()


def test_axes_do_not_depend_on_the_size_of_gradients() -> None:
    """Even where single precision does not hold their squares."""
    sides = sides_of("soap", [(4, 9)])
    gradient = np.random.default_rng(4).standard_normal((1, 36)).astype(np.float32)
    found = []
    for size in (1e-25, 1, 1e15):
        values = np.ones((1, 36), np.float32)
        memory = first_memory(values, sides)
        optimiser.update(
            values, np.float32(size) * gradient, *memory, sides, 1, np.array([0.1]), 0.0, False,
            np.ones(1, bool),
        )  # fmt: skip
        found.append(memory[-1].reshape(4, 4))
    expected = np.linalg.eigh(gradient.reshape(4, 9) @ gradient.reshape(4, 9).T)[1]
    for axes in found:
        np.testing.assert_allclose(np.abs(axes.T @ expected), np.eye(4), atol=1e-5)
