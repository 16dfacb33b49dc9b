"""Opening of NWB files, once they are known to be sound and to lead nowhere else."""

import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath

import h5py
from pynwb import NWBHDF5IO, NWBFile

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb.hdf5 import check_hdf5
from neurodsr.recordings.recording import require_content


@contextmanager
def open_nwb(path: Path) -> Iterator[NWBFile]:
    """Open an HDF5 file, a folder in Zarr format or a zip file of one.

    Raises
    ------
    RecordingError
        It is not there, is damaged, leads to other files, or has a series without a clock.
    """
    with ExitStack() as stack:
        if path.is_dir():
            from neurodsr.recordings.nwb.zarr import open_zarr

            yield stack.enter_context(open_zarr(path.name, path))
            return
        require_content(path)
        if zipfile.is_zipfile(path) and not h5py.is_hdf5(path):
            from neurodsr.recordings.nwb.zarr import open_zarr

            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="neurodsr-")))
            yield stack.enter_context(open_zarr(path.name, unpack(path, folder)))
            return
        check_hdf5(path)
        io = stack.enter_context(NWBHDF5IO(str(path), "r", load_namespaces=True))
        yield io.read()


def unpack(path: Path, folder: Path) -> Path:
    """Unpack a zip file and say where in it the Zarr format begins.

    Raises
    ------
    RecordingError
        A member would lie outside the folder or is a link, there is no room, or it is no Zarr file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            for member in members:
                check_member(path.name, member)
            size, free = sum(m.file_size for m in members), shutil.disk_usage(folder).free
            if size > 0.9 * free:
                raise RecordingError(
                    f"{path.name}: file: {size / 2**30:.1f} GiB unpacked, {free / 2**30:.1f} GiB"
                    f" free in {folder.parent}; unpack it by hand or set TMPDIR"
                )
            archive.extractall(folder)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise RecordingError(
            f"{path.name}: file: no readable zip file ({error}); fetch it again"
        ) from error
    tops = sorted(folder.rglob(".zgroup"), key=lambda found: len(found.parts))
    if not tops:
        raise RecordingError(f"{path.name}: content: a zip file, but no Zarr format in it")
    return tops[0].parent


def check_member(file: str, member: zipfile.ZipInfo) -> None:
    """Refuse a member of an archive that is a link or would lie outside its folder."""
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        raise RecordingError(
            f"{file}: {member.filename}: a member that leads out of the archive; pack it again"
        )
    if stat.S_ISLNK(member.external_attr >> 16):
        raise RecordingError(f"{file}: {member.filename}: a link; pack the data themselves")
