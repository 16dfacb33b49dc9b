"""How saddles are connected: homoclinic and heteroclinic points, separatrix cycles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.cycles import Cycle
from neurodsr.dynamics.piecewise.manifolds import Manifold, crossings, has_line, manifold
from neurodsr.dynamics.piecewise.regions import Pieces
from neurodsr.models.piecewise_linear import Array


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
        Known of two-dimensional maps only, and as far as the manifolds were followed.
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
    if len(pieces.h) == 2:
        for i, leaving in enumerate(unstable):
            for j, arriving in enumerate(stable):
                if leaving is not None and arriving is not None:
                    found = _crossings(leaving, arriving, saddles[i], saddles[j])
                    if len(found):
                        points[i, j] = found
    return Connections(saddles, unstable, stable, points)


def _crossings(leaving: Manifold, arriving: Manifold, one: Cycle, other: Cycle) -> Array:
    """All of them but the saddles themselves."""
    found = np.concatenate([crossings(a, b) for a in leaving.branches for b in arriving.branches])
    own = np.concatenate([one.states, other.states])
    size = 1 + np.abs(own).max()
    distance = np.abs(found[:, None] - own).max(axis=(2)).min(axis=1, initial=np.inf)
    return np.asarray(found[distance > 1e-6 * size])
