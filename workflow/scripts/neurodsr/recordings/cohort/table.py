"""Table of a cohort: one row per recording, with what is known of its participant."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr.files import content_sha256
from neurodsr.recordings.cohort.headers import Glance, modality_of
from neurodsr.recordings.cohort.people import PARTICIPANTS, SCANS, SESSIONS, People
from neurodsr.recordings.discovery import Source

FOUND = "found"
NO_ROW = "missing participant row"
NO_FILE = "missing file"
NO_CONTENT = "missing content"
REFUSED = "refused link"
UNREADABLE = "unreadable"
NO_RECORDING = "no recording"

COLUMNS: dict[str, dict[str, Any]] = {
    "recording": {"Description": "Name of the recording and of its folder of results"},
    "dataset": {"Description": "Dataset in the configuration"},
    "format": {
        "Description": "Format of the raw files",
        "Levels": {
            "nwb": "",
            "bids": "",
            "arrays": "tables and arrays",
            "phenotype": "rows of a table below phenotype/ of a BIDS dataset",
        },
    },
    "participant": {"Description": "Participant, without sub-"},
    "session": {"Description": "Session, without ses-"},
    "task": {"Description": "Task, without task-"},
    "run": {"Description": "Run, without run-"},
    "group": {"Description": "Group that the participant belongs to"},
    "modality": {
        "Description": "What names and headers of the files say was recorded, joined by +"
    },
    "duration": {
        "Description": "Duration that the header says; missing where only reading tells",
        "Units": "s",
    },
    "source_files": {"Description": "Files relative to the dataset, joined by a space"},
    "sha256": {"Description": "SHA-256 over the names and contents of the files"},
    "status": {
        "Description": "What was found",
        "Levels": {
            FOUND: "files and, where the dataset has a table of participants, a row there",
            NO_ROW: "the table of participants has no usable row for the participant",
            NO_FILE: "a file is not there",
            NO_CONTENT: "a link to nothing, a git-annex pointer or an empty file",
            REFUSED: "a link that leads out of the dataset",
            UNREADABLE: "a file is damaged",
            NO_RECORDING: "a participant without a recording",
        },
    },
    "reason": {"Description": "What is wrong and how to mend it"},
}
BEFORE = 8


def cohort_table(
    sources: Sequence[Source],
    roots: Mapping[str, str | os.PathLike[str]],
    people: Mapping[str, People],
    glances: Mapping[str, Glance] | None = None,
    checksums: Mapping[str, str] | None = None,
    blocked: Mapping[str, Mapping[str, str]] | None = None,
    labels: Mapping[str, Iterable[str]] | None = None,
    group_column: str = "group",
) -> pd.DataFrame:
    """Join recordings with participants.

    Parameters
    ----------
    sources
        Recordings of all datasets.
    roots
        Folder of each dataset; a file that is not below it is reported.
    people
        What the tables of each dataset say (see `people.read_people`).
    glances
        What the headers of each recording say, by its name (see `headers.glance`).
    checksums
        SHA-256 of each recording, by its name.
    blocked
        Files of each dataset that must not or cannot be read, with the reason.
    labels
        Participants that file names of each dataset mention, whatever the files hold.
    group_column
        Column of the tables that becomes ``group``.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS` with the covariates after ``group`` (``participant_<name>`` where the name is
        taken): the recordings in the order given, then participants without a recording.
    """
    rows = []
    for source in sources:
        told = people.get(source.dataset, People())
        seen = (glances or {}).get(source.recording, Glance(modality_of(source)))
        row = _row(source, seen, (checksums or {}).get(source.recording))
        row |= _trouble(
            source, roots[source.dataset], (blocked or {}).get(source.dataset, {}), seen
        )
        person = source.entities.get("sub", "")
        known = told.participants
        if row["status"] == FOUND and known is not None and person not in known:
            absent = f"participants.tsv of {source.dataset}: no row sub-{person}; add one"
            row |= {"status": NO_ROW, "reason": told.unusable.get(person, absent)}
        facts = told.facts(source, group_column)
        stated = source.described.get("group")
        if stated is not None and facts.get("group") is None:
            facts["group"] = str(stated)
        elif stated is not None and facts["group"] != str(stated):
            told.warnings.append(
                f"{source.recording}: its description says group {stated}, the table"
                f" {facts['group']}; the table is trusted"
            )
        rows.append({**row, **_renamed(facts)})
    present = {(source.dataset, source.entities.get("sub")) for source in sources}
    for dataset in roots:
        listed = people.get(dataset, People()).participants or {}
        for person in dict.fromkeys([*listed, *(labels or {}).get(dataset, ())]):
            if (dataset, person) not in present:
                cells = listed.get(person, {})
                facts = {("group" if k == group_column else k): v for k, v in cells.items()}
                rows.append(
                    {
                        "dataset": dataset,
                        "participant": person,
                        "status": NO_RECORDING,
                        "reason": f"no file of {dataset} that is read belongs to sub-{person}",
                        **_renamed(facts),
                    }
                )
    covariates = list(dict.fromkeys(key for row in rows for key in row if key not in COLUMNS))
    first, last = list(COLUMNS)[:BEFORE], list(COLUMNS)[BEFORE:]
    table = pd.DataFrame(rows, columns=[*first, *covariates, *last])
    table["duration"] = table["duration"].astype(float)
    return table.assign(**{name: _as_numbers(table[name]) for name in covariates})


def data_dictionary(
    table: pd.DataFrame, people: Iterable[People], group_column: str = "group"
) -> dict[str, Mapping[str, Any]]:
    """Describe the columns of a cohort table; covariates as the datasets' dictionaries do."""
    theirs: dict[str, Mapping[str, Any]] = {}
    for told in people:
        for kind in (PARTICIPANTS, SESSIONS, SCANS):
            for column, about in told.columns.get(kind, {}).items():
                name = _free(told.name(kind, column, group_column))
                fallback = {"Description": f"Column {column} of the datasets' {kind}.tsv"}
                if not theirs.get(name) or about:
                    theirs[name] = about if "Description" in about else {**fallback, **about}
    return {str(name): COLUMNS.get(name) or theirs[name] for name in table.columns}


def checksum(root: str | os.PathLike[str], files: Iterable[str]) -> str:
    """SHA-256 over names and contents of files, empty when one is missing."""
    return content_sha256(root, files) if all(Path(root, f).exists() for f in files) else ""


def _trouble(
    source: Source,
    root: str | os.PathLike[str],
    blocked: Mapping[str, str],
    seen: Glance,
) -> dict[str, str | None]:
    """Status and reason of a recording's files."""
    for file in source.files:
        if file in blocked:
            gone = "link to nothing" in blocked[file]
            return {
                "status": NO_CONTENT if gone else REFUSED,
                "reason": f"{file}: {blocked[file]}",
            }
    absent = [file for file in source.files if not Path(root, file).exists()]
    if absent:
        return {"status": NO_FILE, "reason": f"{absent[0]}: not there; fetch it"}
    if seen.problem:
        gone = "annex" in seen.problem or "it is empty" in seen.problem
        return {"status": NO_CONTENT if gone else UNREADABLE, "reason": seen.problem}
    return {"status": FOUND, "reason": None}


def _row(source: Source, seen: Glance, sha256: str | None) -> dict[str, Any]:
    entities = source.entities
    return {
        "recording": source.recording,
        "dataset": source.dataset,
        "format": source.format,
        "participant": entities.get("sub"),
        "session": entities.get("ses"),
        "task": entities.get("task"),
        "run": entities.get("run"),
        "modality": seen.modality or None,
        "duration": seen.duration,
        "source_files": " ".join(source.files),
        "sha256": sha256 or None,
    }


def _renamed(facts: Mapping[str, str | None]) -> dict[str, str | None]:
    return {_free(name): value for name, value in facts.items()}


def _free(name: str) -> str:
    """A covariate's name, out of the way of the table's own columns."""
    return f"participant_{name}" if name in COLUMNS and name != "group" else name


def _as_numbers(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers where every cell is one and none is a code such as ``007``."""
    cells = column.dropna()
    if not len(cells) or cells.str.fullmatch(r"[+-]?0\d+").any():
        return column
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if int(numbers.notna().sum()) == len(cells) else column
