"""Recordings of a folder of NWB files, told from their names alone.

Only the standard library is used.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from neurodsr.recordings.discovery.bids import differing
from neurodsr.recordings.discovery.names import NAMING_ENTITIES, BidsName, parse_name
from neurodsr.recordings.discovery.source import Source, recording_name

NWB_EXTENSIONS = (".nwb", ".nwb.zarr", ".nwb.zip", ".nwb.zarr.zip")


def nwb_names(files: Sequence[str]) -> list[BidsName]:
    """The NWB files among others: HDF5, Zarr folders and zipped Zarr."""
    return [_nwb_name(path) for path in files if path.endswith(NWB_EXTENSIONS)]


def nwb_sources(dataset: str, names: Sequence[BidsName], merge: bool) -> list[Source]:
    """Each file a recording, or, with `merge`, all files of one subject and session.

    Files that agree in their naming entities (DANDI's ``sub-1_ses-2_ecephys.nwb`` and
    ``sub-1_ses-2_behavior+ogen.nwb``) are told apart by the other entities in which they differ
    (``desc-raw``), or else by their suffixes.
    """
    groups: dict[tuple[str, ...], list[BidsName]] = defaultdict(list)
    for name in names:
        groups[tuple(name.entities.get(key, "") for key in NAMING_ENTITIES)].append(name)
    sources = []
    for group in groups.values():
        if merge:
            shared = _shared(group)
            paths = tuple(sorted(name.path for name in group))
            sources.append(Source(dataset, recording_name(shared), "nwb", paths, shared))
            continue
        telling = differing(group)
        plain = [recording_name(name.entities, telling) for name in group]
        for name, label in zip(group, plain, strict=True):
            alone = plain.count(label) == 1 or not name.suffix
            full = label if alone else f"{label}_{name.suffix}"
            sources.append(Source(dataset, full, "nwb", (name.path,), name.entities))
    return sources


def _shared(group: Sequence[BidsName]) -> dict[str, str]:
    first: Mapping[str, str] = group[0].entities
    return {
        key: value
        for key, value in first.items()
        if all(name.entities.get(key) == value for name in group)
    }


def _nwb_name(path: str) -> BidsName:
    name = parse_name(path)
    if "sub" in name.entities:
        return name
    stem = PurePosixPath(path).name
    for extension in sorted(NWB_EXTENSIONS, key=len, reverse=True):
        stem = stem.removesuffix(extension)
    label = re.sub(r"[^A-Za-z0-9+.-]+", "-", stem)
    return BidsName(path, stem, {"sub": label}, "", ".nwb")
