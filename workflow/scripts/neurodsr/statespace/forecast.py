"""Forecasts of a channel from its own past: locally, and by one linear map."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

QUERIES = 250
REACH = 0.2
"""Squared radius of local maps, in units of the mean squared distance from a state."""
RIDGE = 1e-3
LARGE = 1e300


def forecast(
    x: Array, dimension: int, delay: int, horizon: int, theiler: int = 0
) -> tuple[float, float]:
    """How well the past of a channel tells its future, and how much better locally.

    Simplex projection (Sugihara & May 1990): the future of a delay vector is the weighted mean of
    the futures of its dimension + 1 nearest neighbours. Local maps: the linear map fitted to the
    surroundings of each delay vector (Casdagli 1991; with weights that end at a radius, where those
    of the S-map, Sugihara 1994, fall exponentially), against one linear map for all.

    Parameters
    ----------
    x : (time,)
        Without missing values, at least `shortest`.
    dimension, delay
        Of the embedding.
    horizon
        How far ahead to predict (samples).
    theiler
        Neighbours are further apart in time than that (samples), at least two delays, at most a
        quarter of the series.

    Returns
    -------
    tuple
        Root mean squared error of the simplex projection, in standard deviations of the channel (1
        is no better than the mean), and the logarithm of the error of the one linear map over that
        of the local maps (positive where local ones are better).
    """
    points = len(x) - (dimension - 1) * delay - horizon
    apart = min(max(theiler, 2 * delay), points // 4)
    queries = np.unique(np.linspace(0, points - 1, QUERIES).astype(np.int64))
    simplex, local, linear = _errors(x, dimension, delay, horizon, queries, apart)
    tiny = np.finfo(float).tiny
    gain = 0.5 * np.log(max(linear, tiny) / max(local, tiny))
    return float(np.sqrt(simplex) / x.std()), float(gain)


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _errors(
    x: Any, dimension: int, delay: int, horizon: int, queries: Any, theiler: int
) -> tuple[float, float, float]:
    """Mean squared errors of simplex projection, local linear maps and one linear map."""
    points = len(x) - (dimension - 1) * delay - horizon
    ahead = (dimension - 1) * delay + horizon
    unknowns = dimension + 1
    row = np.ones(unknowns)
    equations = np.zeros((unknowns, unknowns + 1))
    for j in range(points):
        for a in range(dimension):
            row[a + 1] = x[j + a * delay]
        accumulate(equations, row, 1.0, x[j + ahead])
    everywhere = solve(equations, 0.0)
    square = np.empty(points)
    nearest = np.empty(unknowns)
    who = np.empty(unknowns, np.int64)
    sums = np.zeros(3)
    for centre in queries:
        square[:] = 0.0
        for a in range(dimension):
            here = x[centre + a * delay]
            for j in range(points):
                step = x[j + a * delay] - here
                square[j] += step * step
        total = 0.0
        for j in range(points):
            total += square[j]
        radius = REACH * total / points
        for j in range(max(0, centre - theiler), min(points, centre + theiler + 1)):
            square[j] = LARGE
        nearest[:] = LARGE
        who[:] = 0
        equations[:] = 0.0
        for j in range(points):
            far = square[j]
            if far < nearest[dimension]:
                slot = dimension
                while slot > 0 and nearest[slot - 1] > far:
                    nearest[slot], who[slot] = nearest[slot - 1], who[slot - 1]
                    slot -= 1
                nearest[slot], who[slot] = far, j
            if far < radius:
                weight = 1.0 - far / radius
                for a in range(dimension):
                    row[a + 1] = x[j + a * delay] - x[centre + a * delay]
                accumulate(equations, row, weight * weight, x[j + ahead])
        truth = x[centre + ahead]
        unit = max(np.sqrt(nearest[0]), 1e-12)
        weights = guess = 0.0
        for a in range(unknowns):
            weight = np.exp(-np.sqrt(nearest[a]) / unit)
            weights += weight
            guess += weight * x[who[a] + ahead]
        guess /= weights
        sums[0] += (guess - truth) ** 2
        # where a state has too few companions for a map, their mean stands in
        if equations[0, 0] > unknowns:
            guess = solve(equations, RIDGE)[0]
        sums[1] += (guess - truth) ** 2
        guess = everywhere[0]
        for a in range(dimension):
            guess += everywhere[a + 1] * x[centre + a * delay]
        sums[2] += (guess - truth) ** 2
    sums /= len(queries)
    return sums[0], sums[1], sums[2]


@njit(cache=True, nogil=True, inline="always")
def accumulate(equations: Any, row: Any, weight: float, target: float) -> None:
    """Add one weighted sample to the upper half of the normal equations and their right side."""
    unknowns = len(row)
    for a in range(unknowns):
        scaled = weight * row[a]
        for b in range(a, unknowns):
            equations[a, b] += scaled * row[b]
        equations[a, unknowns] += scaled * target


@njit(cache=True, nogil=True)
def solve(equations: Any, ridge: float) -> Any:
    """Solution of symmetric equations, of which the upper half and the right side are given.

    The ridge is a share of the diagonal, added to all of it but the first entry.
    """
    unknowns = len(equations)
    full = equations.copy()
    for a in range(unknowns):
        for b in range(a):
            full[a, b] = full[b, a]
        if a > 0:
            full[a, a] += ridge * full[a, a] + 1e-12
    for a in range(unknowns):
        for b in range(a + 1, unknowns):
            factor = full[b, a] / full[a, a]
            for c in range(a, unknowns + 1):
                full[b, c] -= factor * full[a, c]
    solution = np.zeros(unknowns)
    for a in range(unknowns - 1, -1, -1):
        rest = full[a, unknowns]
        for b in range(a + 1, unknowns):
            rest -= full[a, b] * solution[b]
        solution[a] = rest / full[a, a]
    return solution
