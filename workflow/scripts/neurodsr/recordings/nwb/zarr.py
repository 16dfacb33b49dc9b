"""NWB files in Zarr format: what they must satisfy, and a reader that runs nothing from them."""

import io
import json
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import numcodecs
import numpy as np
import zarr
from hdmf_zarr import NWBZarrIO
from numcodecs.abc import Codec
from numcodecs.compat import ensure_contiguous_ndarray
from pynwb import NWBFile

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb.hdf5 import check_clock

METADATA = (".zattrs", ".zarray", ".zgroup", ".zmetadata")
HARMLESS = {
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("hdmf_zarr.utils", "ZarrReference"),
}


@contextmanager
def open_zarr(file: str, folder: Path) -> Iterator[NWBFile]:
    """Open a folder in Zarr format that `check_zarr` lets pass.

    Raises
    ------
    RecordingError
    """
    check_zarr(file, folder)
    with harmless_objects():
        _check_references(file, folder)
        with ClosedIO(str(folder), "r", load_namespaces=True) as source:
            yield source.read()


class ClosedIO(NWBZarrIO):  # type: ignore[misc]
    """A reader that follows links within its own file only.

    hdmf-zarr resolves every link and reference here, those in attributes and those in arrays.
    """

    def resolve_ref(self, zarr_ref: dict[str, Any]) -> Any:
        """Name and target of a link.

        Raises
        ------
        RecordingError
            It leads to another file.
        """
        require_own(Path(self.source).name, str(self.source), zarr_ref)
        return super().resolve_ref(zarr_ref)


def require_own(file: str, folder: str, link: dict[str, Any]) -> None:
    """Refuse a link whose source is not the file itself."""
    source = link.get("source")
    source = str(link.get("path") if source is None else source)
    if os.path.normpath(Path(folder, source)) != os.path.normpath(folder):
        raise RecordingError(
            f"{file}: {link.get('name', link.get('path', ''))}: a link to another file"
            f" ({source}); export the data into one file"
        )


def check_zarr(file: str, folder: Path) -> None:
    """Refuse a folder that is damaged, leads elsewhere or has a series without a clock.

    Parameters
    ----------
    file
        Its name in errors.
    folder
        In Zarr format, version 2.

    Raises
    ------
    RecordingError
    """
    if not any((folder / name).is_file() for name in METADATA):
        what = "Zarr version 3, of which" if (folder / "zarr.json").is_file() else "no Zarr format:"
        raise RecordingError(
            f"{file}: file: {what} NWB has none; export it with hdmf-zarr, or fetch it again"
        )
    top = folder.resolve()
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(parent, name)
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                raise RecordingError(
                    f"{file}: {path.relative_to(folder)}: a link to another file; copy the data"
                    " into the folder"
                )
            if name in METADATA:
                _check_metadata(file, folder, path)


def _check_metadata(file: str, folder: Path, path: Path) -> None:
    group = "/" + path.parent.relative_to(folder).as_posix().removeprefix(".")
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise RecordingError(
            f"{file}: {group}: {path.name} is no JSON ({error}); fetch it again"
        ) from error
    for key, value in content.get("metadata", {}).items() if path.name == ".zmetadata" else ():
        if PurePosixPath(key).is_absolute() or ".." in PurePosixPath(key).parts:
            raise RecordingError(f"{file}: {key}: leads out of the folder; export it again")
        _check_links(f"{file}: {key}", str(folder), value)
    _check_links(f"{file}: {group}", str(folder), content)
    data = path.parent / "data" / ".zattrs"
    if path.name == ".zattrs" and data.is_file() and "unit" in json.loads(data.read_bytes()):
        _check_series(f"{file}: {group}", path.parent, content)


def _check_links(where: str, folder: str, content: Any) -> None:
    for link in content.get("zarr_link", ()) if isinstance(content, dict) else ():
        require_own(where, folder, link)


def _check_series(where: str, group: Path, attributes: dict[str, Any]) -> None:
    links = {link.get("name") for link in attributes.get("zarr_link", ())}
    start = group / "starting_time" / ".zattrs"
    rate = json.loads(start.read_bytes()).get("rate") if start.is_file() else None
    check_clock(where, "timestamps" in links or (group / "timestamps").is_dir(), rate)


def _check_references(file: str, folder: Path) -> None:
    """Decode all pickled or JSON-coded objects, which are references, and look where they lead."""
    for path in sorted(folder.rglob(".zarray")):
        filters = json.loads(path.read_bytes()).get("filters") or ()
        if {"pickle", "json2"} & {one.get("id") for one in filters}:
            where = f"{file}: {path.parent.relative_to(folder).as_posix()}"
            try:
                items = np.ravel(zarr.open_array(str(path.parent), mode="r")[...])
            except UntrustedError as error:
                raise RecordingError(f"{where}: {error}; do not trust the file") from error
            for item in items:
                if isinstance(item, dict):
                    require_own(where, str(folder), item)


class UntrustedError(ValueError):
    """A file asks for code to be run."""


class _HarmlessUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise UntrustedError(
                f"a pickled {module}.{name}, where only texts and references belong"
            )
        return super().find_class(module, name)


class HarmlessObjects(Codec):  # type: ignore[misc]
    """Decoder of the pickled arrays in which hdmf-zarr keeps texts and references.

    Nothing but arrays, texts, numbers and references can come out of it, and nothing is run.
    """

    codec_id = "pickle"

    def __init__(self, protocol: int = 5) -> None:
        self.protocol = protocol

    def encode(self, buf: Any) -> Any:
        """Nothing is written in this format."""
        raise NotImplementedError("neurodsr writes no pickled objects")

    def decode(self, buf: Any, out: Any = None) -> Any:
        """The array of objects."""
        array = _HarmlessUnpickler(io.BytesIO(ensure_contiguous_ndarray(buf))).load()
        if out is not None:
            np.copyto(out, array)
            return out
        return array


@contextmanager
def harmless_objects() -> Iterator[None]:
    """Let zarr decode pickled objects by `HarmlessObjects`, and by nothing else."""
    usual = numcodecs.registry.codec_registry.get("pickle")
    numcodecs.register_codec(HarmlessObjects)
    try:
        yield
    finally:
        if usual is not None:
            numcodecs.register_codec(usual, "pickle")
