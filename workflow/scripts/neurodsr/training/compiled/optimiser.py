"""Adam and what it turns into along the gradient's own axes, on the parameters of all runs.

Adam scales each parameter by the size of its gradient. Where gradients of the units of a matrix go
together, as those of latent units do that a state space holds together, the scales along the
eigenvectors of their covariance differ far more: Adam in these coordinates is SOAP (Vyas et al.
2025, ICLR), here along the shorter sides of each matrix.
"""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
BETA_COVARIANCE = 0.95
EVERY = 4
"""Updates from one look for eigenvectors to the next."""


@parallel
def update(  # type: ignore[no-untyped-def]
    parameters, gradient, first, second, covariance, axes, sides, number, rate, clip, rectified,
    finite,
):  # fmt: skip
    """One update in place (Kingma & Ba 2015; rectified: Liu et al. 2020).

    Without sides it is torch's.

    Parameters
    ----------
    parameters, gradient, first, second : (run, parameter)
        Parameters, gradient of the loss, and the moments; the second one along the axes.
    covariance, axes : (run, number)
        Covariances of the gradients along all sides, and their eigenvectors, in columns.
    sides : (side, 5)
        Sides of matrices along which axes are turned, see `sides.sides_of`.
    number
        Of this update, from 1.
    rate : (run,)
        Learning rates.
    clip
        Largest norm of a run's gradient; 0 for no limit.
    rectified
        RAdam instead of Adam.
    finite : (run,)
        Set to False where the gradient is not finite; such a run stays as it is.
    """
    correction1 = 1.0 - BETA1**number
    correction2 = 1.0 - BETA2**number
    longest = 2.0 / (1.0 - BETA2) - 1.0
    length = longest - 2.0 * number * BETA2**number / correction2
    tractable = length > 5.0
    rectification = 1.0
    if rectified and tractable:
        rectification = np.sqrt(
            (length - 4.0) * (length - 2.0) * longest
            / ((longest - 4.0) * (longest - 2.0) * length)
        )  # fmt: skip
    kind = parameters.dtype.type
    for run in prange(len(parameters)):
        squares = 0.0
        for p in range(parameters.shape[1]):
            squares += gradient[run, p] * gradient[run, p]
        norm = np.sqrt(squares)
        if not np.isfinite(norm):
            finite[run] = False
        if finite[run]:
            scale = kind(clip / norm if 0.0 < clip < norm else 1.0)
            turned = np.empty(parameters.shape[1], parameters.dtype)
            for p in range(len(turned)):
                turned[p] = scale * gradient[run, p]
                m = kind(BETA1) * first[run, p] + kind(1.0 - BETA1) * turned[p]
                first[run, p] = m
            observe(turned, covariance[run], sides)
            if (number - 1) % EVERY == 0:
                find_axes(covariance[run], axes[run], sides)
            direction = first[run].copy()
            turn(turned, axes[run], sides, False)
            turn(direction, axes[run], sides, False)
            step = kind(rate[run] / correction1)
            spread = kind(rectification * np.sqrt(correction2))
            plain = rectified and not tractable
            for p in range(len(turned)):
                v = kind(BETA2) * second[run, p] + kind(1.0 - BETA2) * turned[p] * turned[p]
                second[run, p] = v
                if plain:
                    direction[p] = step * direction[p]
                else:
                    direction[p] = step * direction[p] * spread / (np.sqrt(v) + kind(EPSILON))
            turn(direction, axes[run], sides, True)
            for p in range(len(turned)):
                parameters[run, p] -= direction[p]


@compiled
def observe(gradient, covariance, sides):  # type: ignore[no-untyped-def]
    """Let one gradient count in the moving averages of covariances.

    These are in double precision, whatever gradients are in: their squares may leave its range
    while they themselves do not.
    """
    for side in range(len(sides)):
        at, rows, columns, left, place = sides[side]
        matrix = gradient[at : at + rows * columns].reshape(rows, columns)
        tall = (matrix.T if left else matrix).astype(np.float64)
        size = tall.shape[1]
        product = np.zeros((size, size))
        for k in range(len(tall)):
            for i in range(size):
                for j in range(size):
                    product[i, j] += tall[k, i] * tall[k, j]
        for i in range(size):
            for j in range(size):
                to = place + i * size + j
                covariance[to] *= BETA_COVARIANCE
                covariance[to] += (1.0 - BETA_COVARIANCE) * product[i, j]


@compiled
def find_axes(covariance, axes, sides):  # type: ignore[no-untyped-def]
    """Fill ``axes`` with the eigenvectors of the covariances."""
    for side in range(len(sides)):
        _, rows, columns, left, place = sides[side]
        size = rows if left else columns
        mean = covariance[place : place + size * size].reshape(size, size)
        vectors = np.linalg.eigh(mean)[1]
        for i in range(size):
            for j in range(size):
                axes[place + i * size + j] = vectors[i, j]


@compiled
def turn(values, axes, sides, back):  # type: ignore[no-untyped-def]
    """Replace the matrices among values by their coordinates along the axes, or those by them."""
    for side in range(len(sides)):
        at, rows, columns, left, place = sides[side]
        matrix = values[at : at + rows * columns].reshape(rows, columns)
        size = rows if left else columns
        vectors = axes[place : place + size * size].reshape(size, size)
        weights = vectors if bool(left) == back else vectors.T.copy()
        old = matrix.copy()
        for i in range(rows):
            for j in range(columns):
                matrix[i, j] = 0
            if left:
                for k in range(size):
                    for j in range(columns):
                        matrix[i, j] += weights[i, k] * old[k, j]
            else:
                for k in range(size):
                    for j in range(columns):
                        matrix[i, j] += old[i, k] * weights[k, j]
