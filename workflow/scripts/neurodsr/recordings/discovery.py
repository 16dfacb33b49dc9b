"""Which recordings a dataset holds, told from file names alone.

Only the standard library is used, and no file is opened: the workflow asks at every start.
"""

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from neurodsr.errors import ConfigError

NAMING_ENTITIES = ("sub", "ses", "task", "acq", "run")
NOT_RAW = {"derivatives", "sourcedata", "code", "__pycache__"}
SIGNAL_EXTENSIONS = {
    "timeseries": (".tsv", ".tsv.gz"),
    "physio": (".tsv.gz", ".tsv"),
    "stim": (".tsv.gz", ".tsv"),
    "eeg": (".vhdr", ".edf", ".bdf", ".set"),
    "ieeg": (".vhdr", ".edf", ".bdf", ".set"),
}
COMPANION_SUFFIXES = ("events", "channels", "electrodes", "coordsystem")
VALID_NAME = re.compile(r"[A-Za-z0-9_+.-]+")


@dataclass(frozen=True)
class Source:
    """The files of one recording.

    Attributes
    ----------
    dataset
        Name of the dataset in the configuration.
    recording
        Name of the recording, in the style of BIDS.
    format
        ``"nwb"``, ``"bids"`` or ``"arrays"``.
    files
        Paths relative to the dataset's root: the recording's own data first, then everything that
        belongs to them, from the root of the dataset down (a deeper sidecar overrides).
    entities
        What the name says, for instance ``{"sub": "01", "task": "rest"}``.
    """

    dataset: str
    recording: str
    format: str
    files: tuple[str, ...]
    entities: dict[str, str]


@dataclass(frozen=True)
class BidsName:
    """A file name taken apart: ``sub-01_task-rest_eeg.vhdr``."""

    path: str
    stem: str
    entities: dict[str, str]
    suffix: str
    extension: str


def dataset_files(root: str | os.PathLike[str]) -> list[str]:
    """List the files of a local dataset, relative to its root, sorted.

    Hidden files and what BIDS keeps beside the raw data (``derivatives``, ``sourcedata``,
    ``code`` at the root) are left out.

    Raises
    ------
    ConfigError
        The root is no folder, or a symbolic link leads out of it.
    """
    top = Path(root)
    if not top.is_dir():
        raise ConfigError(f"{root}: no such folder; give the root of the dataset")
    real_top = os.path.realpath(top)
    found: list[str] = []

    def walk(folder: str, prefix: str, above: tuple[str, ...]) -> None:
        real = os.path.realpath(folder)
        if real in above:
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                relative = prefix + entry.name
                if entry.name.startswith(".") or (not prefix and entry.name in NOT_RAW):
                    continue
                if entry.is_symlink() and not _inside(entry.path, real_top):
                    raise ConfigError(
                        f"{entry.path}: the link leads out of the dataset; copy the file or"
                        " make its target the dataset's root"
                    )
                if entry.is_dir():
                    walk(entry.path, relative + "/", (*above, real))
                else:
                    found.append(relative)

    walk(str(top), "", ())
    return sorted(found)


def _inside(path: str, real_top: str) -> bool:
    return os.path.commonpath([os.path.realpath(path), real_top]) == real_top


def parse_name(path: str) -> BidsName:
    """Take a BIDS file name apart; unknown parts count as suffix."""
    name = PurePosixPath(path).name
    stem, dot, extension = name.partition(".")
    entities: dict[str, str] = {}
    suffix = ""
    for part in stem.split("_"):
        key, dash, value = part.partition("-")
        if dash and key and value:
            entities[key] = value
        else:
            suffix = part
    return BidsName(path, stem, entities, suffix, dot + extension)


def discover(
    dataset: str,
    format: str,
    files: Sequence[str],
    entities: Mapping[str, Sequence[str]] | None = None,
) -> list[Source]:
    """Find the recordings of a dataset from the names of its files.

    Parameters
    ----------
    dataset
        Name of the dataset, used in messages.
    format
        ``"nwb"``: every ``.nwb`` file is a recording. ``"bids"``: files that agree in ``sub``,
        ``ses``, ``task``, ``acq`` and ``run`` are the modalities of one recording.
    files
        Paths relative to the root of the dataset, with ``/``.
    entities
        Keep only files with these values, e.g. ``{"task": ["rest"]}``; ``suffix`` may be among
        the keys. Numbers compare as numbers, so that ``run: [1]`` keeps ``run-01``.

    Returns
    -------
    list of Source
        Sorted by name.

    Raises
    ------
    ConfigError
        Two recordings would have the same name, a name holds odd characters, or the filter keeps
        nothing of what is there.
    """
    names = [_nwb_name(path) for path in files if path.endswith(".nwb")]
    if format == "bids":
        names = _signals([parse_name(path) for path in files])
    kept = [name for name in names if _keeps(entities or {}, name)]
    if names and not kept:
        raise ConfigError(
            f"{dataset}: entities: {dict(entities or {})} keeps none of {len(names)} files;"
            f" there are {_values(names, entities or {})}"
        )
    find = _bids_sources if format == "bids" else _nwb_sources
    sources = sorted(find(dataset, kept, files), key=lambda source: source.recording)
    require_unique(sources)
    return sources


def require_unique(sources: Iterable[Source]) -> None:
    """Refuse recordings that share a name or whose name cannot be a folder's."""
    known: dict[str, Source] = {}
    for source in sources:
        if not VALID_NAME.fullmatch(source.recording):
            raise ConfigError(
                f"{source.dataset}: {source.files[0]}: the name {source.recording!r} may hold"
                " only letters, digits and _ + . -; rename the file"
            )
        other = known.setdefault(source.recording, source)
        if other is not source:
            raise ConfigError(
                f"two recordings are called {source.recording}: {other.dataset}:"
                f" {other.files[0]} and {source.dataset}: {source.files[0]}; rename one or"
                " leave one out with `entities`"
            )


def companions(name: BidsName, by_folder: Mapping[str, Sequence[BidsName]]) -> list[str]:
    """Files that belong to a data file by the inheritance principle of BIDS.

    These lie in the folder of the file or above it, and their entities are a part of the
    file's: sidecars of the same suffix, events, channels, electrodes; in the file's own folder
    also files of the same stem (``.eeg`` and ``.vmrk`` of a ``.vhdr``).
    """
    folder = PurePosixPath(name.path).parent
    folders = [str(folder), *(str(parent) for parent in folder.parents)]
    found = []
    for place in dict.fromkeys(reversed(folders)):
        for other in by_folder.get(place, ()):
            twin = other.stem == name.stem and place == str(folder)
            sidecar = other.suffix == name.suffix and other.extension == ".json"
            if other.path != name.path and (
                twin
                or (
                    (sidecar or other.suffix in COMPANION_SUFFIXES)
                    and other.entities.items() <= name.entities.items()
                )
            ):
                found.append(other.path)
    return found


def folders_of(names: Iterable[BidsName]) -> dict[str, list[BidsName]]:
    """Files by the folder they lie in."""
    by_folder: dict[str, list[BidsName]] = defaultdict(list)
    for name in names:
        by_folder[str(PurePosixPath(name.path).parent)].append(name)
    return by_folder


def _signals(names: Sequence[BidsName]) -> list[BidsName]:
    """Files with signals, and events where a recording has nothing else."""
    mine = [name for name in names if "sub" in name.entities]
    signals = [n for n in mine if n.extension in SIGNAL_EXTENSIONS.get(n.suffix, ())]
    with_signals = {_key(name.entities) for name in signals}
    events = [
        name
        for name in mine
        if (name.suffix, name.extension) == ("events", ".tsv")
        and _key(name.entities) not in with_signals
    ]
    return signals + events


def _nwb_name(path: str) -> BidsName:
    name = parse_name(path)
    if "sub" in name.entities:
        return name
    stem = PurePosixPath(path).name.removesuffix(".nwb")
    label = re.sub(r"[^A-Za-z0-9+.-]+", "-", stem)
    return BidsName(path, stem, {"sub": label}, "", ".nwb")


def _nwb_sources(dataset: str, names: Sequence[BidsName], _: Sequence[str]) -> list[Source]:
    sources = []
    for group in _groups(names):
        telling = _differing(group)
        for name in group:
            recording = _recording_name(name.entities, telling)
            sources.append(Source(dataset, recording, "nwb", (name.path,), name.entities))
    return sources


def _bids_sources(dataset: str, names: Sequence[BidsName], files: Sequence[str]) -> list[Source]:
    by_folder = folders_of(parse_name(path) for path in files)
    sources = []
    for group in _groups(names):
        for telling, data in _variants(dataset, group):
            belonging = (path for name in data for path in companions(name, by_folder))
            paths = tuple(dict.fromkeys([*(name.path for name in data), *belonging]))
            others = [name.entities.items() for name in data]
            shared = [item for item in others[0] if all(item in items for items in others)]
            entities = dict(shared) | telling
            recording = _recording_name(entities, list(telling))
            sources.append(Source(dataset, recording, "bids", paths, entities))
    return sources


def _key(entities: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(entities.get(key, "") for key in NAMING_ENTITIES)


def _groups(names: Iterable[BidsName]) -> list[list[BidsName]]:
    groups: dict[tuple[str, ...], list[BidsName]] = defaultdict(list)
    for name in names:
        groups[_key(name.entities)].append(name)
    return list(groups.values())


def _differing(names: Sequence[BidsName]) -> list[str]:
    """Descriptive entities in which files differ, in the order of the file names.

    ``recording`` is none of them: it tells apart the parts of one physiological recording.
    """
    keys = dict.fromkeys(key for name in names for key in name.entities if key != "recording")
    return [key for key in keys if len({name.entities.get(key) for name in names}) > 1]


def _variants(
    dataset: str, group: Sequence[BidsName]
) -> list[tuple[dict[str, str], list[BidsName]]]:
    """Split files of equal naming entities so that no two of a suffix stay together.

    A suffix that occurs once, like the heart beat beside two parcellations, belongs to all.
    """
    by_suffix: dict[str, list[BidsName]] = defaultdict(list)
    for name in group:
        by_suffix[name.suffix].append(name)
    telling = {suffix: _differing(names) for suffix, names in by_suffix.items()}
    parts: dict[tuple[tuple[str, str], ...], list[BidsName]] = defaultdict(list)
    common: list[BidsName] = []
    for name in sorted(group, key=lambda name: name.path):
        keys = telling[name.suffix]
        values = tuple((key, name.entities[key]) for key in keys if key in name.entities)
        (parts[values] if keys else common).append(name)
    variants = [(dict(values), names + common) for values, names in parts.items()]
    for _, names in variants or [({}, common)]:
        seen: dict[tuple[str, str], BidsName] = {}
        for name in names:
            part = (name.suffix, name.entities.get("recording", ""))
            other = seen.setdefault(part, name)
            if other is not name:
                raise ConfigError(
                    f"{dataset}: {other.path} and {name.path} are the same part of a recording;"
                    " remove one of them"
                )
    return variants or [({}, common)]


def _recording_name(entities: Mapping[str, str], telling: Sequence[str]) -> str:
    keys = [*NAMING_ENTITIES, *telling]
    return "_".join(f"{key}-{entities[key]}" for key in keys if key in entities)


def _keeps(entities: Mapping[str, Sequence[str]], name: BidsName) -> bool:
    values = {"suffix": name.suffix, **name.entities}
    return all(
        key in values and any(_same(values[key], str(wanted)) for wanted in allowed)
        for key, allowed in entities.items()
    )


def _same(value: str, wanted: str) -> bool:
    return value == wanted or (value.isdigit() and wanted.isdigit() and int(value) == int(wanted))


def _values(names: Iterable[BidsName], filtered: Iterable[str]) -> str:
    values: dict[str, set[str]] = {key: set() for key in filtered}
    for name in names:
        for key in values.keys() & {"suffix": "", **name.entities}.keys():
            values[key].add(name.suffix if key == "suffix" else name.entities[key])
    return "; ".join(f"{key}: {', '.join(sorted(v)) or 'none'}" for key, v in values.items())
