"""Noise amplification of a reconstruction: Uzal's cost L, and how much a coordinate lowers it."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.statespace.embedding.coordinates import DelayVectors
from neurodsr.statespace.embedding.neighbours import neighbours_outside

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

NEIGHBOURS = 3


def noise_amplification(
    vectors: DelayVectors,
    horizons: Indices,
    theiler: int,
    queries: Indices,
    finest: Array,
    neighbours: int = NEIGHBOURS,
) -> Array:
    """Cost L of Uzal et al. (2011) of a reconstruction, for growing horizons.

    ``L = log10(sigma alpha)``: sigma squared is the mean over states of how much their
    neighbourhood has spread, averaged over all horizons up to T, relative to its size; alpha makes
    reconstructions of different dimension comparable.

    Parameters
    ----------
    vectors
        Delay vectors, with the longest horizon ahead of each.
    horizons : (horizon,)
        Rising (samples).
    theiler
        Neighbours are further apart in time than that (samples).
    queries : (query,)
        Indices of the vectors that are averaged over.
    finest : (channel,)
        Smallest step between the channel's values: rounding to it counts as noise, with a variance
        of a twelfth of its square, so that equal values have a distance.
    neighbours
        Number of neighbours of each.

    Returns
    -------
    Array
        ``(horizon,)``, from all horizons up to each; NaN where there are no neighbours.
    """
    _, near = neighbours_outside(vectors.points, vectors.position, queries, neighbours, theiler)
    full = near[:, -1] >= 0
    if not full.any():
        return np.full(len(horizons), np.nan)
    members = np.concatenate([queries[full, None], near[full]], axis=1)
    coordinates = np.array(vectors.coordinates, dtype=np.intp)
    size, spread = _spreads(vectors.values, vectors.position[members], coordinates, horizons)
    rounding = float(np.sum(finest[coordinates[:, 0]] ** 2)) / 12.0
    size += 2.0 * rounding
    spread += rounding * neighbours / (neighbours + 1.0)
    if not (size > 0).all():
        return np.full(len(horizons), np.nan)
    average = np.cumsum(spread, axis=1) / np.arange(1, len(horizons) + 1)
    sigma = np.mean(average / size[:, None], axis=0)
    alpha = 1.0 / np.mean(1.0 / size)
    cost: Array = 0.5 * np.log10(sigma * alpha)
    return cost


def largest_decrease(before: Array, after: Array) -> float:
    """Change of L at the horizon where it first stops falling (Kraemer et al. 2021).

    Parameters
    ----------
    before, after : (horizon,)
        Cost without and with a further coordinate.

    Returns
    -------
    float
        Negative when the coordinate lowers the cost; NaN where the cost is.
    """
    change = after - before
    if not np.isfinite(change).all():
        return float("nan")
    stops = np.flatnonzero((np.diff(change) > 0) & (change[:-1] < 0))
    return float(change[stops[0]] if stops.size else change[-1])


@njit(cache=True, nogil=True)
def _spreads(values: Any, members: Any, coordinates: Any, horizons: Any) -> Any:
    """Mean squared distance of the pairs, and variance about the centre at each horizon."""
    states, count = members.shape
    dimension = len(coordinates)
    size = np.zeros(states)
    spread = np.zeros((states, len(horizons)))
    for s in range(states):
        for d in range(dimension):
            channel, delay = coordinates[d, 0], coordinates[d, 1]
            for h in range(-1, len(horizons)):
                shift = delay if h < 0 else delay + horizons[h]
                total = 0.0
                square = 0.0
                origin = values[members[s, 0] + shift, channel]
                for m in range(1, count):
                    x = values[members[s, m] + shift, channel] - origin
                    total += x
                    square += x * x
                variance = square / count - (total / count) ** 2
                if h < 0:
                    # the sum over pairs of squared differences is count**2 times the variance
                    size[s] += 2.0 * count / (count - 1.0) * variance
                else:
                    spread[s, h] += variance
    return size, spread
