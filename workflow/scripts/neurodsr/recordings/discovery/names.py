"""File names of BIDS taken apart, and which of them hold signals.

Only the standard library is used.
"""

from dataclasses import dataclass
from functools import cache

NAMING_ENTITIES = ("sub", "ses", "task", "acq", "run")
SIGNAL_EXTENSIONS = {
    "timeseries": (".tsv", ".tsv.gz"),
    "physio": (".tsv.gz", ".tsv"),
    "stim": (".tsv.gz", ".tsv"),
    "beh": (".tsv",),
    "eeg": (".vhdr", ".edf", ".bdf", ".set"),
    "ieeg": (".vhdr", ".edf", ".bdf", ".set", ".mefd"),
    "meg": (".fif", ".ds", ".sqd", ".con"),
    "bold": (".nii.gz", ".nii"),
}
PREPROCESSED = ("preproc", "denoised")
CALIBRATION = ("calibration", "crosstalk")
EMPTY_ROOM = "emptyroom"
CONFOUNDS = "confounds"


@dataclass(frozen=True)
class BidsName:
    """A file name taken apart: ``sub-01_task-rest_eeg.vhdr``."""

    path: str
    stem: str
    entities: dict[str, str]
    suffix: str
    extension: str

    @property
    def folder(self) -> str:
        """Where it lies, empty for the root of the dataset."""
        return self.path.rpartition("/")[0]


@cache
def parse_name(path: str) -> BidsName:
    """Take a BIDS file name apart; unknown parts count as suffix.

    Remembered, since a dataset of many subjects is gone through several times.
    """
    stem, dot, extension = path.rpartition("/")[2].partition(".")
    entities: dict[str, str] = {}
    suffix = ""
    for part in stem.split("_"):
        key, dash, value = part.partition("-")
        if dash and key and value:
            entities[key] = value
        else:
            suffix = part
    return BidsName(path, stem, entities, suffix, dot + extension)


def is_signal(name: BidsName) -> bool:
    """Whether a file holds a signal that can be read, by its name.

    Raw BOLD is none (only what a pipeline has preprocessed), nor are tables of confounds, which
    belong to a BOLD series, calibration files of MEG, and the later files of a split recording,
    which belong to the first.
    """
    entities = name.entities
    if name.extension not in SIGNAL_EXTENSIONS.get(name.suffix, ()):
        return False
    if name.suffix == "bold" and entities.get("desc") not in PREPROCESSED:
        return False
    if name.suffix == "meg" and entities.get("acq") in CALIBRATION:
        return False
    return not is_confounds(name) and not is_later_split(name)


def is_confounds(name: BidsName) -> bool:
    """Whether a file is a table of confounds, as fMRIPrep writes them."""
    kind = name.suffix in ("timeseries", "regressors")
    return kind and name.entities.get("desc") == CONFOUNDS and ".tsv" in name.extension


def is_later_split(name: BidsName) -> bool:
    """Whether a file continues another one (``split-02`` of a large FIF file)."""
    split = name.entities.get("split", "1")
    return split.isdigit() and int(split) > 1


def same_value(value: str, wanted: str) -> bool:
    """Whether two values of an entity agree; numbers compare as numbers (``01`` and ``1``)."""
    return value == wanted or (value.isdigit() and wanted.isdigit() and int(value) == int(wanted))
