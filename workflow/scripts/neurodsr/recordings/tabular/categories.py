"""Columns of text or of codes as channels of integers, with the names of their levels."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

MOST_LEVELS = 20
LONGEST_LABEL = 40
NOMINAL, ORDINAL, NUMERIC = "nominal", "ordinal", "numeric"


@dataclass
class Channels:
    """Columns as numbers.

    Attributes
    ----------
    values
        (row,) numbers of each channel, NaN where missing; of categories the place of the level.
    levels, scale
        Names of the levels in order, and ``"nominal"`` or ``"ordinal"``, of channels that are
        categories.
    units
        Of the other channels, where they are known.
    left_out
        Columns that are neither: text with too many different values.
    """

    values: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    levels: dict[str, list[str]] = field(default_factory=dict)
    scale: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def attributes(self) -> dict[str, str]:
        """As attributes of a modality: JSON by channel."""
        told = {
            "levels": self.levels,
            "scale": self.scale,
            "units": self.units,
            "dropped_channels": self.left_out,
        }
        return {name: json.dumps(value) for name, value in told.items() if value}


def code_columns(
    where: str, table: pd.DataFrame, dictionary: Mapping[str, Mapping[str, Any]]
) -> Channels:
    """Numbers for every column of a table.

    A column is a category where the dictionary gives it ``Levels`` that fit its cells, or where
    its cells are text. Levels that are all numbers (a Likert scale) are ordinal when there are
    more than two, others nominal; the key ``Scale`` of the dictionary (``nominal``, ``ordinal``
    or ``numeric``) overrules. Numbers beyond their ``Levels`` stay numbers: the dictionary then
    names the ends of the scale only.

    Parameters
    ----------
    where
        File, named in errors.
    table
        As `cells.read_cells` gives it.
    dictionary
        The JSON sidecar: ``Levels``, ``Scale`` and ``Units`` by column.

    Raises
    ------
    RecordingError
        A cell of text is not among the levels, or one among numbers is none.
    """
    channels = Channels()
    for name in table.columns:
        about = dictionary.get(name, {})
        column = table[name]
        if _is_numeric(column):
            _add_numbers(channels, name, column.to_numpy(float), about)
        else:
            _add_text(where, channels, name, column, about)
    return channels


def _add_numbers(
    channels: Channels, name: str, numbers: NDArray[np.float64], about: Mapping[str, Any]
) -> None:
    levels = _levels(about)
    keys = np.array([_number(key) for key in levels])
    present = numbers[np.isfinite(numbers)]
    fits = len(keys) > 0 and bool(np.isin(present, keys).all())
    if not fits or about.get("Scale") == NUMERIC:
        channels.values[name] = numbers
        if isinstance(about.get("Units"), str):
            channels.units[name] = about["Units"]
        return
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], numbers).astype(float)
    channels.values[name] = np.where(np.isfinite(numbers), place, np.nan)
    labels = list(levels.values())
    channels.levels[name] = [labels[i] for i in order]
    channels.scale[name] = _scale(about, ORDINAL if len(keys) > 2 else NOMINAL)


def _add_text(
    where: str, channels: Channels, name: str, column: "pd.Series[Any]", about: Mapping[str, Any]
) -> None:
    cells = [None if pd.isna(cell) else str(cell).strip() for cell in column]
    levels = _levels(about)
    found = sorted({cell for cell in cells if cell is not None})
    if levels:
        unknown = next((i for i, cell in enumerate(cells) if cell not in (None, *levels)), None)
        if unknown is not None:
            raise RecordingError(
                f"{where}: {name}: {cells[unknown]!r} in data row {unknown + 1} is not among"
                f" its Levels ({', '.join(levels)}); mend the cell or the sidecar"
            )
    elif strange := _typing_error(cells, len(found) > MOST_LEVELS):
        raise RecordingError(
            f"{where}: {name}: {strange[1]!r} in data row {strange[0]} is no number; mend it, write"
            " n/a where it is missing, or give the column Levels in its sidecar"
        )
    elif len(found) > MOST_LEVELS:
        channels.left_out.append(name)
        return
    else:
        levels = {cell: cell for cell in found}
    if not found:
        channels.values[name] = np.full(len(cells), np.nan)
        return
    place: dict[str | None, float] = {cell: float(i) for i, cell in enumerate(levels)}
    channels.values[name] = np.array([place.get(cell, np.nan) for cell in cells])
    channels.levels[name] = list(levels.values())
    numeric = all(_is_number(key) for key in levels)
    channels.scale[name] = _scale(about, ORDINAL if numeric and len(levels) > 2 else NOMINAL)


def _typing_error(cells: Sequence[str | None], many: bool) -> tuple[int, str] | None:
    """Row and cell of text that stands among numbers and is no category.

    That is text with a digit in it, such as ``0,5``, or any text where there are many values.
    """
    present = [(row, cell) for row, cell in enumerate(cells, 1) if cell is not None]
    if not any(_is_number(cell) for _, cell in present):
        return None
    words = ((row, cell) for row, cell in present if not _is_number(cell))
    return next(((r, c) for r, c in words if many or any(map(str.isdigit, c))), None)


def _is_numeric(column: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) or bool(column.isna().all())


def _levels(about: Mapping[str, Any]) -> dict[str, str]:
    """Label of each level by its spelling in the table, in the order of the dictionary."""
    levels = about.get("Levels")
    if isinstance(levels, list):
        levels = {str(level): str(level) for level in levels}
    if not isinstance(levels, Mapping):
        return {}
    told = {str(key): _label(str(key), text) for key, text in levels.items()}
    if len(set(told.values())) < len(told):
        return {key: key for key in told}
    return told


def _label(key: str, text: Any) -> str:
    if isinstance(text, Mapping):
        text = text.get("Description", key)
    return text if isinstance(text, str) and 0 < len(text) <= LONGEST_LABEL else key


def _scale(about: Mapping[str, Any], told: str) -> str:
    asked = about.get("Scale")
    return str(asked) if asked in (NOMINAL, ORDINAL) else told


def _is_number(cell: str) -> bool:
    return not np.isnan(_number(cell))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
