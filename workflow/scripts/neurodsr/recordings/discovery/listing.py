"""Files of a dataset on disk, and those of them that cannot be used as they are.

Only the standard library is used, and no file is opened.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

from neurodsr.errors import ConfigError

NOT_RAW = {"derivatives", "sourcedata", "code", "__pycache__"}
FOLDERS_AS_FILES = (".zarr", ".nwb", ".ds", ".mefd")
LEADS_OUT = "the link leads out of the dataset; copy the file or make its target the dataset's root"
NOT_READABLE = "the folder cannot be opened; mend its permissions"
LEADS_NOWHERE = "a link to nothing, e.g. annexed content that was not fetched; `datalad get` it"


@dataclass(frozen=True)
class Listing:
    """What a dataset's folder holds.

    Attributes
    ----------
    files
        Paths relative to the root, sorted. A folder that is one recording (``.nwb.zarr``, CTF's
        ``.ds``) counts as a file.
    blocked
        Why a file or a folder of links must not or cannot be read, by its path.
    """

    files: list[str] = field(default_factory=list)
    blocked: dict[str, str] = field(default_factory=dict)


def list_files(root: str | os.PathLike[str]) -> Listing:
    """List the files of a local dataset.

    Hidden files and what BIDS keeps beside the raw data (``derivatives``, ``sourcedata``,
    ``code`` at the root) are left out. Links are followed as long as they stay in the dataset.

    Raises
    ------
    ConfigError
        The root is no folder.
    """
    top = Path(root)
    if not top.is_dir():
        raise ConfigError(f"{root}: no such folder; give the root of the dataset")
    real_top = os.path.realpath(top)
    found = Listing()

    def walk(folder: str, prefix: str, real: str, above: tuple[str, ...]) -> None:
        if real in above:
            return
        try:
            inside = list(os.scandir(folder))
        except PermissionError:
            found.blocked[prefix.rstrip("/") or "."] = NOT_READABLE
            return
        for entry in inside:
            relative = prefix + entry.name
            if entry.name.startswith(".") or (not prefix and entry.name in NOT_RAW):
                continue
            inner = f"{real}/{entry.name}"
            if entry.is_symlink():
                inner = os.path.realpath(entry.path)
                if os.path.commonpath([inner, real_top]) != real_top:
                    found.blocked[relative] = LEADS_OUT
                    if not entry.is_dir():
                        found.files.append(relative)
                    continue
                if not Path(inner).exists():
                    found.blocked[relative] = LEADS_NOWHERE
            if not entry.is_dir():
                found.files.append(relative)
            elif entry.name.endswith(FOLDERS_AS_FILES):
                found.files.append(relative)
                if link := _link_out(inner, real_top):
                    found.blocked[relative] = f"{link}: {LEADS_OUT}"
            else:
                walk(entry.path, relative + "/", inner, (*above, real))

    walk(str(top), "", real_top, ())
    found.files.sort()
    return found


def _link_out(folder: str, real_top: str) -> str:
    """A link inside a folder that leads out of the dataset, or nothing."""
    for path in Path(folder).rglob("*"):
        if path.is_symlink():
            target = os.path.realpath(path)
            if os.path.commonpath([target, real_top]) != real_top:
                return path.relative_to(folder).as_posix()
    return ""


def dataset_files(root: str | os.PathLike[str]) -> list[str]:
    """Paths of the files of a local dataset, where no link may lead out of it.

    Raises
    ------
    ConfigError
        The root is no folder, or a symbolic link leads out of it.
    """
    found = list_files(root)
    for path, reason in sorted(found.blocked.items()):
        if reason.endswith(LEADS_OUT):
            raise ConfigError(f"{Path(root, path)}: {reason}")
    return found.files
