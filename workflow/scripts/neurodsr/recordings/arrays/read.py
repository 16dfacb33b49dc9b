"""Recordings in arrays: one file, or files for training, validation and test."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.describe import NEEDS, Description, describe
from neurodsr.recordings.arrays.formats import read_samples
from neurodsr.recordings.arrays.samples import Samples
from neurodsr.recordings.recording import (
    make_continuous,
    make_intervals,
    make_recording,
    regular_rate,
)
from neurodsr.recordings.selection import Found, select_modalities

MODALITY = "signal"
TABLE = "trials"
PAUSE = 100
"""Missing samples of the slowest clock between the files of a recording: no window spans two."""


def read_arrays(
    root: str | os.PathLike[str],
    described: Mapping[str, Any],
    settings: Mapping[str, Any],
    files: Sequence[str] = (),
) -> xr.DataTree:
    """Read the files of one recording.

    Parameters
    ----------
    root
        Folder of the dataset.
    described
        Files, sampling interval, units and channels, as ``arrays.schema.yaml`` describes them;
        for a file with a sidecar what the sidecar says.
    settings
        As ``read.schema.yaml`` describes them.
    files
        Files of the recording relative to the root; needed where a sidecar describes them.

    Returns
    -------
    xarray.DataTree
        The modality ``/signal``. Files for training, validation and test follow each other with a
        pause; ``/intervals/trials`` says where each lies and, in the column ``split``, what it is
        for.

    Raises
    ------
    RecordingError
        A file holds no table of numbers, nothing tells when it was sampled, or files do not fit
        each other or the names of the channels.
    """
    told = describe(Path(root), described, tuple(files))
    parts = {
        name: chosen(file, read_samples(Path(root, file), told), told)
        for name, file in told.parts.items()
    }
    channels = channel_names(parts, told)
    where = ", ".join(told.parts.values())
    first = next(iter(parts.values()))
    attributes = {"units": told.units, "description": f"arrays {where}", **first.attributes}
    intervals = {}
    if len(parts) == 1 and "data" in parts:
        rate = sampling_rate(where, first, told)
        time = first.time if first.time is not None else np.arange(len(first.values)) / (rate or 1)
        signal = first.values
    else:
        rate = common_rate(parts, told)
        asked = [options["resample"] or rate for options in settings["modalities"].values()]
        apart = math.ceil(PAUSE * rate / min([rate, *asked]))
        pause = np.full((apart, len(channels)), np.nan)
        pieces = [piece for part in parts.values() for piece in (pause, part.values)][1:]
        signal = np.concatenate(pieces)
        time = np.arange(len(signal)) / rate
        lengths = np.array([len(part.values) for part in parts.values()])
        starts = np.concatenate([[0], np.cumsum(lengths + apart)[:-1]])
        intervals[TABLE] = make_intervals(
            starts / rate, (starts + lengths) / rate, {"split": list(parts)}
        )

    def read(_: object) -> xr.Dataset:
        return make_continuous(where, time, signal, channels, rate, **attributes)

    modalities = select_modalities(where, [Found(MODALITY, ("arrays",), read)], settings)
    return make_recording(modalities, intervals, {})


def chosen(file: str, samples: Samples, told: Description) -> Samples:
    """Of a file that names its channels those that are asked for.

    Raises
    ------
    RecordingError
        One is not there.
    """
    if not (samples.channels and told.channels):
        return samples
    missing = [name for name in told.channels if name not in samples.channels]
    if missing:
        raise RecordingError(
            f"{file}: channels: {missing[0]!r} is not among {', '.join(samples.channels)}; mend the"
            " name"
        )
    columns = [samples.channels.index(name) for name in told.channels]
    return replace(samples, values=samples.values[:, columns], channels=list(told.channels))


def sampling_rate(where: str, samples: Samples, told: Description) -> float:
    """Sampling rate (Hz) that is stated or that the instants tell, 0 where they are irregular.

    Raises
    ------
    RecordingError
        There is neither, or they contradict each other.
    """
    stated = None if told.interval is None else 1.0 / told.interval
    if samples.time is None:
        if stated is None:
            raise RecordingError(f"{where}: sampling_interval: nothing says it; {NEEDS}")
        return stated
    if len(samples.time) != len(samples.values):
        raise RecordingError(
            f"{where}: time: {len(samples.time)} instants for {len(samples.values)} samples; give"
            " one per sample, or mend `layout`"
        )
    if len(samples.time) < 2:
        return 0.0
    measured = regular_rate(where, samples.time)
    if stated is not None and (measured == 0 or abs(measured / stated - 1) > 0.01):
        found = f"{1 / measured:g} s" if measured else "irregular"
        raise RecordingError(
            f"{where}: sampling_interval: {1 / stated:g} s contradicts its column of time"
            f" ({found}); keep one of them"
        )
    return measured


def common_rate(parts: Mapping[str, Samples], told: Description) -> float:
    """Sampling rate (Hz) of files that follow each other.

    Raises
    ------
    RecordingError
        One is irregular, or they differ.
    """
    rates = {name: sampling_rate(told.parts[name], part, told) for name, part in parts.items()}
    first = next(iter(rates.values()))
    for name, rate in rates.items():
        if rate == 0 or abs(rate / first - 1) > 0.01:
            raise RecordingError(
                f"{told.parts[name]}: sampling_interval: files for training and test need the same"
                " regular one; resample them"
            )
    return first


def channel_names(parts: Mapping[str, Samples], told: Description) -> list[str]:
    """The names given, those in the files, or numbers.

    Raises
    ------
    RecordingError
        Files, or files and names, differ in the channels.
    """
    counts = {name: part.values.shape[1] for name, part in parts.items()}
    first, part = next(iter(parts.items()))
    file = told.parts[first]
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} ({told.parts[name]}) {n}" for name, n in counts.items())
        raise RecordingError(f"{file}: channels: {found}; they must be the same")
    for name, other in parts.items():
        if other.channels != part.channels:
            raise RecordingError(
                f"{told.parts[name]}: channels: {', '.join(other.channels)} where {file} has"
                f" {', '.join(part.channels)}; they must be the same"
            )
    if told.channels and len(told.channels) != counts[first]:
        raise RecordingError(
            f"{file}: channels: {len(told.channels)} names for {counts[first]} columns; name each"
            " column or none"
        )
    return told.channels or part.channels or [str(i) for i in range(counts[first])]
