"""EEG during mental arithmetic (PhysioNet eegmat), EDF files written as BIDS EEG.

Zyma I et al. (2019). Electroencephalograms during mental arithmetic task performance. Data 4(1):14.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr.errors import RecordingError
from neurodsr.files import write_text
from neurodsr.recordings.conversion.layout import EEGMAT_TABLE, eegmat_recordings
from neurodsr.recordings.flat_ends import length_without_flat_end
from neurodsr.recordings.write_bids import write_description, write_eeg
from neurodsr.tables import write_table

log = logging.getLogger("neurodsr")

FLAT_END = 0.2  # s
GROUPS = {"0": "bad", "1": "good"}
TYPES = {"A2-A1": "REF", "ECG": "ECG"}
DESCRIPTIONS = {
    "rest": "Background EEG before the task, eyes closed or open is not stated",
    "arithmetic": "Serial subtraction of two-digit from four-digit numbers, in mind",
}
SIDECAR = {
    "EEGReference": "interconnected ear electrodes (A1, A2)",
    "PowerLineFrequency": 50,
    "Manufacturer": "XAI-MEDICA",
    "ManufacturersModelName": "Neurocom",
    "HardwareFilters": {"Notch": {"Frequency": 50, "Unit": "Hz"}},
    "SoftwareFilters": {"ICA": {"Purpose": "components of eyes, muscles and pulse taken out"}},
}
DICTIONARY: dict[str, dict[str, Any]] = {
    "participant_id": {"Description": "Label of the participant"},
    "age": {"Description": "Age", "Units": "year"},
    "sex": {"Description": "Sex", "Levels": {"F": "female", "M": "male"}},
    "group": {
        "Description": "How well the participant counted (Count quality of subject-info.csv)",
        "Levels": {"good": "Count quality 1", "bad": "Count quality 0"},
    },
    "subtractions": {"Description": "Number of subtractions in four minutes"},
    "year": {"Description": "Year of the recording"},
}


def convert_eegmat(sources: Sequence[Path], root: Path, settings: Mapping[str, Any]) -> None:
    """Write the EDF files as BIDS EEG without their constant ends (see `convert`).

    Groups come from ``subject-info.csv``; where the README of the source contradicts it, the log
    and the README that is written say so.

    Raises
    ------
    RecordingError
        A file cannot be read, or the table lacks a column.
    """
    from neurodsr import __version__

    by_name = {source.name: source for source in sources}
    recordings = eegmat_recordings(list(by_name))
    people = participants_of(by_name[EEGMAT_TABLE])
    note = by_name.get("README.txt")
    text = note.read_text("utf-8", errors="replace") if note else ""
    doubt = contradiction(text, people)
    if doubt:
        log.warning("%s", doubt)
    cut = {}
    for name, (participant, task) in recordings.items():
        cut[name] = write_recording(by_name[name], participant, task, root)
        log.info("%s: %.3f s of constant samples at the end left out", name, cut[name])
    write_description(root, settings, "raw")
    present = sorted({participant for participant, _ in recordings.values()})
    table = people.reindex(present).rename_axis("participant_id").reset_index()
    table["participant_id"] = "sub-" + table["participant_id"]
    write_table(root / "participants.tsv", table, DICTIONARY)
    lines = [
        settings["name"],
        f"Written by neurodsr {__version__} from EDF files. {settings['source']}",
        f"Licence: {settings['licence']}\nCitation: {settings['citation']}",
        "Constant samples at the end of each recording are left out"
        f" ({min(cut.values()):.2f} to {max(cut.values()):.2f} s).",
        *([doubt] if doubt else []),
        *(["README of the source:\n\n" + text] if text else []),
    ]
    write_text(root / "README", "\n\n".join(lines).rstrip() + "\n")


def write_recording(path: Path, participant: str, task: str, root: Path) -> float:
    """Write one EDF file; the duration (s) of the constant end that is left out."""
    import mne

    try:
        raw = mne.io.read_raw_edf(path, verbose="error")
        signal = raw.get_data(verbose="error").T
    except (OSError, ValueError, RuntimeError, AssertionError) as error:
        raise RecordingError(f"{path.name}: not a readable EDF file: {error}") from error
    channels = [name.removeprefix("EEG ").replace("ECG ECG", "ECG") for name in raw.ch_names]
    rate = float(raw.info["sfreq"])
    samples = length_without_flat_end(
        lambda start, stop: signal[start:stop], len(signal), FLAT_END * rate
    )
    if samples < 2:
        raise RecordingError(f"{path.name}: constant from beginning to end; fetch it again")
    write_eeg(
        root,
        signal[:samples],
        rate,
        channels,
        participant,
        task,
        types={name: kind for name, kind in TYPES.items() if name in channels},
        sidecar=SIDECAR | {"TaskDescription": DESCRIPTIONS[task]},
    )
    return (len(signal) - samples) / rate


def participants_of(path: Path) -> pd.DataFrame:
    """Age, sex, group and performance by the label of the participant."""
    table = pd.read_csv(path, dtype=str, skipinitialspace=True)
    table.columns = table.columns.str.strip()
    needed = ("Subject", "Age", "Gender", "Recording year", "Number of subtractions")
    for column in (*needed, "Count quality"):
        if column not in table:
            raise RecordingError(f"{path.name}: {column}: no such column; fetch the file again")
    return pd.DataFrame(
        {
            "age": pd.to_numeric(table["Age"]).to_numpy(),
            "sex": table["Gender"].to_numpy(),
            "group": table["Count quality"].map(GROUPS).to_numpy(),
            "subtractions": pd.to_numeric(table["Number of subtractions"]).to_numpy(),
            "year": pd.to_numeric(table["Recording year"]).to_numpy(),
        },
        index=table["Subject"].str.removeprefix("Subject"),
    )


def contradiction(readme: str, people: pd.DataFrame) -> str:
    """How the sizes of the groups in the README differ from the table, empty where they agree."""
    stated = dict(re.findall(r"Group\W+([GB])\W+\((\d+) subjects\)", readme))
    counts = people["group"].value_counts()
    said = {"good": int(stated.get("G", -1)), "bad": int(stated.get("B", -1))}
    if all(number in (-1, counts.get(group, 0)) for group, number in said.items()):
        return ""
    return (
        f"The README of the source counts {said['good']} good and {said['bad']} bad counters, its"
        f" {EEGMAT_TABLE} {counts.get('good', 0)} and {counts.get('bad', 0)}; the table is used."
    )
