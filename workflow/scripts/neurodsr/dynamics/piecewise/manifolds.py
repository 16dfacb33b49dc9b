"""One-dimensional stable and unstable manifolds of saddles: exact polygons.

An affine map takes a straight line to a straight line, so that the image of a polygon is one again,
with new corners where it crosses borders. The unstable manifold grows from the part of its
eigenvector's line that lies in the saddle's own region by images, the stable one by the inverse of
the map, followed from region to region (Eisenmann et al., arXiv 2510.03814, for the idea).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from neurodsr.dynamics.piecewise.cycles import Cycle
from neurodsr.dynamics.piecewise.regions import (
    Pieces,
    affine_map,
    images,
    locate,
    regions_of,
    write_affine,
)
from neurodsr.dynamics.piecewise.words import factorise, substitute
from neurodsr.models.piecewise_linear import Array

REACH = 0.9
"""Part of the way to the next border that is taken for straight."""
LONGEST_START = 1.0
MOST_ROUNDS = 2000
ARRIVED = 1e-7
"""Part of its length at which what a branch gains no longer counts: it ends at an attractor."""


@dataclass(frozen=True)
class Manifold:
    """The stable or unstable manifold of a saddle, as far as it was followed.

    Attributes
    ----------
    branches
        Polygons ``(corner, latent)`` that begin at a state of the cycle.
    stable
        Which of the two it is.
    """

    branches: Sequence[Array]
    stable: bool


def has_line(cycle: Cycle, stable: bool) -> bool:
    """Whether the cycle is a saddle whose stable or unstable manifold is one-dimensional."""
    if cycle.stability != "saddle":
        return False
    moduli = np.abs(cycle.eigenvalues)
    inside = moduli < 1
    own = inside if stable else ~inside
    return int(own.sum()) == 1 and bool(moduli[own][0] > 1e-12)


def manifold(
    pieces: Pieces, cycle: Cycle, stable: bool, length: float, most_corners: int
) -> Manifold:
    """Follow a one-dimensional manifold of a saddle (see `has_line`).

    Parameters
    ----------
    pieces
        Of the map.
    cycle
        The saddle.
    stable
        Which of its manifolds.
    length
        At which a branch ends.
    most_corners
        Of a branch. A stable branch also ends where the map folds, so that it has no inverse.
    """
    states, period = cycle.states, cycle.period
    steps = [affine_map(pieces, region)[0] for region in regions_of(pieces, states)]
    product = np.eye(len(pieces.h))
    for step in steps:
        product = step @ product
    values, vectors = np.linalg.eig(product)
    own = np.abs(values) < 1 if stable else np.abs(values) >= 1
    which = int(np.flatnonzero(own)[0])
    multiplier, direction = float(values[which].real), vectors[:, which].real
    around = period * (1 if multiplier > 0 else 2)
    tangents = [direction / np.linalg.norm(direction)]
    for n in range(around):
        tangents.append(steps[n % period] @ tangents[-1])
    branches: list[Array] = []
    for side in (1.0,) if multiplier < 0 else (1.0, -1.0):
        lines = [side * tangent for tangent in tangents]
        grow = _grow_backwards if stable else _grow_forwards
        branches += grow(pieces, states, lines, around, length, most_corners)
    return Manifold(branches, stable)


def _straight(pieces: Pieces, states: Array, lines: Sequence[Array]) -> float:
    """How far all lines from the states of a cycle stay in the region in which they begin."""
    way = LONGEST_START * (1 + float(np.abs(states).max()))
    if not pieces.borders.size:
        return way
    for n, line in enumerate(lines):
        u, speed = pieces.W @ states[n % len(states)], pieces.W @ line
        with np.errstate(divide="ignore", invalid="ignore"):
            reached = (pieces.borders - u[:, None]) / speed[:, None]
        ahead = reached[np.isfinite(reached) & (reached > 0)]
        way = min(way, REACH * float(ahead.min(initial=np.inf)))
    return way


def _grow_forwards(
    pieces: Pieces, states: Array, lines: list[Array], around: int, length: float, most: int
) -> list[Array]:
    period = len(states)
    growth = float(lines[around] @ lines[0])
    reach = _straight(pieces, states, lines[:around])
    piece = states[0] + np.linspace(1 / growth, 1, 2)[:, None] * reach * lines[0]
    branches = [
        [np.stack([states[n % period], states[n % period] + reach / growth * lines[n]])]
        for n in range(around)
    ]
    open_ = [True] * around
    corners = [0] * around
    sizes = [0.0] * around
    branches[0].append(piece)
    for step in range(1, MOST_ROUNDS * around):
        n = step % around
        piece = image_of_polygon(pieces, piece)
        if not np.isfinite(piece).all() or not any(open_):
            break
        added = float(np.linalg.norm(np.diff(piece, axis=0), axis=1).sum())
        sizes[n] += added
        corners[n] += len(piece)
        if corners[n] > most or added < ARRIVED * sizes[n]:
            break
        if open_[n]:
            branches[n].append(piece)
        open_[n] = open_[n] and sizes[n] < length
    return [np.concatenate(parts) for parts in branches]


def image_of_polygon(pieces: Pieces, polygon: Array) -> Array:
    """The image of a polygon ``(corner, latent)``, with corners at what were borders."""
    return images(pieces, at_borders(pieces, polygon))


def at_borders(pieces: Pieces, polygon: Array) -> Array:
    """A polygon with further corners where it crosses borders."""
    u = polygon @ pieces.W.T
    low, high = u[:-1, :, None], u[1:, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (pieces.borders - low) / (high - low)
    segment, g, b = np.nonzero((share > 1e-12) & (share < 1 - 1e-12))
    share = share[segment, g, b]
    new = polygon[segment] + share[:, None] * (polygon[segment + 1] - polygon[segment])
    order = np.lexsort((np.concatenate([np.zeros(len(polygon)), share]),
                        np.concatenate([np.arange(len(polygon)), segment])))  # fmt: skip
    return np.asarray(np.concatenate([polygon, new])[order])


def _grow_backwards(
    pieces: Pieces, states: Array, lines: list[Array], around: int, length: float, most: int
) -> list[Array]:
    period = len(states)
    shrink = float(lines[around] @ lines[0])
    reach = _straight(pieces, states, lines[:around])
    piece = states[0] + np.array([shrink, 1.0])[:, None] * reach * lines[0]
    branches = [
        [np.stack([states[n % period], states[n % period] + reach * lines[n]])]
        for n in range(around)
    ]
    sizes = [0.0] * around
    for step in range(1, MOST_ROUNDS * around):
        n = -step % around
        start = branches[n][-1][-1]
        out = np.empty((most + 1, states.shape[1]))
        count, whole = _lift(pieces, np.ascontiguousarray(piece), start, out)
        piece = out[:count].copy()
        if count < 2:
            break
        branches[n].append(piece)
        sizes[n] += float(np.linalg.norm(np.diff(piece, axis=0), axis=1).sum())
        if not whole or sizes[n] > length or sum(map(len, branches[n])) > most:
            break
    return [np.concatenate(parts) for parts in branches]


@njit(cache=True, nogil=True, error_model="numpy")
def _lift(p: Any, polygon: Any, start: Any, out: Any) -> Any:
    """Follow the polygon that the map takes to a given one, from the first corner's preimage.

    Returns the number of corners written and whether all of it was followed: not beyond a fold
    of the map, where the determinant of its Jacobian changes sign.
    """
    latent = len(start)
    z = start.copy()
    region = np.empty(p.W.shape[0], np.uint8)
    matrix = np.empty((latent, latent))
    constant = np.empty(latent)
    pivots = np.empty(latent, np.int64)
    rate = np.empty(latent)
    out[0] = z
    count = 1
    sense = 0.0
    for n in range(len(polygon) - 1):
        way = polygon[n + 1] - polygon[n]
        left = 1.0
        if n == 0:
            # the region that the curve sets out into, not the one that it may touch
            locate(p, z, region)
            write_affine(p, region, matrix, constant)
            if not factorise(matrix, pivots):
                return count, False
            rate[:] = way
            substitute(matrix, pivots, rate)
            locate(p, z + 1e-9 * rate, region)
        while True:
            write_affine(p, region, matrix, constant)
            if not factorise(matrix, pivots):
                return count, False
            sign = 1.0
            for i in range(latent):
                if (matrix[i, i] < 0.0) != (pivots[i] != i):
                    sign = -sign
            if sense == 0.0:
                sense = sign
            if sign != sense:
                return count, False
            rate[:] = way
            substitute(matrix, pivots, rate)
            best = left
            crossed = -1
            turn = 0
            for g in range(p.W.shape[0]):
                u = 0.0
                speed = 0.0
                for i in range(latent):
                    u += p.W[g, i] * z[i]
                    speed += p.W[g, i] * rate[i]
                j = region[g]
                if speed > 0.0 and j < p.borders.shape[1]:
                    step = (p.borders[g, j] - u) / speed
                    if step < best:
                        best, crossed, turn = max(step, 0.0), g, 1
                elif speed < 0.0 and j > 0:
                    step = (p.borders[g, j - 1] - u) / speed
                    if step < best:
                        best, crossed, turn = max(step, 0.0), g, -1
            for i in range(latent):
                z[i] += best * rate[i]
            left -= best
            if count == len(out) or not np.isfinite(z).all():
                return count, False
            out[count] = z
            count += 1
            if crossed < 0:
                break
            region[crossed] += turn
    return count, True


def crossings(one: Array, other: Array) -> Array:
    """Points ``(crossing, 2)`` at which two polygons in the plane cross each other."""
    found = [np.empty((0, 2))]
    q, s = other[:-1], np.diff(other, axis=0)
    low, high = np.minimum(q, q + s), np.maximum(q, q + s)
    for p, r in zip(one[:-1], np.diff(one, axis=0), strict=True):
        close = ((np.minimum(p, p + r) <= high) & (np.maximum(p, p + r) >= low)).all(axis=1)
        if not close.any():
            continue
        gap, along = q[close] - p, s[close]
        determinant = r[0] * along[:, 1] - r[1] * along[:, 0]
        size = np.linalg.norm(r) * np.linalg.norm(along, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (gap[:, 0] * along[:, 1] - gap[:, 1] * along[:, 0]) / determinant
            u = (gap[:, 0] * r[1] - gap[:, 1] * r[0]) / determinant
        hit = (np.abs(determinant) > 1e-9 * size) & (t >= 0) & (t < 1) & (u >= 0) & (u < 1)
        found.append(p + t[hit, None] * r)
    return np.concatenate(found)
