"""What the beginning of a table or array says, without reading the data."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.describe import NEEDS, Description, describe
from neurodsr.recordings.arrays.formats import SEPARATORS, map_npy, time_column
from neurodsr.recordings.arrays.samples import oriented
from neurodsr.recordings.tabular.cells import header_of


def glance_at_arrays(root: Path, described: Mapping[str, Any], files: tuple[str, ...]) -> float:
    """Duration (s) of .npy files from their headers, NaN of others.

    Raises
    ------
    RecordingError
        What is said of the recording is wrong, a .npy file holds no such array, a table has no
        header, or nothing tells when samples were taken.
    """
    told = describe(root, described, files)
    return sum(_lasting(root / file, told) for file in told.parts.values())


def _lasting(path: Path, told: Description) -> float:
    samples, timed = math.nan, False
    if path.suffix == ".npy":
        samples = len(oriented(path.name, map_npy(path, told), told))
    elif path.suffix in SEPARATORS:
        timed = time_column(header_of(path, SEPARATORS[path.suffix]), told.time) is not None
    else:
        return math.nan
    if told.interval is None and not timed:
        raise RecordingError(f"{path.name}: sampling_interval: nothing says it; {NEEDS}")
    return math.nan if told.interval is None else samples * told.interval
