"""Mutual information from nearest neighbours (Kraskov, Stoegbauer & Grassberger 2004)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import digamma

from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors, evenly
from neurodsr.statespace.embedding.neighbours import search

Array = NDArray[np.float64]

NEIGHBOURS = 4


def neighbour_information(
    pieces: Sequence[Array], maximum_lag: int, theiler: int, most_points: int = 2000
) -> Array:
    """Mutual information (nat) between a channel and itself some samples later, by neighbours.

    The first estimator of Kraskov et al. (2004, PRE 69:066138) with four neighbours: it needs no
    bins, and independent values give 0 in the mean.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)``; NaN = missing. No pair spans two of them.
    maximum_lag
        Largest lag (samples).
    theiler
        Values no further apart in time than that (samples) are no neighbours of each other.
    most_points
        No more pairs of values than that, spread over the data.

    Returns
    -------
    Array
        ``(maximum_lag + 1,)``; NaN at lag 0, where it has no bound, and where too few pairs are
        left. All lags use the same starts, `maximum_lag` before the end of a stretch or earlier.
    """
    columns = [piece.reshape(len(piece), -1) for piece in pieces]
    information = np.full(maximum_lag + 1, np.nan)
    start = delay_vectors(columns, [Coordinate(0, 0)], maximum_lag, most_points)
    number = len(start.points)
    psi = digamma(np.arange(1, number + 2))
    for lag in range(1, maximum_lag + 1):
        vectors = start.having([Coordinate(0, 0), Coordinate(0, lag)])
        distance, near = search(
            vectors.points,
            vectors.position,
            evenly(number, None),
            NEIGHBOURS,
            theiler,
            np.inf,
            distinct=False,
        )
        if number == 0 or (near[:, -1] < 0).any():
            continue
        closer, eligible = _marginal_counts(
            vectors.points, vectors.position, distance[:, -1], theiler
        )
        information[lag] = np.mean(
            psi[NEIGHBOURS - 1] + psi[eligible - 1] - psi[closer[:, 0]] - psi[closer[:, 1]]
        )
    return information


@njit(cache=True, nogil=True)
def _marginal_counts(points: Any, position: Any, radius: Any, theiler: int) -> Any:
    """How many values are nearer than the radius in each coordinate; and all there are, with i."""
    number, dimension = points.shape
    closer = np.zeros((number, dimension), dtype=np.int64)
    eligible = np.full(number, number, dtype=np.int64)
    for d in range(dimension):
        values = np.sort(points[:, d])
        for i in range(number):
            centre = points[i, d]
            low = np.searchsorted(values, centre - radius[i], side="right")
            high = np.searchsorted(values, centre + radius[i], side="left")
            # the radius is the distance of one of the values, which rounding may let in or out
            while low > 0 and centre - values[low - 1] < radius[i]:
                low -= 1
            while low < number and centre - values[low] >= radius[i]:
                low += 1
            while high < number and values[high] - centre < radius[i]:
                high += 1
            while high > 0 and values[high - 1] - centre >= radius[i]:
                high -= 1
            closer[i, d] = max(high - low - 1, 0)
    for i in range(number):
        for step in (-1, 1):
            j = i + step
            while 0 <= j < number and abs(position[j] - position[i]) <= theiler:
                eligible[i] -= 1
                for d in range(dimension):
                    if abs(points[j, d] - points[i, d]) < radius[i]:
                        closer[i, d] -= 1
                j += step
    return closer, eligible
