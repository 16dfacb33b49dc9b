"""Cycles of one run, by order."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodsr.dynamics.newton import search_smooth_cycles
from neurodsr.dynamics.parts.variables import COUNT, SAMPLES, SD, SMOOTH_LATENT, Variables
from neurodsr.dynamics.piecewise.cycles import Cycles, find_cycles
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.models.interface import Reconstruction
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

SMOOTH_STARTS = 60
MOST_CYCLES = 50


def cycles_of(
    one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any], rng: np.random.Generator
) -> dict[int, Cycles]:
    """Cycles by order, from 2 on."""
    if run.cycles is not None:
        return run.cycles
    run.cycles = {}
    for order in range(2, settings["cycle_order"] + 1):
        if isinstance(one, PiecewiseLinearReconstruction):
            run.cycles[order] = find_cycles(
                one.map, order, run.visited, settings["cycle_words"], rng
            )
        elif one.latent_dimension <= SMOOTH_LATENT:
            run.cycles[order] = search_smooth_cycles(one, order, run.visited, SMOOTH_STARTS, rng)
    return run.cycles


def cycle_variables(cycles: Mapping[int, Cycles]) -> Variables:
    """Counts of cycles by order."""
    if not cycles:
        return {}
    groups = list(cycles.values())
    stable = [sum(c.stability == "stable" for c in group.found) for group in groups]
    order = ("order",)
    return {
        "order": (order, np.array(list(cycles)), SAMPLES),
        "cycle_count": (order, np.array([float(len(g.found)) for g in groups]), COUNT),
        "stable_cycle_count": (order, np.array(stable, dtype=float), COUNT),
        "cycles_complete": (
            order,
            np.array([float(g.complete) for g in groups]),
            {"long_name": "1 if it is proved that there are no others"},
        ),
        "cycles_searched": (order, np.array([float(g.searched) for g in groups]), COUNT),
        "cycles_unseen": (
            order,
            np.array([g.unseen for g in groups]),
            {"long_name": "estimated number of others, at least", "units": "1"},
        ),
    }


def cycle_states(one: Reconstruction, run: RunAnalysis, cycles: Mapping[int, Cycles]) -> Variables:
    """States, types and multipliers of the first cycles."""
    every = [cycle for group in cycles.values() for cycle in group.found][:MOST_CYCLES]
    if not every:
        return {}
    shown = np.full((len(every), max(c.period for c in every), run.data.shape[1]), np.nan)
    for i, cycle in enumerate(every):
        shown[i, : cycle.period] = one.decode(cycle.states)
    own = ("cycle",)
    moduli = np.array([abs(cycle.eigenvalues[0]) for cycle in every])
    return {
        "cycle_observation": ((*own, "cycle_step", "channel"), shown, SD),
        "cycle_period": (own, np.array([c.period for c in every]), SAMPLES),
        "cycle_type": (own, np.array([c.type for c in every]), {}),
        "cycle_multiplier": (own, moduli, {"long_name": "largest, once around"}),
    }
