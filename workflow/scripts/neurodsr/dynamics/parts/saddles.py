"""Saddles of one run, their manifolds, and how these cross."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurodsr.dynamics.parts.variables import COUNT, SD, Variables
from neurodsr.dynamics.piecewise.connections import Connections, connect
from neurodsr.dynamics.piecewise.cycles import Cycle, Cycles
from neurodsr.dynamics.piecewise.regions import pieces_of
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

MOST_SADDLES = 10
MOST_CORNERS = 4000


def connections(
    one: PiecewiseLinearReconstruction,
    run: RunAnalysis,
    cycles: Mapping[int, Cycles],
    settings: Mapping[str, Any],
) -> Connections:
    """Manifolds of the saddles nearest to the data, fixed points and cycles of order 2."""
    points = [
        Cycle(state[None], eigenvalues)
        for state, eigenvalues in zip(run.points.states, run.points.eigenvalues, strict=True)
    ]
    every: Sequence[Cycle] = [*points, *(cycles[2].found if 2 in cycles else [])]
    saddles = [cycle for cycle in every if cycle.stability == "saddle"][:MOST_SADDLES]
    length = settings["manifold_length"] * run.scale
    return connect(pieces_of(one.map), saddles, length, MOST_CORNERS)


def connection_counts(found: Connections) -> Variables:
    """How many saddles are entangled."""
    between = [pair for pair in found.points if pair[0] != pair[1]]
    return {
        "saddle_count": ((), np.array(float(len(found.cycles))), COUNT),
        "homoclinic_saddles": ((), np.array(float(len(found.homoclinic))), COUNT),
        "heteroclinic_pairs": ((), np.array(float(len(between))), COUNT),
        "separatrix_cycles": ((), np.array(float(len(found.separatrix_cycles))), COUNT),
    }


def manifold_lines(
    one: PiecewiseLinearReconstruction, run: RunAnalysis, found: Connections
) -> Variables:
    """Polygons in the space of observations near the data, NaN between two of them."""
    middle = run.data.mean(axis=0)
    extent = 3 * np.abs(run.data - middle).max(axis=0) + 1e-12
    lines: Variables = {}
    for name, manifolds in (("unstable", found.unstable), ("stable", found.stable)):
        pieces: list[Array] = []
        for manifold in manifolds:
            for branch in manifold.branches if manifold else ():
                corners = one.decode(branch)
                corners[(np.abs(corners - middle) > extent).any(axis=1)] = np.nan
                pieces += [corners, np.full_like(corners[:1], np.nan)]
        if pieces:
            line = np.concatenate(pieces)[: 2 * MOST_CORNERS]
            lines[f"{name}_manifold"] = ((f"{name}_corner", "channel"), line, SD)
    return lines
