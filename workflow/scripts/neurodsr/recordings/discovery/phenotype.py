"""Diaries and repeated assessments: tables below ``phenotype/`` with several rows a participant.

Only the standard library is used.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from neurodsr.recordings.discovery.source import Source, recording_name

FOLDER = "phenotype"
IDENTIFIER = "participant_id"
SUFFIX = "phenotype"


def phenotype_tables(files: Sequence[str]) -> list[str]:
    """Paths of the tables of a dataset that hold one row per assessment."""
    return [path for path in files if path.endswith(".tsv") and path.rpartition("/")[0] == FOLDER]


def repeated_participants(path: Path) -> list[str]:
    """Labels of participants with two or more rows, in the order of the table.

    A table with one row a participant is a questionnaire, which is no series. Of a table that
    cannot be read nobody is known.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(rows, [])
            if IDENTIFIER not in header:
                return []
            column = header.index(IDENTIFIER)
            counts = Counter(row[column] for row in rows if len(row) > column)
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    return [
        who.removeprefix("sub-")
        for who, rows in counts.items()
        if rows > 1 and who not in ("n/a", "")
    ]


def phenotype_sources(
    dataset: str, participants: Mapping[str, Sequence[str]], files: Sequence[str]
) -> list[Source]:
    """One recording for each participant with repeated rows in a table.

    Parameters
    ----------
    dataset
        Name of the dataset.
    participants
        Labels by the path of the table (see `repeated_participants`).
    files
        All files of the dataset, among them the tables' dictionaries.
    """
    there = set(files)
    sources = []
    for path, labels in participants.items():
        stem = PurePosixPath(path).stem
        task = re.sub(r"[^A-Za-z0-9]", "", stem)
        sidecar = str(PurePosixPath(path).with_suffix(".json"))
        paths = (path, *([sidecar] if sidecar in there else []))
        for label in labels:
            entities = {"sub": re.sub(r"[^A-Za-z0-9+.-]", "-", label), "task": task}
            described = {"participant": label}
            name = recording_name(entities)
            sources.append(Source(dataset, name, SUFFIX, paths, entities, described))
    return sources
