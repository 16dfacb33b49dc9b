"""Curves of fixed points along one added constant: exact polygons through the linear regions.

``F(z) + mu d = z`` is one linear equation in each region, so that its solutions are polygons in
``(z, mu)`` with a corner at every border. Walking along one needs no step size and passes folds:
where the determinant of ``I - J`` changes sign at a border, mu turns back (Katzenelson 1965).
"""

from typing import Any

import numpy as np
from numba import njit

from neurodsr.dynamics.piecewise.census import Census
from neurodsr.dynamics.piecewise.regions import (
    NEAR,
    Pieces,
    Regions,
    affine_map,
    locate,
    regions_of,
    write_affine,
)
from neurodsr.dynamics.piecewise.search import SPREADS, near
from neurodsr.dynamics.piecewise.words import factorise, substitute
from neurodsr.models.piecewise_linear import Array

FAR = 1e4
"""Times the size of the start: where a curve that has left is given up."""
MOST_CORNERS = 2000
REFRESH = 32
"""Corners between two decompositions; in between the inverse is updated."""
CURVES = 40
"""Fewest curves of a search."""
RANDOM = 2
"""Every so many curves one goes through a random state, the others through a fixed point."""


def trace(
    pieces: Pieces,
    z: Array,
    mu: float,
    direction: Array,
    limits: tuple[float, float],
    most_corners: int,
    backwards: bool = False,
) -> tuple[Array, Array, Regions]:
    """Follow the curve ``F(z) + mu d = z`` from one of its points.

    Parameters
    ----------
    pieces
        Of the map F.
    z, mu
        The point, in the inside of its region.
    direction
        The vector d.
    limits
        Of mu; the walk ends where it leaves them.
    most_corners
        Corners walked through at most. It also ends in a region in which the equation is singular,
        far beyond the start, or back at it.
    backwards
        Whether to set out with falling mu.

    Returns
    -------
    z, mu
        ``(corner, latent)`` and ``(corner,)``, the start and the end included.
    regions : (corner - 1, direction)
        Of the segments between them.
    """
    zs = np.empty((most_corners + 2, len(z)))
    mus = np.empty(most_corners + 2)
    regions = np.empty((most_corners + 2, len(pieces.W)), np.uint8)
    count = _trace(
        pieces, z, mu, direction, limits[0], limits[1], -1.0 if backwards else 1.0, zs, mus, regions
    )
    return zs[:count], mus[:count], regions[: count - 1]


def search_curves(
    pieces: Pieces, visited: Array, known: Array, most_segments: int, rng: np.random.Generator
) -> tuple[Array, int, float]:
    """Fixed points on curves through random states, and through the fixed points found.

    A state is a fixed point of the map with some constant added. Following that constant to zero,
    and beyond to where the curve comes back, passes fixed points; a curve through one of them in a
    random direction passes others. Fixed points that lie in small regions, which random states
    and virtual fixed points do not meet, are found like all others. The search ends when each
    fixed point was met on two curves at least that did not begin at it (see `Census`).

    Parameters
    ----------
    pieces
        Of the map.
    visited : (state, latent)
        States around which the random ones lie.
    known : (point, latent)
        Fixed points known before.
    most_segments
        Segments, one in each region that a curve runs through, walked at most.
    rng
        Chooses states and directions.

    Returns
    -------
    states : (point, latent)
        Fixed points that were not known.
    segments
        Number of segments that were walked.
    unseen
        Estimated number of fixed points that were missed.
    """
    latent = visited.shape[1]
    spread = visited.std(axis=0) + 1e-6
    found = known.copy()
    census = Census(CURVES)
    census.add(len(found))
    segments = 0
    while segments < most_segments and not census.saturated:
        own, mu = -1, 0.0
        if len(found) and census.samples % RANDOM:
            own = int(rng.integers(len(found)))
            start, direction = found[own], rng.standard_normal((latent,))
        else:
            size = SPREADS[census.samples // RANDOM % len(SPREADS)]
            start = visited.mean(axis=0) + size * spread * rng.standard_normal(latent)
            mu, direction = 1.0, start - image_of(pieces, start)
        met: set[int] = set()
        for backwards in (True, False):
            z, along, _ = trace(
                pieces, start, mu, direction, (-FAR, FAR), MOST_CORNERS, backwards=backwards
            )
            segments += len(along) - 1
            for state in at_parameter(z, along, 0.0):
                gap = np.abs(image_of(pieces, state) - state).max()
                if gap > NEAR * 10 * (1 + np.abs(state).max()):
                    continue
                same = np.flatnonzero(near(state, found))
                if not len(same):
                    found = np.concatenate([found, state[None]])
                    census.add()
                met.add(int(same[0]) if len(same) else len(found) - 1)
        census.sample(met - {own})
    return found[len(known) :], segments, census.unseen


def at_parameter(z: Array, mu: Array, value: float) -> Array:
    """Where a polygon crosses a value of mu ``(crossing, latent)``."""
    crossing = np.flatnonzero((mu[:-1] <= value) != (mu[1:] <= value))
    share = ((value - mu[crossing]) / (mu[crossing + 1] - mu[crossing]))[:, None]
    return np.asarray(z[crossing] + share * (z[crossing + 1] - z[crossing]))


def image_of(pieces: Pieces, state: Array) -> Array:
    """Image of one state."""
    J, b = affine_map(pieces, regions_of(pieces, state[None])[0])
    return J @ state + b


@njit(cache=True, nogil=True, error_model="numpy")
def _trace(
    p: Any,
    start: Any,
    mu: float,
    d: Any,
    low: float,
    high: float,
    heading: float,
    zs: Any,
    mus: Any,
    regions: Any,
) -> int:
    latent, directions = len(start), p.W.shape[0]
    z = start.copy()
    region = np.empty(directions, np.uint8)
    locate(p, z, region)
    inverse = np.empty((latent, latent))
    rate = np.empty(latent)
    u = np.empty(directions)
    speed = np.empty(directions)
    kink = np.empty(latent)
    moved = np.empty(latent)
    seen = np.empty(latent)
    zs[0] = z
    mus[0] = mu
    size = 1.0 + np.abs(z).max()
    forward = sense = heading
    for corner in range(1, len(mus)):
        if corner % REFRESH == 1:
            # from scratch, without what rounding added up
            sign = _invert(p, region, inverse)
            if sign == 0.0:
                return corner
            if corner == 1:
                sense = sign * heading
            forward = sign * sense
            _onto_curve(p, region, inverse, mu, d, size, z)
            rate[:] = np.dot(inverse, d)
            u[:] = np.dot(p.W, z)
            speed[:] = np.dot(p.W, rate)
        best = (high - mu) if forward > 0.0 else (mu - low)
        crossed = -1
        turn = 0
        for g in range(directions):
            pace = speed[g] * forward
            j = region[g]
            if pace > 0.0 and j < p.borders.shape[1]:
                way = (p.borders[g, j] - u[g]) / pace
                if way < best:
                    best, crossed, turn = max(way, 0.0), g, 1
            elif pace < 0.0 and j > 0:
                way = (p.borders[g, j - 1] - u[g]) / pace
                if way < best:
                    best, crossed, turn = max(way, 0.0), g, -1
        regions[corner - 1] = region
        mu += forward * best
        for i in range(latent):
            z[i] += forward * best * rate[i]
        zs[corner] = z
        mus[corner] = mu
        if crossed < 0 or np.abs(z).max() > FAR * size:
            return corner + 1
        if corner > 2 and abs(mu - mus[0]) < NEAR and np.abs(z - start).max() < NEAR * size:
            return corner + 1
        for g in range(directions):
            u[g] += forward * best * speed[g]
        # the matrix I - J changes by the outer product of kink and direction
        for i in range(latent):
            kink[i] = (
                p.slopes[crossed, region[crossed] + turn, i] - p.slopes[crossed, region[crossed], i]
            )
            seen[i] = 0.0
        region[crossed] += turn
        for i in range(latent):
            moved[i] = 0.0
            for j in range(latent):
                moved[i] += inverse[i, j] * kink[j]
                seen[j] += p.W[crossed, i] * inverse[i, j]
        ratio = 1.0
        for i in range(latent):
            ratio -= p.W[crossed, i] * moved[i]
        if not abs(ratio) > 1e-12:
            return corner + 1
        if ratio < 0.0:
            forward = -forward
        factor = speed[crossed] / ratio
        for i in range(latent):
            rate[i] += factor * moved[i]
            for j in range(latent):
                inverse[i, j] += moved[i] * seen[j] / ratio
        for g in range(directions):
            for i in range(latent):
                speed[g] += factor * p.W[g, i] * moved[i]
    return len(mus)


@njit(cache=True, nogil=True, error_model="numpy")
def _invert(p: Any, region: Any, inverse: Any) -> float:
    """Write the inverse of ``I - J``; the sign of its determinant, or 0 where it is singular."""
    latent = len(inverse)
    matrix = np.empty((latent, latent))
    column = np.empty(latent)
    pivots = np.empty(latent, np.int64)
    write_affine(p, region, matrix, column)
    for i in range(latent):
        for j in range(latent):
            matrix[i, j] = (1.0 if i == j else 0.0) - matrix[i, j]
    if not factorise(matrix, pivots):
        return 0.0
    sign = 1.0
    for i in range(latent):
        if (matrix[i, i] < 0.0) != (pivots[i] != i):
            sign = -sign
        for j in range(latent):
            column[j] = 1.0 if i == j else 0.0
        substitute(matrix, pivots, column)
        for j in range(latent):
            inverse[j, i] = column[j]
    return sign


@njit(cache=True, nogil=True, error_model="numpy")
def _onto_curve(p: Any, region: Any, inverse: Any, mu: float, d: Any, size: float, z: Any) -> None:
    """Put a state on the curve where it is close to it."""
    constant = p.h + mu * d
    for g in range(p.W.shape[0]):
        constant += p.offsets[g, region[g]]
    exact = np.dot(inverse, constant)
    if np.abs(exact - z).max() < 1e-3 * size:
        z[:] = exact
