"""Lyapunov spectra of the canonical map by QR (Benettin et al. 1980), compiled."""

from typing import Any

import numpy as np
from numba import njit

from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

BLOCKS = 20
UNBOUNDED = 1e12


def lyapunov_spectrum(
    model: PiecewiseLinearMap, z: Array, steps: int, transient: int = 0, count: int | None = None
) -> tuple[Array, Array]:
    """Lyapunov exponents of orbits, without input.

    Parameters
    ----------
    model
        The map.
    z : (orbit, latent)
        Initial states.
    steps
        Steps averaged over, rounded down to a multiple of 20 blocks.
    transient
        Steps before, in which the tangent vectors turn to their directions.
    count
        Number of leading exponents, by default all.

    Returns
    -------
    exponents, error
        ``(orbit, count)`` each, per step, in descending order; the error is the standard error over
        20 consecutive blocks. NaN for an orbit that diverges, -745 for a direction that
        is lost altogether.
    """
    growth = finite_time_exponents(model, z, BLOCKS, max(steps // BLOCKS, 1), transient, count)
    exponents = growth.mean(axis=1)
    error = growth.std(axis=1, ddof=1) / np.sqrt(BLOCKS)
    order = np.argsort(-exponents, axis=1)
    return np.take_along_axis(exponents, order, 1), np.take_along_axis(error, order, 1)


def finite_time_exponents(
    model: PiecewiseLinearMap,
    z: Array,
    windows: int,
    length: int,
    transient: int = 0,
    count: int | None = None,
) -> Array:
    """Exponents over consecutive windows of orbits ``(orbit, window, count)``, per step.

    How fast nearby states part now and then: their distribution, of which the spectrum is the
    mean (Ott 2002, section 9.4). Arguments as of `lyapunov_spectrum`, with the number of windows
    and their length in steps; the exponents keep the order of the tangent vectors, which is that
    of the whole orbit's exponents.
    """
    growth: Array = _growth(
        np.ascontiguousarray(model.A),
        np.ascontiguousarray(model.W1.T),
        np.ascontiguousarray(model.W2),
        model.h1,
        model.h2,
        model.clipped,
        np.array(z, dtype=float, ndmin=2),
        transient,
        windows,
        length,
        model.latent_dimension if count is None else count,
    )
    return growth


def zero_tolerance(error: Array, steps: int) -> Array:
    """Size up to which an exponent counts as zero: three standard errors, or 2 / steps.

    The second is what a bounded fluctuation of the tangent vector's length leaves after so many
    steps.
    """
    return np.maximum(3 * error, 2 / steps)


def kaplan_yorke(exponents: Array, tolerance: Array | float = 0.0) -> float:
    """Kaplan-Yorke dimension of a spectrum (Kaplan & Yorke 1979).

    ``D = j + sum(l_1 ... l_j) / |l_(j+1)|`` with the largest j whose sum is not negative.

    Parameters
    ----------
    exponents : (latent,)
        In descending order.
    tolerance
        Exponents of at most that size count as zero, so that a limit cycle has dimension 1.
    """
    exponents = np.where(np.abs(exponents) <= tolerance, 0.0, exponents)
    if not np.isfinite(exponents).all():
        return float("nan")
    sums = np.cumsum(exponents)
    if sums[0] < 0:
        return 0.0
    j = int(np.flatnonzero(sums >= 0)[-1]) + 1
    if j == len(exponents):
        return float(j)
    return float(j + sums[j - 1] / abs(exponents[j]))


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _growth(
    A: Any,
    W1T: Any,
    W2: Any,
    h1: Any,
    h2: Any,
    clipped: bool,
    z: Any,
    transient: int,
    blocks: int,
    block: int,
    count: int,
) -> Any:
    orbits, latent = z.shape
    hidden = len(h2)
    growth = np.zeros((orbits, blocks, count))
    for orbit in range(orbits):
        state = z[orbit].copy()
        image = np.empty(latent)
        tangent = np.eye(latent)[:count].copy()
        moved = np.empty((count, latent))
        for step in range(transient + blocks * block):
            for i in range(latent):
                total = h1[i]
                for j in range(latent):
                    total += A[i, j] * state[j]
                image[i] = total
            for v in range(count):
                for i in range(latent):
                    total = 0.0
                    for j in range(latent):
                        total += A[i, j] * tangent[v, j]
                    moved[v, i] = total
            for k in range(hidden):
                u = 0.0
                for j in range(latent):
                    u += W2[k, j] * state[j]
                value = max(u + h2[k], 0.0)
                slope = 1.0 if u + h2[k] > 0.0 else 0.0
                if clipped and u > 0.0:
                    value -= u
                    slope -= 1.0
                if value != 0.0:
                    for i in range(latent):
                        image[i] += value * W1T[k, i]
                if slope != 0.0:
                    for v in range(count):
                        total = 0.0
                        for j in range(latent):
                            total += W2[k, j] * tangent[v, j]
                        total *= slope
                        for i in range(latent):
                            moved[v, i] += total * W1T[k, i]
            bounded = True
            for i in range(latent):
                state[i] = image[i]
                bounded = bounded and abs(image[i]) < UNBOUNDED
            if not bounded:
                growth[orbit] = np.nan
                break
            for v in range(count):
                for w in range(v):
                    overlap = 0.0
                    for i in range(latent):
                        overlap += moved[v, i] * tangent[w, i]
                    for i in range(latent):
                        moved[v, i] -= overlap * tangent[w, i]
                norm = 0.0
                for i in range(latent):
                    norm += moved[v, i] ** 2
                norm = np.sqrt(norm)
                if norm > 1e-300:
                    for i in range(latent):
                        tangent[v, i] = moved[v, i] / norm
                if step >= transient:
                    logarithm = np.log(norm) if norm > 1e-300 else -745.0
                    growth[orbit, (step - transient) // block, v] += logarithm / block
    return growth
