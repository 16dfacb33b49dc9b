"""Intracellular recordings: the sweeps of an electrode as one signal, with what was injected."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pynwb import NWBFile, TimeSeries
from pynwb.icephys import PatchClampSeries

from neurodsr.recordings.nwb.series import values_of
from neurodsr.recordings.recording import clean_name, make_intervals
from neurodsr.recordings.selection import Found
from neurodsr.recordings.signals import Signals

PAUSE = 0.1
"""Missing time (s) between sweeps that are laid one after the other."""
LONGEST = 2**26
"""Samples up to which sweeps stay on the clock of the session, gaps between them included."""


@dataclass(frozen=True)
class Sweep:
    """A stretch of recording of one electrode.

    Attributes
    ----------
    response, stimulus
        What was recorded, and what was injected or commanded meanwhile, if that is known.
    start
        Where it begins (s) on the clock of the modality.
    """

    response: PatchClampSeries
    stimulus: PatchClampSeries | None
    start: float

    @property
    def stop(self) -> float:
        return self.start + len(self.response.data) / float(self.response.rate)


def sweeps_of(content: NWBFile) -> dict[str, list[Sweep]]:
    """Sweeps by modality: those of one type, electrode and sampling rate, in order of time."""
    responses = [one for one in content.acquisition.values() if is_sweep(one)]
    stimuli = _stimuli_of(content, responses)
    groups: dict[tuple[str, str, float], list[Sweep]] = defaultdict(list)
    for one in responses:
        key = (one.neurodata_type, one.electrode.name, float(one.rate))
        start = float(one.starting_time or 0.0)
        groups[key].append(Sweep(one, stimuli.get(one.name), start))
    named: dict[str, list[Sweep]] = {}
    for kind, electrode, rate in sorted(groups):
        name = clean_name(kind.removesuffix("Series"))
        if len({key[1] for key in groups if key[0] == kind}) > 1:
            name = f"{name}_{clean_name(electrode)}"
        if len({key[2] for key in groups if key[:2] == (kind, electrode)}) > 1:
            name = f"{name}_{rate:g}_hz"
        named[name] = _on_one_clock(groups[kind, electrode, rate], rate)
    return named


def is_sweep(series: object) -> bool:
    """Whether a series is a regularly sampled patch-clamp recording."""
    return (
        isinstance(series, PatchClampSeries)
        and series.rate is not None
        and len(getattr(series.data, "shape", ())) == 1
        and len(series.data) > 0
    )


def find_sweeps(file: str, content: NWBFile) -> Iterator[Found]:
    """Modalities of intracellular recordings: responses, and their stimuli as signals beside."""
    for name, sweeps in sweeps_of(content).items():
        first = sweeps[0].response
        place = f"icephys/{first.electrode.name}"
        yield Found(
            name,
            (first.neurodata_type, f"{place}/{first.neurodata_type}"),
            partial(_responses, f"{file}: {name}", sweeps),
        )
        given = [one.stimulus for one in sweeps if one.stimulus is not None]
        if given and len({(float(one.rate), one.unit) for one in given}) == 1:
            kind = given[0].neurodata_type
            own = name.replace(clean_name(first.neurodata_type.removesuffix("Series")), "", 1)
            yield Found(
                clean_name(kind.removesuffix("Series")) + own,
                (kind, f"{place}/{kind}"),
                partial(_stimuli, f"{file}: {name}", sweeps),
            )


def sweep_table(content: NWBFile) -> xr.Dataset | None:
    """Start and stop of each sweep, labelled by the protocol, with electrode and names."""
    rows = [sweep for sweeps in sweeps_of(content).values() for sweep in sweeps]
    if not rows:
        return None
    return make_intervals(
        [row.start for row in rows],
        [row.stop for row in rows],
        {
            "label": [_protocol(row.response) for row in rows],
            "electrode": [row.response.electrode.name for row in rows],
            "response": [row.response.name for row in rows],
            "stimulus": [row.stimulus.name if row.stimulus is not None else "" for row in rows],
        },
    )


def _protocol(response: PatchClampSeries) -> str:
    """Name of the protocol; empty where PyNWB has put "N/A"."""
    name = str(response.stimulus_description or "")
    return "" if name.upper() in ("N/A", "NA") else name


def _stimuli_of(
    content: NWBFile, responses: Sequence[PatchClampSeries]
) -> dict[str, PatchClampSeries]:
    """Stimulus of each response: by the table of recordings, sweep number, or starting time."""
    paired: dict[str, PatchClampSeries] = {}
    table = content.intracellular_recordings
    for row in range(len(table) if table is not None else 0):
        response = table["responses"]["response"][row].timeseries
        stimulus = table["stimuli"]["stimulus"][row]
        if stimulus.count > 0 and is_sweep(stimulus.timeseries) and response is not None:
            paired[response.name] = stimulus.timeseries
    by_number, by_time = defaultdict(list), defaultdict(list)
    for one in filter(is_sweep, content.stimulus.values()):
        by_number[one.electrode.name, one.sweep_number].append(one)
        by_time[one.electrode.name, one.starting_time].append(one)
    for response in responses:
        electrode, number = response.electrode.name, response.sweep_number
        fitting = by_number[electrode, number] if number is not None else []
        fitting = fitting or by_time[electrode, response.starting_time]
        if len(fitting) == 1:
            paired.setdefault(response.name, fitting[0])
    return paired


def _on_one_clock(sweeps: list[Sweep], rate: float) -> list[Sweep]:
    """Sweeps on one grid of samples: where they were recorded, else one after the other.

    They are laid one after the other when they overlap (files in which each sweep begins at 0 s)
    or when the session is too long to keep its pauses.
    """
    in_time = sorted(sweeps, key=lambda one: (one.start, _number(one.response)))
    first = in_time[0].start
    apart = all(later.start >= earlier.stop - 0.5 / rate for earlier, later in pairwise(in_time))
    if apart and (in_time[-1].stop - first) * rate <= LONGEST:
        return [
            replace(one, start=first + round((one.start - first) * rate) / rate) for one in in_time
        ]
    ordered = sorted(sweeps, key=lambda one: _number(one.response))
    lengths = [len(one.response.data) + round(PAUSE * rate) for one in ordered]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) / rate
    return [replace(one, start=float(s)) for one, s in zip(ordered, starts, strict=True)]


def _number(series: TimeSeries) -> tuple[int, list[tuple[int, str]]]:
    """Key that orders sweeps by number, then by the numbers in their names."""
    number = getattr(series, "sweep_number", None)
    parts = re.split(r"(\d+)", series.name)
    return (-1 if number is None else int(number)), [
        (int(part) if part.isdigit() else -1, part) for part in parts
    ]


def _responses(where: str, sweeps: Sequence[Sweep], _: Sequence[str]) -> Signals:
    return _joined(where, [(one.start, one.response) for one in sweeps])


def _stimuli(where: str, sweeps: Sequence[Sweep], _: Sequence[str]) -> Signals:
    return _joined(where, [(s.start, s.stimulus) for s in sweeps if s.stimulus is not None])


def _joined(where: str, pieces: Sequence[tuple[float, TimeSeries]]) -> Signals:
    """Pieces of one rate on one clock (s), with missing samples between them."""
    begin, first = pieces[0]
    rate = float(first.rate)
    offsets = [round((start - begin) * rate) for start, _ in pieces]
    placed = [(at, at + len(one.data), one) for at, (_, one) in zip(offsets, pieces, strict=True)]
    only = np.zeros(1, dtype=np.intp)

    def read(start: int, stop: int, _: NDArray[np.intp]) -> NDArray[np.float64]:
        values = np.full((stop - start, 1), np.nan)
        for at, end, one in placed:
            low, high = max(start, at), min(stop, end)
            if low < high:
                part = values_of(one, low - at, high - at, only)
                values[low - start : high - start] = part
        return values

    return Signals(
        where,
        [first.electrode.name],
        max(end for _, end, _ in placed),
        read,
        rate,
        begin,
        attributes={
            "units": first.unit,
            "description": f"{len(placed)} sweeps: {first.description}",
            "neurodata_type": first.neurodata_type,
        },
    )
