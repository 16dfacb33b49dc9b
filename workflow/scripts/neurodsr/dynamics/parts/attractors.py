"""Attractors of one run, and the basins that lead to them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodsr.dynamics.basins import (
    AWAY,
    OPEN,
    Basins,
    attractor_kind,
    find_basins,
    grid_in_plane,
    plane_of,
    wilson,
)
from neurodsr.dynamics.parts.variables import COUNT, SAMPLES, SD, Variables
from neurodsr.dynamics.run import RunAnalysis, exponents_of
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

MOST_UNKNOWNS = 8_000
CLOUD = 4000
SMOOTH_CLOUD = 1000
"""States that stand for an attractor, of a model that is not piecewise linear."""


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
