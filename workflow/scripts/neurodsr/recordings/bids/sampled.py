"""Tables of samples at a constant rate: parcellated series, physiology, stimuli, confounds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.sidecars import Part, number
from neurodsr.recordings.bids.tables import read_numbers
from neurodsr.recordings.bids.units import to_si
from neurodsr.recordings.recording import make_continuous

HEADLESS = ("physio", "stim")


def read_sampled(part: Part) -> xr.Dataset:
    """Columns of numbers, with their own units (``units(channel)``) where a sidecar gives them.

    Physiology and stimuli have their columns named in the sidecar, parcellated series in a header
    (or there as well). Time starts at the sidecar's ``StartTime``.
    """
    rate = sampling_rate(part.where, part.sidecar)
    named = part.sidecar.get("Columns")
    names, signal = read_numbers(part.path, named)
    if part.name.suffix in HEADLESS and named is None:
        raise RecordingError(
            f"{part.where}: Columns: not in a JSON sidecar; name the columns there"
        )
    given = [_unit(part.sidecar, name) for name in names]
    factors, units = zip(*map(to_si, given), strict=True)
    common = units[0] if len(set(units)) == 1 else ""
    data = make_continuous(
        part.where,
        part.number("StartTime", 0.0) + np.arange(len(signal)) / rate,
        signal * np.array(factors),
        names,
        rate,
        units=common,
        description=part.text("Description"),
        suffix=part.name.suffix,
    )
    return data if common else data.assign_coords(units=("channel", list(units)))


def sampling_rate(where: str, sidecar: Mapping[str, Any]) -> float:
    """Sampling rate (Hz) that a sidecar gives as frequency or as repetition time.

    Raises
    ------
    RecordingError
        It gives none, or two that contradict each other.
    """
    rate = number(where, sidecar, "SamplingFrequency", 0.0)
    interval = number(where, sidecar, "RepetitionTime", 0.0)
    if rate <= 0 and interval <= 0:
        raise RecordingError(
            f"{where}: SamplingFrequency: no sampling rate in its JSON sidecars; add"
            " SamplingFrequency (Hz) or RepetitionTime (s)"
        )
    if rate > 0 and interval > 0 and abs(rate * interval - 1) > 0.01:
        raise RecordingError(
            f"{where}: RepetitionTime: {interval:g} s contradicts SamplingFrequency {rate:g} Hz;"
            " mend the sidecar"
        )
    return rate if rate > 0 else 1 / interval


def _unit(sidecar: Mapping[str, Any], column: str) -> str:
    """Unit of a column: its own, or that of all."""
    own = sidecar.get(column)
    unit = own.get("Units") if isinstance(own, Mapping) else None
    if unit is None:
        unit = sidecar.get("Units", "")
        if isinstance(unit, Mapping):
            unit = unit.get(column, "")
    return "" if unit == "n/a" else str(unit)
