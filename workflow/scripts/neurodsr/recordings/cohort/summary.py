"""What was found, what of it can be used and why the rest cannot, in words for a reader."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from neurodsr.recordings.cohort.table import FOUND, NO_RECORDING, NO_ROW

SHOWN = 20
KINDS = ["session", "task", "modality"]
USABLE = (FOUND, NO_ROW)


def summarise(
    title: str,
    table: pd.DataFrame,
    datasets: Mapping[str, Mapping[str, Any]],
    notes: Sequence[str],
    group_column: str = "group",
) -> str:
    """A page of plain text about a cohort, before anything is computed.

    Parameters
    ----------
    title
        Heading.
    table
        Of the cohort (see `table.cohort_table`).
    datasets
        By name, with the keys ``root`` and ``files`` (their number).
    notes
        What a reader should know: contradictions, rows of tables that cannot be used.
    group_column
        Where the groups were taken from.
    """
    recordings = table[table["recording"].notna()]
    usable = recordings["status"].isin(USABLE)
    lines = [title, "=" * len(title), ""]
    lines.append(
        f"{_count(len(recordings), 'recording')} of"
        f" {_count(recordings['participant'].nunique(), 'participant')} found;"
        f" {int(usable.sum())} can be read as far as names and headers tell,"
        f" {int((~usable).sum())} cannot. Nothing has been computed yet."
    )
    for name, about in datasets.items():
        rows = table[table["dataset"] == name]
        lines += ["", *_dataset(name, about, rows, group_column)]
    lines += ["", *_trouble(table)]
    if notes:
        lines += ["", "To be noted", *(f"  - {note}" for note in dict.fromkeys(notes))]
    return "\n".join(printable(line) for line in lines) + "\n"


def printable(text: str) -> str:
    """Text from files as it can be shown: control characters are spelled out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _dataset(
    name: str, about: Mapping[str, Any], rows: pd.DataFrame, group_column: str
) -> Iterator[str]:
    recordings = rows[rows["recording"].notna()]
    formats = ", ".join(sorted(recordings["format"].dropna().unique())) or "nothing readable"
    yield f"Dataset {name}: {formats}, {_count(int(about['files']), 'file')} in {about['root']}"
    people = rows.drop_duplicates("participant")
    silent = int((rows["status"] == NO_RECORDING).sum())
    yield (
        f"  participants: {recordings['participant'].nunique()} with recordings, {silent} without"
    )
    counts = people["group"].value_counts().sort_index()
    if len(counts):
        groups = ", ".join(f"{group} {count}" for group, count in counts.items())
        unknown = int(people["group"].isna().sum())
        rest = f", not known {unknown}" if unknown else ""
        yield f"  groups (column {group_column!r}): {groups}{rest}"
    else:
        yield f"  groups: none known (column {group_column!r})"
    several = rows.dropna(subset=["group"]).groupby("participant")["group"].nunique()
    if (several > 1).any():
        yield (
            f"  {_count(int((several > 1).sum()), 'participant')} in another group in another"
            " session"
        )
    if len(recordings):
        yield ""
        yield from (f"  {line}" for line in _grid(_kinds(recordings)))


def _kinds(recordings: pd.DataFrame) -> list[list[str]]:
    """Counts and durations by session, task and modality."""
    header = [*KINDS, "recordings", "participants", "usable", "duration: least, median, most"]
    rows = [header]
    columns = {name: recordings[name].astype(object).fillna("-").astype(str) for name in KINDS}
    shown = recordings.assign(**columns)
    for kind, part in shown.groupby(KINDS, sort=True):
        known = part["duration"].dropna()
        spread = [known.min(), known.median(), known.max()] if len(known) else []
        rows.append(
            [
                *map(str, kind),
                str(len(part)),
                str(part["participant"].nunique()),
                str(int(part["status"].isin(USABLE).sum())),
                ", ".join(_lasting(float(value)) for value in spread) or "not in the header",
            ]
        )
    return rows


def _trouble(table: pd.DataFrame) -> Iterator[str]:
    wrong = table[table["status"] != FOUND]
    if wrong.empty:
        yield "Nothing is missing or broken, as far as names and headers tell."
        return
    yield "What is missing or cannot be used"
    for status, rows in wrong.groupby("status"):
        yield f"  {status}: {len(rows)}"
        for row in rows.head(SHOWN).to_dict("records"):
            who = row["recording"]
            who = f"sub-{row['participant']} ({row['dataset']})" if pd.isna(who) else who
            yield f"    {who}: {row['reason']}"
        if len(rows) > SHOWN:
            yield f"    and {len(rows) - SHOWN} more, see cohort.tsv"


def _grid(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip() for r in rows]


def _lasting(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 600 else f"{seconds / 60:.4g} min"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
