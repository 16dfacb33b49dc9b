"""What the figure of the scores shows: data, model and null side by side."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from neurodsr.evaluation.measures.spectra import power_spectrum
from neurodsr.evaluation.measures.suite import Suite
from neurodsr.models.piecewise_linear import Array

MOST_SAMPLES = 5000
MOST_FREQUENCIES = 300


def examples(
    series: xr.Dataset,
    suite: Suite,
    model: Sequence[Array] | None,
    var: Sequence[Array],
) -> dict[str, xr.DataArray]:
    """Trajectories ``(time, channel)`` and spectra ``(source, frequency, channel)``.

    Parameters
    ----------
    series
        Gives sampling interval and names of channels.
    suite
        Holds the held-out pieces; the longest one is shown.
    model, var
        Free runs of the model (None when it has none: NaN) and of the VAR, of the same lengths.
    """
    pieces = suite.pieces
    longest = int(np.argmax([len(piece) for piece in pieces]))
    length = len(pieces[longest])
    interval = series.attrs["sampling_interval"]
    missing = [np.full_like(piece, np.nan) for piece in pieces]
    sources = {"held_out": pieces, "generated": model or missing, "null_example": var}
    channel = series["channel"].values
    time = ("time", np.arange(min(length, MOST_SAMPLES)) * interval, {"units": "s"})
    result = {
        name: xr.DataArray(
            source[longest][:MOST_SAMPLES],
            {"time": time, "channel": channel},
            ("time", "channel"),
        )
        for name, source in sources.items()
    }
    every = int(np.ceil((length // 2 + 1) / MOST_FREQUENCIES))
    frequency = np.arange(length // 2 + 1)[::every] / length / interval
    result["spectrum"] = xr.DataArray(
        np.stack([power_spectrum(one, suite.convention)[::every] for one in sources.values()]),
        {
            "source": ["data", "model", "VAR"],
            "frequency": ("frequency", frequency, {"units": "Hz"}),
            "channel": channel,
        },
        ("source", "frequency", "channel"),
        attrs={"long_name": "smoothed power, normalised to 1 over frequency"},
    )
    return result
