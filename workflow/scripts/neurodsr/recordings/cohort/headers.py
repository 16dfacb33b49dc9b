"""What the headers of raw files say at a glance, without reading the data."""

import gzip
import json
import math
import os
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.glance import glance_at_arrays
from neurodsr.recordings.discovery import Source, is_signal, parse_name
from neurodsr.recordings.recording import require_content

PLACES = ("acquisition", "processing", "stimulus/presentation", "analysis", "units")
NIFTI_HEADER = 352
EDF_HEADER = 256


@dataclass(frozen=True)
class Glance:
    """What one recording holds.

    Attributes
    ----------
    modality
        What was recorded, joined by ``+``; empty when only reading tells.
    duration
        In s, NaN when only reading tells.
    problem
        Why the recording cannot be read, empty when nothing is against it.
    """

    modality: str = ""
    duration: float = math.nan
    problem: str = ""


def glance(root: str | os.PathLike[str], source: Source) -> Glance:
    """Look at the headers of the files of one recording."""
    top = Path(root)
    modality = modality_of(source)
    sidecar: dict[str, Any] = {}
    try:
        for file in source.files:
            require_content(top / file)
            if file.endswith(".json"):
                sidecar |= _parse(top / file)
        if source.format == "nwb":
            kinds, duration = _nwb([top / file for file in source.files])
            return Glance(kinds, duration)
        if source.format == "arrays":
            return Glance("arrays", glance_at_arrays(top, source.described, source.files))
    except RecordingError as error:
        return Glance(modality, problem=str(error))
    with suppress(OSError, ValueError, KeyError, struct.error, EOFError, ArithmeticError):
        return Glance(modality, _duration(top, source.files, sidecar))
    return Glance(modality)


def modality_of(source: Source) -> str:
    """What the names of the files say was recorded."""
    if source.format in ("arrays", "phenotype"):
        return source.format
    if source.format == "nwb":
        return ""
    names = [parse_name(file) for file in source.files]
    signals = [name.suffix for name in names if is_signal(name)]
    return "+".join(dict.fromkeys(signals or [name.suffix for name in names[:1]]))


def _parse(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name}: file: no valid JSON ({error}); mend it") from error
    if not isinstance(content, dict):
        raise RecordingError(f"{path.name}: file: no JSON object; mend it")
    return content


def _duration(root: Path, files: Sequence[str], sidecar: dict[str, Any]) -> float:
    """Of the first signal whose header says it (s)."""
    for file in files:
        read = READERS.get(parse_name(file).extension)
        if read is not None and is_signal(parse_name(file)):
            return read(root / file, sidecar)
    return float(sidecar.get("RecordingDuration", math.nan))


def _edf(path: Path, _: dict[str, Any]) -> float:
    """EDF and BDF: records times their duration, ASCII at bytes 236 and 244."""
    with path.open("rb") as stream:
        header = stream.read(EDF_HEADER)
    records = int(header[236:244])
    return records * float(header[244:252]) if records > 0 else math.nan


def _brainvision(path: Path, _: dict[str, Any]) -> float:
    """Bytes of the data file over channels and bytes of a sample."""
    fields = dict(
        line.split("=", 1)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        if "=" in line and not line.startswith(";")
    )
    width = {"INT_16": 2, "INT_32": 4, "IEEE_FLOAT_32": 4}[fields["BinaryFormat"]]
    size = path.with_name(Path(fields["DataFile"].replace("$b", path.stem)).name).stat().st_size
    samples = size // (int(fields["NumberOfChannels"]) * width)
    return samples * float(fields["SamplingInterval"]) * 1e-6


def _nifti(path: Path, sidecar: dict[str, Any]) -> float:
    """NIfTI-1: volumes (dim[4] at byte 40) times the repetition time (pixdim[4] at byte 76)."""
    opener: Callable[..., Any] = gzip.open if path.name.endswith(".gz") else open
    with opener(path, "rb") as stream:
        header = stream.read(NIFTI_HEADER)
    order = "<" if struct.unpack("<i", header[:4])[0] == 348 else ">"
    volumes = struct.unpack(f"{order}8h", header[40:56])[4]
    interval = float(sidecar.get("RepetitionTime", struct.unpack(f"{order}8f", header[76:108])[4]))
    return volumes * interval if interval > 0 else math.nan


READERS = {
    ".edf": _edf,
    ".bdf": _edf,
    ".vhdr": _brainvision,
    ".nii.gz": _nifti,
    ".nii": _nifti,
}


def _nwb(paths: Sequence[Path]) -> tuple[str, float]:
    """Names of what lies in the places for data, and the longest duration of a series."""
    found = [item for path in paths for item in (_zarr(path) if path.is_dir() else _hdf5(path))]
    names = dict.fromkeys(name for name, _ in found)
    if not names and not any(path.name.endswith(".zip") for path in paths):
        raise RecordingError(
            f"{paths[0].name}: modalities: no supported data; it needs spikes, time series or"
            " events"
        )
    return "+".join(names), max((d for _, d in found if not math.isnan(d)), default=math.nan)


def _hdf5(path: Path) -> list[tuple[str, float]]:
    import h5py

    if path.name.endswith(".zip"):
        return []
    try:
        with h5py.File(path, "r") as file:
            return [item for place in PLACES for item in _series(file.get(place), place)]
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RecordingError(
            f"{path.name}: file: no readable HDF5 file ({reason}); it is cut short or damaged:"
            " fetch it again"
        ) from error


def _zarr(path: Path) -> list[tuple[str, float]]:
    """Keys alone: a Zarr store is a folder."""
    found = []
    for place in PLACES:
        folder = path / place
        if place == "units" and folder.is_dir():
            found.append(("units", math.nan))
        elif folder.is_dir():
            inner = [one for one in sorted(folder.iterdir()) if one.is_dir()]
            if place == "processing":
                inner = [two for one in inner for two in sorted(one.iterdir()) if two.is_dir()]
            found += [(one.name, math.nan) for one in inner]
    return found


def _series(group: Any, place: str) -> list[tuple[str, float]]:
    import h5py

    if not isinstance(group, h5py.Group):
        return []
    if place == "units":
        return [("units", math.nan)] if "spike_times" in group else []
    found = []
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        item = group[name]
        if place == "processing":
            found += _series(item, "module")
        elif isinstance(item, h5py.Group) and str(item.attrs.get("neurodata_type", "")) not in (
            "TimeIntervals",
            "PlaneSegmentation",
            "ImageSegmentation",
        ):
            inner = [item, *(one for one in item.values() if isinstance(one, h5py.Group))]
            lasting = [d for d in map(_lasting, inner) if not math.isnan(d)]
            found.append((name, max(lasting, default=math.nan)))
    return found


def _lasting(group: Any) -> float:
    """Duration of a time series from its rate or its first and last time stamp (s)."""
    with suppress(KeyError, AttributeError, IndexError, TypeError, ValueError, ZeroDivisionError):
        if "timestamps" in group:
            stamps = group["timestamps"]
            return float(stamps[-1] - stamps[0])
        rate = float(group["starting_time"].attrs["rate"])
        return float(group["data"].shape[0]) / rate if rate > 0 else math.nan
    return math.nan
