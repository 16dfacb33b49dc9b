"""Types, status, units and positions of the channels of EEG, iEEG and MEG."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.sidecars import Part, read_json
from neurodsr.recordings.bids.tables import numbers, read_table
from neurodsr.recordings.bids.units import to_si

OF_INTEREST = {
    "eeg": ("EEG",),
    "ieeg": ("SEEG", "ECOG", "DBS", "IEEG"),
    "meg": ("MEGMAG", "MEGGRADPLANAR", "MEGGRADAXIAL"),
}
# spelled otherwise in the wild
SAME = {"MEGGRAD": "MEGGRADPLANAR", "REFERENCE": "REF"}
OF_MNE = {
    "ref_meg": "MEGREFMAG",
    "stim": "TRIG",
    "chpi": "HLU",
    "resp": "RESP",
}
# words of a name that no electrode of the scalp has
TELLING = {
    "ECG": r"ECG|EKG",
    "EOG": r"[HV]?EOG[LRUD]?|[HV]EO",
    "EMG": r"EMG",
    "RESP": r"RESP|RESPIRATION",
    "GSR": r"GSR|EDA",
    "PPG": r"PPG|PLETH",
    "TRIG": r"TRIG|TRIGGER|STATUS|STI ?\d+",
    "REF": r"[AM][12] ?[-/] ?[AM][12]",
}
BY_NAME = {
    kind: re.compile(rf"(?i:(?:.*[^a-z])?(?:{words})(?:[^a-z].*)?)")
    for kind, words in TELLING.items()
}


@dataclass(frozen=True)
class Channel:
    """One channel: its type as BIDS spells it, whether it is bad, its unit by ``channels.tsv``."""

    kind: str
    bad: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Positions:
    """Where sensors are: (channel, 3) in a coordinate system, with NaN where it is not known."""

    values: NDArray[np.float64]
    unit: str
    system: str

    @property
    def attributes(self) -> dict[str, str]:
        return {"coordinate_system": self.system, "coordinate_units": self.unit}


def kind_by_name(name: str) -> str | None:
    """Type that the name of a channel tells beyond doubt: ``ECG ECG``, ``EEG A2-A1``."""
    return next((kind for kind, words in BY_NAME.items() if words.fullmatch(name)), None)


def describe_channels(
    part: Part, told: Mapping[str, str]
) -> tuple[dict[str, Channel], dict[str, str]]:
    """Channels of a data file, by ``channels.tsv`` where it has them, else by the file itself.

    Parameters
    ----------
    part
        The data file.
    told
        Types of its channels in the spelling of MNE.

    Returns
    -------
    channels
        By name, in the order of the file.
    retyped
        Channels whose name contradicts the type EEG, and the type that their name tells.

    Notes
    -----
    Electrodes in the brain whose kind no ``channels.tsv`` tells have the type IEEG.

    Raises
    ------
    RecordingError
        ``channels.tsv`` is no table of the file's channels.
    """
    table = _channel_table(part)
    if table and not table.keys() & told.keys():
        raise RecordingError(
            f"{part.where}: channels: channels.tsv names {_some(table)}, the data have"
            f" {_some(told)}; mend channels.tsv"
        )
    channels, retyped = {}, {}
    inside = part.name.suffix == "ieeg" and not table
    for name, mne_kind in told.items():
        kind = "IEEG" if inside and mne_kind == "eeg" else mne_kind.upper()
        channel = table.get(name) or Channel(OF_MNE.get(mne_kind, kind))
        better = kind_by_name(name) if channel.kind in ("EEG", "IEEG") else None
        if better:
            retyped[name] = better
            channel = Channel(better, channel.bad, channel.unit)
        channels[name] = channel
    return channels, retyped


def positions_in_table(part: Part, names: Sequence[str]) -> Positions | None:
    """Positions of ``electrodes.tsv`` with the system and unit of ``coordsystem.json``.

    Of several coordinate systems the first by name is taken.
    """
    found = part.inherited("electrodes", ".tsv", aside=("space",))
    if not found:
        return None
    path = part.root / found[0].path
    table = read_table(path)
    if missing := {"name", "x", "y", "z"} - table.keys():
        raise RecordingError(f"{path.name}: {min(missing)}: no such column; BIDS asks for it")
    xyz = np.column_stack([numbers(path.name, axis, table[axis]) for axis in "xyz"])
    row = {str(name): i for i, name in enumerate(table["name"])}
    values = np.array([xyz[row[n]] if n in row else [np.nan] * 3 for n in names]).reshape(-1, 3)
    system: dict[str, Any] = {}
    for other in part.inherited("coordsystem", ".json", aside=("space",)):
        if other.entities.get("space") == found[0].entities.get("space"):
            system |= read_json(part.root / other.path)
    prefix = {"eeg": "EEG", "ieeg": "iEEG", "meg": "EEG"}[part.name.suffix]
    factor, unit = to_si(str(system.get(f"{prefix}CoordinateUnits", "")))
    named = system.get(f"{prefix}CoordinateSystem", found[0].entities.get("space", ""))
    return Positions(values * factor, unit, str(named))


def _channel_table(part: Part) -> dict[str, Channel]:
    """What the nearest ``channels.tsv`` says, by the names of the channels."""
    path = part.nearest("channels", ".tsv")
    if path is None:
        return {}
    table = read_table(path)
    for column in ("name", "type"):
        if column not in table:
            raise RecordingError(f"{path.name}: {column}: no such column; BIDS asks for it")
    count = len(table["name"])
    status, unit = (table.get(c, np.full(count, "")) for c in ("status", "units"))
    return {
        str(table["name"][i]): Channel(
            SAME.get(kind := str(table["type"][i]).upper(), kind),
            str(status[i]).lower() == "bad",
            "" if unit[i] == "n/a" else str(unit[i]),
        )
        for i in range(count)
    }


def _some(names: Mapping[str, Any]) -> str:
    return ", ".join(list(names)[:5]) + (" ..." if len(names) > 5 else "")
