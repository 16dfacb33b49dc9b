"""Recordings that the configuration describes itself: arrays of samples in .npy files.

Only the standard library is used, and no file is opened: the workflow asks at every start.
"""

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery import Source

PARTS = ("data", "train", "validation", "test")


def described_sources(
    dataset: str,
    recordings: Mapping[str, Mapping[str, Any]],
    files: Collection[str],
    entities: Mapping[str, Sequence[str]] | None = None,
) -> list[Source]:
    """Sources of the recordings of a dataset in the format arrays.

    Parameters
    ----------
    dataset
        Name of the dataset, used in messages.
    recordings
        As ``arrays.schema.yaml`` describes them, by the label of the participant.
    files
        Paths that the dataset holds, relative to its root.
    entities
        Keep only some labels, e.g. ``{"sub": ["eeg"]}``.

    Raises
    ------
    ConfigError
        A file is not there, or the filter keeps nothing.
    """
    wanted = entities or {}
    if other := [key for key in wanted if key != "sub"]:
        raise ConfigError(f"{dataset}: entities: {other[0]!r}: recordings in arrays have sub alone")
    labels = [label for label in recordings if label in wanted.get("sub", [label])]
    if not labels:
        raise ConfigError(
            f"{dataset}: entities: sub: {', '.join(wanted['sub'])} keeps none of"
            f" {', '.join(recordings)}"
        )
    for label in labels:
        for part, file in parts_of(recordings[label]).items():
            if file not in files:
                match = difflib.get_close_matches(file, files, n=1)
                hint = f", did you mean {match[0]!r}?" if match else ""
                raise ConfigError(
                    f"datasets.{dataset}.recordings.{label}.{part}: {file!r} is not in the"
                    f" dataset{hint}"
                )
    return [
        Source(
            dataset,
            f"sub-{label}",
            "arrays",
            tuple(dict.fromkeys(parts_of(recordings[label]).values())),
            {"sub": label},
        )
        for label in sorted(labels)
    ]


def parts_of(described: Mapping[str, Any]) -> dict[str, str]:
    """Files of one recording by what they are for, in the order of time."""
    return {part: described[part] for part in PARTS if part in described}
