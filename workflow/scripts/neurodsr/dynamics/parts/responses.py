"""What a common perturbation does to one run: a pulse in a channel or an input."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurodsr.dynamics.parts.variables import SD, Variables
from neurodsr.dynamics.perturbation import pulse_response
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.errors import RecordingError
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction

MOST_PULSES = 2_000
AWAY = 1e6
"""Response (sd of the data) from which on a pulse counts as having driven the model away."""


def responses(
    one: PiecewiseLinearReconstruction,
    run: RunAnalysis,
    channels: Sequence[str],
    inputs: Sequence[str],
    settings: Mapping[str, Any],
) -> Variables:
    """Mean response to a pulse from many states of the free run.

    Parameters
    ----------
    one, run
        The run.
    channels, inputs
        Names of those of the series.
    settings
        Described by ``analysis.schema.yaml``.

    Returns
    -------
    Variables
        ``pulse_response (pulse_lag, channel, source)`` and its norm over channels ``pulse_effect
        (pulse_lag, source)``, missing for pulses that drive some state away for good; nothing where
        free runs leave or no pulse is asked for.

    Raises
    ------
    RecordingError
        When a source is none of the recording's.
    """
    if not (run.bounded and settings["pulse_steps"]):
        return {}
    names = settings["pulse_sources"] or list(channels)
    pushes = np.stack([_push(one, name, channels, inputs) for name in names])
    count = max(10, min(200, MOST_PULSES // len(names)))
    states = run.typical[:: max(1, len(run.typical) // count)]
    size = settings["pulse_size"]
    response = pulse_response(
        one, states, size * pushes, settings["pulse_steps"], settings["pulse_length"]
    )
    away = ~(np.abs(response) < AWAY).all(axis=(0, 1))
    response[..., away] = np.nan
    about = {**SD, "size": str(size), "length_samples": str(settings["pulse_length"])}
    return {
        "source": (("source",), np.array(names, dtype=str), {"long_name": "what is pulsed"}),
        "pulse_response": (("pulse_lag", "channel", "source"), response, about),
        "pulse_effect": (("pulse_lag", "source"), np.linalg.norm(response, axis=1), about),
    }


def _push(
    one: PiecewiseLinearReconstruction, name: str, channels: Sequence[str], inputs: Sequence[str]
) -> Array:
    """What a unit pulse adds to the latent state."""
    if name in inputs:
        return one.map.C[:, inputs.index(name)]
    if name in channels:
        return one.E[:, channels.index(name)]
    raise RecordingError(
        f"pulse_sources: {name!r} is neither an input nor a channel of this recording; there are"
        f" {', '.join([*inputs, *channels])}"
    )
