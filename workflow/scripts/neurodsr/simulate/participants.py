"""Names of simulated participants and files; the workflow asks before anything has run.

Only the standard library is used.
"""

import re
from collections.abc import Mapping
from typing import Any

TASK = "rest"
DATASET_FILES = [
    "dataset_description.json",
    "participants.tsv",
    "participants.json",
    "truth.tsv",
    "truth.json",
]


def simulated_participants(name: str, spec: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and group of each participant of a simulated dataset.

    Labels are the letters and digits of the dataset's name and a number (after an s where the name
    ends in a digit), so that datasets of one cohort have different participants (and these
    different noise). Participants of a system without groups form one, of the system's name.

    Parameters
    ----------
    name
        Of the dataset.
    spec
        Valid by ``simulate.schema.yaml``.
    """
    prefix = re.sub(r"(?<=\d)$", "s", re.sub(r"[^A-Za-z0-9]", "", name))
    alike = {spec["system"]: spec} if "groups" not in spec else spec["groups"]
    groups = [group for group, settings in alike.items() for _ in range(settings["subjects"])]
    return [(f"{prefix}{number:02d}", group) for number, group in enumerate(groups, start=1)]


def simulated_files(participant: str, format: str) -> list[str]:
    """Files of one participant, relative to the dataset; the one with the signal first."""
    stem = f"sub-{participant}_task-{TASK}"
    if format == "nwb":
        return [f"sub-{participant}/{stem}.nwb"]
    endings = ("_eeg.vhdr", "_eeg.vmrk", "_eeg.eeg", "_eeg.json", "_channels.tsv")
    return [f"sub-{participant}/eeg/{stem}{ending}" for ending in endings]


def dataset_files_of(format: str) -> list[str]:
    """Files of the dataset as a whole, relative to it."""
    return [*DATASET_FILES, *([".bidsignore", "README"] if format == "bids" else [])]
