"""EEG, iEEG and MEG, opened by MNE, described by the sidecars of the dataset.

The sidecars are read here and not by MNE-BIDS: a slip in a table that is not needed would cost it
the recording, it keeps no boundaries of a file beside an ``events.tsv``, and it does not merge
inherited sidecars.
"""

import json
import logging
import re
import warnings
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.channels import (
    OF_INTEREST,
    Positions,
    describe_channels,
    positions_in_table,
)
from neurodsr.recordings.bids.edf import require_uninterrupted
from neurodsr.recordings.bids.sidecars import Part, require_inside
from neurodsr.recordings.bids.units import to_si
from neurodsr.recordings.flat_ends import length_without_flat_end
from neurodsr.recordings.recording import make_intervals
from neurodsr.recordings.signals import Signals

log = logging.getLogger("neurodsr")

CUT_SHORT = "does not match the file size"
POINTERS = re.compile(r"(?m)^\s*(DataFile|MarkerFile)\s*=\s*(.+?)\s*$")
SCALED_BY_MNE = ("V", "mV", "uV", "µV", "μV", "nV")
SILENT = ("", "n/a", "NA")
SI_OF_MNE = {107: "V", 112: "T", 201: "T/m", 2: "m", 4: "s", 101: "Hz"}


class Electrophysiology:
    """A data file of EEG, iEEG or MEG, opened but not yet read.

    Parameters
    ----------
    part
        The file.
    shortest_flat_tail
        A constant end of the recording at least so long (s) is left out; None keeps it.

    Raises
    ------
    RecordingError
        MNE cannot read it, it is cut short, or its header leads out of the dataset.
    """

    def __init__(self, part: Part, shortest_flat_tail: float | None) -> None:
        self.part = part
        self.shortest_flat_tail = shortest_flat_tail
        self.raw = _open(part)
        told = dict(zip(self.raw.ch_names, self.raw.get_channel_types(), strict=True))
        self.channels, self.retyped = describe_channels(part, _finer(self.raw, told))
        for name, kind in self.retyped.items():
            log.warning("%s: channel %s counts as %s, by its name", part.where, name, kind)
        self.rate = float(self.raw.info["sfreq"])
        lasts, expected = self.raw.n_times / self.rate, part.number("RecordingDuration", 0.0)
        if lasts < expected - max(1.0, 1 / self.rate):
            raise RecordingError(
                f"{part.where}: data: {lasts:g} s of a RecordingDuration of {expected:g} s; the"
                " file is cut short: fetch it again"
            )

    def annotations(self) -> xr.Dataset:
        """What is marked in the file itself, in s from its first sample."""
        marks = self.raw.annotations
        start = np.asarray(marks.onset, float) - float(self.raw.first_time)
        stop = start + np.asarray(marks.duration, float)
        return make_intervals(start, stop, {"label": np.array(marks.description, dtype=object)})

    def signals(self, kinds: Sequence[str], named: Collection[str]) -> Signals:
        """Signals in SI units of the channels of some types, but for bad ones.

        Parameters
        ----------
        kinds
            Types of channels, as BIDS spells them; empty for those of the file's suffix.
        named
            Channels that are wanted whatever their type and status.

        Returns
        -------
        Signals
            With columns ``type``, ``units`` (where they differ) and the positions ``x``, ``y``,
            ``z``, and attributes that say what was left out.
        """
        kinds = kinds or OF_INTEREST[self.part.name.suffix]
        bad = [name for name, channel in self.channels.items() if channel.bad]
        bad += [name for name in self.raw.info["bads"] if name not in bad]
        of_kind = [name for name, channel in self.channels.items() if channel.kind in kinds]
        kept = [n for n in self.channels if n in named or (n in of_kind and n not in bad)]
        if not kept:
            there = sorted({channel.kind for channel in self.channels.values()})
            raise RecordingError(
                f"{self.part.where}: channels: none of type {' or '.join(kinds)} is good (there"
                f" are {', '.join(there)}); mend channels.tsv or name channels under `modalities`"
            )
        picks = np.array([self.raw.ch_names.index(name) for name in kept])
        tail = self._flat_tail(picks)
        factors, units = self._units(kept)
        common = units[0] if len(set(units)) == 1 else ""
        positions = self._positions(kept)
        bad = [name for name in bad if name in of_kind and name not in named]
        return Signals(
            self.part.where,
            kept,
            self.raw.n_times - tail,
            lambda start, stop, chosen: self._samples(picks[chosen], start, stop) * factors[chosen],
            self.rate,
            columns={
                "type": [self.channels[name].kind for name in kept],
                **({} if common else {"units": units}),
                **({} if positions is None else dict(zip("xyz", positions.values.T, strict=True))),
            },
            attributes={
                "units": common,
                "suffix": self.part.name.suffix,
                **self._facts(bad, kept),
                **({"flat_tail": tail / self.rate} if tail else {}),
                **({} if positions is None else positions.attributes),
            },
        )

    def _samples(self, picks: NDArray[np.intp], start: int, stop: int) -> NDArray[np.float64]:
        """(time, channel) values in the units of MNE."""
        order = np.argsort(picks)
        values = np.empty((stop - start, len(picks)))
        try:
            ascending = self.raw.get_data(picks[order], start=start, stop=stop, verbose="error")
        except (OSError, ValueError, RuntimeError, zlib.error) as error:
            raise _unreadable(self.part, error) from error
        values[:, order] = ascending.T
        return values

    def _units(self, channels: Sequence[str]) -> tuple[NDArray[np.float64], list[str]]:
        """What to multiply the values of MNE by, and the units that they then have.

        MNE brings volts and the fields of sensors to the SI. Other units that a file states stay as
        they are; where it is silent, ``channels.tsv`` decides.
        """
        infos = {info["ch_name"]: info for info in self.raw.info["chs"]}
        found = []
        for name in channels:
            stated, table = self.raw._orig_units.get(name), self.channels[name].unit
            if stated is None:
                si = SI_OF_MNE.get(int(infos[name]["unit"]), "")
                found.append((1.0, si or to_si(table)[1]))
            elif stated in SCALED_BY_MNE:
                found.append((1.0, "V"))
            else:
                found.append(to_si(table if stated in SILENT else stated))
        return np.array([factor for factor, _ in found]), [unit for _, unit in found]

    def _flat_tail(self, picks: NDArray[np.intp]) -> int:
        """Samples at the end during which none of the channels changes; 0 for a short time."""
        if self.shortest_flat_tail is None:
            return 0
        samples = length_without_flat_end(
            lambda start, stop: self._samples(picks, start, stop),
            self.raw.n_times,
            self.shortest_flat_tail * self.rate,
        )
        if not samples:
            raise RecordingError(
                f"{self.part.where}: data: no channel ever changes; leave the recording out"
            )
        return int(self.raw.n_times) - samples

    def _facts(self, bad: Sequence[str], kept: Sequence[str]) -> dict[str, Any]:
        """Attributes: reference, line frequency, channels that were left out."""
        others = {
            name: channel.kind
            for name, channel in self.channels.items()
            if name not in kept and name not in bad
        }
        reference = self.part.text("EEGReference") or self.part.text("iEEGReference")
        line = self.part.sidecar.get("PowerLineFrequency")
        facts = {
            "description": self.part.text("TaskDescription"),
            "reference": reference,
            "line_frequency": float(line) if isinstance(line, int | float) else None,
            "bad_channels": json.dumps(bad) if bad else None,
            "other_channels": json.dumps(others) if others else None,
            "retyped_channels": json.dumps(self.retyped) if self.retyped else None,
        }
        return {name: value for name, value in facts.items() if value not in (None, "")}

    def _positions(self, channels: Sequence[str]) -> Positions | None:
        """Positions of electrodes by the dataset, else those in the file."""
        table = positions_in_table(self.part, channels)
        if table is not None:
            return table
        infos = {info["ch_name"]: info for info in self.raw.info["chs"]}
        values = np.array([infos[name]["loc"][:3] for name in channels], dtype=float)
        values[~values.any(axis=1)] = np.nan
        if not np.isfinite(values).any():
            return None
        frame = {1: "device", 4: "head"}.get(int(infos[channels[0]]["coord_frame"]), "unknown")
        return Positions(values, "m", frame)


def _open(part: Part) -> Any:
    """Open a file without reading its samples."""
    import mne

    if part.name.extension == ".vhdr":
        _check_pointers(part)
    elif part.name.extension in (".edf", ".bdf"):
        require_uninterrupted(part.path)
    special = {"allow_maxshield": "yes"} if part.name.extension == ".fif" else {}
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            raw = mne.io.read_raw(part.path, verbose="WARNING", **special)
    except MemoryError:
        raise
    except Exception as error:
        raise _unreadable(part, error) from error
    for path in raw.filenames:
        if path is not None:
            _require_beside(part, Path(path), "data")
    if any(CUT_SHORT in str(warning.message) for warning in warned):
        raise RecordingError(
            f"{part.where}: data: fewer records than its header says; it is cut short: fetch it"
            " again"
        )
    return raw


def _unreadable(part: Part, error: Exception) -> RecordingError:
    return RecordingError(
        f"{part.where}: data: MNE cannot read it: {' '.join(str(error).split())[:300]}; check the"
        " dataset with the BIDS validator"
    )


def _check_pointers(part: Part) -> None:
    """Files that a BrainVision header names: beside it and there."""
    header = part.path.read_bytes().decode("latin-1")
    for field, target in POINTERS.findall(header):
        path = part.path.parent / target.replace("\\", "/")
        _require_beside(part, path, field)
        if field == "DataFile" and not path.is_file():
            raise RecordingError(
                f"{part.where}: {field}: {target!r} is not there; if the file was renamed, mend its"
                " name in the header, else fetch it"
            )


def _require_beside(part: Part, path: Path, field: str) -> None:
    """Refuse a file named by a header that leads out of the dataset or lies in another folder."""
    require_inside(part.root, path, part.where, field)
    if path.parent.resolve() not in (part.path.resolve(), part.path.parent.resolve()):
        raise RecordingError(
            f"{part.where}: {field}: {path.name} is in another folder; keep the files of a"
            " recording together"
        )


def _finer(raw: Any, told: dict[str, str]) -> dict[str, str]:
    """Types of MNE, with magnetometers and the two kinds of gradiometers as BIDS has them."""
    from mne.io.constants import FIFF

    axial = {FIFF.FIFFV_COIL_CTF_GRAD, FIFF.FIFFV_COIL_KIT_GRAD, FIFF.FIFFV_COIL_AXIAL_GRAD_5CM}
    coils = {info["ch_name"]: int(info["coil_type"]) for info in raw.info["chs"]}
    names = {"mag": "MEGMAG", "grad": "MEGGRADPLANAR"}
    return {
        name: "MEGGRADAXIAL" if kind in names and coils[name] in axial else names.get(kind, kind)
        for name, kind in told.items()
    }
