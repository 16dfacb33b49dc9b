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
    """Numbers as (time, channel).

    Raises
    ------
    RecordingError
        They are none, or have not two dimensions.
    """
    which = f"{name}: " if name else ""
    if array.dtype.kind not in PLAIN:
        raise RecordingError(
            f"{path.name}: dtype: {which}{array.dtype} is not real; convert it to float"
        )
    if array.ndim != 2:
        raise RecordingError(
            f"{path.name}: shape: {which}{array.shape} has {array.ndim} dimensions, needs two,"
            " (time, channel); reshape it, one channel as (time, 1)"
        )
    array = array.T if told.layout == LAYOUTS[1] else array
    return array.astype(np.float64)


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
