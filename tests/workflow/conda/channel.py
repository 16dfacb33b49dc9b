"""A local conda channel with the packages python and pip, made from an installed Python."""

import asyncio
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rattler import Subdir
from rattler.index import index_fs

LEFT_OUT = {"site-packages", "ensurepip", "idlelib", "test", "tests", "tkinter", "turtledemo"}


class File(NamedTuple):
    """A file and the place in an environment where it belongs."""

    path: str
    content: bytes
    mode: int = 0o644
    time: int = 0


def make_channel(channel: Path, python: Path, version: str) -> None:
    """Write a channel.

    Parameters
    ----------
    channel
        Folder to make.
    python
        Prefix of the installed Python (its ``sys.base_prefix``).
    version
        Its version, e.g. "3.12.1".
    """
    minor = version.rpartition(".")[0]
    wheel = find_pip(python, minor)
    for folder in ("noarch", str(Subdir.current())):
        (channel / folder).mkdir(parents=True)
    write_package(channel, "python", version, [], python_files(python, minor))
    write_package(
        channel, "pip", wheel.name.split("-")[1], [f"python {minor}.*"], pip_files(wheel, minor)
    )
    asyncio.run(index_fs(channel))


def find_pip(python: Path, minor: str) -> Path:
    """The wheel of pip that a complete Python carries for its virtual environments."""
    bundled = python / f"lib/python{minor}/ensurepip/_bundled"
    for wheel in bundled.glob("pip-*.whl"):
        return wheel
    raise FileNotFoundError(f"{bundled} holds no pip")


def python_files(python: Path, minor: str) -> Iterator[File]:
    """Interpreter, its library, and the standard library without packages that were added."""
    interpreter = relocatable((python / f"bin/python{minor}").read_bytes(), python / "lib")
    for name in ("python", "python3", f"python{minor}"):
        yield File(f"bin/{name}", interpreter, mode=0o755)
    library = python / f"lib/python{minor}"
    for path in [*(python / "lib").glob("libpython*.so.*"), *sorted(library.rglob("*"))]:
        inside = path.relative_to(python)
        unused = LEFT_OUT.intersection(inside.parts) or f"/config-{minor}" in str(inside)
        if path.is_file() and not unused and ".opt-" not in path.name:
            # compiled modules know their source by its time stamp
            yield File(str(inside), path.read_bytes(), time=int(path.stat().st_mtime))


def relocatable(program: bytes, folder: Path) -> bytes:
    """Let a program look for its libraries in its environment instead of where it was built.

    As conda does it: the path in the file is overwritten by one that is no longer.
    """
    built = str(folder).encode() + b"\0"
    return program.replace(built, b"$ORIGIN/../lib".ljust(len(built), b"\0"))


def pip_files(wheel: Path, minor: str) -> Iterator[File]:
    with zipfile.ZipFile(wheel) as content:
        for name in content.namelist():
            yield File(f"lib/python{minor}/site-packages/{name}", content.read(name))


def write_package(
    channel: Path, name: str, version: str, depends: list[str], files: Iterable[File]
) -> None:
    folder = str(Subdir.current())
    paths = []
    with tarfile.open(
        channel / folder / f"{name}-{version}-0.tar.bz2", "w:bz2", compresslevel=1
    ) as archive:
        for file in files:
            add(archive, file)
            digest = hashlib.sha256(file.content).hexdigest()
            paths.append({"_path": file.path, "path_type": "hardlink", "sha256": digest})
        index = {"name": name, "version": version, "build": "0", "build_number": 0}
        index |= {"subdir": folder, "depends": depends}
        for part, content in {
            "index": index,
            "paths": {"paths": paths, "paths_version": 1},
        }.items():
            add(archive, File(f"info/{part}.json", json.dumps(content).encode()))


def add(archive: tarfile.TarFile, file: File) -> None:
    member = tarfile.TarInfo(file.path)
    member.size, member.mode, member.mtime = len(file.content), file.mode, file.time
    archive.addfile(member, io.BytesIO(file.content))
