"""What else is known of one run: cycles, basins, manifolds, symbols and the mechanism."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.basins import (
    AWAY,
    OPEN,
    Basins,
    attractor_kind,
    find_basins,
    wilson,
)
from neurodsr.dynamics.lyapunov import finite_time_exponents
from neurodsr.dynamics.newton import search_smooth_cycles
from neurodsr.dynamics.perturbation import (
    control_directions,
    coupling_strength,
    effective_coupling,
    lesion_effects,
)
from neurodsr.dynamics.piecewise.connections import Connections, connect
from neurodsr.dynamics.piecewise.cycles import Cycle, Cycles, find_cycles
from neurodsr.dynamics.piecewise.regions import pieces_of
from neurodsr.dynamics.piecewise.symbolic import symbols_of, topological_entropy
from neurodsr.dynamics.run import RunAnalysis, exponents_of
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

Variables = dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]]
"""Dimensions, values and attributes by name."""
MOST_SADDLES = 10
MOST_CORNERS = 4000
WINDOWS = 100
SMOOTH_LATENT = 20
"""Latent dimension up to which a model that is not piecewise linear has cycles and a basin map."""
SMOOTH_STARTS = 60
MOST_UNKNOWNS = 8_000
CLOUD = 4000
SMOOTH_CLOUD = 1000
"""States that stand for an attractor, of a model that is not piecewise linear."""


def further(
    one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any], rng: np.random.Generator
) -> Variables:
    """Variables of one run, without the axis ``run``, as far as they are asked for.

    - Over ``order`` (samples, from 2 on) ``cycle_count``, ``stable_cycle_count``,
      ``cycles_complete`` (1 if it is proved that there are no others), ``cycles_searched`` and
      ``cycles_unseen`` (how many others there are by capture and recapture, at least).
    - Over ``attractor`` (the largest basin first) ``attractor_kind``, ``attractor_period``,
      ``attractor_exponent``, ``attractor_mean (channel)``, ``basin_share`` with its interval; and
      ``attractor_count``, ``escaping_share``, ``unsettled_share``.
    - Of piecewise-linear maps ``saddle_count``, ``homoclinic_saddles``, ``heteroclinic_pairs`` and
      ``separatrix_cycles``.
    - Of piecewise-linear maps, along the free run: ``regions_visited``, ``word_entropy``,
      ``finite_time_exponent (window)``; ``coupling`` and ``coupling_strength (channel,
      channel_from)``, ``control_gain`` and ``control_direction (direction)``, ``lesion_effect
      (channel_from, channel)``.
    """
    cycles = cycles_of(one, run, settings, rng)
    found = {**cycle_variables(cycles), **basin_variables(one, run, settings, rng)}
    if isinstance(one, PiecewiseLinearReconstruction):
        if settings["manifold_length"]:
            found |= connection_counts(connections(one, run, cycles, settings))
        if run.bounded:
            found |= orbit_variables(one, run, settings)
    return found


SD = {"units": "sd of the data"}
SAMPLES = {"units": "samples"}
COUNT = {"units": "1"}


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


def basin_variables(
    one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any], rng: np.random.Generator
) -> Variables:
    """Attractors from many initial states around the data, with the share that each draws in."""
    count = settings["basin_starts"]
    if not count:
        return {}
    if not isinstance(one, PiecewiseLinearReconstruction):
        count = max(10, min(count, MOST_UNKNOWNS // one.latent_dimension))
    centre = run.states.mean(axis=0)
    half = settings["basin_extent"] * np.abs(run.states - centre).max(axis=0)
    starts = centre + half * rng.uniform(-1, 1, (count, len(centre)))
    basins = run.basins = basins_of(one, run, starts, settings)
    kinds, periods, means, leading = [], [], [], []
    for cloud in basins.clouds:
        exponents, error = exponents_of(one, cloud[:1], len(cloud), min(2, cloud.shape[1]))
        kind, period = attractor_kind(cloud, run.scale, exponents[0], error[0])
        kinds.append(kind)
        periods.append(float(period))
        means.append(one.decode(cloud).mean(axis=0))
        leading.append(exponents[0, 0] / run.interval)
    sizes = [int(np.sum(basins.label == i)) for i in range(len(kinds))]
    intervals = np.array([wilson(size, count) for size in sizes]).reshape(-1, 2)
    own = ("attractor",)
    share = {"units": "1", "long_name": "share of initial states"}
    return {
        "attractor_count": ((), np.array(float(len(kinds))), COUNT),
        "attractor_kind": (own, np.array(kinds, dtype=str), {}),
        "attractor_period": (own, np.array(periods), SAMPLES),
        "attractor_exponent": (own, np.array(leading), {"units": "1/s"}),
        "attractor_mean": (
            (*own, "channel"),
            np.array(means).reshape(-1, run.data.shape[1]),
            SD,
        ),
        "basin_share": (own, basins.shares, share),
        "basin_share_low": (own, intervals[:, 0], {"long_name": "95 % Wilson interval"}),
        "basin_share_high": (own, intervals[:, 1], {"long_name": "95 % Wilson interval"}),
        "escaping_share": ((), np.array(np.mean(basins.label == AWAY)), share),
        "unsettled_share": ((), np.array(np.mean(basins.label == OPEN)), share),
    }


def basins_of(
    one: Reconstruction, run: RunAnalysis, starts: Array, settings: Mapping[str, Any]
) -> Basins:
    longest = CLOUD if isinstance(one, PiecewiseLinearReconstruction) else SMOOTH_CLOUD
    return find_basins(
        run.simulate,
        starts,
        run.scale,
        settings["transient"],
        min(settings["steps"], longest),
        run.basins,
    )


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


def orbit_variables(
    one: PiecewiseLinearReconstruction, run: RunAnalysis, settings: Mapping[str, Any]
) -> Variables:
    """Symbols and finite-time exponents of the free run, and what channels do to each other."""
    orbit = run.typical
    symbols = symbols_of(pieces_of(one.map), orbit[:CLOUD])
    length = max(len(orbit) // WINDOWS, 1)
    windows = finite_time_exponents(
        one.map, orbit[:1], WINDOWS, length, len(orbit) // 10, min(2, one.latent_dimension)
    )
    gains, directions = control_directions(one, orbit[:CLOUD], settings["coupling_lag"])
    pair = ("channel", "channel_from")
    per = {"units": "sd of the data per sd", "lag_samples": str(settings["coupling_lag"])}
    found: Variables = {
        "regions_visited": ((), np.array(float(len(symbols.visits))), COUNT),
        "word_entropy": (
            (),
            np.array(topological_entropy(symbols.sequence, settings["word_length"])),
            {"units": "1 per step", "long_name": "upper bound of the topological entropy"},
        ),
        "finite_time_exponent": (
            ("window",),
            windows[0, :, 0] / run.interval,
            {"units": "1/s", "window_samples": str(length)},
        ),
        "coupling": (pair, effective_coupling(one, orbit[:CLOUD], settings["coupling_lag"]), per),
        "coupling_strength": (
            pair,
            coupling_strength(one, orbit[:CLOUD], settings["coupling_lag"]),
            per,
        ),
        "control_gain": (("direction",), gains, per),
        "control_direction": (("direction", "channel"), directions, {}),
    }
    if settings["lesion_steps"]:
        ranges = lesion_effects(
            one,
            orbit[0],
            run.data.mean(axis=0),
            settings["lesion_steps"],
            settings["lesion_steps"],
        )
        own = np.maximum(run.half_range, 1e-12)
        found["lesion_effect"] = (
            ("channel_from", "channel"),
            ranges / own,
            {"units": "1", "long_name": "range while channel_from is held, against that before"},
        )
    return found
