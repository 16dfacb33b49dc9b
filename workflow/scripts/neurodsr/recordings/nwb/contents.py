"""Which modalities an NWB file holds."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from pynwb import NWBFile, TimeSeries
from pynwb.base import NWBDataInterface

from neurodsr.recordings.nwb.series import are_parts, is_supported, signals_of
from neurodsr.recordings.nwb.sweeps import find_sweeps, is_sweep
from neurodsr.recordings.nwb.tables import kind_of
from neurodsr.recordings.nwb.units import read_units
from neurodsr.recordings.recording import clean_name
from neurodsr.recordings.selection import Found
from neurodsr.recordings.signals import Signals


def find_modalities(
    file: str, content: NWBFile, regions: Mapping[str, str], taken: set[str]
) -> Iterator[Found]:
    """Units, time series and intracellular recordings, each with a name that is not `taken` yet.

    Series of one value per sample in one container and on one clock (x, y, z of a position) are
    channels of one modality.
    """
    if content.units is not None and "spike_times" in content.units.colnames:
        name = _free("units", "", taken)
        yield Found(name, ("units", "Units"), lambda _: read_units(file, content, regions))
    for found in find_sweeps(file, content):
        taken.add(found.name)
        yield found
    for path, container in _interfaces(content):
        series = {one.name: one for one in _series(container) if is_supported(one)}
        if path.split("/")[0] in ("acquisition", "stimulus"):
            series = {name: one for name, one in series.items() if not is_sweep(one)}
        together = len(series) == 1 or (bool(series) and are_parts(list(series.values())))
        parts = [list(series.values())] if together else [[one] for one in series.values()]
        for part in parts if series else []:
            whole = part[0] is container
            own = path if whole or together else f"{path}/{part[0].name}"
            short = clean_name("_".join(own.split("/")[-1 if whole or together else -2 :]))
            name = _free(short, clean_name(path.split("/")[-2]), taken)
            aliases = [own, f"/{own}", own.split("/")[-1], kind_of(container), kind_of(part[0])]
            if together and len(part) == 1 and not whole:
                aliases += [f"{own}/{part[0].name}", part[0].name]
            yield Found(
                name,
                tuple(dict.fromkeys(aliases)),
                partial(_read, f"{file}: {own}", part, regions),
            )


def _read(
    where: str, parts: Sequence[TimeSeries], regions: Mapping[str, str], _: Sequence[str]
) -> Signals:
    return signals_of(where, parts, regions)


def _free(name: str, before: str, taken: set[str]) -> str:
    """A name that no other modality has."""
    free, number = name, 2
    while free in taken or free == "intervals":
        free = f"{before}_{name}" if before and number == 2 else f"{name}_{number}"
        number += 1
    taken.add(free)
    return free


def _interfaces(content: NWBFile) -> Iterator[tuple[str, NWBDataInterface]]:
    places = {
        "acquisition": content.acquisition,
        "stimulus/presentation": content.stimulus,
        **{f"processing/{k}": m.data_interfaces for k, m in content.processing.items()},
        "analysis": content.analysis,
    }
    for place, members in places.items():
        for name in sorted(members):
            yield f"{place}/{name}", members[name]


def _series(container: NWBDataInterface) -> Sequence[TimeSeries]:
    if isinstance(container, TimeSeries):
        return [container]
    children = [child for child in container.children if isinstance(child, TimeSeries)]
    return sorted(children, key=lambda child: child.name)
