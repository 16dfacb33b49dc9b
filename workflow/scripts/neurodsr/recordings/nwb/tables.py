"""Tables of an NWB file: their columns, and the intervals and events that they hold."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import xarray as xr
from hdmf.common import DynamicTable, VectorIndex
from numpy.typing import NDArray
from pynwb import NWBFile
from pynwb.base import NWBDataInterface, TimeSeries
from pynwb.epoch import TimeIntervals
from pynwb.misc import AnnotationSeries, IntervalSeries

from neurodsr.recordings.recording import make_intervals

NOT_COLUMNS = ("start_time", "stop_time", "timestamp", "duration", "timeseries")


def interval_tables(content: NWBFile) -> Iterator[tuple[str, xr.Dataset]]:
    """Trials, epochs, invalid times, other intervals and events, by the name of their table."""
    named = (content.trials, content.epochs, content.invalid_times, *content.intervals.values())
    seen: set[int] = set()
    for table in named:
        if isinstance(table, TimeIntervals) and len(table) and id(table) not in seen:
            seen.add(id(table))
            yield table.name, read_intervals(table)
    for table in (getattr(content, "events", None) or {}).values():
        if len(table):
            yield table.name, read_events(table)
    places = (content.acquisition, content.stimulus, content.analysis)
    modules = (module.data_interfaces for module in content.processing.values())
    for place in (*places, *modules):
        for name in sorted(place):
            yield from _intervals_in(name, place[name])


def _intervals_in(name: str, container: NWBDataInterface) -> Iterator[tuple[str, xr.Dataset]]:
    if isinstance(container, TimeIntervals):
        if len(container):
            yield name, read_intervals(container)
    elif isinstance(container, AnnotationSeries):
        if len(container.data):
            times = np.asarray(container.timestamps[:], dtype=float)
            yield name, make_intervals(times, times, {"label": texts(container.data[:])})
    elif isinstance(container, IntervalSeries):
        data = np.asarray(container.data[:])
        times = np.asarray(container.timestamps[:], dtype=float)
        if len(data) and (data > 0).sum() == (data < 0).sum():
            yield name, make_intervals(times[data > 0], times[data < 0], {})
    elif kind_of(container) in ("Events", "LabeledEvents", "TTLs"):
        times = np.asarray(container.timestamps[:], dtype=float)
        labels = getattr(container, "labels", None)
        columns = {}
        if labels is not None and getattr(container, "data", None) is not None:
            columns["label"] = texts(np.asarray(labels[:])[np.asarray(container.data[:], int)])
        if len(times):
            yield name, make_intervals(times, times, columns)
    elif not isinstance(container, TimeSeries | DynamicTable):
        for child in sorted(container.children, key=lambda child: child.name):
            if isinstance(child, IntervalSeries | AnnotationSeries):
                yield from _intervals_in(child.name, child)


def read_intervals(table: TimeIntervals) -> xr.Dataset:
    """Rows from ``start_time`` to ``stop_time`` with the columns of numbers and texts."""
    return make_intervals(
        table["start_time"].data[:], table["stop_time"].data[:], columns_of_table(table)
    )


def read_events(table: DynamicTable) -> xr.Dataset:
    """Rows at ``timestamp`` that last ``duration``, or no time."""
    start = np.asarray(table["timestamp"].data[:], dtype=float)
    lasting = np.zeros(len(start))
    if "duration" in table.colnames:
        lasting = np.nan_to_num(np.asarray(table["duration"].data[:], dtype=float))
    return make_intervals(start, start + lasting, columns_of_table(table))


def columns_of_table(
    table: DynamicTable, rows: NDArray[np.intp] | None = None, but: Sequence[str] = NOT_COLUMNS
) -> dict[str, NDArray[Any]]:
    """Columns with one number or text a row, some rows or all."""
    columns = {name: scalars(table, name) for name in table.colnames if name not in but}
    return {
        name: values if rows is None else values[rows]
        for name, values in columns.items()
        if values is not None
    }


def scalars(table: DynamicTable, name: str) -> NDArray[Any] | None:
    """A column of numbers or texts; lists of texts are joined; None for anything else."""
    column = table[name]
    if isinstance(column, VectorIndex):
        target = column.target
        if isinstance(target, VectorIndex) or getattr(target.data, "ndim", 1) != 1:
            return None
        kind = getattr(getattr(target.data, "dtype", None), "kind", "O")
        if kind not in "OSU":
            return None
        flat = target.data[:]
        if not all(isinstance(value, str | bytes) for value in flat):
            return None
        ends = np.asarray(column.data[:], dtype=int)
        parts = np.split(np.asarray(flat, dtype=object), ends[:-1])
        return np.array([",".join(texts(part)) for part in parts])
    if getattr(column.data, "ndim", 1) != 1:
        return None
    values = column.data[:]
    array = np.asarray(values)
    if array.ndim == 1 and array.dtype.kind in "biuf":
        return array
    if array.ndim == 1 and all(isinstance(value, str | bytes) for value in values):
        return np.array(texts(values))
    names = [getattr(value, "name", None) for value in values]
    return np.array(names) if all(isinstance(name, str) for name in names) else None


def texts(values: Any) -> list[str]:
    """Texts that may be stored as bytes."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def kind_of(container: object) -> str:
    """Neurodata type."""
    return str(getattr(container, "neurodata_type", type(container).__name__))
