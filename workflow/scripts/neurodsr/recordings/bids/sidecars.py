"""What belongs to a data file of a BIDS dataset: metadata and tables, inherited from above it."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from neurodsr.errors import RecordingError
from neurodsr.recordings.discovery import BidsName


@dataclass(frozen=True)
class Part:
    """One data file of a recording, among all files of that recording.

    Attributes
    ----------
    root
        Root of the dataset.
    name
        The data file.
    files
        Everything that belongs to the recording.
    """

    root: Path
    name: BidsName
    files: tuple[BidsName, ...]

    @property
    def path(self) -> Path:
        return self.root / self.name.path

    @property
    def where(self) -> str:
        """Name of the file, for messages."""
        return PurePosixPath(self.name.path).name

    def inherited(self, suffix: str, extension: str, aside: Iterable[str] = ()) -> list[BidsName]:
        """Files of a suffix that apply to the data file, the most specific last.

        By the inheritance principle of BIDS a file applies to those in its folder and below whose
        entities include its own. The deeper it lies, and then the more entities it has, the more
        specific it is. Entities in `aside` are not compared.
        """
        folders = {str(folder) for folder in PurePosixPath(self.name.path).parents}
        known = self.name.entities.items()
        applying = [
            other
            for other in self.files
            if (other.suffix, other.extension) == (suffix, extension)
            and str(PurePosixPath(other.path).parent) in folders
            and {key: value for key, value in other.entities.items() if key not in aside}.items()
            <= known
        ]
        return sorted(applying, key=lambda n: (n.path.count("/"), len(n.entities), n.path))

    def nearest(self, suffix: str, extension: str, aside: Iterable[str] = ()) -> Path | None:
        """The most specific of the files that apply (tables are not merged)."""
        found = self.inherited(suffix, extension, aside)
        return self.root / found[-1].path if found else None

    @cached_property
    def sidecar(self) -> dict[str, Any]:
        """Metadata of the data file: fields of a more specific sidecar win."""
        fields: dict[str, Any] = {}
        for other in self.inherited(self.name.suffix, ".json"):
            fields |= read_json(self.root / other.path)
        return fields

    def number(self, field: str, default: float) -> float:
        """A finite number of the sidecar, `default` where it is not given or null."""
        return number(self.where, self.sidecar, field, default)

    def text(self, field: str) -> str:
        """A word or sentence of the sidecar, empty where it says n/a or nothing."""
        value = self.sidecar.get(field)
        return "" if value in (None, "n/a") else str(value)


def number(where: str, fields: Mapping[str, Any], field: str, default: float) -> float:
    """A finite number among the fields of a sidecar."""
    value = fields.get(field)
    if value is None or value == "n/a":
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise RecordingError(f"{where}: {field}: {value!r} in its sidecar; it must be a number")
    return float(value)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingError(f"{path.name}: file: no valid JSON ({error}); mend it") from error
    if not isinstance(content, dict):
        raise RecordingError(f"{path.name}: file: no JSON object; mend it")
    return content


def require_inside(root: Path, path: Path, where: str, field: str = "file") -> None:
    """Refuse a file that lies, or is a link to something, outside of the dataset.

    Parameters
    ----------
    root
        Of the dataset.
    path
        The file.
    where, field
        Named in the error.

    Raises
    ------
    RecordingError
    """
    top = os.path.realpath(root)
    if os.path.commonpath([os.path.realpath(path), top]) != top:
        raise RecordingError(
            f"{where}: {field}: {path.name} leads out of the dataset; copy what it stands for into"
            " the dataset"
        )
