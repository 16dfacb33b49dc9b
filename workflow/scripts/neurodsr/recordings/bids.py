"""Recordings in datasets that follow the Brain Imaging Data Structure."""

import gzip
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.discovery import (
    SIGNAL_EXTENSIONS,
    BidsName,
    companions,
    folders_of,
    parse_name,
)
from neurodsr.recordings.recording import (
    clean_name,
    make_continuous,
    make_intervals,
    make_recording,
    require_content,
)
from neurodsr.recordings.selection import Found, select_modalities

MISSING = "n/a"
CUT_SHORT = "does not match the file size"
OWN_TYPES = {"eeg": ("eeg",), "ieeg": ("seeg", "ecog", "dbs")}

Table = dict[str, NDArray[np.str_]]


def read_bids(
    root: str | os.PathLike[str], source_files: Sequence[str], settings: Mapping[str, Any]
) -> xr.DataTree:
    """Read the signals and events of one recording of a BIDS dataset.

    Parameters
    ----------
    root
        Root of the dataset.
    source_files
        Files of the recording relative to the root, sidecars included (`discovery.Source.files`).
    settings
        As `read.schema.yaml` describes them.

    Returns
    -------
    xarray.DataTree
        A modality per suffix (``physio_cardiac`` for ``recording-cardiac_physio``). Sidecars are
        inherited; EEG and iEEG are read by MNE-BIDS, in V, without channels that are marked bad
        (named in the attribute ``bad_channels``). A recording that has nothing but events gets
        a modality ``events`` of their numeric columns at their onsets.

    Raises
    ------
    RecordingError
        A file cannot be read, is not rectangular, or its sidecars lack a needed field.
    """
    root = Path(root)
    for path in source_files:
        require_content(root / path)
    names = [parse_name(path) for path in source_files]
    by_folder = folders_of(names)
    intervals = {}
    found = []
    for name in names:
        if name.extension in SIGNAL_EXTENSIONS.get(name.suffix, ()):
            belonging = [parse_name(path) for path in companions(name, by_folder)]
            found.append(_signal(root, name, belonging))
    events = [name for name in names if (name.suffix, name.extension) == ("events", ".tsv")]
    if events:
        table = _read_table(root / events[-1].path)
        intervals["events"] = _read_events(events[-1].path, table)
        asked = any(o["source"] == "events" for o in settings["modalities"].values())
        if asked or not found:
            where = Path(events[-1].path).name
            found.append(Found("events", (), lambda _: _events_as_signal(where, table)))
    label = Path(source_files[0]).name
    return make_recording(select_modalities(label, found, settings), intervals, {})


def _signal(root: Path, name: BidsName, belonging: Sequence[BidsName]) -> Found:
    sidecar: dict[str, Any] = {}
    for other in belonging:
        if other.suffix == name.suffix and other.extension == ".json":
            sidecar |= _read_json(root / other.path)
    part = name.entities.get("recording", "")
    own = clean_name(f"{name.suffix}_{part}" if part else name.suffix)
    read = _read_eeg if name.suffix in OWN_TYPES else _read_timeseries
    return Found(own, (name.suffix, name.path), partial(read, root, name, sidecar))


def _read_timeseries(
    root: Path, name: BidsName, sidecar: Mapping[str, Any], _: Sequence[str]
) -> xr.Dataset:
    """Columns of numbers: parcellated series, physiology, stimuli."""
    where = Path(name.path).name
    rate = _sampling_rate(where, sidecar)
    table = _read_table(root / name.path, sidecar.get("Columns"))
    signal = np.column_stack([_numbers(where, column, table[column]) for column in table])
    start = _number(where, sidecar, "StartTime", 0.0)
    units = sidecar.get("Units", "")
    return make_continuous(
        where,
        start + np.arange(len(signal)) / rate,
        signal,
        list(table),
        rate,
        units=units if isinstance(units, str) else json.dumps(units),
        description=str(sidecar.get("Description", "")),
        suffix=name.suffix,
    )


def _sampling_rate(where: str, sidecar: Mapping[str, Any]) -> float:
    rate = _number(where, sidecar, "SamplingFrequency", 0.0)
    interval = _number(where, sidecar, "RepetitionTime", 0.0)
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


def _number(where: str, sidecar: Mapping[str, Any], field: str, default: float) -> float:
    value = sidecar.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise RecordingError(f"{where}: {field}: {value!r} in its sidecar; it must be a number")
    return float(value)


def _read_eeg(
    root: Path, name: BidsName, sidecar: Mapping[str, Any], named: Sequence[str]
) -> xr.Dataset:
    """EEG or iEEG of the types that the suffix stands for, and the channels in `named`."""
    import mne_bids

    where = Path(name.path).name
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            path = mne_bids.get_bids_path_from_fname(root / name.path, check=False)
            raw = mne_bids.read_raw_bids(path, verbose="WARNING")
            types = dict(zip(raw.ch_names, raw.get_channel_types(), strict=True))
            bad = [channel for channel in raw.info["bads"] if channel not in named]
            kept = [
                channel
                for channel in raw.ch_names
                if channel in named
                or (types[channel] in OWN_TYPES[name.suffix] and channel not in bad)
            ]
            signal = raw.get_data(picks=kept).T if kept else np.empty((len(raw.times), 0))
    except MemoryError:
        raise
    except Exception as error:
        raise RecordingError(
            f"{where}: data: MNE cannot read it: {' '.join(str(error).split())[:300]}; check the"
            " dataset with the BIDS validator"
        ) from error
    if not kept:
        raise RecordingError(
            f"{where}: channels: none of type {' or '.join(OWN_TYPES[name.suffix])} is good; mend"
            " channels.tsv or name channels under `modalities`"
        )
    if any(CUT_SHORT in str(warning.message) for warning in warned):
        raise RecordingError(
            f"{where}: data: fewer records than its header says; it is cut short: fetch it again"
        )
    rate = float(raw.info["sfreq"])
    expected = _number(where, sidecar, "RecordingDuration", 0.0)
    if len(signal) / rate < expected - max(1.0, 1 / rate):
        raise RecordingError(
            f"{where}: data: {len(signal) / rate:g} s of a RecordingDuration of {expected:g} s; the"
            " file is cut short: fetch it again"
        )
    return make_continuous(
        where,
        raw.times,
        signal,
        kept,
        rate,
        units="V",
        description=str(sidecar.get("TaskDescription", "")),
        suffix=name.suffix,
        **({"bad_channels": json.dumps(bad)} if bad else {}),
    )


def _read_events(path: str, table: Table) -> xr.Dataset:
    where = Path(path).name
    onset, duration = (_event_column(where, table, field) for field in ("onset", "duration"))
    order = np.argsort(onset, kind="stable")
    columns: dict[str, NDArray[Any]] = {}
    for name, cells in table.items():
        if name not in ("onset", "duration"):
            numbers = _as_numbers(cells)
            columns[name] = (cells if numbers is None else numbers)[order]
    return make_intervals(onset[order], (onset + duration)[order], columns)


def _events_as_signal(where: str, table: Table) -> xr.Dataset:
    onset = _event_column(where, table, "onset")
    numeric = {
        name: numbers
        for name, cells in table.items()
        if name not in ("onset", "duration") and (numbers := _as_numbers(cells)) is not None
    }
    if not numeric:
        raise RecordingError(f"{where}: columns: none but strings; there is no signal to read")
    signal = np.column_stack(list(numeric.values()))
    timed = np.isfinite(onset)
    return make_continuous(where, onset[timed], signal[timed], list(numeric), 0.0, suffix="events")


def _event_column(where: str, table: Table, field: str) -> NDArray[np.float64]:
    if field not in table:
        raise RecordingError(f"{where}: {field}: no such column; events need onset and duration")
    return _numbers(where, field, table[field])


def _read_table(path: Path, columns: Any = None) -> Table:
    """Cells of a TSV file by column; `columns` name those of a table without a header."""
    lines = list(_lines(path))
    if not lines:
        raise RecordingError(f"{path.name}: file: no rows; fetch it again")
    first = lines[0].split("\t")
    if columns is not None and not isinstance(columns, list):
        raise RecordingError(f"{path.name}: Columns: {columns!r} in its sidecar; it must be a list")
    if all(_is_number(cell) for cell in first):
        header, start = columns, 0
        if header is None:
            raise RecordingError(
                f"{path.name}: Columns: neither a header nor Columns in a JSON sidecar; add one"
            )
    else:
        header, start = first, 1
    names = [str(name) for name in header]
    if len(set(names)) < len(names):
        raise RecordingError(f"{path.name}: columns: a name occurs twice; make them differ")
    for number, line in enumerate(lines[start:], start + 1):
        if line.count("\t") != len(names) - 1:
            raise RecordingError(
                f"{path.name}: row {number}: {line.count(chr(9)) + 1} cells for {len(names)}"
                " columns; mend the row"
            )
    cells = np.array([line.split("\t") for line in lines[start:]]).reshape(-1, len(names))
    return {name: cells[:, i] for i, name in enumerate(names)}


def _lines(path: Path) -> Iterator[str]:
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as stream:
            for line in stream:
                if line.strip():
                    yield line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise RecordingError(
            f"{path.name}: file: not readable as text ({error}); it is cut short or damaged: fetch"
            " it again"
        ) from error


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell == MISSING
    return True


def _numbers(where: str, column: str, cells: NDArray[np.str_]) -> NDArray[np.float64]:
    numbers = _as_numbers(cells)
    if numbers is None:
        row, cell = next((i, c) for i, c in enumerate(cells) if not _is_number(c))
        raise RecordingError(
            f"{where}: {column}: {str(cell)!r} in data row {row + 1} is no number; write n/a for"
            " missing values"
        )
    return numbers


def _as_numbers(cells: NDArray[np.str_]) -> NDArray[np.float64] | None:
    try:
        return np.where(cells == MISSING, "nan", cells).astype(float)
    except ValueError:
        return None


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name}: file: no valid JSON ({error}); mend it") from error
    if not isinstance(content, dict):
        raise RecordingError(f"{path.name}: file: no JSON object; mend it")
    return content
