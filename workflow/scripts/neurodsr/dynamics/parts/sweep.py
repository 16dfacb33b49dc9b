"""One run along a parameter: attractors, fixed points and their bifurcations."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodsr.dynamics.parts.variables import SD, Variables
from neurodsr.dynamics.piecewise.bifurcation import Branch, Family, diagram, follow, pushed, scaled
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.errors import RecordingError
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

SHOWN = 40
"""States shown of every attractor."""
MOST_BRANCHES = 10


def sweep(
    one: PiecewiseLinearReconstruction,
    run: RunAnalysis,
    channels: list[str],
    inputs: list[str],
    settings: Mapping[str, Any],
) -> Variables:
    """Attractors and the nearest fixed points along the parameter that the settings name.

    Parameters
    ----------
    one, run
        The run.
    channels, inputs
        Names of those of the series.
    settings
        Described by ``analysis.schema.yaml``.

    Raises
    ------
    RecordingError
        When the parameter is none of the recording's.
    """
    family = family_of(one, settings["sweep"], channels, inputs)
    ticks = np.linspace(settings["sweep_from"], settings["sweep_to"], settings["sweep_values"])
    now = 1.0 if settings["sweep"] == "gain" else 0.0
    starts = run.typical[:1] if run.bounded else run.states[:1]
    orbits = diagram(family, ticks, starts, settings["transient"], min(settings["steps"], 1000))
    seen = one.decode(orbits[:, 0])
    shown = seen[:, :: max(1, seen.shape[1] // SHOWN)][:, :SHOWN]
    branches = [
        _whole(family, state[None], now, ticks) for state in run.points.states[:MOST_BRANCHES]
    ]
    located = np.full((len(branches), len(ticks), run.data.shape[1]), np.nan)
    leading = np.full((len(branches), len(ticks)), np.nan)
    parameters, kinds = [], []
    for i, pair in enumerate(branches):
        for branch in pair:
            for at, state, values in zip(
                branch.parameters, branch.states[:, 0], branch.eigenvalues, strict=True
            ):
                where = int(np.argmin(np.abs(ticks - at)))
                if abs(ticks[where] - at) < 1e-9:
                    located[i, where] = one.decode(state)
                    leading[i, where] = abs(values[0])
            parameters += [event.parameter for event in branch.events]
            kinds += [event.kind for event in branch.events]
    return {
        "sweep": (("sweep",), ticks, {"long_name": settings["sweep"]}),
        "sweep_state": (("sweep", "sweep_sample", "channel"), shown, SD),
        "sweep_range": (("sweep", "channel"), np.ptp(seen, axis=1) / 2, SD),
        "branch_observation": (("branch", "sweep", "channel"), located, SD),
        "branch_multiplier": (("branch", "sweep"), leading, {"long_name": "largest modulus"}),
        "event_parameter": (("event",), np.array(parameters), {}),
        "event_kind": (("event",), np.array(kinds, dtype=str), {}),
    }


def family_of(
    one: PiecewiseLinearReconstruction, name: str, channels: list[str], inputs: list[str]
) -> Family:
    """The maps along a parameter: gain of the hidden units, an input, or a pushed channel."""
    if name == "gain":
        return scaled(one.map)
    if name in inputs:
        return pushed(one.map, one.map.C[:, inputs.index(name)])
    if name in channels:
        return pushed(one.map, one.E[:, channels.index(name)])
    raise RecordingError(
        f"sweep: {name!r} is neither gain nor an input nor a channel of this recording; "
        f"there are {', '.join([*inputs, *channels])}"
    )


def _whole(family: Family, state: Array, now: float, ticks: Array) -> list[Branch]:
    """A fixed point followed from where the model is to both ends."""
    up = np.concatenate([[now], np.sort(ticks[ticks > now])])
    down = np.concatenate([[now], np.sort(ticks[ticks < now])[::-1]])
    return [follow(family, state, up), follow(family, state, down)]
