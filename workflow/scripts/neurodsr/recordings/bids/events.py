"""Events of a recording, and those of them that mark data as unusable."""

import re

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.tables import Table, as_numbers, numbers
from neurodsr.recordings.recording import make_intervals

BREAK = re.compile(r"(?i:(bad |edge )?boundary|new segment/?)")
BAD = re.compile(r"BAD( .*)?|(?i:bad_.*|bad interval.*)")
TIMES = ("onset", "duration")


def event_intervals(where: str, table: Table) -> xr.Dataset:
    """Intervals from onset to onset + duration, in the order of time."""
    onset, duration = (_column(where, table, field) for field in TIMES)
    order = np.argsort(onset, kind="stable")
    columns = {}
    for name, cells in table.items():
        if name not in TIMES:
            values = as_numbers(cells)
            columns[name] = (cells if values is None else values)[order]
    return make_intervals(onset[order], (onset + duration)[order], columns)


def artefact_intervals(events: xr.Dataset, half_sample: float) -> xr.Dataset:
    """Those of some intervals whose data are not to be used.

    These are labelled ``BAD_...``, or they are boundaries, where data that do not follow each other
    were joined. A boundary, and an interval without a duration, covers the sample it lies at: half
    a sampling interval (s) to each side. A boundary at the first sample is none.
    """
    labels = np.array([str(label) for label in events["label"].values], dtype=object)
    start, stop = events["start"].values, events["stop"].values
    breaks = np.array([BREAK.fullmatch(label) is not None for label in labels], bool)
    bad = np.array([BAD.fullmatch(label) is not None for label in labels], bool)
    point = breaks | ~(stop - start > 2 * half_sample)
    kept = (bad & ~breaks & np.isfinite(start)) | (breaks & (start > half_sample))
    return make_intervals(
        np.where(point, start - half_sample, start)[kept],
        np.where(point, start + half_sample, stop)[kept],
        {"label": labels[kept]},
    )


def distinct(artefacts: xr.Dataset, tolerance: float) -> xr.Dataset:
    """In order of time, without those that repeat the one before, to within a tolerance (s)."""
    ordered = artefacts.sortby(["start", "stop"])
    edges = np.stack([ordered["start"].values, ordered["stop"].values])
    other = (np.abs(np.diff(edges, axis=1)) > tolerance).any(axis=0)
    return ordered.isel(interval=np.flatnonzero(np.concatenate([[True], other])))


def _column(where: str, table: Table, field: str) -> NDArray[np.float64]:
    if field not in table:
        raise RecordingError(f"{where}: {field}: no such column; events need onset and duration")
    return numbers(where, field, table[field])
