"""Recordings in Neurodata Without Borders files."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from hdmf.common import DynamicTable, VectorIndex
from numpy.typing import ArrayLike, NDArray
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.base import NWBDataInterface
from pynwb.core import MultiContainerInterface
from pynwb.ecephys import ElectricalSeries
from pynwb.epoch import TimeIntervals
from pynwb.image import ImageSeries, IndexSeries
from pynwb.misc import Units
from pynwb.ophys import RoiResponseSeries

from neurodsr.errors import RecordingError
from neurodsr.recordings.hdf5 import check_hdf5, one_line
from neurodsr.recordings.recording import (
    clean_name,
    make_continuous,
    make_intervals,
    make_recording,
    make_spikes,
)
from neurodsr.recordings.selection import Found, select_modalities

LARGEST = 2**31
NOT_COLUMNS = ("spike_times", "obs_intervals", "waveform_mean", "waveform_sd", "electrodes")
SUBJECT = ("subject_id", "age", "sex", "species", "strain", "genotype", "weight")


def read_nwb(path: str | os.PathLike[str], settings: Mapping[str, Any]) -> xr.DataTree:
    """Read the spikes, time series, intervals and subject of an NWB file.

    Parameters
    ----------
    path
        The file (NWB 2, HDF5).
    settings
        As `read.schema.yaml` describes them.

    Returns
    -------
    xarray.DataTree
        ``/<modality>`` and ``/intervals/<table>``. Conversion factors and offsets are applied;
        times are in s from the file's reference time, as stored. Series of one value per sample
        in one container and on one clock (x, y, z of a position) are channels of one modality.

    Raises
    ------
    RecordingError
        The file cannot be read, leads to other files, or lacks what a modality needs.
    """
    file = Path(path).name
    check_hdf5(Path(path))
    try:
        with NWBHDF5IO(str(path), "r", load_namespaces=True) as io:
            content = io.read()
            found = list(_find_modalities(file, content))
            modalities = select_modalities(file, found, settings)
            intervals = {name: _read_intervals(table) for name, table in _tables(content)}
            return make_recording(modalities, intervals, _attributes(content))
    except (RecordingError, MemoryError):
        raise
    except Exception as error:
        raise RecordingError(
            f"{file}: content: {one_line(error)}; check it with nwbinspector and export it again"
        ) from error


def _find_modalities(file: str, content: NWBFile) -> Iterator[Found]:
    taken: set[str] = set()
    if content.units is not None and "spike_times" in content.units.colnames:
        taken.add("units")
        yield Found("units", ("Units",), lambda _: _read_units(file, content))
    for path, container in _interfaces(content):
        series = {name: one for name, one in _series(container) if _is_supported(one)}
        together = len(series) == 1 or _are_parts(list(series.values()))
        parts = [list(series.values())] if together else [[one] for one in series.values()]
        for part in parts if series else []:
            whole = part[0] is container
            own = path if whole or together else f"{path}/{part[0].name}"
            name = clean_name("_".join(own.split("/")[-1 if whole or together else -2 :]))
            while name in taken or name == "intervals":
                name = f"{clean_name(path.split('/')[-2])}_{name}"
            taken.add(name)
            aliases = [own, f"/{own}", container.neurodata_type, part[0].neurodata_type]
            if together and len(part) == 1 and not whole:
                aliases.append(f"{own}/{part[0].name}")
            yield Found(name, tuple(dict.fromkeys(aliases)), _reader(file, own, part))


def _interfaces(content: NWBFile) -> Iterator[tuple[str, NWBDataInterface]]:
    places = {
        "acquisition": content.acquisition,
        "stimulus/presentation": content.stimulus,
        **{f"processing/{k}": m.data_interfaces for k, m in content.processing.items()},
        "analysis": content.analysis,
    }
    for place, members in places.items():
        for name in sorted(members):
            yield f"{place}/{name}", members[name]


def _series(container: NWBDataInterface) -> Iterator[tuple[str, TimeSeries]]:
    if isinstance(container, TimeSeries):
        yield container.name, container
    elif isinstance(container, MultiContainerInterface):
        for child in container.children:
            if isinstance(child, TimeSeries):
                yield child.name, child


def _is_supported(series: TimeSeries) -> bool:
    data = series.data
    return (
        not isinstance(series, ImageSeries | IndexSeries)
        and len(getattr(data, "shape", ())) in (1, 2)
        and data.dtype.kind in "iuf"
        and data.size > 0
    )


def _are_parts(parts: list[TimeSeries]) -> bool:
    """Whether series are single channels on one clock."""
    if len(parts) < 2 or any(
        one.data.ndim > 1 or len(one.data) != len(parts[0].data) for one in parts
    ):
        return False
    first = _clock(parts[0])
    return all(np.array_equal(_clock(one), first) for one in parts[1:])


def _clock(series: TimeSeries) -> NDArray[np.float64]:
    if series.timestamps is not None:
        return np.asarray(series.timestamps[:], dtype=float)
    start = float(series.starting_time or 0.0)
    return start + np.arange(len(series.data)) / float(series.rate)


def _reader(file: str, path: str, parts: list[TimeSeries]) -> Any:
    return lambda _: _read_series(f"{file}: {path}", parts)


def _read_series(where: str, parts: list[TimeSeries]) -> xr.Dataset:
    first = parts[0]
    size = 8 * sum(one.data.size for one in parts)
    if size > LARGEST:
        raise RecordingError(
            f"{where}: data: {size / 2**30:.1f} GiB as float64, at most {LARGEST / 2**30:g} can be"
            " used; downsample it or name the modalities to read under `modalities`"
        )
    signal = np.column_stack([_values(one) for one in parts])
    rates = {} if first.timestamps is not None else {"sampling_rate": float(first.rate)}
    return make_continuous(
        where,
        _clock(first),
        signal,
        _channel_names(first) if len(parts) == 1 else [one.name for one in parts],
        **rates,
        units=first.unit,
        description=first.description,
        neurodata_type=first.neurodata_type,
    )


def _values(series: TimeSeries) -> NDArray[np.float64]:
    """Samples in the unit of the series."""
    values = np.asarray(series.data[:], dtype=float)
    per_channel = getattr(series, "channel_conversion", None)
    if per_channel is not None:
        values = values * np.asarray(per_channel[:], dtype=float)
    return values * float(series.conversion) + float(series.offset)


def _channel_names(series: TimeSeries) -> list[str]:
    count = 1 if series.data.ndim == 1 else series.data.shape[1]
    if count == 1 and not isinstance(series, RoiResponseSeries | ElectricalSeries):
        return [series.name]
    names: Sequence[Any] = range(count)
    if isinstance(series, RoiResponseSeries):
        names = series.rois.table.id[:][series.rois.data[:]]
    elif isinstance(series, ElectricalSeries):
        table, rows = series.electrodes.table, series.electrodes.data[:]
        column = next((c for c in ("channel_name", "label") if c in table.colnames), None)
        names = np.asarray(table[column].data[:] if column else table.id[:])[rows]
    elif series.neurodata_type == "SpatialSeries" and count <= 3:
        names = "xyz"[:count]
    return (
        [_decode(name) for name in names] if len(names) == count else [str(i) for i in range(count)]
    )


def _read_units(file: str, content: NWBFile) -> xr.Dataset:
    table: Units = content.units
    index: VectorIndex = table["spike_times"]
    ends = np.asarray(index.data[:], dtype=int)
    spikes = np.asarray(index.target.data[:], dtype=float)
    columns: dict[str, ArrayLike] = {
        name: values
        for name in table.colnames
        if name not in NOT_COLUMNS and (values := _scalars(table, name)) is not None
    }
    if "electrodes" in table.colnames and "location" not in columns:
        columns["location"] = _locations(table)
    return make_spikes(
        f"{file}: units",
        np.split(spikes, ends[:-1]),
        [str(identifier) for identifier in table.id[:]],
        columns,
        _support(content, table),
        neurodata_type="Units",
        description=table.description,
    )


def _locations(table: Units) -> list[str]:
    """Where the first electrode of each unit lies."""
    index = table["electrodes"]
    rows = np.asarray(index.target.data[:], dtype=int)
    starts = np.r_[0, np.asarray(index.data[:], dtype=int)[:-1]]
    places = [_decode(place) for place in index.target.table["location"].data[:]]
    ends = np.asarray(index.data[:], dtype=int)
    return [places[rows[a]] if a < b else "" for a, b in zip(starts, ends, strict=True)]


def _support(content: NWBFile, table: Units) -> tuple[float, float] | None:
    """Time in which spikes could be seen: observation intervals, else the epochs."""
    if "obs_intervals" in table.colnames:
        observed = np.asarray(table["obs_intervals"].target.data[:], dtype=float)
        if observed.size:
            return float(observed[:, 0].min()), float(observed[:, 1].max())
    if content.epochs is not None and len(content.epochs):
        starts, stops = content.epochs["start_time"].data[:], content.epochs["stop_time"].data[:]
        return float(np.nanmin(starts)), float(np.nanmax(stops))
    return None


def _tables(content: NWBFile) -> Iterator[tuple[str, TimeIntervals]]:
    named = (content.trials, content.epochs, content.invalid_times, *content.intervals.values())
    modules = (m for module in content.processing.values() for m in module.data_interfaces.values())
    for table in (*named, *modules):
        if isinstance(table, TimeIntervals) and len(table):
            yield table.name, table


def _read_intervals(table: TimeIntervals) -> xr.Dataset:
    columns = {
        name: values
        for name in table.colnames
        if name not in ("start_time", "stop_time", "timeseries")
        and (values := _scalars(table, name)) is not None
    }
    return make_intervals(table["start_time"].data[:], table["stop_time"].data[:], columns)


def _scalars(table: DynamicTable, name: str) -> NDArray[Any] | None:
    """A column of numbers or strings; lists of strings are joined; None for anything else."""
    column = table[name]
    if isinstance(column, VectorIndex):
        if isinstance(column.target, VectorIndex):
            return None
        flat = column.target.data[:]
        if not all(isinstance(value, str | bytes) for value in flat):
            return None
        ends = np.asarray(column.data[:], dtype=int)
        rows = np.split(np.asarray(flat, dtype=object), ends[:-1])
        return np.array([",".join(_decode(value) for value in row) for row in rows])
    values = column.data[:]
    array = np.asarray(values)
    if array.ndim == 1 and array.dtype.kind in "biuf":
        return array
    if array.ndim == 1 and all(isinstance(value, str | bytes) for value in values):
        return np.array([_decode(value) for value in values])
    names = [getattr(value, "name", None) for value in values]
    return np.array(names) if all(isinstance(name, str) for name in names) else None


def _attributes(content: NWBFile) -> dict[str, Any]:
    subject = {
        f"subject_{name.removeprefix('subject_')}": getattr(content.subject, name, None)
        for name in SUBJECT
    }
    return {
        "session_description": content.session_description,
        "session_start_time": content.session_start_time.isoformat(),
        **{name: str(value) for name, value in subject.items() if value is not None},
    }


def _decode(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
