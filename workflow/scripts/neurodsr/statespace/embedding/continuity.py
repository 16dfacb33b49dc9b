"""Continuity statistic: is a further coordinate a continuous function of those there are?"""

from math import comb
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.statespace.embedding.coordinates import DelayVectors
from neurodsr.statespace.embedding.neighbours import neighbours_outside

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

FEWEST, MOST = 8, 13
"""Numbers of neighbours tried, as in Kraemer et al. (2021)."""
LEVEL = 0.05


def continuity(vectors: DelayVectors, maximum_lag: int, theiler: int, queries: Indices) -> Array:
    """Continuity statistic <eps*> of Pecora et al. (2007) of all candidate coordinates.

    The neighbours of a delay vector are mapped to another coordinate. eps* is the smallest distance
    there within which so many of them lie as chance alone, one half for each, would bring with at
    most 5 %; the smallest over 8 to 13 neighbours counts. Large values say that the candidate is
    independent of the coordinates there are.

    Parameters
    ----------
    vectors
        Delay vectors; `maximum_lag` samples after the start of each belong to the same stretch.
    maximum_lag
        Candidates are all channels with delays from 0 to this (samples).
    theiler
        Neighbours are further apart in time than that (samples).
    queries : (query,)
        Indices of the vectors that are averaged over.

    Returns
    -------
    Array
        ``(lag, channel)`` in standard deviations of the channel; NaN where vectors are too few.
    """
    _, near = neighbours_outside(vectors.points, vectors.position, queries, MOST, theiler)
    full = near[:, -1] >= 0
    values = vectors.values
    if not full.any():
        return np.full((maximum_lag + 1, values.shape[1]), np.nan)
    first, others = vectors.position[queries[full]], vectors.position[near[full]]
    return mean_radius(values, first, others, maximum_lag + 1)


def mean_radius(values: Array, first: Indices, near: Indices, lags: int) -> Array:
    """Mean of eps* over states, from the samples of each and of its neighbours.

    Parameters
    ----------
    values : (time, channel)
        The data.
    first : (state,)
        Sample of each state.
    near : (state, neighbour)
        Samples of its 13 nearest neighbours, nearest first.
    lags
        eps* is found so many samples later, counted from 0.

    Returns
    -------
    Array
        ``(lag, channel)`` in standard deviations of the channel.
    """
    deviation = values.std(axis=0)
    scaled = values / np.where(deviation > 0, deviation, 1.0)
    mean: Array = _mean_radius(scaled, first, near, lags, needed_counts())
    return mean


def needed_counts() -> Indices:
    """For 8 to 13 neighbours, how many within eps* are more than chance: the 95 % quantile."""
    counts = []
    for k in range(FEWEST, MOST + 1):
        below = np.cumsum([comb(k, m) / 2.0**k for m in range(k + 1)])
        counts.append(int(np.flatnonzero(below >= 1.0 - LEVEL)[0]))
    return np.array(counts, dtype=np.intp)


@njit(cache=True, nogil=True)
def _mean_radius(values: Any, first: Any, near: Any, lags: int, needed: Any) -> Any:
    channels = values.shape[1]
    queries, count = near.shape
    fewest = count - len(needed) + 1
    total = np.zeros((lags, channels))
    kept = np.empty(count)
    for q in range(queries):
        for lag in range(lags):
            for c in range(channels):
                centre = values[first[q] + lag, c]
                best = np.inf
                for k in range(count):
                    far = abs(values[near[q, k] + lag, c] - centre)
                    slot = k
                    while slot > 0 and kept[slot - 1] > far:
                        kept[slot] = kept[slot - 1]
                        slot -= 1
                    kept[slot] = far
                    if k + 1 >= fewest:
                        best = min(best, kept[needed[k + 1 - fewest] - 1])
                total[lag, c] += best
    return total / queries
