"""When the rows of a table were recorded."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
    **dict.fromkeys(("wk", "week", "weeks"), 604800.0),
}
NAMES = {
    "onset": "s",
    "time": "s",
    "timestamp": "s",
    "datetime": "s",
    "date": "d",
    "day": "d",
    "week": "wk",
}
TIMES_OF_DAY = ("time", "time_of_day", "hour")
INDICES = ("index", "assessment", "beep", "trial", "trial_number")
ROWS = "row"


@dataclass(frozen=True)
class Clock:
    """Instants of the rows.

    Attributes
    ----------
    time
        (row,) s; NaN where a row has none.
    columns
        Where the instants were taken from; empty when rows are only counted.
    kind
        The column, or ``"row"``: then the instants are numbers of rows, one "second" each.
    """

    time: NDArray[np.float64]
    columns: tuple[str, ...]
    kind: str


def clock_of(
    where: str,
    table: pd.DataFrame,
    dictionary: Mapping[str, Mapping[str, Any]],
    named: str | None = None,
) -> Clock:
    """Find out when each row was recorded.

    Taken is the column that is named, or else the first of `NAMES` that is there (whatever its
    case): numbers in the unit that the dictionary gives (or else the one in `NAMES`), or dates and
    times as ISO 8601 has them, in s from the first; a date in one column and a time of day in
    another are put together. Without any, an index that increases counts, or the number of the
    row.

    Raises
    ------
    RecordingError
        The column named is not there, or its cells are neither numbers nor dates.
    """
    by_name = {str(name).lower(): str(name) for name in reversed(list(table.columns))}
    if named is not None and named not in table.columns:
        there = ", ".join(map(str, table.columns))
        raise RecordingError(f"{where}: time: no column {named!r}; there are {there}")
    column = named or next((by_name[name] for name in NAMES if name in by_name), None)
    date = by_name.get("date")
    if named is None and date is not None and not _is_numeric(table[date]):
        column = date
    if column is None:
        return _counted(table, by_name)
    cells = table[column]
    if _is_numeric(cells):
        unit = str(dictionary.get(column, {}).get("Units") or NAMES.get(column.lower(), "s"))
        if unit.lower() not in SECONDS:
            raise RecordingError(
                f"{where}: {column}: {unit!r} is no unit of time that is known; use s, ms, min, h,"
                " d or wk in its sidecar"
            )
        return Clock(cells.to_numpy(float) * SECONDS[unit.lower()], (column,), column)
    of_day = next((by_name[n] for n in TIMES_OF_DAY if n in by_name and by_name[n] != column), None)
    if of_day is not None and not _is_numeric(table[of_day]):
        joined = cells.astype(str) + "T" + table[of_day].astype(str)
        joined = joined.where(cells.notna() & table[of_day].notna())
        return Clock(_seconds(where, column, joined), (column, of_day), column)
    return Clock(_seconds(where, column, cells), (column,), column)


def _counted(table: pd.DataFrame, by_name: Mapping[str, str]) -> Clock:
    for name in INDICES:
        if name in by_name and _is_numeric(table[by_name[name]]):
            index = table[by_name[name]].to_numpy(float)
            if np.isfinite(index).all() and (np.diff(index) > 0).all():
                return Clock(index, (by_name[name],), ROWS)
    return Clock(np.arange(len(table), dtype=float), (), ROWS)


def _seconds(where: str, column: str, cells: "pd.Series[Any]") -> NDArray[np.float64]:
    """Instants from the first, in s, of dates and times."""
    instants: list[datetime.datetime | None] = []
    numeric = pd.to_numeric(cells, errors="coerce").notna()
    if numeric.any():
        row = int(np.argmax((cells.notna() & ~numeric).to_numpy()))
        raise RecordingError(
            f"{where}: {column}: {str(cells.iloc[row])!r} in data row {row + 1} is no number; mend"
            " it, or write n/a where it is missing"
        )
    for row, cell in enumerate(cells):
        if pd.isna(cell):
            instants.append(None)
            continue
        try:
            instant = datetime.datetime.fromisoformat(str(cell).strip())
        except ValueError:
            raise RecordingError(
                f"{where}: {column}: {str(cell)!r} in data row {row + 1} is neither a number nor a"
                " date; write dates as 2024-05-31 or 2024-05-31T18:30:00"
            ) from None
        instants.append(instant)
    known = [one for one in instants if one is not None]
    if len({one.tzinfo is None for one in known}) > 1:
        raise RecordingError(
            f"{where}: {column}: some times have a time zone and some have none; make them alike"
        )
    first = min(known, default=None)
    return np.array(
        [
            np.nan if one is None or first is None else (one - first).total_seconds()
            for one in instants
        ]
    )


def _is_numeric(cells: "pd.Series[Any]") -> bool:
    return bool(pd.api.types.is_numeric_dtype(cells))
