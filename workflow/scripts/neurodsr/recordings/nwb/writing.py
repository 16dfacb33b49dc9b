"""Writing of a recording as an NWB file from which it can be read again."""

import datetime
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from hdmf.common import VectorData, VectorIndex
from numpy.typing import NDArray
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.device import Device
from pynwb.ecephys import ElectricalSeries, ElectrodeGroup
from pynwb.epoch import TimeIntervals
from pynwb.event import DurationVectorData, EventsTable, TimestampVectorData
from pynwb.file import Subject

from neurodsr.files import replacing
from neurodsr.recordings.nwb.identity import (
    ANY_AGE,
    NAMESPACE,
    UNIDENTIFIED,
    derive_object_ids,
)
from neurodsr.recordings.nwb.series import OWN_NOTES
from neurodsr.recordings.nwb.units import NAMES, NOT_OBSERVED
from neurodsr.recordings.recording import SPIKES
from neurodsr.recordings.signals import columns_of

UNKNOWN_START = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
VOLT = ("V", "volt", "volts")
HUMAN = "Homo sapiens"
SEXES = ("M", "F", "U", "O")
SUBJECT = ("date_of_birth", "description", "genotype", "strain", "weight")
NOT_UNIT_COLUMNS = ("observed", "electrodes", "electrode_group", "spike_times", "obs_intervals")
NOT_INTERVAL_COLUMNS = ("start", "stop", "timeseries", "timestamp", "duration")
CLOCK_TOLERANCE = 1e-12


def write_recording(path: Path, recording: xr.DataTree) -> None:
    """Write all modalities and intervals of a recording, or nothing at all.

    Signals in volt become an ``ElectricalSeries`` with a row of the electrode table for each
    channel, unless they were another neurodata type before; other signals become a ``TimeSeries``,
    both in acquisition and under the name of their modality. What NWB has no field for (names of
    channels of a ``TimeSeries``, what is known of channels, attributes) goes as JSON into the
    comments, where `read_nwb` finds it. Sampling rates are kept where the times are regular, time
    stamps otherwise. The bytes depend on the recording only.

    Parameters
    ----------
    path
        Of the file; its folder is made if needed.
    recording
        As `read_nwb` and `read_bids` return it. Its attributes say what is known of session and
        subject; a session without a start is given the first of January 2000.

    Raises
    ------
    ValueError
        It has several modalities of spikes; an NWB file has one table of units.
    """
    attributes = {str(name): str(value) for name, value in recording.attrs.items()}
    name = attributes.get("recording", path.name)
    content = _session(name, attributes)
    modalities = {n: m.to_dataset() for n, m in recording.children.items() if n != "intervals"}
    tables = dict(_tables(recording))
    spikes = [n for n, m in modalities.items() if m.attrs["kind"] == SPIKES]
    if len(spikes) > 1:
        raise ValueError(f"{name}: {', '.join(spikes)}: an NWB file has one table of units")
    electrical = {n: m for n, m in modalities.items() if _is_of_electrodes(m)}
    _add_electrodes(content, electrical)
    first = 0
    for modality, data in modalities.items():
        if modality in spikes:
            _add_units(content, data, _gaps(tables))
            continue
        options = _series(modality, data)
        if modality in electrical:
            rows = list(range(first, first + data.sizes["channel"]))
            first += len(rows)
            region = content.create_electrode_table_region(rows, f"channels of {modality}")
            content.add_acquisition(ElectricalSeries(**options, electrodes=region))
        else:
            unit = str(data.attrs.get("units", "")) or "n/a"
            content.add_acquisition(TimeSeries(**options, unit=unit))
    for table, intervals in tables.items():
        _add_intervals(content, table, intervals)
    with replacing(path) as part:
        with NWBHDF5IO(part, "w") as io:
            io.write(content)
        derive_object_ids(part, str(content.identifier))


def _session(name: str, attributes: dict[str, str]) -> NWBFile:
    start = _instant(attributes.get("session_start_time", "")) or UNKNOWN_START
    reference = _instant(attributes.get("timestamps_reference_time", "")) or start
    participant = attributes.get("participant") or attributes.get("subject_id") or name
    human = attributes.get("format") == "bids"
    sex = attributes.get("subject_sex", "U")[:1].upper()
    known = {key: attributes.get(f"subject_{key}") for key in SUBJECT if key != "date_of_birth"}
    return NWBFile(
        session_description=attributes.get("session_description") or name,
        identifier=str(uuid.uuid5(NAMESPACE, f"{name} {start.isoformat()}")),
        session_start_time=start,
        timestamps_reference_time=reference,
        file_create_date=start,
        session_id=attributes.get("session") or attributes.get("session_id") or name,
        experiment_description=attributes.get("experiment_description") or name,
        experimenter=attributes.get("experimenter", "unknown").split("; "),
        institution=attributes.get("institution") or "unknown",
        lab=attributes.get("lab") or "unknown",
        keywords=attributes.get("keywords", "neurodsr").split("; "),
        subject=Subject(
            subject_id=participant,
            sex=sex if sex in SEXES else "U",
            species=attributes.get("subject_species") or (HUMAN if human else UNIDENTIFIED),
            age=attributes.get("subject_age") or ANY_AGE,
            date_of_birth=_instant(attributes.get("subject_date_of_birth", "")),
            **{key: value for key, value in known.items() if value},
        ),
    )


def _instant(text: str) -> datetime.datetime | None:
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)


def _is_of_electrodes(data: xr.Dataset) -> bool:
    before = data.attrs.get("neurodata_type", ElectricalSeries.__name__)
    return data.attrs.get("units") in VOLT and before == ElectricalSeries.__name__


def _add_electrodes(content: NWBFile, electrical: dict[str, xr.Dataset]) -> None:
    """A row for each channel in volt, one group for each modality."""
    if not electrical:
        return
    device = _device(content)
    content.add_electrode_column(name="channel_name", description="name of the channel")
    for name, data in electrical.items():
        places = columns_of(data, "channel").get("location", [""] * data.sizes["channel"])
        group = content.create_electrode_group(
            name=name, description=f"channels of {name}", location="see electrodes", device=device
        )
        for channel, place in zip(data["channel"].values, places, strict=True):
            content.add_electrode(
                group=group, location=str(place) or "unknown", channel_name=str(channel)
            )


def _series(name: str, data: xr.Dataset) -> dict[str, Any]:
    """Fields of a series but for its unit."""
    time, rate = data["time"].values, float(data.attrs["sampling_rate"])
    regular = rate > 0 and _on_line(time, rate)
    attributes = {
        k: _simple(v) for k, v in data.attrs.items() if k not in ("kind", "sampling_rate")
    }
    columns = columns_of(data, "channel")
    notes = {
        "channels": [str(channel) for channel in data["channel"].values],
        "columns": {key: [_simple(v) for v in values] for key, values in columns.items()},
        "attributes": attributes,
    }
    clock = {"rate": rate, "starting_time": float(time[0])} if regular else {"timestamps": time}
    return {
        "name": name,
        "data": data["signal"].transpose("time", "channel").values,
        "description": str(data.attrs.get("description", "")) or f"{name} of the recording",
        "comments": json.dumps({OWN_NOTES: notes}),
        **clock,
    }


def _on_line(time: NDArray[np.float64], rate: float) -> bool:
    line = time[0] + np.arange(len(time)) / rate
    scale = max(abs(float(time[0])), abs(float(time[-1])), 1.0)
    return bool(np.abs(time - line).max() <= CLOCK_TOLERANCE * scale)


def _simple(value: Any) -> str | int | float:
    plain = value.item() if hasattr(value, "item") else value
    return plain if isinstance(plain, str | int | float) else str(plain)


def _add_units(content: NWBFile, data: xr.Dataset, gaps: NDArray[np.float64]) -> None:
    """Units with their spikes, observed from start to stop but for some gaps (gap, 2) in s."""
    ends = [float(data.attrs["start"]), *gaps.ravel(), float(data.attrs["stop"])]
    support = np.reshape(ends, (-1, 2)).tolist()
    columns = columns_of(data, "unit")
    kept = {key: values for key, values in columns.items() if key not in NOT_UNIT_COLUMNS}
    content.add_unit_column(name=NAMES, description="name of the unit")
    for key in kept:
        content.add_unit_column(name=key, description=f"{key} of the unit")
    groups = _unit_groups(content, columns)
    times, owner = data["spike_time"].values, data["spike_unit"].values
    for i, name in enumerate(data["unit"].values):
        row = {key: _simple(values[i]) for key, values in kept.items()}
        row |= {"electrode_group": groups[i]} if groups else {}
        own = {NAMES: str(name), "spike_times": times[owner == i], "obs_intervals": support}
        content.add_unit(**own, **row)
    if "resolution" in data.attrs:
        content.units.resolution = float(data.attrs["resolution"])


def _unit_groups(content: NWBFile, columns: Mapping[str, NDArray[Any]]) -> list[ElectrodeGroup]:
    """The group of electrodes of each unit, by the names in the column ``electrode_group``."""
    names = [str(name) for name in columns.get("electrode_group", ())]
    places = columns.get("location", [""] * len(names))[: len(names)]
    for name, place in zip(names, places, strict=True):
        if name not in content.electrode_groups:
            content.create_electrode_group(
                name=name,
                description=f"electrodes of {name}",
                location=str(place) or "unknown",
                device=_device(content),
            )
    return [content.electrode_groups[name] for name in names]


def _device(content: NWBFile) -> Device:
    if "amplifier" in content.devices:
        return content.devices["amplifier"]
    return content.create_device(name="amplifier", description="not stated")


def _tables(recording: xr.DataTree) -> Iterator[tuple[str, xr.Dataset]]:
    nodes = recording["intervals"].children if "intervals" in recording.children else {}
    for name, node in nodes.items():
        if node.sizes.get("interval"):
            yield name, node.to_dataset()


def _gaps(tables: Mapping[str, xr.Dataset]) -> NDArray[np.float64]:
    """Start and stop (gap, 2) of stretches in which no unit was observed."""
    artefacts = tables.get("artefacts")
    if artefacts is None:
        return np.empty((0, 2))
    mine = artefacts["label"].values == NOT_OBSERVED
    rows: NDArray[np.float64] = np.c_[artefacts["start"].values, artefacts["stop"].values][mine]
    return rows


def _column(table: str, name: str, values: NDArray[Any]) -> list[VectorData]:
    """A column; tags, which NWB keeps as lists, with the index of their rows."""
    about = f"{name} of {table}"
    if name != "tags":
        data = values if values.dtype.kind in "biuf" else list(map(str, values))
        return [VectorData(name=name, description=about, data=data)]
    lists = [str(value).split(",") if str(value) else [] for value in values]
    flat = VectorData(name=name, description=about, data=[tag for tags in lists for tag in tags])
    ends = np.cumsum([len(tags) for tags in lists])
    return [flat, VectorIndex(name=f"{name}_index", data=ends, target=flat)]


def _add_intervals(content: NWBFile, name: str, data: xr.Dataset) -> None:
    """A table of intervals, or of events where a row has no length."""
    start, stop = data["start"].values, data["stop"].values
    columns = {str(k): v.values for k, v in data.data_vars.items() if k not in NOT_INTERVAL_COLUMNS}
    if name == "artefacts":
        kept = data["label"].values != NOT_OBSERVED
        start, stop = start[kept], stop[kept]
        columns = {key: values[kept] for key, values in columns.items()}
    if not len(start):
        return
    vectors = [vector for key, values in columns.items() for vector in _column(name, key, values)]
    about = f"{name} of the recording"
    if (stop <= start).any():
        at = TimestampVectorData(name="timestamp", description="time (s)", data=start)
        lasting = DurationVectorData(name="duration", description="s", data=stop - start)
        content.add_events_table(
            EventsTable(name=name, description=about, columns=[at, lasting, *vectors])
        )
        return
    ends = [
        VectorData(name="start_time", description="start (s)", data=start),
        VectorData(name="stop_time", description="stop (s)", data=stop),
    ]
    table = TimeIntervals(name=name, description=about, columns=[*ends, *vectors])
    if name in ("trials", "epochs", "invalid_times"):
        setattr(content, name, table)
    else:
        content.add_time_intervals(table)
