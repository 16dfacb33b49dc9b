"""What a reader of a cohort's table should know about its datasets."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr.recordings.cohort.people import PARTICIPANTS, People
from neurodsr.recordings.cohort.readme import contradictions

READMES = ("README", "README.md", "README.txt")


def notes_on(
    dataset: str,
    about: Mapping[str, Any],
    people: People,
    table: pd.DataFrame,
    group_column: str,
) -> Iterator[str]:
    """One sentence for each thing that is odd about a dataset.

    Parameters
    ----------
    dataset
        Name of the dataset.
    about
        ``root``, ``tables`` (paths of README and tables), ``blocked`` (path and reason).
    people
        What its tables say.
    table
        Of the cohort.
    group_column
        Column that holds the groups.
    """
    yield from (f"{dataset}: {warning}" for warning in people.warnings)
    columns = people.known_columns()
    if columns and group_column not in columns:
        yield (
            f"{dataset}: no column {group_column!r}, so its participants have no group; columns:"
            f" {', '.join(columns)}; name one as group.column"
        )
    listed = people.participants or {}
    groups = [row[group_column] for row in listed.values() if row.get(group_column)]
    if groups:
        known = _labels(people, group_column)
        for text in _readmes(about):
            found = contradictions(text, map(str, groups), len(listed), known)
            yield from (f"{dataset}: {sentence}" for sentence in found)
    named = " ".join(table.loc[table["dataset"] == dataset, "source_files"].dropna())
    for path, reason in about["blocked"].items():
        if path not in named:
            yield f"{dataset}: {path}: {reason}"


def _labels(people: People, group_column: str) -> dict[str, list[str]]:
    """Further words for the groups: labels in the data dictionary."""
    levels = people.columns.get(PARTICIPANTS, {}).get(group_column, {}).get("Levels", {})
    if not isinstance(levels, Mapping):
        return {}
    return {str(key): [text] for key, text in levels.items() if isinstance(text, str)}


def _readmes(about: Mapping[str, Any]) -> Iterator[str]:
    for name in READMES:
        if name in about["tables"]:
            yield Path(about["root"], name).read_text(encoding="utf-8", errors="replace")
