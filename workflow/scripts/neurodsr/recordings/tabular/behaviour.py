"""Behaviour as modalities: ``_beh.tsv``, events with categories, diaries below ``phenotype/``."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.recordings.recording import clean_name, make_continuous, make_recording
from neurodsr.recordings.selection import Found, select_modalities
from neurodsr.recordings.tabular.categories import code_columns
from neurodsr.recordings.tabular.cells import read_cells
from neurodsr.recordings.tabular.clocks import ROWS, Clock, clock_of

IDENTIFIERS = ("participant_id", "session_id")


def table_as_signal(
    where: str,
    table: pd.DataFrame,
    dictionary: Mapping[str, Mapping[str, Any]],
    clock: Clock,
    **attributes: Any,
) -> xr.Dataset:
    """Rows of a table as samples of a modality, in the order of time.

    Columns of text and of coded categories are integers, with their levels in the attributes
    ``levels`` (JSON, names in order by channel) and ``scale`` (``nominal`` or ``ordinal``). Rows
    without an instant are left out; the instants stay as irregular as they are.

    Raises
    ------
    RecordingError
        No column is left, two rows have the same instant, or a cell fits nothing.
    """
    channels = code_columns(where, table.drop(columns=list(clock.columns)), dictionary)
    if not channels.values:
        raise RecordingError(
            f"{where}: columns: neither numbers nor categories beside the time; there is no signal"
        )
    timed = np.flatnonzero(np.isfinite(clock.time))
    order = timed[np.argsort(clock.time[timed], kind="stable")]
    return make_continuous(
        where,
        clock.time[order],
        np.column_stack(list(channels.values.values()))[order],
        list(channels.values),
        1.0 if clock.kind == ROWS and (np.diff(clock.time[order]) == 1).all() else None,
        **{"clock": clock.kind, **channels.attributes(), **attributes},
    )


def read_beh(path: Path, sidecar: Mapping[str, Any]) -> xr.Dataset:
    """Behaviour of one participant in ``_beh.tsv``, on the clock that its columns give.

    Without a column of time, ``SamplingFrequency`` of the sidecar gives the clock, or the rows
    are counted.
    """
    table = read_cells(path)
    dictionary = column_dictionary(sidecar)
    clock = clock_of(path.name, table, dictionary)
    rate = sidecar.get("SamplingFrequency")
    if clock.kind == ROWS and isinstance(rate, int | float) and rate > 0:
        start = float(sidecar.get("StartTime", 0.0))
        clock = Clock(start + np.arange(len(table)) / rate, (), "SamplingFrequency")
    return table_as_signal(path.name, table, dictionary, clock, suffix="beh")


def events_as_signal(path: Path, sidecar: Mapping[str, Any]) -> xr.Dataset:
    """Numbers and categories of a table of events as a series at their onsets."""
    table = read_cells(path)
    if "onset" not in table:
        raise RecordingError(f"{path.name}: onset: no such column; events need onset and duration")
    dictionary = column_dictionary(sidecar)
    clock = clock_of(path.name, table, {}, "onset")
    table = _distinct_onsets(table.drop(columns=["duration"], errors="ignore"), clock)
    clock = clock_of(path.name, table, {}, "onset")
    return table_as_signal(path.name, table, dictionary, clock, suffix="events")


def read_phenotype(
    root: Path, files: Sequence[str], participant: str, settings: Mapping[str, Any]
) -> xr.DataTree:
    """Rows of one participant in a table below ``phenotype/`` as a recording.

    Levels are those of the whole table, so that they are the same for all participants.

    Parameters
    ----------
    root
        Of the dataset.
    files
        The table and, where there is one, its dictionary.
    participant
        Label, without ``sub-``.
    settings
        As ``read.schema.yaml`` describes them.

    Raises
    ------
    RecordingError
        The table cannot be read or the participant has fewer than two usable rows.
    """
    path = root / files[0]
    table = read_cells(path)
    dictionary = column_dictionary(read_json(root / files[1]) if len(files) > 1 else {})
    who = table["participant_id"].astype(str).str.removeprefix("sub-")
    mine = (who == participant).to_numpy()
    where = f"{path.name}: sub-{participant}"
    if mine.sum() < 2:
        raise RecordingError(f"{where}: rows: {mine.sum()}; a series needs at least two")
    names = [name for name in IDENTIFIERS if name in table]
    complete = _with_levels(table.drop(columns=names), dictionary)

    def read(_: object) -> xr.Dataset:
        own = table[mine].drop(columns=names).reset_index(drop=True)
        clock = clock_of(where, own, dictionary)
        return table_as_signal(where, own, complete, clock, suffix="phenotype")

    name = clean_name(path.stem)
    found = [Found(name, (path.stem, "phenotype"), read)]
    return make_recording(select_modalities(where, found, settings), {}, {})


def column_dictionary(sidecar: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The part of a sidecar that describes columns."""
    return {name: about for name, about in sidecar.items() if isinstance(about, Mapping)}


def read_json(path: Path) -> dict[str, Any]:
    """Content of a JSON file.

    Raises
    ------
    RecordingError
        It is no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name}: file: no valid JSON ({error}); mend it") from error
    if not isinstance(content, dict):
        raise RecordingError(f"{path.name}: file: no JSON object; mend it")
    return content


def _with_levels(
    table: pd.DataFrame, dictionary: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """The dictionary, with the levels of columns of text that it does not give."""
    complete = dict(dictionary)
    for name in table.columns:
        column = table[name]
        if not pd.api.types.is_numeric_dtype(column) and "Levels" not in complete.get(name, {}):
            found = sorted({str(cell).strip() for cell in column.dropna()})
            if 0 < len(found) <= 20:
                levels = {cell: cell for cell in found}
                complete[name] = {**complete.get(name, {}), "Levels": levels}
    return complete


def _distinct_onsets(table: pd.DataFrame, clock: Clock) -> pd.DataFrame:
    """Of events at the same instant the last: what a participant saw is then a function of time."""
    kept = pd.Series(clock.time).duplicated(keep="last").to_numpy() & np.isfinite(clock.time)
    return table[~kept].reset_index(drop=True)
