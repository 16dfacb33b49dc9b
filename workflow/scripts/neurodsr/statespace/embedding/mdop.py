"""A unified embedding by maximal derivatives on the projected manifold (MDOP)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.statespace.embedding.amplification import noise_amplification
from neurodsr.statespace.embedding.candidates import UnifiedEmbedding, candidates, resolution
from neurodsr.statespace.embedding.coordinates import (
    Coordinate,
    DelayVectors,
    evenly,
)
from neurodsr.statespace.embedding.dimension import FAR, LOST
from neurodsr.statespace.embedding.neighbours import nearest_outside

Array = NDArray[np.float64]


def mdop(
    pieces: Sequence[Array],
    maximum_lag: int,
    theiler: int,
    threshold: float = 0.05,
    maximum_dimension: int = 10,
    most_channels: int = 8,
    most_points: int = 5000,
) -> UnifiedEmbedding:
    """Embedding of one or several channels by MDOP (Nichkawde 2013, PRE 87:022905).

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing.
    maximum_lag
        Largest delay (samples), see `maximum_delay`.
    theiler
        Neighbours are further apart in time than that (samples).
    threshold
        Stop when no larger share of the neighbours is false (Kennel's criteria), or that share
        rises.
    maximum_dimension, most_channels, most_points
        As in `pecuzal`.

    Returns
    -------
    UnifiedEmbedding
        ``gain`` is the share of false neighbours with 1, 2, ... coordinates; above the threshold
        to the last where no embedding was found.
    """
    chosen, start = candidates(pieces, most_channels, maximum_lag, most_points)

    def next_cycle(coordinates: list[Coordinate]) -> Separation:
        return best_separation(start.having(coordinates), maximum_lag, theiler)

    firsts = [next_cycle([Coordinate(c, 0)]) for c in range(len(chosen))]
    channel = int(np.argmax([np.nan_to_num(first.beta.max(), nan=-np.inf) for first in firsts]))
    coordinates, cycles = [Coordinate(channel, 0)], [firsts[channel]]
    while cycles[-1].false > threshold and len(coordinates) < maximum_dimension:
        following = next_cycle([*coordinates, cycles[-1].coordinate])
        if not following.false < cycles[-1].false:
            break
        coordinates.append(cycles[-1].coordinate)
        cycles.append(following)
    return UnifiedEmbedding(
        tuple(Coordinate(chosen[c], delay) for c, delay in coordinates),
        np.array([cycle.false for cycle in cycles]),
        tuple(cycle.beta for cycle in cycles),
        tuple(chosen),
    )


class Separation(NamedTuple):
    """The coordinate that separates neighbours most, and how many of them are false by it.

    Attributes
    ----------
    coordinate
        Where beta is largest.
    false
        Share of nearest neighbours that it tears apart, by the criteria of Kennel et al. (1992).
    beta : (lag, channel)
        Mean logarithm (base 10) of how far a candidate coordinate separates nearest neighbours,
        over their distance; NaN where no neighbours are left.
    """

    coordinate: Coordinate
    false: float
    beta: Array


def best_separation(vectors: DelayVectors, maximum_lag: int, theiler: int) -> Separation:
    """One cycle of MDOP."""
    everything = np.arange(len(vectors.points))
    distance, near = nearest_outside(vectors.points, vectors.position, everything, theiler, 2.0)
    have = near >= 0
    if not have.any():
        nothing = np.full((maximum_lag + 1, vectors.values.shape[1]), np.nan)
        return Separation(Coordinate(0, 0), np.nan, nothing)
    first, second, distance = vectors.position[have], vectors.position[near[have]], distance[have]
    finest = resolution(vectors.values)
    beta = _mean_logarithm(vectors.values, first, second, maximum_lag + 1, finest)
    beta -= np.log10(distance).mean()
    lag, channel = (int(i) for i in np.unravel_index(int(beta.argmax()), beta.shape))
    step = np.abs(vectors.values[first + lag, channel] - vectors.values[second + lag, channel])
    torn = (step > FAR * distance) | (np.hypot(distance, step) > LOST)
    return Separation(Coordinate(channel, lag), float(torn.mean()), beta)


def maximum_delay(
    pieces: Sequence[Array],
    windows: Sequence[int],
    theiler: int,
    horizon: int = 40,
    most_points: int = 5000,
    most_queries: int = 500,
) -> tuple[int, Array]:
    """Largest delay worth trying: the window that minimises Uzal's L with delays of one sample.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing.
    windows
        Numbers of coordinates to try.
    theiler
        Neighbours are further apart in time than that (samples).
    horizon
        Of L (samples).
    most_points, most_queries
        As in `pecuzal.pecuzal`.

    Returns
    -------
    tuple
        The window (samples), the largest over the channels, and L ``(window, channel)``.
    """
    channels, start = candidates(
        pieces, pieces[0].reshape(len(pieces[0]), -1).shape[1], max(windows) + horizon, most_points
    )
    queries = evenly(len(start.points), most_queries)
    finest = resolution(start.values)
    cost = np.full((len(windows), len(channels)), np.nan)
    for w, window in enumerate(windows):
        for channel in channels:
            vectors = start.having([Coordinate(channel, lag) for lag in range(window)])
            horizons = np.arange(1, horizon + 1)
            cost[w, channel] = noise_amplification(vectors, horizons, theiler, queries, finest)[-1]
    return max(windows[int(best)] for best in np.nanargmin(cost, axis=0)), cost


@njit(cache=True, nogil=True)
def _mean_logarithm(values: Any, first: Any, second: Any, lags: int, finest: Any) -> Any:
    channels = values.shape[1]
    total = np.zeros((lags, channels))
    for pair in range(len(first)):
        for lag in range(lags):
            for c in range(channels):
                gap = abs(values[first[pair] + lag, c] - values[second[pair] + lag, c])
                total[lag, c] += np.log10(max(gap, finest[c]))
    return total / len(first)
