"""Trials held out by where in state space they start or end: a basin, say."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

Array = NDArray[np.float64]


def trials_in_region(
    data: Mapping[str, xr.Dataset], starts: Array, stops: Array, region: Mapping[str, Any]
) -> list[str]:
    """The split of each trial: test within the region, train elsewhere.

    Parameters
    ----------
    data
        Modalities by name.
    starts, stops : (trial,)
        Of the trials (s).
    region
        ``channels``, by channel the lower and the upper end in the unit of the recording (None for
        no end), and ``at``, whether a trial's first sample ("start") or its last one ("end") has to
        lie between all of them.

    Raises
    ------
    RecordingError
        When no continuous modality, or more than one, has a channel of that name, or when all
        trials or none lie in the region.
    """
    inside = np.ones(len(starts), dtype=bool)
    for channel, (low, high) in region["channels"].items():
        value = _values(*_channel(data, channel), starts, stops, region["at"])
        inside &= value >= (-np.inf if low is None else low)
        inside &= value <= (np.inf if high is None else high)
    for split, count in (("train", (~inside).sum()), ("test", inside.sum())):
        if not count:
            raise RecordingError(
                f"splits.region: {inside.sum()} of {len(inside)} trials {region['at']} in it, so "
                f"that none is for {split}; move its ends"
            )
    return ["test" if one else "train" for one in inside]


def _channel(data: Mapping[str, xr.Dataset], channel: str) -> tuple[Array, Array]:
    """Time (s) and signal of a channel."""
    continuous = {name: one for name, one in data.items() if one.attrs["kind"] == "continuous"}
    having = [name for name, one in continuous.items() if channel in one["channel"].values]
    if len(having) != 1:
        there = sorted({str(c) for one in continuous.values() for c in one["channel"].values})
        found = f"in {', '.join(having)}" if having else f"there are {', '.join(there[:30])}"
        raise RecordingError(
            f"splits.region: {channel!r} is the channel of {len(having)} continuous modalities, "
            f"not of one ({found})"
        )
    one = data[having[0]]
    signal = one["signal"].sel(channel=channel).values.astype(float)
    return one["time"].values.astype(float), signal


def _values(time: Array, signal: Array, starts: Array, stops: Array, at: str) -> Array:
    """First or last value in each trial, NaN without any."""
    known = np.isfinite(signal)
    time, signal = time[known], signal[known]
    first = np.searchsorted(time, starts - 1e-9)
    after = np.searchsorted(time, stops + 1e-9, side="right")
    index = first if at == "start" else after - 1
    values = np.full(len(starts), np.nan)
    there = after > first
    values[there] = signal[index[there]]
    return values
