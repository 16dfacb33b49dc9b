"""Sorted units of an NWB file."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from hdmf.common import VectorIndex
from numpy.typing import ArrayLike, NDArray
from pynwb import NWBFile
from pynwb.misc import Units

from neurodsr.recordings.nwb.tables import columns_of_table, texts
from neurodsr.recordings.recording import make_intervals, make_spikes
from neurodsr.recordings.regions import COLUMNS, unified

NOT_COLUMNS = ("spike_times", "obs_intervals", "waveform_mean", "waveform_sd", "electrodes")
NAMES = "unit_name"
NOT_OBSERVED = "units not observed"


def read_units(file: str, content: NWBFile, regions: Mapping[str, str]) -> xr.Dataset:
    """Spikes of all units, those without any included, with the columns of their table.

    ``location`` is the region of each unit: its own column, one of another name for a region, or
    that of its first electrode or of its electrode group; ``observed`` the time (s) during which
    it was observed, where the file says so.
    """
    table: Units = content.units
    index: VectorIndex = table["spike_times"]
    ends = np.asarray(index.data[:], dtype=int)
    spikes = np.asarray(index.target.data[:], dtype=float)
    columns: dict[str, ArrayLike] = dict(columns_of_table(table, but=NOT_COLUMNS))
    names = columns.pop(NAMES, table.id[:])
    if "location" not in columns:
        location = _location(table, columns)
        columns |= {"location": location} if location is not None else {}
    intervals = _observed(table)
    if intervals is not None:
        columns["observed"] = [float((one[:, 1] - one[:, 0]).sum()) for one in intervals]
    return make_spikes(
        f"{file}: units",
        np.split(spikes, ends[:-1]),
        [str(name) for name in np.asarray(names)],
        unified(columns, regions),
        _support(content, intervals),
        neurodata_type="Units",
        description=table.description,
        **({"resolution": float(table.resolution)} if (table.resolution or 0) > 0 else {}),
    )


def not_observed(content: NWBFile) -> xr.Dataset | None:
    """Gaps between the observation intervals: stretches in which no unit was observed."""
    if content.units is None:
        return None
    intervals = _observed(content.units)
    if intervals is None:
        return None
    rows = np.concatenate(intervals)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    reached = np.maximum.accumulate(rows[:, 1])[:-1]
    gap = rows[1:, 0] > reached
    if not gap.any():
        return None
    label = [NOT_OBSERVED] * int(gap.sum())
    return make_intervals(reached[gap], rows[1:, 0][gap], {"label": label})


def _location(table: Units, columns: Mapping[str, ArrayLike]) -> ArrayLike | None:
    other = next((name for name in COLUMNS if name in columns), None)
    if other is not None:
        return columns[other]
    if "electrodes" in table.colnames:
        return _first_electrodes(table)
    if "electrode_group" in table.colnames:
        return [str(getattr(group, "location", "")) for group in table["electrode_group"].data[:]]
    return None


def _first_electrodes(table: Units) -> list[str] | None:
    """Where the first electrode of each unit lies."""
    index = table["electrodes"]
    region = index.target
    if "location" not in region.table.colnames:
        return None
    rows = np.asarray(region.data[:], dtype=int)
    ends = np.asarray(index.data[:], dtype=int)
    starts = np.r_[0, ends[:-1]]
    places = texts(region.table["location"].data[:])
    return [places[rows[a]] if a < b else "" for a, b in zip(starts, ends, strict=True)]


def _observed(table: Units) -> list[NDArray[np.float64]] | None:
    """Observation intervals of each unit (interval, 2) in s; None when the file has none."""
    if "obs_intervals" not in table.colnames:
        return None
    index = table["obs_intervals"]
    rows = np.asarray(index.target.data[:], dtype=float).reshape(-1, 2)
    ends = np.asarray(index.data[:], dtype=int)
    return np.split(rows, ends[:-1]) if rows.size else None


def _support(
    content: NWBFile, intervals: list[NDArray[np.float64]] | None
) -> tuple[float, float] | None:
    """Time in which spikes could be seen: observation intervals, else the epochs."""
    if intervals is not None:
        rows = np.concatenate(intervals)
        return float(rows[:, 0].min()), float(rows[:, 1].max())
    if content.epochs is not None and len(content.epochs):
        starts, stops = content.epochs["start_time"].data[:], content.epochs["stop_time"].data[:]
        return float(np.nanmin(starts)), float(np.nanmax(stops))
    return None
