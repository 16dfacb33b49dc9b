"""Recordings of a BIDS dataset and what belongs to their files.

Only the standard library is used, and no file is opened.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from neurodsr.errors import ConfigError
from neurodsr.recordings.discovery.names import (
    EMPTY_ROOM,
    NAMING_ENTITIES,
    BidsName,
    is_confounds,
    is_later_split,
    is_signal,
    parse_name,
)
from neurodsr.recordings.discovery.source import Source, recording_name

BELONGING = ("events", "channels", "electrodes", "coordsystem", "headshape", "markers", "mask")
PLACED = ("electrodes", "coordsystem", "headshape")
NOT_TELLING = ("recording", "split")


class FileIndex:
    """Files that may belong to others, by the folder, subject and session that they name.

    What belongs to one file is then found without a look at the files of other subjects, however
    many lie in the same folder.
    """

    def __init__(self, names: Iterable[BidsName]) -> None:
        self._inherited: dict[tuple[str, str, str], list[tuple[int, BidsName]]] = defaultdict(list)
        self._twins: dict[tuple[str, str], list[tuple[int, BidsName]]] = defaultdict(list)
        for position, name in enumerate(names):
            folder = name.folder
            self._twins[folder, name.stem].append((position, name))
            if (
                name.suffix in BELONGING
                or name.extension == ".json"
                or is_confounds(name)
                or is_later_split(name)
            ):
                who = name.entities.get("sub", ""), name.entities.get("ses", "")
                self._inherited[folder, *who].append((position, name))

    def candidates(self, name: BidsName) -> list[BidsName]:
        """Files that may belong to one, from the root down, in the order given at first."""
        parts = name.folder.split("/")
        places = dict.fromkeys(["", *("/".join(parts[: i + 1]) for i in range(len(parts)))])
        subjects = dict.fromkeys(("", name.entities.get("sub", "")))
        sessions = dict.fromkeys(("", name.entities.get("ses", "")))
        found: list[BidsName] = []
        for place in places:
            here = [
                item
                for subject in subjects
                for session in sessions
                for item in self._inherited.get((place, subject, session), ())
            ]
            if place == name.folder:
                here += self._twins.get((place, name.stem), ())
            found += dict(sorted(here, key=lambda item: item[0])).values()
        return found


def folders_of(names: Iterable[BidsName]) -> FileIndex:
    """An index of files, for `companions`."""
    return FileIndex(names)


def companions(name: BidsName, index: FileIndex) -> list[str]:
    """Files that belong to a data file by the inheritance principle of BIDS.

    These lie in the folder of the file or above it, and their entities are a part of the
    file's: sidecars of the same suffix, events, channels, electrodes; in the file's own folder
    also files of the same stem (``.eeg`` and ``.vmrk`` of a ``.vhdr``). Confounds and the brain
    mask of a BOLD series need not share its ``desc``, electrodes not its ``space``, the parts of a
    split recording not its ``split``.
    """
    return [other.path for other in index.candidates(name) if _belongs(other, name)]


def _belongs(other: BidsName, name: BidsName) -> bool:
    if other.path == name.path:
        return False
    if (other.stem, other.folder) == (name.stem, name.folder):
        return True
    free: tuple[str, ...] = ()
    if name.suffix in ("bold", "timeseries") and other.entities.get("desc") == "confounds":
        free = ("desc",)
    elif other.suffix == "mask":
        if name.suffix != "bold" or other.entities.get("desc") != "brain":
            return False
        free = ("desc",)
    elif other.suffix in PLACED:
        free = ("space",)
    elif other.suffix == name.suffix and is_later_split(other):
        free = ("split",)
        if other.extension != name.extension:
            return False
    elif other.suffix not in BELONGING and not (
        other.suffix == name.suffix and other.extension == ".json"
    ):
        return False
    entities = {key: value for key, value in other.entities.items() if key not in free}
    return entities.items() <= name.entities.items()


def bids_names(files: Sequence[str]) -> list[BidsName]:
    """Files with signals, and events where a recording has nothing else."""
    names = (parse_name(path) for path in files)
    mine = [name for name in names if name.entities.get("sub", EMPTY_ROOM) != EMPTY_ROOM]
    signals = [name for name in mine if is_signal(name)]
    with_signals = {_key(name.entities) for name in signals}
    events = [
        name
        for name in mine
        if (name.suffix, name.extension) == ("events", ".tsv")
        and _key(name.entities) not in with_signals
    ]
    return signals + events


def bids_sources(dataset: str, names: Sequence[BidsName], files: Sequence[str]) -> list[Source]:
    """Recordings made of files that agree in their naming entities.

    Raises
    ------
    ConfigError
        Two files are the same part of one recording.
    """
    index = FileIndex(parse_name(path) for path in files)
    groups: dict[tuple[str, ...], list[BidsName]] = defaultdict(list)
    for name in names:
        groups[_key(name.entities)].append(name)
    sources = []
    for group in groups.values():
        for telling, data in _variants(dataset, group):
            belonging = (path for name in data for path in companions(name, index))
            paths = tuple(dict.fromkeys([*(name.path for name in data), *belonging]))
            others = [name.entities.items() for name in data]
            shared = [item for item in others[0] if all(item in items for items in others)]
            entities = {k: v for k, v in shared if k != "split"} | telling
            recording = recording_name(entities, telling)
            sources.append(Source(dataset, recording, "bids", paths, entities))
    return sources


def differing(names: Sequence[BidsName]) -> list[str]:
    """Descriptive entities in which files differ, in the order of the file names.

    ``recording`` and ``split`` are none: they tell apart the parts of one recording.
    """
    keys = dict.fromkeys(key for name in names for key in name.entities if key not in NOT_TELLING)
    return [key for key in keys if len({name.entities.get(key) for name in names}) > 1]


def _key(entities: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(entities.get(key, "") for key in NAMING_ENTITIES)


def _variants(
    dataset: str, group: Sequence[BidsName]
) -> list[tuple[dict[str, str], list[BidsName]]]:
    """Split files of equal naming entities so that no two of a suffix stay together.

    A suffix that occurs once, like the heart beat beside two parcellations, belongs to all.
    """
    by_suffix: dict[str, list[BidsName]] = defaultdict(list)
    for name in group:
        by_suffix[name.suffix].append(name)
    telling = {suffix: differing(names) for suffix, names in by_suffix.items()}
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
