"""Which modalities, channels and units of a file are kept."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.query import matching
from neurodsr.recordings.recording import SPIKES
from neurodsr.recordings.signals import Signals, as_signals, columns_of, load

SHOWN = 30


@dataclass(frozen=True)
class Found:
    """A modality that a file holds.

    Attributes
    ----------
    name
        What it is called unless the settings say otherwise.
    aliases
        What a setting ``source`` may call it: path in the file, data type, BIDS suffix.
    read
        Read it, or tell how it can be read in pieces. The argument holds channels that are wanted
        by name although they are not of the modality's own type (an ECG among EEG).
    """

    name: str
    aliases: tuple[str, ...]
    read: Callable[[Sequence[str]], xr.Dataset | Signals]


def select_modalities(
    file: str,
    found: Sequence[Found],
    settings: Mapping[str, Any],
    leave_out: Callable[[str, RecordingError], None] | None = None,
) -> dict[str, xr.Dataset]:
    """Read the modalities that the settings ask for, all when they ask for none.

    Channels without a single value are left out and named in the attribute ``dropped_channels``.

    Parameters
    ----------
    file
        Named in errors.
    found
        What there is.
    settings
        As `read.schema.yaml` describes them.
    leave_out
        Told of each modality that cannot be used, where all are asked for and another one can be.
        Without it, the first such modality is an error.

    Raises
    ------
    RecordingError
        Nothing is there, a modality asked for is not, or it has no channel with values.
    """
    if not found:
        raise RecordingError(
            f"{file}: modalities: no supported data; it needs spikes, time series or events"
        )
    wanted = settings["modalities"]
    if not wanted:
        return _all_usable(file, found, leave_out)
    chosen = {}
    for name, options in wanted.items():
        where = f"{file}: modalities.{name}"
        fitting = [item for item in found if options["source"] in (item.name, *item.aliases)]
        if len(fitting) != 1:
            there = "; ".join(f"{item.name} ({', '.join(item.aliases)})" for item in found)
            what = "is not there" if not fitting else f"fits {len(fitting)} modalities"
            raise RecordingError(
                f"{where}.source: {options['source']!r} {what}; name one of: {there}"
            )
        channels = options["channels"]
        data = fitting[0].read(channels if isinstance(channels, list) else ())
        if isinstance(data, xr.Dataset) and data.attrs["kind"] == SPIKES:
            chosen[name] = _choose_units(where, data, options)
        else:
            signals = data if isinstance(data, Signals) else as_signals(where, data)
            kept = _choose_channels(where, signals, options)
            read = load(signals, kept, options["resample"])
            chosen[name] = _usable(where, read)
    return chosen


def _all_usable(
    file: str,
    found: Sequence[Found],
    leave_out: Callable[[str, RecordingError], None] | None,
) -> dict[str, xr.Dataset]:
    usable, unusable = {}, {}
    for item in found:
        try:
            data = item.read(())
            if isinstance(data, Signals):
                data = load(data, np.arange(len(data.channels)))
            usable[item.name] = _usable(f"{file}: {item.name}", data)
        except RecordingError as error:
            if leave_out is None:
                raise
            unusable[item.name] = error
    if not usable:
        raise next(iter(unusable.values()))
    for name, reason in unusable.items():
        if leave_out is not None:
            leave_out(name, reason)
    return usable


def _choose_channels(where: str, signals: Signals, options: Mapping[str, Any]) -> NDArray[np.intp]:
    wanted, names = options["channels"], [str(name) for name in signals.channels]
    if isinstance(wanted, str):
        kept = [i for i, name in enumerate(names) if re.fullmatch(wanted, name)]
    else:
        missing = [name for name in wanted if name not in names]
        if missing:
            raise RecordingError(
                f"{where}.channels: {', '.join(missing)} not among {_some(names)}; mend the"
                " names or leave the recording out"
            )
        kept = [names.index(name) for name in wanted]
    if not kept:
        raise RecordingError(
            f"{where}.channels: {wanted!r} fits none of {_some(names)}; mend the pattern"
        )
    if options["query"]:
        table = {name: np.asarray(values)[kept] for name, values in signals.columns.items()}
        table["channel"] = np.asarray(names)[kept]
        kept = [kept[row] for row in matching(where, options["query"], table)]
    return np.asarray(kept, dtype=np.intp)


def _choose_units(where: str, data: xr.Dataset, options: Mapping[str, Any]) -> xr.Dataset:
    if options["resample"] is not None:
        raise RecordingError(
            f"{where}.resample: spikes have no sampling rate; leave it out, preprocessing bins them"
        )
    if not options["query"]:
        return data
    table = {**columns_of(data, "unit"), "unit": data["unit"].values}
    kept = matching(where, options["query"], table)
    renumber = np.full(data.sizes["unit"], -1)
    renumber[kept] = np.arange(len(kept))
    theirs = renumber[data["spike_unit"].values]
    if not (theirs >= 0).any():
        raise RecordingError(
            f"{where}.query: {options['query']!r} keeps no spikes; widen the query"
        )
    part = data.isel(unit=kept, spike=np.flatnonzero(theirs >= 0))
    return part.assign(spike_unit=("spike", theirs[theirs >= 0].astype(np.int32)))


def _usable(where: str, data: xr.Dataset) -> xr.Dataset:
    if data.attrs["kind"] == SPIKES:
        return data
    signal = data["signal"].values
    empty = ~np.isfinite(signal).any(axis=0)
    names = [str(name) for name in data["channel"].values[empty]]
    if empty.all():
        raise RecordingError(
            f"{where}: channel: none of {_some(names)} has a value; leave the recording out"
        )
    if not names:
        return data
    return data.isel(channel=~empty).assign_attrs(dropped_channels=json.dumps(names))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
