"""Table of a cohort: one row per recording, with what is known of its participant."""

import hashlib
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr import tables
from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery import SIGNAL_EXTENSIONS, Source, parse_name

log = logging.getLogger("neurodsr")

FOUND = "found"
NO_ROW = "missing participant row"
NO_FILE = "missing file"
NO_RECORDING = "no recording"

COLUMNS: dict[str, dict[str, Any]] = {
    "recording": {"Description": "Name of the recording and of its folder of results"},
    "dataset": {"Description": "Dataset in the configuration"},
    "format": {
        "Description": "Format of the raw files",
        "Levels": {"nwb": "", "bids": "", "arrays": ".npy"},
    },
    "participant": {"Description": "Participant, without sub-"},
    "session": {"Description": "Session, without ses-"},
    "task": {"Description": "Task, without task-"},
    "run": {"Description": "Run, without run-"},
    "group": {"Description": "Group that the participant belongs to"},
    "modality": {"Description": "What the names of the files say was recorded, joined by +"},
    "source_files": {"Description": "Files relative to the dataset, joined by a space"},
    "sha256": {"Description": "SHA-256 over the names and contents of the files"},
    "status": {
        "Description": "What was found",
        "Levels": {
            FOUND: "files and, where the dataset has a table of participants, a row there",
            NO_ROW: "the table of participants has no row for the participant",
            NO_FILE: "a file is not there",
            NO_RECORDING: "a participant without a recording",
        },
    },
    "reason": {"Description": "What is wrong and how to mend it"},
}


def read_participants(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read ``participants.tsv``; the column ``participant_id`` loses its ``sub-``.

    Raises
    ------
    ConfigError
        The table is not rectangular or its identifiers are missing or occur twice.
    """
    lines = [line for line in Path(path).read_text(encoding="utf-8-sig").splitlines() if line]
    for number, line in enumerate(lines, 1):
        if line.count("\t") != lines[0].count("\t"):
            raise ConfigError(
                f"{path}: row {number}: {line.count(chr(9)) + 1} cells for"
                f" {lines[0].count(chr(9)) + 1} columns; mend the row"
            )
    if not lines or "participant_id" not in lines[0].split("\t"):
        raise ConfigError(f"{path}: participant_id: no such column; BIDS asks for it")
    table = tables.read_table(path)
    table["participant_id"] = table["participant_id"].str.removeprefix("sub-")
    if table["participant_id"].isna().any():
        raise ConfigError(f"{path}: participant_id: a row has none; fill it in")
    twice = table.loc[table["participant_id"].duplicated(), "participant_id"]
    if len(twice):
        raise ConfigError(f"{path}: participant_id: sub-{twice.iloc[0]} twice; keep one row")
    return table


def cohort_table(
    sources: Sequence[Source],
    roots: Mapping[str, str | os.PathLike[str]],
    participants: Mapping[str, pd.DataFrame],
    checksums: Mapping[str, str],
    group_column: str = "group",
) -> pd.DataFrame:
    """Join recordings with participants.

    Parameters
    ----------
    sources
        Recordings of all datasets.
    roots
        Folder of each dataset; a file that is not below it is reported.
    participants
        Table of participants (see `read_participants`) of each dataset that has one.
    checksums
        SHA-256 of each recording, by its name.
    group_column
        Column of the tables of participants that becomes ``group``; a table without it is warned
        about in the log.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS` with the covariates after ``group`` (``participant_<name>`` where the name is
        taken): the recordings in the order given, then participants without a recording.
    """
    facts = {name: _facts(name, table, group_column) for name, table in participants.items()}
    rows = []
    for source in sources:
        known = facts.get(source.dataset)
        person = source.entities.get("sub", "")
        row = _row(source, checksums.get(source.recording))
        absent = [f for f in source.files if not Path(roots[source.dataset], f).is_file()]
        if absent:
            row |= {"status": NO_FILE, "reason": f"{absent[0]}: not there; fetch it"}
        elif known is not None and person not in known:
            reason = f"participants.tsv of {source.dataset}: no row sub-{person}; add one"
            row |= {"status": NO_ROW, "reason": reason}
        rows.append({**row, **(known or {}).get(person, {})})
    present = {(source.dataset, source.entities.get("sub")) for source in sources}
    for dataset, known in facts.items():
        for person in known:
            if (dataset, person) not in present:
                reason = f"no file of {dataset} that is read belongs to sub-{person}"
                row = {"dataset": dataset, "participant": person, "status": NO_RECORDING}
                rows.append({**row, "reason": reason, **known[person]})
    covariates = dict.fromkeys(key for row in rows for key in row if key not in COLUMNS)
    first, last = list(COLUMNS)[:8], list(COLUMNS)[8:]
    return pd.DataFrame(rows, columns=[*first, *covariates, *last])


def data_dictionary(
    table: pd.DataFrame, descriptions: Iterable[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Describe the columns of a cohort table.

    ``descriptions`` are the contents of the datasets' ``participants.json``.
    """
    described: dict[str, Mapping[str, Any]] = {}
    for name in table.columns:
        own = name.removeprefix("participant_")
        theirs = [d[own] for d in descriptions if isinstance(d.get(own), Mapping)]
        fallback = {"Description": f"Column {own} of the datasets' participants.tsv"}
        described[str(name)] = COLUMNS.get(name) or next(iter(theirs), fallback)
    return described


def checksum(root: str | os.PathLike[str], files: Iterable[str]) -> str:
    """SHA-256 over names and contents of files, empty when one is missing."""
    whole = hashlib.sha256()
    for file in sorted(files):
        path = Path(root, file)
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            whole.update(f"{file}\0{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def _row(source: Source, sha256: str | None) -> dict[str, Any]:
    names = [parse_name(file) for file in source.files if source.format != "arrays"]
    signals = [n.suffix for n in names if n.extension in SIGNAL_EXTENSIONS.get(n.suffix, ())]
    entities = source.entities
    return {
        "recording": source.recording,
        "dataset": source.dataset,
        "format": source.format,
        "participant": entities.get("sub"),
        "session": entities.get("ses"),
        "task": entities.get("task"),
        "run": entities.get("run"),
        "modality": "+".join(dict.fromkeys(signals or [name.suffix for name in names[:1]])) or None,
        "source_files": " ".join(source.files),
        "sha256": sha256 or None,
        "status": FOUND,
    }


def _facts(dataset: str, table: pd.DataFrame, group_column: str) -> dict[str, dict[str, Any]]:
    """Group and covariates of each participant."""
    if group_column not in table:
        log.warning(
            "%s: participants.tsv has no column %r, so its participants have no group; columns: %s",
            dataset,
            group_column,
            ", ".join(map(str, table.columns)),
        )
    reserved = {*COLUMNS, "participant_id"}
    names = {
        column: f"participant_{column}" if column in reserved else str(column)
        for column in table.columns
        if column not in ("participant_id", group_column)
    }
    facts = {}
    for row in table.to_dict("records"):
        group = row.get(group_column)
        covariates = {new: row[old] for old, new in names.items()}
        facts[str(row["participant_id"])] = {
            "group": None if pd.isna(group) else str(group),
            **covariates,
        }
    return facts
