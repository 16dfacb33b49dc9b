"""Names of the files that a conversion makes; the workflow asks before anything has run.

Only the standard library is used.
"""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

DERIVATIVE_FILES = [
    "dataset_description.json",
    "participants.tsv",
    "participants.json",
    "atlas-AAL2_dseg.tsv",
    "README",
]


def participant_of(source: str) -> str:
    """Participant label of a file to convert: the letters and digits of ``sub-<label>_...``."""
    stem = PurePosixPath(source).name.split("_bold.")[0].removeprefix("sub-")
    return re.sub(r"[^A-Za-z0-9]", "", stem)


def converted_files(sources: Sequence[str]) -> list[str]:
    """Files of the BIDS derivatives dataset made of BOLD files ``sub-<label>_bold.mat``."""
    stems = [
        f"sub-{participant}/func/sub-{participant}_task-rest_atlas-AAL2_timeseries"
        for participant in map(participant_of, sources)
    ]
    return [*DERIVATIVE_FILES, *(f"{stem}{end}" for stem in stems for end in (".tsv", ".json"))]
