"""One recording of a dataset: its name, its files and what they say.

Only the standard library is used.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery.names import NAMING_ENTITIES

VALID_NAME = re.compile(r"[A-Za-z0-9_+.-]+")


@dataclass(frozen=True)
class Source:
    """The files of one recording.

    Attributes
    ----------
    dataset
        Name of the dataset in the configuration.
    recording
        Name of the recording, in the style of BIDS.
    format
        ``"nwb"``, ``"bids"``, ``"arrays"`` or ``"phenotype"`` (rows of a table below
        ``phenotype/`` of a BIDS dataset).
    files
        Paths relative to the dataset's root: the recording's own data first, then everything that
        belongs to them, from the root of the dataset down (a deeper sidecar overrides).
    entities
        What the name says, for instance ``{"sub": "01", "task": "rest"}``.
    described
        Of recordings in arrays, what the configuration or a sidecar says of them.
    """

    dataset: str
    recording: str
    format: str
    files: tuple[str, ...]
    entities: dict[str, str]
    described: dict[str, Any] = field(default_factory=dict)


def recording_name(entities: dict[str, str], telling: Iterable[str] = ()) -> str:
    """Name of a recording: its naming entities, then those that tell it from others."""
    keys = dict.fromkeys([*NAMING_ENTITIES, *telling])
    return "_".join(f"{key}-{entities[key]}" for key in keys if key in entities)


def require_unique(sources: Iterable[Source]) -> None:
    """Refuse recordings that share a name or whose name cannot be a folder's.

    Raises
    ------
    ConfigError
    """
    known: dict[str, Source] = {}
    for source in sources:
        if not VALID_NAME.fullmatch(source.recording):
            raise ConfigError(
                f"{source.dataset}: {source.files[0]}: the name {source.recording!r} may hold"
                " only letters, digits and _ + . -; rename the file"
            )
        other = known.setdefault(source.recording, source)
        if other is not source:
            raise ConfigError(
                f"two recordings are called {source.recording}: {other.dataset}:"
                f" {other.files[0]} and {source.dataset}: {source.files[0]}; rename one or"
                " leave one out with `entities`"
            )
