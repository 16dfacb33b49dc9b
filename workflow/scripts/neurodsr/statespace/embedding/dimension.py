"""Embedding dimension: false nearest neighbours and Cao's E1, E2."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.statespace.embedding.coordinates import (
    Coordinate,
    complete_stretches,
    delay_vectors,
    evenly,
)
from neurodsr.statespace.embedding.neighbours import nearest_outside

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

FAR = 15.0
LOST = 2.0
SATURATED = 0.9
NOISE_REACH = 3.0 * np.sqrt(2.0)


@dataclass(frozen=True)
class DimensionCurves:
    """What tells the embedding dimension, for m = 1, 2, ...

    Attributes
    ----------
    false_neighbours : (dimension,)
        Share of nearest neighbours that are false by either of Kennel's criteria.
    e1 : (dimension,)
        Cao's E1(m): approaches 1 once m is enough. NaN at the last m.
    e2 : (dimension,)
        Cao's E2(m): differs from 1 at some m unless the future is independent of the past.
    torn : (dimension,)
        Share that the next delay coordinate tears apart: Kennel's first criterion.
    lonely : (dimension,)
        Share that is as far apart as the attractor is large: his second, which noise meets.
    """

    false_neighbours: Array
    e1: Array
    e2: Array
    torn: Array
    lonely: Array

    def by_false_neighbours(self, threshold: float) -> int | None:
        """Smallest m with a share of false neighbours below `threshold`."""
        resolved = np.flatnonzero(self.false_neighbours < threshold)
        return int(resolved[0]) + 1 if resolved.size else None

    def by_saturation(self) -> int | None:
        """Smallest m from which Cao's E1 stays above 0.9."""
        short = np.flatnonzero(~(self.e1[:-1] >= SATURATED))
        first = int(short[-1]) + 2 if short.size else 1
        return first if first < len(self.e1) else None

    def dimension(self, threshold: float) -> int | None:
        """Dimension by false neighbours or, where noise keeps their share up, by E1."""
        found = self.by_false_neighbours(threshold)
        return self.by_saturation() if found is None else found

    def agree(self, threshold: float) -> bool:
        """Whether both find a dimension, and these differ by no more than 1."""
        one, other = self.by_false_neighbours(threshold), self.by_saturation()
        return one is not None and other is not None and abs(one - other) <= 1


def dimension_curves(
    pieces: Sequence[Array],
    delay: int,
    maximum_dimension: int,
    theiler: int,
    maximum_queries: int,
    noise: float = 0.0,
    most_points: int = 10_000,
) -> DimensionCurves:
    """False nearest neighbours (Kennel et al. 1992) and E1, E2 (Cao 1997) over the dimension.

    A neighbour is false when the next coordinate moves it away by more than 15 times its distance
    (torn), or further than twice the standard deviation of the data in all (lonely). Noise tears
    close neighbours as well: where its level is known, three standard deviations of a difference
    of two values are taken off the next coordinate's.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)``; NaN = missing.
    delay
        Of the embedding (samples).
    maximum_dimension
        Largest m.
    theiler
        Theiler window (samples).
    maximum_queries
        The neighbours of so many points, spread over the data, are looked at.
    noise
        Standard deviation of observational noise, where known (units of the data).
    most_points
        No more delay vectors than that, spread over the data, serve as neighbours.

    Returns
    -------
    DimensionCurves
        NaN for dimensions that the data are too short for.
    """
    columns = complete_stretches([piece.reshape(-1, 1) for piece in pieces])
    deviation = float(np.std(np.concatenate(columns))) if columns else 0.0
    curves = np.full((5, maximum_dimension), np.nan)
    false, torn, lonely, moved, next_distance = curves
    for m in range(1, maximum_dimension + 1 if columns else 1):
        coordinates = [Coordinate(0, k * delay) for k in range(m)]
        vectors = delay_vectors(columns, coordinates, delay, most_points)
        points, position, following = vectors.points, vectors.position, vectors.ahead(delay)[:, 0]
        if len(points) < 3:
            break
        queries = evenly(len(points), maximum_queries)
        distance, near = nearest_outside(points, position, queries, theiler, 2.0)
        step = np.abs(following[queries] - following[near])[near >= 0]
        distance = distance[near >= 0]
        if distance.size:
            apart = step - NOISE_REACH * noise > FAR * distance
            far = np.hypot(distance, step) > LOST * deviation
            torn[m - 1], lonely[m - 1], false[m - 1] = (
                share.mean() for share in (apart, far, apart | far)
            )
        distance, near = nearest_outside(points, position, queries, theiler, np.inf)
        step = np.abs(following[queries] - following[near])[near >= 0]
        distance = distance[near >= 0]
        if distance.size:
            next_distance[m - 1] = np.mean(np.maximum(distance, step) / distance)
            moved[m - 1] = step.mean()
    e1, e2 = (ratios(curve) for curve in (next_distance, moved))
    return DimensionCurves(false, e1, e2, torn, lonely)


def ratios(curve: Array) -> Array:
    """Each value over the one before it; NaN at the last place and where that is 0."""
    ratio = np.full(len(curve), np.nan)
    np.divide(curve[1:], curve[:-1], out=ratio[:-1], where=curve[:-1] > 0)
    return ratio
