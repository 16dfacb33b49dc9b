"""One recording from the NWB file, or files, of a session."""

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import xarray as xr
from pynwb import NWBFile

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.recordings.nwb.contents import find_modalities
from neurodsr.recordings.nwb.hdf5 import one_line
from neurodsr.recordings.nwb.identity import ANY_AGE
from neurodsr.recordings.nwb.opening import open_nwb
from neurodsr.recordings.nwb.sweeps import sweep_table
from neurodsr.recordings.nwb.tables import interval_tables, texts
from neurodsr.recordings.nwb.units import not_observed
from neurodsr.recordings.recording import SPIKES, make_recording
from neurodsr.recordings.regions import spellings
from neurodsr.recordings.selection import Found, select_modalities

SUBJECT = (
    *("subject_id", "age", "age__reference", "date_of_birth", "sex", "species", "strain"),
    *("genotype", "weight", "description"),
)
SESSION = (
    *("session_description", "session_id", "identifier", "experiment_description", "lab"),
    *("institution", "experimenter", "keywords", "protocol", "surgery", "virus", "notes"),
)
MISSING = {"", "n/a", "na", "none", "nan", ANY_AGE.casefold()}

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def read_nwb(paths: Paths, settings: Mapping[str, Any]) -> xr.DataTree:
    """Read the spikes, time series, intervals and subject of an NWB file.

    Parameters
    ----------
    paths
        The file: NWB 2 in HDF5, a folder in Zarr format, or a zip file of one. Several files of
        one session (spikes here, behaviour there) become one recording.
    settings
        As `read.schema.yaml` describes them.

    Returns
    -------
    xarray.DataTree
        ``/<modality>`` and ``/intervals/<table>``. Conversion factors and offsets are applied;
        times are in s from the file's reference time, as stored. Where the settings ask for all
        modalities, the attribute ``left_out`` (JSON) says which could not be used, and why.

    Raises
    ------
    RecordingError
        A file cannot be read, leads to other files, or lacks what a modality needs; several files
        differ in subject or reference time.
    """
    several = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = [Path(path) for path in several]
    regions = spellings(settings["regions"])
    name = files[0].name
    left_out: dict[str, str] = {}
    try:
        with ExitStack() as stack:
            contents = {path.name: stack.enter_context(open_nwb(path)) for path in files}
            _require_one_session(contents)
            found: list[Found] = []
            taken: set[str] = set()
            for file, content in contents.items():
                found += find_modalities(file, content, regions, taken)
            modalities = select_modalities(
                name, found, settings, lambda item, why: left_out.update({item: str(why)})
            )
            attributes = _attributes(contents)
            if left_out:
                attributes["left_out"] = json.dumps(left_out)
            spikes = any(data.attrs["kind"] == SPIKES for data in modalities.values())
            return make_recording(modalities, _intervals(contents, spikes), attributes)
    except (RecordingError, ConfigError, MemoryError):
        raise
    except Exception as error:
        raise RecordingError(
            f"{name}: content: {one_line(error)}; check it with nwbinspector and export it again"
        ) from error


def _require_one_session(contents: Mapping[str, NWBFile]) -> None:
    """Refuse files whose times or subjects do not belong together."""
    first, *others = contents
    for other in others:
        times = [contents[file].timestamps_reference_time for file in (first, other)]
        if times[0] != times[1]:
            raise RecordingError(
                f"{other}: timestamps_reference_time: {times[1].isoformat()}, but"
                f" {times[0].isoformat()} in {first}; set `merge: false` or mend one of them"
            )
        subjects = [
            _plain(getattr(contents[f].subject, "subject_id", None)) for f in (first, other)
        ]
        if all(subjects) and subjects[0] != subjects[1]:
            raise RecordingError(
                f"{other}: subject_id: {subjects[1]!r}, but {subjects[0]!r} in {first}; mend one"
                " of them or set `merge: false`"
            )


def _intervals(contents: Mapping[str, NWBFile], spikes: bool) -> dict[str, xr.Dataset]:
    """Tables of all files; with `spikes`, gaps in their observation count as artefacts."""
    tables: dict[str, xr.Dataset] = {}
    for content in contents.values():
        mine = list(interval_tables(content))
        sweeps, gaps = sweep_table(content), not_observed(content) if spikes else None
        mine += [("sweeps", sweeps)] if sweeps is not None else []
        artefacts = dict(mine).get("artefacts")
        if gaps is not None and artefacts is not None:
            both = [table[["start", "stop", "label"]] for table in (artefacts, gaps)]
            gaps = xr.concat(both, "interval")
            mine = [(name, table) for name, table in mine if name != "artefacts"]
        mine += [("artefacts", gaps)] if gaps is not None else []
        for name, table in mine:
            free, number = name, 2
            while free in tables and not tables[free].identical(table):
                free, number = f"{name}_{number}", number + 1
            tables[free] = table
    return tables


def _attributes(contents: Mapping[str, NWBFile]) -> dict[str, Any]:
    """What is known of session and subject; the first file that says something counts."""
    attributes: dict[str, str] = {}
    for content in contents.values():
        said = {
            **{name: getattr(content, name, None) for name in SESSION},
            "session_start_time": content.session_start_time,
            "timestamps_reference_time": content.timestamps_reference_time,
            **{
                f"subject_{name.removeprefix('subject_')}": getattr(content.subject, name, None)
                for name in SUBJECT
            },
        }
        for name, value in said.items():
            if text := _plain(value):
                attributes.setdefault(name, text)
    return attributes


def _plain(value: Any) -> str:
    """A field as text; empty for one that is missing or says nothing."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if isinstance(value, str | bytes | int | float):
        text = "".join(texts([value])).strip()
    else:
        text = "; ".join(item for item in texts(value) if item.strip())
    return "" if text.casefold() in MISSING else text
