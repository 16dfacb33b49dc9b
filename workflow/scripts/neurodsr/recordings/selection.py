"""Which modalities, channels and units of a file are kept."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.recordings.recording import SPIKES


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
        Read it. The argument holds channels that are wanted by name although they are not of the
        modality's own type (an ECG among EEG).
    """

    name: str
    aliases: tuple[str, ...]
    read: Callable[[Sequence[str]], xr.Dataset]


def select_modalities(
    file: str, found: Sequence[Found], settings: Mapping[str, Any]
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
        return {item.name: _usable(f"{file}: {item.name}", item.read(())) for item in found}
    chosen = {}
    for name, options in wanted.items():
        where = f"{file}: modalities.{name}"
        matching = [item for item in found if options["source"] in (item.name, *item.aliases)]
        if len(matching) != 1:
            there = "; ".join(f"{item.name} ({', '.join(item.aliases)})" for item in found)
            what = "is not there" if not matching else f"fits {len(matching)} modalities"
            raise RecordingError(
                f"{where}.source: {options['source']!r} {what}; name one of: {there}"
            )
        channels = options["channels"]
        data = matching[0].read(channels if isinstance(channels, list) else ())
        if data.attrs["kind"] == SPIKES:
            data = _query_units(where, data, options["units_query"])
        else:
            data = _choose_channels(where, data, channels)
        chosen[name] = _usable(where, data)
    return chosen


def _choose_channels(where: str, data: xr.Dataset, wanted: str | list[str]) -> xr.Dataset:
    names = [str(name) for name in data["channel"].values]
    if isinstance(wanted, str):
        kept = [name for name in names if re.fullmatch(wanted, name)]
    else:
        missing = [name for name in wanted if name not in names]
        if missing:
            raise RecordingError(
                f"{where}.channels: {', '.join(missing)} not among {', '.join(names)}; mend the"
                " names or leave the recording out"
            )
        kept = wanted
    if not kept:
        raise RecordingError(
            f"{where}.channels: {wanted!r} fits none of {', '.join(names)}; mend the pattern"
        )
    return data.sel(channel=kept)


def _query_units(where: str, data: xr.Dataset, query: str) -> xr.Dataset:
    if not query:
        return data
    table = data.coords.to_dataset().to_dataframe().reset_index(names="unit")
    try:
        kept = np.asarray(table.query(query, engine="python").index)
    except Exception as error:
        raise RecordingError(
            f"{where}.units_query: {query!r}: {error}; columns are {', '.join(map(str, table))}"
        ) from error
    renumber = np.full(len(table), -1)
    renumber[kept] = np.arange(len(kept))
    theirs = renumber[data["spike_unit"].values]
    if not (theirs >= 0).any():
        raise RecordingError(f"{where}.units_query: {query!r} keeps no spikes; widen the query")
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
            f"{where}: channel: none of {', '.join(names)} has a value; leave the recording out"
        )
    if not names:
        return data
    return data.isel(channel=~empty).assign_attrs(dropped_channels=json.dumps(names))
