"""What is known of the data in an array beside its numbers."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neurodsr.errors import RecordingError
from neurodsr.recordings.discovery.arrays import PARTS, parts_of, sidecar_of

LAYOUTS = ("time-channel", "channel-time")
NEEDS = "give sampling_interval (s) or the name of the column of time"


@dataclass(frozen=True)
class Description:
    """What the configuration or a sidecar says of the files of one recording.

    Attributes
    ----------
    parts
        Files by what they are for, relative to the dataset's root.
    interval
        Time between samples (s), None where a column of time says it.
    time
        Column or variable with the instants.
    variable
        What to read of a file that holds several.
    layout
        ``"time-channel"`` or ``"channel-time"``, None where nothing says it.
    units, channels
        Unit of the values and names of the channels, empty where the file says them.
    columns
        ``Levels``, ``Scale`` and ``Units`` of columns, by name.
    """

    parts: dict[str, str]
    interval: float | None
    time: str | None
    variable: str | None
    layout: str | None
    units: str
    channels: list[str]
    columns: dict[str, Mapping[str, Any]]


def describe(root: Path, described: Mapping[str, Any], files: tuple[str, ...]) -> Description:
    """Put together what is said of a recording, and check it.

    Parameters
    ----------
    root
        Of the dataset.
    described
        As ``arrays.schema.yaml`` describes it, or the content of the sidecar of ``files[0]``.
    files
        Files of the recording.

    Raises
    ------
    RecordingError
        The sidecar cannot be read, or a field of it is of the wrong kind.
    """
    parts = parts_of(described)
    where = "recordings"
    if not parts:
        parts = {PARTS[0]: files[0]}
        where = Path(sidecar_of(files[0])).name
        described = _sidecar(root / sidecar_of(files[0]))
    rate = _number(where, described, "sampling_rate")
    interval = _number(where, described, "sampling_interval")
    if rate is not None and interval is not None and abs(rate * interval - 1) > 0.01:
        raise RecordingError(
            f"{where}: sampling_rate: {rate:g} Hz contradicts sampling_interval {interval:g} s;"
            " keep one of them"
        )
    channels = described.get("channels") or []
    if not isinstance(channels, list) or not all(isinstance(name, str) for name in channels):
        raise RecordingError(f"{where}: channels: {channels!r}; it must be a list of names")
    if len(set(channels)) < len(channels):
        raise RecordingError(f"{where}: channels: a name occurs twice; make them differ")
    layout = _text(where, described, "layout")
    if layout not in (None, *LAYOUTS):
        raise RecordingError(f"{where}: layout: {layout!r}; write {' or '.join(LAYOUTS)}")
    columns = {k: v for k, v in described.items() if isinstance(v, Mapping)}
    return Description(
        parts,
        interval if interval is not None or rate is None else 1 / rate,
        _text(where, described, "time"),
        _text(where, described, "variable"),
        layout,
        _text(where, described, "units") or "1",
        channels,
        columns,
    )


def _sidecar(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise RecordingError(f"{path.name}: file: no valid JSON ({error}); mend it") from error
    if not isinstance(content, dict):
        raise RecordingError(f"{path.name}: file: no JSON object; mend it")
    return content


def _number(where: str, described: Mapping[str, Any], field: str) -> float | None:
    value = described.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise RecordingError(f"{where}: {field}: {value!r}; it must be a number above 0")
    return float(value)


def _text(where: str, described: Mapping[str, Any], field: str) -> str | None:
    value = described.get(field)
    if value is not None and not (isinstance(value, str) and value):
        raise RecordingError(f"{where}: {field}: {value!r}; it must be a text")
    return value
