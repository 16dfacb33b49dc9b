"""Reading of delimited text, with the row that is wrong in each complaint."""

import csv
import gzip
import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal

import pandas as pd

from neurodsr.errors import RecordingError
from neurodsr.recordings.recording import require_content

TAB = "\t"
MISSING = ["n/a", "", "NA", "N/A", "NaN", "nan"]


def read_cells(
    path: Path, separator: str = TAB, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """A table with one column for each name in its first row.

    Parameters
    ----------
    path
        A file of text in UTF-8, or such a file compressed by gzip.
    separator
        Between cells.
    columns
        Names of the columns of a table that has no header.

    Returns
    -------
    pandas.DataFrame
        Columns of numbers, and of text where a cell is none; NaN where a cell is missing.

    Raises
    ------
    RecordingError
        The file cannot be read, a row has more or fewer cells than there are columns, or two
        columns have the same name.
    """
    require_content(path)
    names, first = _check_rows(path, separator, columns)
    try:
        frame = pd.read_csv(
            path,
            sep=separator,
            header=None,
            names=list(range(len(names))),
            skiprows=first,
            na_values=MISSING,
            keep_default_na=False,
            encoding="utf-8-sig",
            low_memory=False,
            skipinitialspace=separator != TAB,
            quoting=_quoting(separator),
        )
    except pd.errors.ParserError as error:
        raise RecordingError(
            f"{path.name}: rows: {' '.join(str(error).split())[:200]}; mend the row or the quotes"
        ) from error
    return frame.set_axis(names, axis="columns")


def _check_rows(path: Path, separator: str, columns: Sequence[str] | None) -> tuple[list[str], int]:
    """Names of the columns, and how many lines come before the first row of data."""
    names = list(columns) if columns is not None else None
    first = 0
    rows = 0
    try:
        with _open(path) as stream:
            for number, line in enumerate(stream, 1):
                text = line.rstrip("\r\n")
                if not text.strip():
                    continue
                if names is None:
                    names, first = _header(path, text, separator), number
                    continue
                rows += 1
                plain = separator == TAB or '"' not in text
                if plain and text.count(separator) != len(names) - 1:
                    raise RecordingError(
                        f"{path.name}: row {number}: {text.count(separator) + 1} cells for"
                        f" {len(names)} columns; mend the row"
                    )
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _not_text(path, error) from error
    if names is None or not rows:
        raise RecordingError(f"{path.name}: rows: none below the header; leave the recording out")
    return names, first


def header_of(path: Path, separator: str) -> list[str]:
    """Names of the columns in the first row.

    Raises
    ------
    RecordingError
        It cannot be read or holds no names.
    """
    try:
        with _open(path) as stream:
            first = next((line for line in stream if line.strip()), "")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _not_text(path, error) from error
    return _header(path, first.rstrip("\r\n"), separator)


def _header(path: Path, line: str, separator: str) -> list[str]:
    cells = csv.reader(
        [line],
        delimiter=separator,
        skipinitialspace=separator != TAB,
        quoting=_quoting(separator),
    )
    names = [cell.strip() for cell in next(cells, [])]
    other = next((s for s in "\t;," if s != separator and s in line), None)
    if len(names) == 1 and other:
        raise RecordingError(
            f"{path.name}: header: cells are separated by {other!r} where {separator!r} is"
            " expected; export the table again"
        )
    if all(_is_number(name) for name in names):
        raise RecordingError(
            f"{path.name}: header: the first row holds numbers, not the names of the columns; add"
            " a row of names"
        )
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise RecordingError(f"{path.name}: header: {twice!r} twice; make the names differ")
    return names


def _not_text(path: Path, error: Exception) -> RecordingError:
    return RecordingError(
        f"{path.name}: file: not readable as text ({error}); it is damaged or not in UTF-8:"
        " fetch or export it again"
    )


def _quoting(separator: str) -> Literal[0, 3]:
    """Quotes hold a cell together, but not in tables separated by tabs, where BIDS knows none."""
    return csv.QUOTE_NONE if separator == TAB else csv.QUOTE_MINIMAL


def _open(path: Path) -> IO[Any]:
    if path.name.endswith(".gz"):
        return gzip.open(os.fspath(path), "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
