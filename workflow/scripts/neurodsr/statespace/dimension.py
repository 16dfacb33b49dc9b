"""Embedding dimension: false nearest neighbours and Cao's E1, E2."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

FAR = 15.0
LOST = 2.0
SATURATED = 0.9


@dataclass(frozen=True)
class DimensionCurves:
    """What tells the embedding dimension, for m = 1, 2, ...

    Attributes
    ----------
    false_neighbours : (dimension,)
        Share of nearest neighbours that the next delay coordinate tears apart.
    e1 : (dimension,)
        Cao's E1(m): approaches 1 once m is enough. NaN at the last m.
    e2 : (dimension,)
        Cao's E2(m): differs from 1 at some m unless the future is independent of the past.
    """

    false_neighbours: Array
    e1: Array
    e2: Array

    def dimension(self, threshold: float) -> int | None:
        """Smallest m with a share of false neighbours below `threshold`.

        Noise keeps that share up; then the smallest m from which E1 stays above 0.9, and None when
        that never happens either.
        """
        resolved = np.flatnonzero(self.false_neighbours < threshold)
        if resolved.size:
            return int(resolved[0]) + 1
        short = np.flatnonzero(~(self.e1[:-1] >= SATURATED))
        first = int(short[-1]) + 2 if short.size else 1
        return first if first < len(self.e1) else None


def embed(
    pieces: Sequence[Array], dimension: int, delay: int, ahead: int
) -> tuple[Array, Array, Indices]:
    """Delay vectors ``(x(t), x(t + delay), ...)`` with what follows them.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)``; no vector spans two of them.
    dimension, delay
        Number of coordinates and their distance (samples).
    ahead
        How far (samples) after the last coordinate the value that follows lies.

    Returns
    -------
    tuple
        Vectors ``(point, dimension)``, following values ``(point,)``, and positions in time
        ``(point,)``, counted over all pieces.
    """
    span = (dimension - 1) * delay
    offsets = np.cumsum([0] + [len(piece) for piece in pieces])
    vectors, following, position = [], [], []
    for piece, offset in zip(pieces, offsets[:-1], strict=True):
        start = np.arange(len(piece) - span - ahead)
        vectors.append(piece[start[:, None] + delay * np.arange(dimension)])
        following.append(piece[start + span + ahead])
        position.append(start + offset)
    return np.concatenate(vectors), np.concatenate(following), np.concatenate(position)


def nearest_outside(
    points: Array, position: Indices, queries: Indices, theiler: int, norm: float
) -> tuple[Array, Indices]:
    """Nearest neighbour at a positive distance and further away in time than a Theiler window.

    Parameters
    ----------
    points
        Delay vectors ``(point, dimension)``.
    position
        Of the points in time ``(point,)`` (samples).
    queries
        Indices ``(query,)`` of the points whose neighbours are wanted.
    theiler
        Points no further than so many samples away in time do not count (Theiler 1986).
    norm
        2 for Euclidean, inf for the maximum norm.

    Returns
    -------
    tuple
        Distance and index ``(query,)``; NaN and -1 where there is no such neighbour.
    """
    tree = cKDTree(points)
    distance = np.full(len(queries), np.nan)
    index = np.full(len(queries), -1, dtype=np.intp)
    pending = np.arange(len(queries))
    count = min(8, len(points))
    while pending.size:
        found = tree.query(points[queries[pending]], k=np.arange(1, count + 1), p=norm)
        d, near = np.asarray(found[0]), np.asarray(found[1])
        apart = np.abs(position[near] - position[queries[pending], None]) > theiler
        valid = apart & (d > 0)
        hit = valid.any(axis=1)
        first = valid.argmax(axis=1)[hit]
        distance[pending[hit]] = d[hit, first]
        index[pending[hit]] = near[hit, first]
        pending = pending[~hit]
        if count == len(points):
            break
        count = min(4 * count, len(points))
    return distance, index


def dimension_curves(
    pieces: Sequence[Array],
    delay: int,
    maximum_dimension: int,
    theiler: int,
    maximum_queries: int,
) -> DimensionCurves:
    """False nearest neighbours (Kennel et al. 1992) and E1, E2 (Cao 1997) over the dimension.

    A neighbour is false when the next coordinate moves it away by more than 15 times its distance,
    or further than twice the standard deviation of the data in all.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` without missing values.
    delay
        Of the embedding (samples).
    maximum_dimension
        Largest m.
    theiler
        Theiler window (samples).
    maximum_queries
        The neighbours of so many points, spread over the data, are looked at.

    Returns
    -------
    DimensionCurves
        NaN for dimensions that the data are too short for.
    """
    deviation = float(np.std(np.concatenate(pieces)))
    false, moved, next_distance = (np.full(maximum_dimension, np.nan) for _ in range(3))
    for m in range(1, maximum_dimension + 1):
        long = [piece for piece in pieces if len(piece) > m * delay + 2]
        if not long:
            break
        points, following, position = embed(long, m, delay, delay)
        queries = np.unique(np.linspace(0, len(points) - 1, maximum_queries).astype(np.intp))
        distance, near = nearest_outside(points, position, queries, theiler, 2.0)
        step = np.abs(following[queries] - following[near])[near >= 0]
        distance = distance[near >= 0]
        if distance.size:
            torn = (step > FAR * distance) | (np.hypot(distance, step) > LOST * deviation)
            false[m - 1] = torn.mean()
        distance, near = nearest_outside(points, position, queries, theiler, np.inf)
        step = np.abs(following[queries] - following[near])[near >= 0]
        distance = distance[near >= 0]
        if distance.size:
            next_distance[m - 1] = np.mean(np.maximum(distance, step) / distance)
            moved[m - 1] = step.mean()
    e1, e2 = (np.append(curve[1:] / curve[:-1], np.nan) for curve in (next_distance, moved))
    return DimensionCurves(false, e1, e2)
