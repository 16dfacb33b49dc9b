"""Recordings in arrays of samples: .npy files of shape (time, channel)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.described import parts_of
from neurodsr.recordings.recording import (
    make_continuous,
    make_intervals,
    make_recording,
    require_content,
)
from neurodsr.recordings.selection import Found, select_modalities

MODALITY = "signal"
TABLE = "trials"
PAUSE = 100
"""Missing samples between the files of a recording, so that no window spans two of them."""


def read_arrays(
    root: str | os.PathLike[str], described: Mapping[str, Any], settings: Mapping[str, Any]
) -> xr.DataTree:
    """Read the files of one recording.

    Parameters
    ----------
    root
        Folder of the dataset.
    described
        Files, sampling interval, units and channels, as ``arrays.schema.yaml`` describes them.
    settings
        As ``read.schema.yaml`` describes them.

    Returns
    -------
    xarray.DataTree
        The modality ``/signal``. Files for training, validation and test follow each other with a
        pause; ``/intervals/trials`` says where each lies and, in the column ``split``, what it is
        for.

    Raises
    ------
    RecordingError
        A file is no table of numbers, or files do not fit each other or the names of the channels.
    """
    parts = {name: read_array(Path(root, file)) for name, file in parts_of(described).items()}
    channels = channel_names(parts, described)
    interval = float(described["sampling_interval"])
    pause = np.full((PAUSE, len(channels)), np.nan)
    pieces = [piece for part in parts.values() for piece in (pause, part)][1:]
    signal = np.concatenate(pieces)
    where = ", ".join(parts_of(described).values())

    def read(_: object) -> xr.Dataset:
        return make_continuous(
            where,
            np.arange(len(signal)) * interval,
            signal,
            channels,
            1.0 / interval,
            units=described["units"],
            description=f"arrays {where}",
        )

    modalities = select_modalities(where, [Found(MODALITY, ("arrays",), read)], settings)
    intervals = {}
    if "data" not in parts:
        lengths = np.array([len(part) for part in parts.values()])
        starts = np.concatenate([[0], np.cumsum(lengths + PAUSE)[:-1]])
        intervals[TABLE] = make_intervals(
            starts * interval, (starts + lengths) * interval, {"split": list(parts)}
        )
    return make_recording(modalities, intervals, {})


def read_array(path: Path) -> NDArray[np.float64]:
    """One file as float64 ``(time, channel)``; nothing in it is unpickled.

    Raises
    ------
    RecordingError
        It is not there, is no .npy file, holds objects, or has another shape or no finite value.
    """
    require_content(path)
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise RecordingError(
            f"{path.name}: content: not an array of plain numbers ({error}); write it with"
            " numpy.save and a numeric dtype"
        ) from error
    if not isinstance(array, np.ndarray):
        raise RecordingError(f"{path.name}: content: several arrays; save one of them as .npy")
    if array.dtype.kind not in "biuf":
        raise RecordingError(f"{path.name}: dtype: {array.dtype} is not real; convert it to float")
    if array.ndim != 2:
        raise RecordingError(
            f"{path.name}: shape: {array.shape} has {array.ndim} dimensions, needs two, (time,"
            " channel); reshape it, one channel as (time, 1)"
        )
    if not np.isfinite(array).any():
        raise RecordingError(f"{path.name}: values: none is finite; leave the recording out")
    return array.astype(np.float64)


def channel_names(
    parts: Mapping[str, NDArray[np.float64]], described: Mapping[str, Any]
) -> list[str]:
    """The names given, or numbers.

    Raises
    ------
    RecordingError
        Files, or files and names, differ in the number of channels.
    """
    counts = {name: part.shape[1] for name, part in parts.items()}
    count = next(iter(counts.values()))
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} ({described[name]}) {n}" for name, n in counts.items())
        raise RecordingError(f"{described['train']}: channels: {found}; they must be the same")
    names = list(described["channels"])
    if names and len(names) != count:
        raise RecordingError(
            f"{next(iter(parts_of(described).values()))}: channels: {len(names)} names for {count}"
            " columns; name each column or none"
        )
    return names or [str(i) for i in range(count)]
