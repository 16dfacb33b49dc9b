"""A unified embedding: which channels, with which delays (PECUZAL, Kraemer et al. 2021)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodsr.statespace.embedding.amplification import largest_decrease, noise_amplification
from neurodsr.statespace.embedding.candidates import UnifiedEmbedding, candidates, resolution
from neurodsr.statespace.embedding.continuity import continuity
from neurodsr.statespace.embedding.coordinates import Coordinate, DelayVectors, evenly

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_PEAKS = 5


def pecuzal(
    pieces: Sequence[Array],
    maximum_lag: int,
    theiler: int,
    threshold: float = 0.05,
    maximum_dimension: int = 10,
    most_channels: int = 8,
    most_points: int = 5000,
    most_queries: int = 500,
    stride: int = 2,
) -> UnifiedEmbedding:
    """Embedding of one or several channels by PECUZAL (Kraemer et al. 2021, NJP 23:033017).

    In each cycle the local maxima of the continuity statistic over all delays and channels are the
    candidates, and the one that lowers Uzal's cost L most is taken, until none lowers it by more
    than the threshold. It is made for flows sampled finely: of a map, whose next value is a
    function of this one, it takes needlessly long delays.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing.
    maximum_lag
        Largest delay, and largest horizon of L (samples).
    theiler
        Neighbours are further apart in time than that (samples).
    threshold
        Least decrease of L; 0.05 for data with noise.
    maximum_dimension
        Stop at so many coordinates.
    most_channels
        Of more channels, only so many are candidates, see `representative_channels`.
    most_points, most_queries
        So many delay vectors, spread over the data, serve as neighbours, and the statistics are
        means over so many.
    stride
        Between horizons of L (samples); 2 is the economy mode of the authors.

    Returns
    -------
    UnifiedEmbedding
        With a single coordinate where no embedding was found, as of white noise.
    """
    horizons = np.arange(min(2, maximum_lag), maximum_lag + 1, stride)
    ahead = maximum_lag + int(horizons[-1])
    chosen, start = candidates(pieces, most_channels, ahead, most_points)
    queries = evenly(len(start.points), most_queries)
    finest = resolution(start.values)

    def next_cycle(coordinates: list[Coordinate]) -> Cycle:
        return best_coordinate(
            start.having(coordinates), maximum_lag, horizons, theiler, queries, finest
        )

    firsts = [next_cycle([Coordinate(c, 0)]) for c in range(len(chosen))]
    gains = np.array([first.gain for first in firsts])
    channel = int(np.nanargmin(gains)) if np.isfinite(gains).any() else 0
    coordinates, cycles = [Coordinate(channel, 0)], [firsts[channel]]
    while cycles[-1].gain < -threshold:
        coordinates.append(cycles[-1].coordinate)
        if len(coordinates) == maximum_dimension:
            break
        cycles.append(next_cycle(coordinates))
    return UnifiedEmbedding(
        tuple(Coordinate(chosen[c], delay) for c, delay in coordinates),
        np.array([cycle.gain for cycle in cycles[: len(coordinates) - 1]]),
        tuple(cycle.statistic for cycle in cycles),
        tuple(chosen),
    )


class Cycle(NamedTuple):
    """The best further coordinate, what it brings, and the statistic ``(lag, channel)``."""

    coordinate: Coordinate
    gain: float
    statistic: Array


def best_coordinate(
    vectors: DelayVectors,
    maximum_lag: int,
    horizons: Indices,
    theiler: int,
    queries: Indices,
    finest: Array,
) -> Cycle:
    """The peak of the continuity statistic, over all channels, that lowers L most."""
    statistic = continuity(vectors, maximum_lag, theiler, queries)
    before = noise_amplification(vectors, horizons, theiler, queries, finest)
    best, gain = Coordinate(0, 0), np.nan
    for channel in range(statistic.shape[1]):
        for lag in peaks(statistic[:, channel]):
            trial = vectors.having([*vectors.coordinates, Coordinate(channel, lag)])
            after = noise_amplification(trial, horizons, theiler, queries, finest)
            decrease = largest_decrease(before, after)
            if not decrease >= gain:
                best, gain = Coordinate(channel, lag), decrease
    return Cycle(best, gain, statistic)


def peaks(curve: Array) -> list[int]:
    """The five highest local maxima, the first value included; else the largest value.

    Noise makes many low ones; a curve without noise has fewer than five.
    """
    if not np.isfinite(curve).all():
        return []
    padded = np.concatenate([[-np.inf], curve])
    inner = np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))
    highest = inner[np.argsort(-curve[inner], kind="stable")[:MOST_PEAKS]]
    return sorted(int(lag) for lag in highest) or [int(curve.argmax())]
