"""Content of one file of an array or table."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.describe import LAYOUTS, Description

Array = NDArray[np.float64]

PLAIN = "biuf"


@dataclass(frozen=True)
class Samples:
    """Content of one file.

    Attributes
    ----------
    values
        (time, channel).
    channels
        Names, empty where the file has none.
    time
        (time,) s, None where the file has none.
    attributes
        Of the modality: units, levels ...
    """

    values: Array
    channels: list[str] = field(default_factory=list)
    time: Array | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def matrix(path: Path, array: NDArray[Any], told: Description, name: str = "") -> Array:
    """Numbers as (time, channel); a single dimension is time.

    Raises
    ------
    RecordingError
        They are none, have more than two dimensions, or more channels than samples although
        neither a layout nor names say so.
    """
    which = f"{name}: " if name else ""
    require_numbers(path.name, array, which)
    values: Array = oriented(path.name, array, told, which).astype(np.float64)
    return values


def require_numbers(file: str, array: NDArray[Any], which: str = "") -> None:
    """Refuse complex numbers, texts and objects.

    Raises
    ------
    RecordingError
    """
    if array.dtype.kind not in PLAIN:
        raise RecordingError(
            f"{file}: dtype: {which}{array.dtype} is not real; convert it to float"
        )


def oriented(file: str, array: NDArray[Any], told: Description, which: str = "") -> NDArray[Any]:
    """An array as (time, channel); see `matrix`."""
    if array.ndim == 1:
        return array[:, None]
    if array.ndim != 2:
        raise RecordingError(
            f"{file}: shape: {which}{array.shape} has {array.ndim} dimensions, needs two,"
            " (time, channel); reshape it"
        )
    if told.layout is not None:
        return array.T if told.layout == LAYOUTS[1] else array
    rows, columns = array.shape
    if columns > rows and len(told.channels) != columns:
        raise RecordingError(
            f"{file}: shape: {which}{array.shape} is {rows} samples of {columns} channels; set"
            f" `layout`: {LAYOUTS[1]} if time is the second, {LAYOUTS[0]} if it is as it should be"
        )
    return array


def refuse_links(file: str, group: Any) -> None:
    """Refuse an HDF5 file in which something leads to another file."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        where = f"{file}: {group.name.rstrip('/')}/{name}"
        if isinstance(link, h5py.ExternalLink):
            raise RecordingError(
                f"{where}: a link to another file ({link.filename}); save the data in one file"
            )
        if isinstance(link, h5py.SoftLink):
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            refuse_links(file, item)
        elif isinstance(item, h5py.Dataset) and (item.external or item.is_virtual):
            raise RecordingError(f"{where}: data kept in another file; save the data in one file")
