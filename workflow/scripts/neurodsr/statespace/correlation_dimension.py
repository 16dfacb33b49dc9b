"""Correlation dimension (Grassberger & Procaccia 1983) with an automatic scaling region."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.statespace.embedding.coordinates import (
    Coordinate,
    delay_vectors,
    evenly,
)

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

DECADES = 6
PER_DECADE = 24
LARGEST = 4.0
"""Radii reach up to so many times the root mean squared distance from the mean."""
SMOOTHING = 4
"""Local slopes are fitted over so many radii on either side."""
FEWEST_PAIRS = 200
LARGEST_SUM = 0.1
"""The scaling region lies where no larger share of the pairs is closer ..."""
LEAST_REACH = 3.0
"""... spans at least this ratio of radii ..."""
FLAT = 0.15
"""... and its local slopes differ by no more than that share of their median."""
BLOCKS = 10
STUDENT = 2.262
"""Student's quantile t(9, 0.975)."""


@dataclass(frozen=True)
class CorrelationDimension:
    """Correlation sum and what its slope says.

    Attributes
    ----------
    radius : (radius,)
        Distances, logarithmically spaced, in the units of the data.
    correlation_sum : (radius,)
        Share of pairs, further apart in time than the Theiler window, that are closer.
    slope : (radius,)
        Local slope d ln C / d ln r.
    first, last
        Scaling region (indices, both included).
    dimension, low, high
        Slope over the region with its 95 % interval; NaN where there is no region.
    reason
        Why there is none, or "".
    """

    radius: Array
    correlation_sum: Array
    slope: Array
    first: int
    last: int
    dimension: float
    low: float
    high: float
    reason: str


def correlation_dimension(
    pieces: Sequence[Array],
    coordinates: Sequence[Coordinate],
    theiler: int,
    most_points: int = 10_000,
    most_queries: int = 2000,
) -> CorrelationDimension:
    """Correlation dimension of a delay reconstruction, or of the channels themselves.

    The scaling region is the longest range of radii over which the local slope of the correlation
    sum stays flat. A dimension near the number of coordinates says that the points fill the space.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing.
    coordinates
        Channel and delay (samples) of each coordinate.
    theiler
        Pairs no further apart in time than that (samples) are left out (Theiler 1986).
    most_points, most_queries
        Distances are taken from so many states, spread over the data, to so many.

    Returns
    -------
    CorrelationDimension
        The interval holds Student's over 10 blocks of consecutive states, and the spread of the
        local slopes.
    """
    vectors = delay_vectors(pieces, coordinates, 0, most_points)
    queries = evenly(len(vectors.points), most_queries)
    size = float(np.sqrt(vectors.points.var(axis=0).sum())) if len(queries) else 0.0
    if len(queries) < 2 * BLOCKS or size == 0.0:
        return nothing(np.empty(0), np.empty(0), np.empty(0), "too few different states")
    bins = DECADES * PER_DECADE
    radius = LARGEST * size * 10.0 ** (np.arange(-bins + 1, 1) / PER_DECADE)
    counts, pairs = _pair_counts(
        vectors.points, vectors.position, queries, theiler, float(radius[-1]), PER_DECADE, bins
    )
    return scaling(radius, np.cumsum(counts, axis=1), pairs)


def scaling(radius: Array, counts: Array, pairs: Array) -> CorrelationDimension:
    """Slope of the correlation sum over its scaling region.

    Parameters
    ----------
    radius : (radius,)
        Logarithmically spaced.
    counts : (block, radius)
        Number of closer pairs from each block of states.
    pairs : (block,)
        Number of all pairs of each block.
    """
    total = counts.sum(axis=0)
    share = total / max(pairs.sum(), 1.0)
    x = np.log(radius)
    slope = np.full(len(x), np.nan)
    usable = np.flatnonzero((total >= FEWEST_PAIRS) & (share <= LARGEST_SUM))
    inner = np.arange(SMOOTHING, len(x) - SMOOTHING)
    inner = inner[total[inner - SMOOTHING] > 0]
    around = inner[:, None] + np.arange(-SMOOTHING, SMOOTHING + 1)
    slope[inner] = slopes(x[around], np.log(total[around]))
    usable = usable[np.isfinite(slope[usable])]
    first, last = longest_flat(slope, usable)
    if last - first < np.log10(LEAST_REACH) * PER_DECADE:
        return nothing(radius, share, slope, "no range of radii with a constant slope")
    region = np.arange(first, last + 1)
    dimension = float(slopes(x[region][None], np.log(total[region])[None])[0])
    have = counts[:, first] > 0
    each = slopes(
        np.broadcast_to(x[region], (have.sum(), len(region))), np.log(counts[have][:, region])
    )
    error = STUDENT * each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 2 else np.inf
    half = float(np.hypot(error, slope[region].std()))
    return CorrelationDimension(
        radius, share, slope, first, last, dimension, dimension - half, dimension + half, ""
    )


def longest_flat(slope: Array, usable: NDArray[np.intp]) -> tuple[int, int]:
    """First and last index of the longest run of flat slopes; of equal ones the flatter."""
    best, key = (0, 0), (0, -np.inf)
    for i, first in enumerate(usable):
        low = high = slope[first]
        for last in usable[i:]:
            low, high = min(low, slope[last]), max(high, slope[last])
            if high - low > FLAT * 0.5 * (high + low) or low <= 0:
                break
            if (last - first, low - high) > key:
                best, key = (int(first), int(last)), (int(last - first), low - high)
    return best


def slopes(x: Array, y: Array) -> Array:
    """Least-squares slopes of each row."""
    x = x - x.mean(axis=1, keepdims=True)
    result: Array = (x * y).sum(axis=1) / (x**2).sum(axis=1)
    return result


def nothing(radius: Array, share: Array, slope: Array, reason: str) -> CorrelationDimension:
    return CorrelationDimension(radius, share, slope, 0, 0, np.nan, np.nan, np.nan, reason)


@njit(cache=True, nogil=True)
def _pair_counts(
    points: Any,
    position: Any,
    queries: Any,
    theiler: int,
    largest: float,
    per_decade: int,
    bins: int,
) -> Any:
    """Histogram of distances ``(block, radius)``, and number of pairs ``(block,)``."""
    number, dimension = points.shape
    counts = np.zeros((BLOCKS, bins))
    pairs = np.zeros(BLOCKS)
    scale = 0.5 * per_decade / np.log(10.0)
    offset = np.log(largest * largest)
    for q in range(len(queries)):
        block = q * BLOCKS // len(queries)
        centre = queries[q]
        for j in range(number):
            if abs(position[j] - position[centre]) <= theiler:
                continue
            square = 0.0
            for d in range(dimension):
                square += (points[j, d] - points[centre, d]) ** 2
            pairs[block] += 1.0
            if square > 0.0:
                slot = bins - 1 + int(np.ceil(scale * (np.log(square) - offset)))
                slot = max(slot, 0)
            else:
                slot = 0
            if slot < bins:
                counts[block, slot] += 1.0
    return counts, pairs
