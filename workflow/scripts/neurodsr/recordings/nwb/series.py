"""Time series of an NWB file as signals to be read in pieces."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from hdmf.common import DynamicTableRegion
from numpy.typing import NDArray
from pynwb import TimeSeries
from pynwb.ecephys import ElectricalSeries, SpikeEventSeries
from pynwb.image import ImageSeries, IndexSeries
from pynwb.misc import IntervalSeries
from pynwb.ophys import RoiResponseSeries

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb.tables import columns_of_table, texts
from neurodsr.recordings.regions import unified
from neurodsr.recordings.signals import Signals

OWN_NOTES = "neurodsr"
"""Key in the comments of a series under which `write_nwb` keeps what NWB has no field for."""
NO_SIGNALS = (ImageSeries, IndexSeries, IntervalSeries, SpikeEventSeries)
PIECE = 2**25
"""Bytes of a file to hold at once."""
NOT_COLUMNS = ("pixel_mask", "voxel_mask", "image_mask", "start_time", "stop_time")
NAMES = ("channel_name", "label", "channel_label")


def is_supported(series: TimeSeries) -> bool:
    """Whether it has numbers of one or several channels: no images, waveforms or intervals."""
    data = series.data
    return (
        not isinstance(series, NO_SIGNALS)
        and len(getattr(data, "shape", ())) in (1, 2)
        and data.dtype.kind in "iufb"
        and data.size > 0
    )


def are_parts(parts: Sequence[TimeSeries]) -> bool:
    """Whether series are single channels on one clock."""
    first = parts[0]
    if len(parts) < 2 or any(
        one.data.ndim > 1 or len(one.data) != len(first.data) or one.unit != first.unit
        for one in parts
    ):
        return False
    return all(_same_clock(one, first) for one in parts[1:])


def _same_clock(one: TimeSeries, other: TimeSeries) -> bool:
    if one.timestamps is None or other.timestamps is None:
        return one.timestamps is other.timestamps and (one.rate, one.starting_time) == (
            other.rate,
            other.starting_time,
        )
    return np.array_equal(one.timestamps[:], other.timestamps[:])


def signals_of(where: str, parts: Sequence[TimeSeries], regions: Mapping[str, str]) -> Signals:
    """Series of one clock as signals: the channels of one, or several of one channel each.

    Conversion factors and offsets are applied. What is known of the channels comes from the rows
    of the table that the series refers to: electrodes, regions of interest, optical fibres.

    Raises
    ------
    RecordingError
        There are more or fewer timestamps than samples, or the axes are in the wrong order.
    """
    first = parts[0]
    _require_time_first(where, first)
    samples = len(first.data)
    stamps = first.timestamps
    if stamps is not None and len(stamps) != samples:
        raise RecordingError(
            f"{where}: timestamps: {len(stamps)} for {samples} samples; give one per sample"
        )
    notes = own_notes(first)
    if len(parts) > 1:
        names: list[str] = [one.name for one in parts]
        columns: Mapping[str, Any] = {}
    else:
        names, columns = _channels(first, notes)

    def read(start: int, stop: int, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        if len(parts) == 1:
            return values_of(first, start, stop, chosen)
        only = np.zeros(1, dtype=np.intp)
        return np.column_stack([values_of(parts[i], start, stop, only) for i in chosen])

    def timestamps(start: int, stop: int) -> NDArray[np.float64]:
        return np.asarray(stamps[start:stop], dtype=float)

    chunks = getattr(first.data, "chunks", None)
    return Signals(
        where,
        names,
        samples,
        read,
        0.0 if stamps is not None else float(first.rate),
        float(first.starting_time or 0.0),
        timestamps if stamps is not None else None,
        unified(columns, regions),
        {
            "units": first.unit,
            "description": first.description,
            "neurodata_type": first.neurodata_type,
            **notes.get("attributes", {}),
        },
        int(chunks[0]) if chunks else 1,
        all(one.data.dtype.kind in "iub" for one in parts),
    )


def values_of(
    series: TimeSeries, start: int, stop: int, chosen: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Some samples of some channels ``(time, channel)``, in the unit of the series."""
    data = series.data
    if len(data.shape) == 1:
        values = np.asarray(data[start:stop], dtype=float)[:, None]
    else:
        values = np.empty((stop - start, len(chosen)))
        for rows, mine, columns in _pieces(data, start, stop, chosen):
            piece = data[rows, columns]
            for column in mine:
                placed = values[rows.start - start : rows.stop - start, column]
                placed[:] = piece[:, chosen[column] - columns.start]
    per_channel = getattr(series, "channel_conversion", None)
    if per_channel is not None:
        values *= np.asarray(per_channel[:], dtype=float)[chosen]
    values *= float(series.conversion)
    values += float(series.offset)
    return values


def _pieces(
    data: Any, start: int, stop: int, chosen: NDArray[np.intp]
) -> Iterator[tuple[slice, NDArray[np.intp], slice]]:
    """Rows, which of the chosen channels, and columns to read at once.

    Whole chunks at a time, and of those only the ones that hold a chosen channel.
    """
    chunks = getattr(data, "chunks", None)
    height, width = chunks if chunks else (1, data.shape[1])
    largest = max(1, PIECE // (width * data.dtype.itemsize * height)) * height
    together = chosen // width
    for block in np.unique(together):
        mine = np.flatnonzero(together == block)
        low, high = int(chosen[mine].min()), int(chosen[mine].max()) + 1
        begin = start
        while begin < stop:
            end = min((begin // largest + 1) * largest, stop)
            yield slice(begin, end), mine, slice(low, high)
            begin = end


def _require_time_first(where: str, series: TimeSeries) -> None:
    """Refuse data that have as many samples as the series has electrodes or regions, not channels.

    Raises
    ------
    RecordingError
    """
    region = _region(series)
    if region is None or len(series.data.shape) != 2:
        return
    rows, columns = series.data.shape
    if rows == len(region.data) != columns:
        raise RecordingError(
            f"{where}: data: {rows} samples of {columns} channels, but {rows} {region.name}: time"
            " and channels are exchanged; write the data as (time, channel)"
        )


def _region(series: TimeSeries) -> DynamicTableRegion | None:
    """The rows of a table that a series refers to: electrodes, regions of interest, fibres."""
    return next((v for v in series.fields.values() if isinstance(v, DynamicTableRegion)), None)


def _channels(series: TimeSeries, notes: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Any]]:
    """Names of the channels and what is known of them."""
    count = 1 if len(series.data.shape) == 1 else int(series.data.shape[1])
    if len(notes.get("channels", ())) == count:
        kept = {k: v for k, v in notes.get("columns", {}).items() if len(v) == count}
        return [str(name) for name in notes["channels"]], kept
    region = _region(series)
    if region is not None and len(region.data) == count:
        rows = np.asarray(region.data[:], dtype=np.intp)
        columns = columns_of_table(region.table, rows, NOT_COLUMNS)
        named = next((name for name in NAMES if name in columns), None)
        own = columns.pop(named) if named else np.asarray(region.table.id[:])[rows]
        plane = getattr(region.table, "imaging_plane", None)
        if plane is not None and str(plane.location).strip():
            columns.setdefault("location", np.array([str(plane.location)] * count))
        return [str(name) for name in texts(own)], columns
    if count == 1 and not isinstance(series, RoiResponseSeries | ElectricalSeries):
        return [series.name], {}
    if series.neurodata_type == "SpatialSeries" and count <= 3:
        return list("xyz"[:count]), {}
    return [str(i) for i in range(count)], {}


def own_notes(series: TimeSeries) -> dict[str, Any]:
    """What `write_nwb` left in the comments of a series; nothing but names, texts and numbers."""
    try:
        notes = json.loads(series.comments).get(OWN_NOTES, {})
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    attributes = {
        str(name): value
        for name, value in dict(notes.get("attributes", {})).items()
        if isinstance(value, str | int | float)
    }
    return {**notes, "attributes": attributes}
