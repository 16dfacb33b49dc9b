"""One recording of a BIDS dataset: its signals, its events, and what marks data as unusable."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import xarray as xr

from neurodsr.recordings.bids.bold import (
    Clock,
    bold_clock,
    confounds_of,
    load_image,
    read_bold,
    read_confounds,
    unsteady_intervals,
)
from neurodsr.recordings.bids.electrophysiology import Electrophysiology
from neurodsr.recordings.bids.events import artefact_intervals, distinct, event_intervals
from neurodsr.recordings.bids.sampled import read_sampled
from neurodsr.recordings.bids.sidecars import Part, require_inside
from neurodsr.recordings.bids.tables import read_table
from neurodsr.recordings.discovery import is_signal, parse_name
from neurodsr.recordings.recording import clean_name, make_recording, require_content
from neurodsr.recordings.selection import Found, select_modalities
from neurodsr.recordings.tabular.behaviour import events_as_signal, read_beh

EVENTS = ("events", ".tsv")


@dataclass(frozen=True)
class Contents:
    """What a data file holds.

    Attributes
    ----------
    found
        Modalities, not read yet.
    marks
        Intervals that are marked in the file itself.
    artefacts
        Intervals whose data are not to be used.
    half_sample
        Half a sampling interval (s), where the time of events is precise to a sample.
    """

    found: list[Found] = field(default_factory=list)
    marks: xr.Dataset | None = None
    artefacts: xr.Dataset | None = None
    half_sample: float = 0.0


def read_bids(
    root: str | os.PathLike[str], source_files: Sequence[str], settings: Mapping[str, Any]
) -> xr.DataTree:
    """Read the signals and events of one recording of a BIDS dataset.

    Parameters
    ----------
    root
        Root of the dataset.
    source_files
        Files of the recording relative to the root, sidecars included (`discovery.Source.files`).
    settings
        As `read.schema.yaml` describes them.

    Returns
    -------
    xarray.DataTree
        A modality per suffix (``physio_cardiac`` for ``recording-cardiac_physio``), in SI units
        where its units are known, without channels that are marked bad (named in the attribute
        ``bad_channels``). ``confounds`` of an fMRI run are a modality whose attribute ``purpose``
        says so. Intervals ``events``; and ``artefacts``, during which data are not to be used. A
        recording that has nothing but events gets a modality ``events`` of their columns at their
        onsets.

    Raises
    ------
    RecordingError
        A file cannot be read, leads out of the dataset, is not rectangular, or its sidecars lack a
        needed field.
    """
    root = Path(root)
    for path in source_files:
        _require_readable(root, path)
    names = tuple(parse_name(path) for path in source_files)
    parts = [Part(root, name, names) for name in names if is_signal(name)]
    contents = [READERS[part.name.suffix](part, settings) for part in parts]
    found = [item for content in contents for item in content.found]
    events = _events(parts, [Part(root, name, names) for name in names])
    if events is not None:
        about = events.sidecar
        asked = any(o["source"] == "events" for o in settings["modalities"].values())
        if asked or not found:
            found.append(Found("events", (), lambda _: events_as_signal(events.path, about)))
    modalities = select_modalities(_label(parts or [events]), found, settings)
    modalities = {name: _with_common_unit(data) for name, data in modalities.items()}
    return make_recording(modalities, _intervals(events, contents), {})


def _sampled(part: Part, settings: Mapping[str, Any]) -> Contents:
    confounds = confounds_of(part) if part.name.suffix == "timeseries" else None
    if confounds is None:
        return Contents([Found(*_called(part), lambda _: read_sampled(part))])
    data = read_sampled(part)
    clock = Clock(float(data["time"][0]), 1 / data.attrs["sampling_rate"])
    regressors = read_confounds(confounds, clock, data.sizes["time"])
    return Contents(
        [
            Found(*_called(part), lambda _: data),
            Found("confounds", (confounds.name.path,), lambda _: regressors),
        ],
        artefacts=unsteady_intervals(regressors),
    )


def _bold(part: Part, settings: Mapping[str, Any]) -> Contents:
    images = Found(*_called(part), lambda _: read_bold(part, settings["atlas"]))
    confounds = confounds_of(part)
    if confounds is None:
        return Contents([images])
    image = load_image(part.path, 4)
    regressors = read_confounds(confounds, bold_clock(part, image), image.shape[3])
    return Contents(
        [images, Found("confounds", (confounds.name.path,), lambda _: regressors)],
        artefacts=unsteady_intervals(regressors),
    )


def _behaviour(part: Part, settings: Mapping[str, Any]) -> Contents:
    return Contents([Found(*_called(part), lambda _: read_beh(part.path, part.sidecar))])


def _electrophysiology(part: Part, settings: Mapping[str, Any]) -> Contents:
    opened = Electrophysiology(part, settings["flat_tail"])
    return Contents(
        [Found(*_called(part), partial(opened.signals, settings["channel_types"]))],
        marks=opened.annotations(),
        half_sample=0.5 / opened.rate,
    )


Reader = Callable[[Part, Mapping[str, Any]], Contents]
READERS: dict[str, Reader] = {
    "timeseries": _sampled,
    "physio": _sampled,
    "stim": _sampled,
    "bold": _bold,
    "beh": _behaviour,
    "eeg": _electrophysiology,
    "ieeg": _electrophysiology,
    "meg": _electrophysiology,
}


def _called(part: Part) -> tuple[str, tuple[str, ...]]:
    """Name of the modality of a data file, and what else the settings may call it."""
    suffix, piece = part.name.suffix, part.name.entities.get("recording", "")
    return clean_name(f"{suffix}_{piece}" if piece else suffix), (suffix, part.name.path)


def _events(parts: Sequence[Part], every: Sequence[Part]) -> Part | None:
    """The table of events that is nearest to a data file, or that is the only data."""
    if not parts:
        return next((p for p in every if (p.name.suffix, p.name.extension) == EVENTS), None)
    tables = (part.inherited(*EVENTS) for part in parts)
    nearest = next((names[-1] for names in tables if names), None)
    return next((part for part in every if part.name == nearest), None)


def _intervals(events: Part | None, contents: Sequence[Contents]) -> dict[str, xr.Dataset]:
    """Events, by the dataset's table or else as marked in the data, and artefacts of all."""
    marks = [content.marks for content in contents if content.marks is not None]
    half_sample = max((content.half_sample for content in contents), default=0.0)
    tables = marks
    if events is not None:
        tables = [event_intervals(events.where, read_table(events.path)), *marks]
    artefacts = [artefact_intervals(table, half_sample) for table in tables]
    artefacts += [content.artefacts for content in contents if content.artefacts is not None]
    found = {"events": tables[0]} if tables else {}
    artefacts = [table for table in artefacts if table.sizes["interval"]]
    if artefacts:
        # a file marks again what the table of events says
        found["artefacts"] = distinct(xr.concat(artefacts, "interval"), 2 * half_sample)
    return {name: table for name, table in found.items() if table.sizes["interval"]}


def _label(parts: Sequence[Part | None]) -> str:
    """Name of a recording for messages: that of its file, or what its files share."""
    names = [part.name for part in parts if part is not None]
    if len(names) == 1:
        return Path(names[0].path).name
    entities = names[0].entities.items() if names else ()
    shared = [f"{k}-{v}" for k, v in entities if all(n.entities.get(k) == v for n in names)]
    return "_".join(shared) or "recording"


def _with_common_unit(data: xr.Dataset) -> xr.Dataset:
    """State the unit once where all channels that were kept have the same."""
    if "units" not in data.coords or len(set(data["units"].values)) > 1:
        return data
    return data.assign_attrs(units=str(data["units"].values[0])).drop_vars("units")


def _require_readable(root: Path, path: str) -> None:
    """Refuse what is missing, empty, a pointer, or leads out of the dataset."""
    place = root / path
    if not place.is_dir():
        require_inside(root, place, place.name)
        require_content(place)
        return
    for inner in place.rglob("*"):
        require_inside(root, inner, place.name)
