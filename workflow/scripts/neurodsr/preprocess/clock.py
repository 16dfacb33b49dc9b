"""The one clock of a series: which stretches of a recording it covers, and its instants."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.splits import CODES

Array = NDArray[np.float64]
Interval = tuple[float, float]

TOLERANCE = 1e-6
ROUNDING = 1e-9


def native_interval(modality: xr.Dataset) -> float:
    """Sampling interval (s) of a continuous modality; the median one when it is irregular."""
    rate = float(modality.attrs["sampling_rate"])
    if rate > 0:
        return 1.0 / rate
    if modality.sizes["time"] < 2:
        raise RecordingError("time: fewer than two samples; leave this modality out")
    return float(np.median(np.diff(modality["time"].values)))


def gap_around(instants: Array, samples: Array) -> Array:
    """Time (s) between the samples before and after each instant.

    On a sample it is the shorter of the two beside it, so that the first sample after a pause is
    as near to others as the last one before it.

    Parameters
    ----------
    instants : (time,)
        Where to look (s); beyond the ends the outermost gap is told.
    samples : (sample,)
        When there were any (s), increasing; two at least.
    """
    around = np.stack([instants - ROUNDING, instants + ROUNDING])
    after = np.clip(np.searchsorted(samples, around), 1, len(samples) - 1)
    gaps: Array = (samples[after] - samples[after - 1]).min(axis=0)
    return gaps


def support(modality: xr.Dataset) -> Interval:
    """From when to when (s) a modality was recorded; a sample stands for one interval."""
    if modality.attrs["kind"] == "spikes":
        return float(modality.attrs["start"]), float(modality.attrs["stop"])
    if modality.sizes["time"] == 0:
        raise RecordingError("time: no samples; leave this modality out")
    times = modality["time"].values
    return float(times[0]), float(times[-1]) + native_interval(modality)


def common_support(modalities: Mapping[str, xr.Dataset]) -> Interval:
    """Overlap of the supports of all modalities."""
    supports = {name: support(modality) for name, modality in modalities.items()}
    start = max(begin for begin, _ in supports.values())
    stop = min(end for _, end in supports.values())
    if stop <= start:
        spans = ", ".join(f"{name} {a:.6g}-{b:.6g} s" for name, (a, b) in supports.items())
        raise RecordingError(
            f"modalities: no common time ({spans}); choose those recorded together"
        )
    return start, stop


def chosen_intervals(recording: xr.DataTree, settings: Mapping[str, Any]) -> list[Interval] | None:
    """Trials, those within the wanted epochs; None when the settings ask for neither."""
    epochs, trials = settings["epochs"], settings["trials"]
    kept = None
    absent = epochs is None or epochs["table"] not in interval_tables(recording)
    if epochs is not None and not (absent and epochs["optional"]):
        table = interval_table(recording, epochs["table"])
        kept = merged(rows(table.isel(interval=labelled(table, epochs))))
    if trials is None:
        return kept
    chosen = rows(interval_table(recording, trials))
    for (_, stop), (start, _) in pairwise(chosen):
        if start < stop - TOLERANCE:
            raise RecordingError(
                f"intervals/{trials}: rows overlap at {start:.6g} s; name another table"
            )
    if kept is None:
        return chosen
    return [
        (start, stop)
        for start, stop in chosen
        if any(a - TOLERANCE <= start and stop <= b + TOLERANCE for a, b in kept)
    ]


def invalid_times(recording: xr.DataTree, wanted: Mapping[str, Any]) -> list[Interval]:
    """Times (s) whose data must not be used, overlapping ones merged.

    Parameters
    ----------
    recording
        Tables without rows, or without any of the columns, add nothing.
    wanted
        ``tables``: names of tables all of whose rows count; ``labels``: regular expression for the
        beginning of the labels that count in every table, null for none.
    """
    found: list[Interval] = []
    for name, node in interval_tables(recording).items():
        table = node.to_dataset()
        labels = table["label"].values.astype(str) if "label" in table else np.array([])
        count = np.full(table.sizes["interval"], name in wanted["tables"])
        if wanted["labels"] is not None and len(labels):
            count |= np.array([re.match(wanted["labels"], label) is not None for label in labels])
        start, stop = table["start"].values[count], table["stop"].values[count]
        stop = np.where(np.isfinite(stop), stop, start)
        pairs = zip(start.tolist(), stop.tolist(), strict=True)
        found += [(float(a), float(b)) for a, b in pairs if np.isfinite(a) and b >= a]
    return merged(sorted(found))


def touched(time: Array, interval: float, intervals: Sequence[Interval]) -> NDArray[np.bool_]:
    """Instants ``(time,)`` whose bin meets one of some intervals, if only at a point."""
    half = interval / 2
    result = np.zeros(len(time), dtype=bool)
    for start, stop in intervals:
        first, last = np.searchsorted(time, [start - half, stop + half])
        result[first:last] = True
    return result


def interval_tables(recording: xr.DataTree) -> dict[str, xr.DataTree]:
    """All interval tables of a recording."""
    return dict(recording["intervals"].children) if "intervals" in recording.children else {}


def interval_table(recording: xr.DataTree, name: str) -> xr.Dataset:
    """One interval table of a recording."""
    tables = interval_tables(recording)
    if name not in tables:
        raise RecordingError(
            f"intervals/{name}: not in the recording, which has {sorted(tables) or 'none'}; "
            "name one of these, or none"
        )
    table: xr.Dataset = tables[name].to_dataset()
    return table


def labelled(table: xr.Dataset, epochs: Mapping[str, Any]) -> NDArray[np.intp]:
    """Indices of the rows that carry one of the wanted labels."""
    texts = {
        str(name): column.values.astype(str)
        for name, column in table.variables.items()
        if column.dims == ("interval",) and column.dtype.kind in "OUT"
    }
    if epochs["column"] is not None:
        if epochs["column"] not in texts:
            raise RecordingError(
                f"intervals/{epochs['table']}: no text column {epochs['column']!r}, "
                f"it has {sorted(texts) or 'none'}"
            )
        texts = {epochs["column"]: texts[epochs["column"]]}
    wanted = np.zeros(table.sizes["interval"], dtype=bool)
    for values in texts.values():
        wanted |= np.isin(values, epochs["labels"])
    if not wanted.any():
        found = sorted({str(v) for values in texts.values() for v in values})[:20]
        raise RecordingError(
            f"intervals/{epochs['table']}: no row is labelled {epochs['labels']}; found {found}"
        )
    return np.flatnonzero(wanted)


def rows(table: xr.Dataset) -> list[Interval]:
    pairs = zip(table["start"].values.tolist(), table["stop"].values.tolist(), strict=True)
    return sorted((float(start), float(stop)) for start, stop in pairs if stop > start)


def labelled_trials(
    recording: xr.DataTree, name: str, column: str, held_out: Sequence[str] | None = None
) -> tuple[Array, list[str]]:
    """Starts (s) of the trials, ascending, and the split that a column says each is for.

    With `held_out`, labels of the column (conditions, say), trials of these are for test and all
    others for training.

    Raises
    ------
    RecordingError
        There is no such table or column, a label is no split, or train or test has no trial.
    """
    table = interval_table(recording, name)
    where = f"intervals/{name}: {column}"
    if column not in table:
        there = sorted(str(other) for other in table.data_vars)
        raise RecordingError(f"{where}: no such column; it has {there}")
    ordered = table.isel(interval=np.argsort(table["start"].values, kind="stable"))
    labels = [str(label) for label in ordered[column].values]
    if held_out is not None:
        missing = sorted(set(held_out) - set(labels))
        if missing:
            raise RecordingError(f"{where}: no trial is labelled {missing[0]!r}, which is held out")
        labels = ["test" if label in held_out else "train" for label in labels]
    unknown = sorted(set(labels) - set(CODES))
    if unknown:
        raise RecordingError(
            f"{where}: {unknown[0]!r} is none of {', '.join(CODES)}; correct the table, or leave"
            " preprocess.splits.column out to split in time"
        )
    for split in ("train", "test"):
        if split not in labels:
            raise RecordingError(f"{where}: no trial is labelled {split}; label one at least")
    return ordered["start"].values.astype(float), labels


def merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals that touch or overlap become one."""
    result: list[Interval] = []
    for start, stop in intervals:
        if result and start <= result[-1][1] + TOLERANCE:
            result[-1] = (result[-1][0], max(stop, result[-1][1]))
        else:
            result.append((start, stop))
    return result


def make_clock(
    modalities: Mapping[str, xr.Dataset],
    intervals: Sequence[Interval] | None,
    sampling_interval: float,
    maximum_duration: float | None,
) -> tuple[Array, NDArray[np.int32]]:
    """Instants and segments of the series.

    Instants are `sampling_interval` apart within a segment. They begin on a sample of the first
    regular continuous modality if there is one, so that nothing is interpolated needlessly. With
    spikes among the modalities each instant is the centre of a bin that lies inside its segment.

    Parameters
    ----------
    modalities
        The chosen modalities.
    intervals
        Stretches to cover, one segment each; None for all of the common support.
    sampling_interval
        In s.
    maximum_duration
        Instants beyond so many seconds of data are left out.

    Returns
    -------
    tuple
        Instants (s) and the segment of each.

    Raises
    ------
    RecordingError
        When no instant lies within the data.
    """
    first, last = common_support(modalities)
    continuous = [m for m in modalities.values() if m.attrs["kind"] == "continuous"]
    grid = next((m for m in continuous if float(m.attrs["sampling_rate"]) > 0), None)
    binned = len(continuous) < len(modalities)
    margin = sampling_interval / 2 if binned else 0.0
    slack = TOLERANCE * sampling_interval
    pieces: list[Array] = []
    for start, stop in intervals if intervals is not None else [(first, last)]:
        begin = max(start, first) + margin
        end = min(stop, last) - margin
        if grid is not None:
            origin, step = float(grid["time"].values[0]), native_interval(grid)
            begin = origin + float(np.ceil((begin - origin - slack) / step)) * step
        count = int(np.floor((end - begin - slack) / sampling_interval)) + 1
        if binned and count >= 0 and begin + count * sampling_interval <= end + slack:
            count += 1
        if count > 0:
            instants: Array = begin + sampling_interval * np.arange(count, dtype=float)
            pieces.append(instants)
    if not pieces:
        raise RecordingError(
            f"intervals: none holds data between {first:.6g} s and {last:.6g} s; "
            "check `epochs`, `trials` and the clocks of the modalities"
        )
    time = np.concatenate(pieces)
    segment = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(piece) for piece in pieces])
    if maximum_duration is not None:
        keep = max(1, round(maximum_duration / sampling_interval))
        time, segment = time[:keep], segment[:keep]
    return time, segment
