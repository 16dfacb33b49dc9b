"""Cells of tab-separated tables, plain or compressed, with or without a header."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

MISSING = "n/a"

Table = dict[str, NDArray[np.str_]]


def read_table(path: Path, columns: Any = None) -> Table:
    """Cells of a TSV file by column.

    Parameters
    ----------
    path
        Of the file; ``.gz`` is unpacked.
    columns
        Names of the columns of a table without a header (``Columns`` of its sidecar). A first row
        that repeats them is skipped.

    Raises
    ------
    RecordingError
        The file is damaged, is not rectangular, or nothing names its columns.
    """
    if columns is not None and not isinstance(columns, list):
        raise RecordingError(f"{path.name}: Columns: {columns!r} in its sidecar; it must be a list")
    lines = list(_lines(path))
    if not lines:
        raise RecordingError(f"{path.name}: file: no rows; fetch it again")
    first = lines[0].split("\t")
    names = first if columns is None else [str(name) for name in columns]
    headed = first == names
    if columns is None and _is_data(first):
        raise RecordingError(
            f"{path.name}: Columns: neither a header nor Columns in a JSON sidecar; add one"
        )
    if len(set(names)) < len(names):
        raise RecordingError(f"{path.name}: columns: a name occurs twice; make them differ")
    for row, line in enumerate(lines[headed:], 1 + headed):
        if line.count("\t") != len(names) - 1:
            raise RecordingError(
                f"{path.name}: row {row}: {line.count(chr(9)) + 1} cells for {len(names)}"
                " columns; mend the row"
            )
    cells = np.array([line.split("\t") for line in lines[headed:]]).reshape(-1, len(names))
    return {name: cells[:, i] for i, name in enumerate(names)}


def read_numbers(path: Path, columns: Any = None) -> tuple[list[str], NDArray[np.float64]]:
    """Names and values (row, column) of a table of numbers; n/a becomes NaN."""
    table = read_table(path, columns)
    values = [numbers(path.name, column, cells) for column, cells in table.items()]
    return list(table), np.column_stack(values)


def numbers(where: str, column: str, cells: NDArray[np.str_]) -> NDArray[np.float64]:
    """Numbers of a column.

    Raises
    ------
    RecordingError
        A cell is neither a number nor n/a.
    """
    values = as_numbers(cells)
    if values is None:
        row, cell = next((i, c) for i, c in enumerate(cells) if not _is_number(c))
        raise RecordingError(
            f"{where}: {column}: {str(cell)!r} in data row {row + 1} is no number; write n/a for"
            " missing values"
        )
    return values


def as_numbers(cells: NDArray[np.str_]) -> NDArray[np.float64] | None:
    """Numbers of a column with NaN for n/a and for empty cells, None when one is none."""
    try:
        return np.where((cells == MISSING) | (cells == ""), "nan", cells).astype(float)
    except ValueError:
        return None


def _lines(path: Path) -> Iterator[str]:
    opener = gzip.open if path.name.endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig") as stream:
            for line in stream:
                if line.strip("\r\n "):
                    yield line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise RecordingError(
            f"{path.name}: file: not readable as text ({error}); it is cut short or damaged: fetch"
            " it again"
        ) from error


def _is_data(cells: list[str]) -> bool:
    """Whether a first row holds data, unlike column names, numbers counted from 0 or 1 included."""
    if not all(_is_number(cell) for cell in cells):
        return False
    counted = [[str(i) for i in range(first, first + len(cells))] for first in (0, 1)]
    return len(cells) < 3 or cells not in counted


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell in (MISSING, "")
    return True
