"""Files of arrays and tables: .npy, .csv, .tsv, .mat (v4 to v7.3) and .nc."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.describe import Description
from neurodsr.recordings.arrays.matlab import read_mat
from neurodsr.recordings.arrays.netcdf import read_nc
from neurodsr.recordings.arrays.samples import Samples, matrix, require_numbers
from neurodsr.recordings.recording import require_content
from neurodsr.recordings.tabular.categories import code_columns
from neurodsr.recordings.tabular.cells import read_cells
from neurodsr.recordings.tabular.clocks import clock_of

SEPARATORS = {".csv": ",", ".tsv": "\t"}


def read_samples(path: Path, told: Description) -> Samples:
    """Read one file; nothing in it is unpickled or executed, and no link in it is followed.

    Raises
    ------
    RecordingError
        It is not there or not of the kind its ending says, holds objects, or has another shape,
        no finite value or not the variable or column that is asked for.
    """
    require_content(path)
    if path.suffix not in READERS:
        raise RecordingError(
            f"{path.name}: file: {path.suffix or 'no ending'} is not read; save it as one of"
            f" {', '.join(READERS)}"
        )
    samples = READERS[path.suffix](path, told)
    if not np.isfinite(samples.values).any():
        raise RecordingError(f"{path.name}: values: none is finite; leave the recording out")
    return samples


def _npy(path: Path, told: Description) -> Samples:
    return Samples(matrix(path, map_npy(path, told), told))


def map_npy(path: Path, told: Description) -> NDArray[Any]:
    """An array on disk, not read yet.

    Raises
    ------
    RecordingError
        The file is no array of numbers, is cut short, or a column of time is asked for.
    """
    if told.time is not None:
        raise RecordingError(
            f"{path.name}: time: a .npy file has no column {told.time!r}; give sampling_interval"
        )
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise RecordingError(
            f"{path.name}: content: not an array of plain numbers ({error}); write it with"
            " numpy.save and a numeric dtype"
        ) from error
    if not isinstance(array, np.ndarray):
        raise RecordingError(f"{path.name}: content: several arrays; save one of them as .npy")
    require_numbers(path.name, array)
    return array


def time_column(names: Iterable[Any], asked: str | None) -> str | None:
    """The column of time of a table: the one asked for, or one called time."""
    return asked or next((str(name) for name in names if str(name).lower() == "time"), None)


def _text(path: Path, told: Description) -> Samples:
    """A table with a header; columns of text become categories."""
    table = read_cells(path, SEPARATORS[path.suffix])
    dictionary = told.columns
    time = None
    by_name = time_column(table, told.time)
    if by_name is not None:
        clock = clock_of(path.name, table, dictionary, by_name)
        if not np.isfinite(clock.time).all():
            row = int(np.argmin(np.isfinite(clock.time))) + 1
            raise RecordingError(
                f"{path.name}: {by_name}: no time in data row {row}; fill it in or remove the row"
            )
        time, table = clock.time, table.drop(columns=list(clock.columns))
    channels = code_columns(path.name, table, dictionary)
    if not channels.values:
        raise RecordingError(f"{path.name}: columns: none beside the time; there is no signal")
    names = list(channels.values)
    values = np.column_stack(list(channels.values.values()))
    return Samples(values, names, time, channels.attributes())


READERS: dict[str, Callable[[Path, Description], Samples]] = {
    ".npy": _npy,
    ".csv": _text,
    ".tsv": _text,
    ".mat": read_mat,
    ".nc": read_nc,
}
