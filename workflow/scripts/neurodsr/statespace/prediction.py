"""Forecasts from neighbours in state space: simplex projection and S-map."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors, evenly
from neurodsr.statespace.embedding.neighbours import neighbours_outside

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

TINY = 1e-12
RIDGE = 1e-10
"""Of the trace, added to the slopes' part of the normal equations of the S-map."""
THETAS = (0.0, 0.1, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True)
class Skill:
    """How well targets are predicted.

    Attributes
    ----------
    correlation : (..., target)
        Pearson's, of predictions and truth; NaN without variance.
    error : (..., target)
        Root mean square over the standard deviation of the truth; 1 is no better than the mean.
    """

    correlation: Array
    error: Array


def simplex_skill(
    pieces: Sequence[Array],
    coordinates: Sequence[Coordinate],
    horizon: int,
    theiler: int,
    most_points: int = 4000,
    most_queries: int = 1000,
) -> Skill:
    """Skill of simplex projection for every channel, from one set of delay coordinates.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing.
    coordinates
        Channel and delay (samples) of each coordinate.
    horizon
        How far after the last coordinate to predict (samples).
    theiler
        Neighbours are further apart in time than that (samples): what is predicted is never part
        of what predicts.
    most_points, most_queries
        So many delay vectors, spread over the data, serve as neighbours, and so many are predicted.

    Returns
    -------
    Skill
        ``(channel,)``; NaN where there are too few vectors.
    """
    vectors = delay_vectors(pieces, coordinates, horizon, most_points)
    queries = evenly(len(vectors.points), most_queries)
    targets = vectors.ahead(horizon)
    predicted = simplex(vectors.points, targets, vectors.position, queries, theiler)
    return skill(predicted, targets[queries])


def s_map_skill(
    pieces: Sequence[Array],
    coordinates: Sequence[Coordinate],
    horizon: int,
    theiler: int,
    thetas: Sequence[float] = THETAS,
    most_points: int = 2000,
    most_queries: int = 300,
) -> Skill:
    """Skill of the S-map for every channel, over its weight of near against far.

    A skill that rises with theta speaks for nonlinear dynamics (Sugihara 1994): compare
    ``correlation.max(axis=0) - correlation[0]`` with surrogates.

    Parameters
    ----------
    pieces, coordinates, horizon, theiler, most_points, most_queries
        As in `simplex_skill`.
    thetas
        Weights are ``exp(-theta distance / mean distance)``: 0 is one linear map for all.

    Returns
    -------
    Skill
        ``(theta, channel)``.
    """
    vectors = delay_vectors(pieces, coordinates, horizon, most_points)
    queries = evenly(len(vectors.points), most_queries)
    targets = vectors.ahead(horizon)
    predicted = s_map(vectors.points, targets, vectors.position, queries, theiler, thetas)
    return skill(predicted, targets[queries])


def simplex(
    points: Array,
    targets: Array,
    position: Indices,
    queries: Indices,
    theiler: int,
    count: int | None = None,
) -> Array:
    """Simplex projection (Sugihara & May 1990): weighted mean of the neighbours' futures.

    Parameters
    ----------
    points : (point, dimension)
        States.
    targets : (point, target)
        What follows each state.
    position : (point,)
        Of the states in time (samples).
    queries : (query,)
        Indices of the states from which to predict.
    theiler
        Neighbours are further apart in time than that (samples).
    count
        Number of neighbours, by default dimension + 1. Weights fall exponentially with the
        distance in units of the nearest one's.

    Returns
    -------
    Array
        ``(query, target)``; NaN where there is no neighbour.
    """
    count = points.shape[1] + 1 if count is None else count
    distance, near = neighbours_outside(points, position, queries, count, theiler)
    return weighted_mean(distance, near, targets)


def weighted_mean(distance: Array, near: Indices, targets: Array) -> Array:
    """Mean of the neighbours' targets, weights falling exponentially with the distance.

    Parameters
    ----------
    distance, near : (query, neighbour)
        From `neighbours_outside`, nearest first.
    targets : (point, target)
        Of all states.

    Returns
    -------
    Array
        ``(query, target)``; NaN where there is no neighbour.
    """
    weight = np.exp(-distance / np.maximum(distance[:, :1], TINY))
    weight = np.where(near >= 0, weight, 0.0)
    total = weight.sum(axis=1, keepdims=True)
    weight = np.divide(weight, total, out=np.full_like(weight, np.nan), where=total > 0)
    predicted: Array = np.einsum("qk,qkt->qt", weight, targets[near])
    return predicted


def s_map(
    points: Array,
    targets: Array,
    position: Indices,
    queries: Indices,
    theiler: int,
    thetas: Sequence[float],
) -> Array:
    """S-map (Sugihara 1994): a linear map fitted anew at each state, with nearer ones weighted up.

    Parameters
    ----------
    points, targets, position, queries, theiler
        As in `simplex`.
    thetas : (theta,)
        Of the weights ``exp(-theta distance / mean distance)``, which multiply the equations (so
        that their squares weigh the squared errors).

    Returns
    -------
    Array
        ``(theta, query, target)``; NaN where fewer states than unknowns are left.
    """
    predicted: Array = _s_map(
        np.ascontiguousarray(points),
        np.ascontiguousarray(targets),
        position,
        queries,
        theiler,
        np.asarray(thetas, dtype=np.float64),
    )
    return predicted


def skill(predicted: Array, truth: Array) -> Skill:
    """Correlation and error of predictions ``(..., query, target)``, without those that are NaN."""
    truth = np.broadcast_to(truth, predicted.shape)
    have = np.isfinite(predicted) & np.isfinite(truth)
    number = np.maximum(have.sum(axis=-2), 1)

    def mean(x: Array) -> Array:
        return np.asarray(np.where(have, x, 0.0).sum(axis=-2) / number)

    p = predicted - mean(predicted)[..., None, :]
    t = truth - mean(truth)[..., None, :]
    power = mean(t**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = mean(p * t) / np.sqrt(mean(p**2) * power)
        error = np.sqrt(mean((predicted - truth) ** 2) / power)
    return Skill(correlation, error)


@njit(cache=True, nogil=True)
def _s_map(
    points: Any, targets: Any, position: Any, queries: Any, theiler: int, thetas: Any
) -> Any:
    number, dimension = points.shape
    outputs = targets.shape[1]
    unknowns = dimension + 1
    predicted = np.full((len(thetas), len(queries), outputs), np.nan)
    distance = np.empty(number)
    member = np.empty(number, dtype=np.int64)
    row = np.ones(unknowns)
    for q in range(len(queries)):
        centre = queries[q]
        members = 0
        total = 0.0
        for j in range(number):
            if abs(position[j] - position[centre]) <= theiler:
                continue
            square = 0.0
            for d in range(dimension):
                square += (points[j, d] - points[centre, d]) ** 2
            distance[members] = np.sqrt(square)
            member[members] = j
            total += distance[members]
            members += 1
        if members < unknowns or total <= 0.0:
            continue
        for k in range(len(thetas)):
            rate = -2.0 * thetas[k] * members / total
            left = np.zeros((unknowns, unknowns))
            right = np.zeros((unknowns, outputs))
            for m in range(members):
                weight = np.exp(rate * distance[m])
                j = member[m]
                for d in range(dimension):
                    row[d + 1] = points[j, d] - points[centre, d]
                for a in range(unknowns):
                    scaled = weight * row[a]
                    for b in range(a + 1):
                        left[a, b] += scaled * row[b]
                    for b in range(outputs):
                        right[a, b] += scaled * targets[j, b]
            ridge = 0.0
            for a in range(unknowns):
                ridge += RIDGE * left[a, a]
                for b in range(a):
                    left[b, a] = left[a, b]
            for a in range(1, unknowns):
                left[a, a] += ridge
            predicted[k, q] = np.linalg.solve(left, right)[0]
    return predicted
