"""Nearest neighbours that are not merely near in time: exact, compiled search."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


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
    distance, index = search(points, position, queries, 1, theiler, norm, distinct=True)
    return distance[:, 0], index[:, 0]


def neighbours_outside(
    points: Array, position: Indices, queries: Indices, count: int, theiler: int
) -> tuple[Array, Indices]:
    """The nearest neighbours (Euclidean) further away in time than a Theiler window.

    Parameters
    ----------
    points, position, queries, theiler
        As in `nearest_outside`.
    count
        Number of neighbours.

    Returns
    -------
    tuple
        Distances and indices ``(query, count)``, nearest first; NaN and -1 where there are fewer.
        Points at distance 0 count.
    """
    return search(points, position, queries, count, theiler, 2.0, distinct=False)


def search(
    points: Array,
    position: Indices,
    queries: Indices,
    count: int,
    theiler: int,
    norm: float,
    distinct: bool,
) -> tuple[Array, Indices]:
    """Sort the points along their first principal axis and look outwards from each query.

    No point whose distance along the axis exceeds that of the neighbours found so far can be nearer
    (Friedman, Baskett & Shustek 1975), which leaves a small share of all points on an attractor and
    costs no more than a full search elsewhere.
    """
    if len(points) < 2 or len(queries) == 0:
        missing = np.full((len(queries), count), -1, dtype=np.intp)
        return np.full(missing.shape, np.nan), missing
    axis = np.linalg.eigh(np.atleast_2d(np.cov(points.T)))[1][:, -1]
    if norm == np.inf:
        axis = axis / np.abs(axis).sum()
    along = points @ axis
    order = np.argsort(along, kind="stable")
    rank = np.empty(len(points), dtype=np.intp)
    rank[order] = np.arange(len(points))
    distance, found = _search(
        np.ascontiguousarray(points[order]),
        along[order],
        np.ascontiguousarray(position[order]),
        rank[queries],
        count,
        theiler,
        norm == np.inf,
        distinct,
    )
    index = np.where(found >= 0, order[found], -1)
    return distance, index


@njit(cache=True, nogil=True)
def _search(
    points: Any,
    along: Any,
    position: Any,
    queries: Any,
    count: int,
    theiler: int,
    maximum: bool,
    distinct: bool,
) -> Any:
    number, dimension = points.shape
    distance = np.full((len(queries), count), np.inf)
    index = np.full((len(queries), count), -1)
    for q in range(len(queries)):
        centre = queries[q]
        near, who = distance[q], index[q]
        left, right = centre - 1, centre + 1
        while left >= 0 or right < number:
            back = along[centre] - along[left] if left >= 0 else np.inf
            forth = along[right] - along[centre] if right < number else np.inf
            if back <= forth:
                gap, other = back, left
                left -= 1
            else:
                gap, other = forth, right
                right += 1
            worst = near[count - 1]
            if (gap if maximum else gap * gap) > worst:
                break
            if abs(position[other] - position[centre]) <= theiler:
                continue
            far = 0.0
            for d in range(dimension):
                step = abs(points[other, d] - points[centre, d])
                far = max(far, step) if maximum else far + step * step
                if far >= worst:
                    break
            if far >= worst or (distinct and far == 0.0):
                continue
            slot = count - 1
            while slot > 0 and near[slot - 1] > far:
                near[slot], who[slot] = near[slot - 1], who[slot - 1]
                slot -= 1
            near[slot], who[slot] = far, other
    for q in range(len(queries)):
        for k in range(count):
            if index[q, k] < 0:
                distance[q, k] = np.nan
            elif not maximum:
                distance[q, k] = np.sqrt(distance[q, k])
    return distance, index
