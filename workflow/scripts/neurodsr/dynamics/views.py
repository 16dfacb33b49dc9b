"""What is stored of the best run alone: states of cycles, a basin map, manifolds."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodsr.dynamics.basins import grid_in_plane, plane_of
from neurodsr.dynamics.further import (
    MOST_CORNERS,
    SAMPLES,
    SD,
    SMOOTH_LATENT,
    Variables,
    basins_of,
    connections,
    cycles_of,
)
from neurodsr.dynamics.piecewise.connections import Connections
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

MOST_CYCLES = 50


def of_best_run(
    one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any], rng: np.random.Generator
) -> Variables:
    """What is stored of the best run alone: states of cycles, a basin map, manifolds."""
    found: Variables = {}
    cycles = cycles_of(one, run, settings, rng)
    every = [cycle for group in cycles.values() for cycle in group.found][:MOST_CYCLES]
    if every:
        longest = max(cycle.period for cycle in every)
        shown = np.full((len(every), longest, run.data.shape[1]), np.nan)
        for i, cycle in enumerate(every):
            shown[i, : cycle.period] = one.decode(cycle.states)
        found["cycle_observation"] = (("cycle", "cycle_step", "channel"), shown, SD)
        found["cycle_period"] = (("cycle",), np.array([c.period for c in every]), SAMPLES)
        found["cycle_type"] = (("cycle",), np.array([c.type for c in every]), {})
        moduli = np.array([abs(c.eigenvalues[0]) for c in every])
        found["cycle_multiplier"] = (("cycle",), moduli, {"long_name": "largest, once around"})
    cheap = isinstance(one, PiecewiseLinearReconstruction) or one.latent_dimension <= SMOOTH_LATENT
    if settings["basin_grid"] and settings["basin_starts"] and cheap:
        found |= basin_map(one, run, settings)
    if isinstance(one, PiecewiseLinearReconstruction) and settings["manifold_length"]:
        found |= manifold_lines(one, run, connections(one, run, cycles, settings))
    return found


def basin_map(one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any]) -> Variables:
    """Where states in the plane of the data's first two principal components lead."""
    mean, axes = plane_of(run.states)
    ticks, states = grid_in_plane(mean, axes, 3.0, settings["basin_grid"])
    basins = basins_of(one, run, states, settings)
    label = np.full((len(ticks), len(ticks)), np.nan)
    label[:] = basins.label.reshape([len(ticks)] * len(axes) + [1] * (2 - len(axes)))
    return {
        "plane": (("plane",), ticks, {"units": "sd of the data"}),
        "basin_map": (("plane", "plane_2"), label, {"long_name": "attractor, -1 for none"}),
        "plane_mean": (("latent",), mean, {}),
        "plane_axis": (("axis", "latent"), axes, {"long_name": "one sd of the data"}),
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
