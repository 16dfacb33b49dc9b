"""Recordings in tables and arrays, described in the configuration or by sidecars beside them.

Only the standard library is used, and no data file is opened.
"""

import difflib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery.names import parse_name
from neurodsr.recordings.discovery.source import Source, recording_name

PARTS = ("data", "train", "validation", "test")
EXTENSIONS = (".npy", ".csv", ".tsv", ".mat", ".nc")
ABOUT_PEOPLE = ("participants", "sessions", "scans", "samples")
LABELS = {"subject": "sub", "session": "ses", "task": "task", "run": "run"}


def described_sources(
    dataset: str, recordings: Mapping[str, Mapping[str, Any]], files: Collection[str]
) -> list[Source]:
    """Sources of the recordings that the configuration describes.

    Parameters
    ----------
    dataset
        Name of the dataset, used in messages.
    recordings
        As ``arrays.schema.yaml`` describes them, by their label.
    files
        Paths that the dataset holds, relative to its root.

    Raises
    ------
    ConfigError
        A file is not there.
    """
    sources = []
    for label in sorted(recordings):
        described = dict(recordings[label])
        for part, file in parts_of(described).items():
            if file not in files:
                match = difflib.get_close_matches(file, files, n=1)
                hint = f", did you mean {match[0]!r}?" if match else ""
                raise ConfigError(
                    f"datasets.{dataset}.recordings.{label}.{part}: {file!r} is not in the"
                    f" dataset{hint}"
                )
        entities = {"sub": label, **_entities(described)}
        paths = tuple(dict.fromkeys(parts_of(described).values()))
        name = recording_name(entities)
        sources.append(Source(dataset, name, "arrays", paths, entities, described))
    return sources


def sidecar_sources(dataset: str, root: Path, files: Sequence[str]) -> list[Source]:
    """Sources of the data files of a folder, each with its sidecar ``<stem>.json`` beside it.

    The sidecar may say ``subject``, ``session``, ``task`` and ``run``; otherwise the file name
    does, taken apart as in BIDS, or is the subject itself. A sidecar that cannot be read is left
    to the reader to report.
    """
    there = set(files)
    sources = []
    for path in files:
        name = parse_name(path)
        if not path.endswith(EXTENSIONS) or name.suffix in ABOUT_PEOPLE:
            continue
        sidecar = sidecar_of(path)
        described = read_sidecar(root / sidecar) if sidecar in there else {}
        entities = dict(name.entities)
        if "sub" not in entities:
            entities = {"sub": re.sub(r"[^A-Za-z0-9+.-]+", "-", PurePosixPath(path).stem)}
        entities |= _entities(described)
        paths = (path, *([sidecar] if sidecar in there else []))
        label = recording_name(entities)
        sources.append(Source(dataset, label, "arrays", paths, entities, described))
    return sources


def sidecar_of(path: str) -> str:
    """Where the sidecar of a data file lies."""
    return str(PurePosixPath(path).with_suffix(".json"))


def read_sidecar(path: Path) -> dict[str, Any]:
    """Content of a sidecar, nothing when it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def parts_of(described: Mapping[str, Any]) -> dict[str, str]:
    """Files of one recording by what they are for, in the order of time."""
    return {part: described[part] for part in PARTS if described.get(part)}


def _entities(described: Mapping[str, Any]) -> dict[str, str]:
    """Labels that a description gives, as entities of a name."""
    return {
        entity: str(described[key]).removeprefix(f"{entity}-")
        for key, entity in LABELS.items()
        if isinstance(described.get(key), str | int) and str(described[key])
    }
