"""Symbols and finite-time exponents of one run's free run, and what channels do to each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodsr.dynamics.lyapunov import finite_time_exponents
from neurodsr.dynamics.parts.variables import COUNT, Variables
from neurodsr.dynamics.perturbation import (
    control_directions,
    coupling_strength,
    effective_coupling,
    lesion_effects,
)
from neurodsr.dynamics.piecewise.regions import pieces_of
from neurodsr.dynamics.piecewise.symbolic import symbols_of, topological_entropy
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

WINDOWS = 100
STATES = 4000


def orbit_variables(
    one: PiecewiseLinearReconstruction, run: RunAnalysis, settings: Mapping[str, Any]
) -> Variables:
    """Symbols and finite-time exponents of the free run, and what channels do to each other."""
    orbit = run.typical
    symbols = symbols_of(pieces_of(one.map), orbit[:STATES])
    length = max(len(orbit) // WINDOWS, 1)
    windows = finite_time_exponents(
        one.map, orbit[:1], WINDOWS, length, len(orbit) // 10, min(2, one.latent_dimension)
    )
    gains, directions = control_directions(one, orbit[:STATES], settings["coupling_lag"])
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
        "coupling": (pair, effective_coupling(one, orbit[:STATES], settings["coupling_lag"]), per),
        "coupling_strength": (
            pair,
            coupling_strength(one, orbit[:STATES], settings["coupling_lag"]),
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
