"""How saddles are connected: homoclinic and heteroclinic points, separatrix cycles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.cycles import Cycle
from neurodsr.dynamics.piecewise.manifolds import Manifold, crossings, has_line, manifold
from neurodsr.dynamics.piecewise.regions import Pieces, Regions, affine_map, inside, regions_of
from neurodsr.models.piecewise_linear import Array

MOST_STEPS = 200
CLOSE = 1e-3
"""Share of its first distance at which a point counts as arrived."""


@dataclass(frozen=True)
class Connections:
    """Saddles, their one-dimensional manifolds, and where these cross.

    Attributes
    ----------
    cycles
        The saddles.
    unstable, stable
        Of each of them, None where it is not one-dimensional.
    points
        For a pair of indices the states ``(crossing, latent)`` at which the unstable manifold of
        the first saddle crosses the stable one of the second, transversally: homoclinic points
        (a horseshoe, hence chaos of some kind) where both are the same, else heteroclinic ones.
        Of pairs of which one manifold is a line and the other a hypersurface, as far as the lines
        were followed.
    """

    cycles: Sequence[Cycle]
    unstable: Sequence[Manifold | None]
    stable: Sequence[Manifold | None]
    points: dict[tuple[int, int], Array]

    @property
    def homoclinic(self) -> list[int]:
        """Saddles whose own manifolds cross."""
        return [i for i, j in self.points if i == j]

    @property
    def separatrix_cycles(self) -> list[list[int]]:
        """Groups of two or more saddles, each connected to each other one in both directions."""
        count = len(self.cycles)
        reach = np.eye(count, dtype=bool)
        for i, j in self.points:
            reach[i, j] = True
        for _ in range(count):
            reach = (reach.astype(int) @ reach.astype(int)) > 0
        both: NDArray[np.bool_] = reach & reach.T
        groups = {tuple(np.flatnonzero(row).tolist()) for row in both}
        return [list(group) for group in sorted(groups) if len(group) > 1]


def connect(
    pieces: Pieces, cycles: Sequence[Cycle], length: float, most_corners: int
) -> Connections:
    """Follow the one-dimensional manifolds of all saddles, and cross them.

    Parameters
    ----------
    pieces
        Of the map.
    cycles
        Fixed points and cycles; those that are no saddles are left out.
    length, most_corners
        Where a branch of a manifold ends.
    """
    saddles = [cycle for cycle in cycles if cycle.stability == "saddle"]
    unstable, stable = (
        [
            manifold(pieces, cycle, side, length, most_corners) if has_line(cycle, side) else None
            for cycle in saddles
        ]
        for side in (False, True)
    )
    points: dict[tuple[int, int], Array] = {}
    for i, leaving in enumerate(unstable):
        for j, arriving in enumerate(stable):
            parts = []
            if leaving is not None and arriving is not None and len(pieces.h) == 2:
                parts = [crossings(a, b) for a in leaving.branches for b in arriving.branches]
            elif leaving is not None and has_surface(saddles[j], True):
                parts = [on_surface(pieces, saddles[j], True, line) for line in leaving.branches]
            elif arriving is not None and has_surface(saddles[i], False):
                parts = [on_surface(pieces, saddles[i], False, line) for line in arriving.branches]
            if parts and len(found := _others(np.concatenate(parts), saddles[i], saddles[j])):
                points[i, j] = found
    return Connections(saddles, unstable, stable, points)


def has_surface(cycle: Cycle, stable: bool) -> bool:
    """Whether a saddle's stable or unstable manifold has one dimension less than all of space."""
    inside = np.abs(cycle.eigenvalues) < 1
    return int(np.sum(~inside if stable else inside)) == 1


def on_surface(pieces: Pieces, cycle: Cycle, stable: bool, line: Array) -> Array:
    """Points of a polygon on the flat part of a saddle's stable or unstable hypersurface.

    Near the saddle that is the hyperplane through it along all directions but one, as far as its
    points stay in the regions of the cycle on their way to it, or from it. Each connecting orbit
    has a point there.

    Parameters
    ----------
    pieces
        Of the map.
    cycle
        The saddle (see `has_surface`).
    stable
        Which of its manifolds.
    line : (corner, latent)
        A polygon.

    Returns
    -------
    Array
        ``(point, latent)``.
    """
    regions = regions_of(pieces, cycle.states)
    steps = [affine_map(pieces, region)[0] for region in regions]
    found = [np.empty((0, line.shape[1]))]
    for n, state in enumerate(cycle.states):
        around = np.eye(len(state))
        for t in range(cycle.period):
            around = steps[(n + t) % cycle.period] @ around
        values, vectors = np.linalg.eig(around.T)
        other = (np.abs(values) >= 1) if stable else (np.abs(values) < 1)
        normal = vectors[:, int(np.flatnonzero(other)[0])].real
        height = (line - state) @ normal
        where = np.flatnonzero(np.sign(height[:-1]) * np.sign(height[1:]) < 0)
        share = (height[where] / (height[where] - height[where + 1]))[:, None]
        crossing = line[where] + share * (line[where + 1] - line[where])
        kept = [z for z in crossing if _stays(pieces, cycle, regions, steps, n, z, normal, stable)]
        found.append(np.reshape(kept, (-1, line.shape[1])))
    return np.concatenate(found)


def _stays(
    pieces: Pieces,
    cycle: Cycle,
    regions: Regions,
    steps: Sequence[Array],
    n: int,
    z: Array,
    normal: Array,
    stable: bool,
) -> bool:
    """Whether a point of the hyperplane at a state comes to the cycle within its regions."""
    away = z - cycle.states[n]
    away = away - (away @ normal) / (normal @ normal) * normal
    start = np.abs(away).max()
    for _ in range(MOST_STEPS * cycle.period):
        if not inside(pieces, cycle.states[n] + away, regions[n]):
            return False
        if np.abs(away).max() < CLOSE * start:
            return True
        if stable:
            away, n = steps[n] @ away, (n + 1) % cycle.period
        else:
            n = (n - 1) % cycle.period
            away = np.linalg.lstsq(steps[n], away)[0]
    return False


def _others(found: Array, one: Cycle, other: Cycle) -> Array:
    """All of them but the saddles themselves."""
    own = np.concatenate([one.states, other.states])
    size = 1 + np.abs(own).max()
    distance = np.abs(found[:, None] - own).max(axis=(2)).min(axis=1, initial=np.inf)
    return np.asarray(found[distance > 1e-6 * size])
