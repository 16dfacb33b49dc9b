"""Fixed points of the canonical map, exactly, and what is known of those of any map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.curves import search_curves
from neurodsr.dynamics.piecewise.cycles import LOW_DIMENSION, kind, radius_of, stability
from neurodsr.dynamics.piecewise.proof import prove_cycles
from neurodsr.dynamics.piecewise.regions import pieces_of, region_count
from neurodsr.dynamics.piecewise.search import distinct, enumerate_cycles, search_cycles
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap


@dataclass(frozen=True)
class FixedPoints:
    """All fixed points found.

    Attributes
    ----------
    states : (point, latent)
    eigenvalues : (point, latent)
        Of the Jacobian there, complex, in descending modulus.
    regions
        Linear regions whose equation was solved, boxes of state space that were examined and
        segments of curves that were followed.
    complete
        Whether it is proved that there are no others.
    unseen
        Estimated number of others, a lower bound; 0 when complete, NaN where nothing tells.
    """

    states: Array
    eigenvalues: NDArray[np.complex128]
    regions: int
    complete: bool
    unseen: float

    @property
    def stability(self) -> list[str]:
        """``"stable"``, ``"saddle"`` or ``"unstable"``, by the eigenvalues' moduli against 1."""
        return [stability(values) for values in self.eigenvalues]

    @property
    def type(self) -> list[str]:
        """Stability with ``"node"``, or ``"focus"`` when the leading eigenvalue is complex."""
        return [kind(values) for values in self.eigenvalues]


def find_fixed_points(
    model: PiecewiseLinearMap,
    visited: Array,
    regions: int,
    rng: np.random.Generator,
    s: Array | None = None,
) -> FixedPoints:
    """Fixed points of a map under a constant input: all of them where that can be proved.

    Every linear region is solved where there are no more than that; in few latent dimensions all
    of state space is divided into boxes; else two searches follow each other, which seldom miss
    the same points: by virtual fixed points (`search`), and along curves (`curves`).

    Parameters
    ----------
    model
        The map.
    visited : (state, latent)
        States that the system visits, finite.
    regions
        Regions solved, boxes examined and segments followed at most, each. A map that has no more
        regions is solved completely.
    rng
        Of the searches.
    s : (input,), optional
        Constant input; zero if missing.
    """
    pieces = pieces_of(model, s)
    latent = model.latent_dimension
    if region_count(pieces) <= regions:
        cycles, count = enumerate_cycles(pieces, 1)
        return described(model, [cycle[0] for cycle in cycles], count, True, 0.0)
    boxes = 0
    found = np.empty((0, latent))
    if latent <= LOW_DIMENSION:
        cycles, boxes, complete = prove_cycles(pieces, 1, radius_of(visited), regions)
        found = np.array(cycles).reshape(-1, latent)
        if complete:
            return described(model, list(found), boxes, True, 0.0)
    cycles, words, _ = search_cycles(pieces, 1, visited, regions, rng)
    found = np.concatenate([np.array(cycles).reshape(-1, latent), found])
    more, segments, unseen = search_curves(pieces, visited, found, regions, rng)
    return described(model, [*found, *more], words + boxes + segments, False, unseen)


def described(
    model: PiecewiseLinearMap | Reconstruction,
    found: list[Array],
    regions: int,
    complete: bool,
    unseen: float,
) -> FixedPoints:
    """Fixed points ``(latent,)`` with their eigenvalues, each once.

    What lies within 1e-6 of each other, relative to the size of the states, is merged.
    """
    points = np.array(found).reshape(-1, 1, model.latent_dimension)
    states = np.array(distinct(points, [])).reshape(-1, model.latent_dimension)
    values = np.linalg.eigvals(model.jacobian(states)).astype(complex)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    return FixedPoints(states, np.take_along_axis(values, order, 1), regions, complete, unseen)
