"""What the tables of a BIDS dataset say of participants, sessions and single recordings."""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery import Source, parse_name

MISSING = ("n/a", "")
PARTICIPANTS, SESSIONS, SCANS = "participants", "sessions", "scans"

Row = dict[str, str | None]


@dataclass
class People:
    """Tables of one dataset; rows without their identifying columns.

    Attributes
    ----------
    participants
        By label, None where the dataset has no such table.
    sessions
        By participant and session.
    scans
        By the path of the file that was recorded.
    columns
        Dictionaries of the columns (`Description`, `Units`, `Levels`), by kind of table and name.
    unusable
        Why a participant's row cannot be used.
    warnings
        What is wrong with the tables.
    """

    participants: dict[str, Row] | None = None
    sessions: dict[tuple[str, str], Row] = field(default_factory=dict)
    scans: dict[str, Row] = field(default_factory=dict)
    columns: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def facts(self, source: Source, group_column: str) -> dict[str, str | None]:
        """Group and covariates of one recording.

        What is said of the session goes before what is said of the participant, and what is said
        of the file before both; a name that is taken gets ``session_`` or ``scan_`` before it.
        """
        person = source.entities.get("sub", "")
        session = person, source.entities.get("ses", "")
        scan = next((self.scans[file] for file in source.files if file in self.scans), {})
        known: dict[str, str | None] = {}
        rows = ((self.participants or {}).get(person, {}), self.sessions.get(session, {}), scan)
        for kind, row in zip((PARTICIPANTS, SESSIONS, SCANS), rows, strict=True):
            for column, value in row.items():
                if column == group_column:
                    known["group"] = value if value is not None else known.get("group")
                else:
                    known[self.name(kind, column, group_column)] = value
        return known

    def name(self, kind: str, column: str, group_column: str) -> str:
        """Name of a covariate: its column, with the kind before it where another table has it."""
        kinds = (PARTICIPANTS, SESSIONS, SCANS)
        before = [k for k in kinds[: kinds.index(kind)] if column in self.columns.get(k, {})]
        return f"{kind.removesuffix('s')}_{column}" if before or column == group_column else column

    def known_columns(self) -> list[str]:
        """Names of all columns of all tables."""
        return list(dict.fromkeys(name for table in self.columns.values() for name in table))


def table_files(files: Iterable[str]) -> list[str]:
    """The files of a dataset that `read_people` and the summary read."""
    kinds = tuple(f"{kind}.{end}" for kind in (SESSIONS, SCANS) for end in ("tsv", "json"))
    top = {"participants.tsv", "participants.json", "README", "README.md", "README.txt"}
    return [path for path in files if path in top or path.endswith(kinds)]


def read_people(root: str | os.PathLike[str], files: Sequence[str]) -> People:
    """Read ``participants.tsv`` and all tables of sessions and scans.

    A row that cannot be used is left out and told about; a table of participants that is none
    stops everything, because no group could be told.

    Parameters
    ----------
    root
        Root of the dataset.
    files
        Paths of the tables and their dictionaries relative to the root (see `table_files`).

    Raises
    ------
    ConfigError
        ``participants.tsv`` has no column ``participant_id`` or is no text.
    """
    people = People()
    for path in sorted(files):
        name = parse_name(path)
        if name.extension != ".tsv" or name.suffix not in (PARTICIPANTS, SESSIONS, SCANS):
            continue
        identifier = {PARTICIPANTS: "participant_id", SESSIONS: "session_id", SCANS: "filename"}
        key = identifier[name.suffix]
        try:
            header, rows = _read(Path(root, path), key)
        except ConfigError as error:
            if name.suffix == PARTICIPANTS:
                raise
            people.warnings.append(str(error))
            continue
        dictionary = _dictionary(Path(root, path).with_suffix(".json"))
        described = people.columns.setdefault(name.suffix, {})
        for column in header:
            if column not in (key, "participant_id"):
                described.setdefault(column, dictionary.get(column, {}))
        if name.suffix == PARTICIPANTS:
            people.participants = _participants(path, header, rows, people)
        elif name.suffix == SESSIONS:
            _sessions(path, name.entities.get("sub", ""), header, rows, people)
        else:
            _scans(path, header, rows, people)
    return people


def _participants(
    path: str, header: list[str], rows: list[tuple[int, list[str]]], people: People
) -> dict[str, Row]:
    known: dict[str, Row] = {}
    for number, cells in rows:
        if len(cells) != len(header):
            problem = f"{path}: row {number}: {_cells(cells)} for {_columns(header)}; mend the row"
            people.warnings.append(problem)
            if header.index("participant_id") < len(cells):
                label = cells[header.index("participant_id")].removeprefix("sub-")
                people.unusable[label] = problem
            continue
        row = _row(header, cells)
        label = (row.pop("participant_id") or "").removeprefix("sub-")
        if not label:
            people.warnings.append(f"{path}: row {number}: participant_id: missing; fill it in")
        elif known.get(label, row) != row:
            problem = f"{path}: participant_id: sub-{label} twice, with other values; keep one row"
            people.warnings.append(problem)
            people.unusable[label] = problem
        else:
            known[label] = row
    return {label: row for label, row in known.items() if label not in people.unusable}


def _sessions(
    path: str, person: str, header: list[str], rows: list[tuple[int, list[str]]], people: People
) -> None:
    """Sessions of the participant that the file name or the column ``participant_id`` names."""
    for number, cells in rows:
        row = _row(header, cells) if len(cells) == len(header) else {}
        who = (row.pop("participant_id", None) or person).removeprefix("sub-")
        session = (row.pop("session_id", None) or "").removeprefix("ses-")
        if who and session:
            people.sessions[who, session] = row
        else:
            people.warnings.append(
                f"{path}: row {number}: names no session of a participant; mend the row"
            )


def _scans(path: str, header: list[str], rows: list[tuple[int, list[str]]], people: People) -> None:
    """Files relative to the folder of the table."""
    folder = PurePosixPath(path).parent
    for number, cells in rows:
        row = _row(header, cells) if len(cells) == len(header) else {}
        file = row.pop("filename", None)
        if file:
            people.scans[str(folder / file)] = row
        else:
            people.warnings.append(f"{path}: row {number}: names no file; mend the row")


def _read(path: Path, key: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Header and numbered rows of a table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows = [(i, row) for i, row in enumerate(reader, 1) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(
            f"{path}: file: not readable as text ({error}); save it as UTF-8 with tabs"
        ) from error
    header = [name.strip() for name in rows[0][1]] if rows else []
    if key not in header:
        other = next((s for s in ",;" if len(header) == 1 and s in header[0]), None)
        hint = f"; its cells are separated by {other!r}, not by tabs" if other else ""
        raise ConfigError(f"{path}: {key}: no such column; BIDS asks for it{hint}")
    return header, rows[1:]


def _row(header: Sequence[str], cells: Sequence[str]) -> Row:
    stripped = (cell.strip() for cell in cells)
    return {
        name: None if cell in MISSING else cell for name, cell in zip(header, stripped, strict=True)
    }


def _dictionary(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    content = content if isinstance(content, dict) else {}
    return {name: about for name, about in content.items() if isinstance(about, Mapping)}


def _cells(cells: Sequence[str]) -> str:
    return f"{len(cells)} cells"


def _columns(header: Sequence[str]) -> str:
    return f"{len(header)} columns"
