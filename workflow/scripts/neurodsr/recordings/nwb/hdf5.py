"""What an HDF5 file must satisfy before it is read as NWB."""

from pathlib import Path

import h5py
import numpy as np

from neurodsr.errors import RecordingError
from neurodsr.recordings.recording import require_content


def check_hdf5(path: Path) -> None:
    """Refuse an NWB file that is damaged, leads to other files or has a series without a clock.

    PyNWB would report these in its own terms, or follow the link.

    Raises
    ------
    RecordingError
    """
    require_content(path)
    try:
        with h5py.File(path, "r") as root:
            _check_group(path.name, root, ())
    except RecordingError:
        raise
    except (OSError, RuntimeError, KeyError, TypeError) as error:
        raise RecordingError(
            f"{path.name}: file: no readable HDF5 file ({one_line(error)}); it is cut short or"
            " damaged: fetch it again"
        ) from error


def _check_group(file: str, group: h5py.Group, above: tuple[int, ...]) -> None:
    address = h5py.h5o.get_info(group.id).addr
    if address in above:
        raise RecordingError(f"{file}: {group.name}: a group that holds itself; export it again")
    for name in group:
        where = f"{file}: {group.name.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise RecordingError(
                f"{where}: a link to another file ({link.filename}); export the data into one file"
            )
        if isinstance(link, h5py.SoftLink):
            if group.get(name) is None:
                raise RecordingError(f"{where}: a link to nothing ({link.path}); export it again")
            continue
        item = group[name]
        if isinstance(item, h5py.Dataset):
            if item.external or (item.is_virtual and _other_files(item)):
                raise RecordingError(
                    f"{where}: data kept in another file; export the data into one file"
                )
        elif isinstance(item, h5py.Group):
            _check_group(file, item, (*above, address))
    if "unit" in getattr(group.get("data"), "attrs", ()):
        start = group.get("starting_time")
        rate = None if start is None else start.attrs.get("rate", 0.0)
        check_clock(f"{file}: {group.name}", "timestamps" in group, rate)


def _other_files(dataset: h5py.Dataset) -> bool:
    return any(source.file_name != "." for source in dataset.virtual_sources())


def check_clock(where: str, stamped: bool, rate: object) -> None:
    """Refuse a series without timestamps and without a sampling rate (Hz), or with an absurd one.

    Raises
    ------
    RecordingError
    """
    if stamped:
        return
    if rate is None:
        raise RecordingError(
            f"{where}: starting_time: neither a sampling rate nor timestamps; add one of them"
        )
    if not (isinstance(rate, int | float | np.number) and np.isfinite(rate) and rate > 0):
        shown = f"{rate:g}" if isinstance(rate, int | float | np.number) else rate
        raise RecordingError(f"{where}: rate: {shown} Hz is no sampling rate; mend it")


def one_line(error: Exception) -> str:
    """Message of an error of another library, shortened."""
    return " ".join(str(error).split())[:300] or type(error).__name__
