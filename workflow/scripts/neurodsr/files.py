"""Files that appear under their name only when they are complete."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PIECE = 2**20


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a hidden path to write to, which takes the place of ``path`` at the end.

    When the block fails, ``path`` is left as it was and nothing stays behind. The folder is made
    if needed. The hidden name ends like ``path``, for writers that go by it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield part
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file in UTF-8."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def sha256(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, or of the names and contents of all files in a folder."""
    path = Path(path)
    if path.is_dir():
        inner = (p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
        return content_sha256(path, inner)
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def content_sha256(root: str | os.PathLike[str], files: Iterable[str]) -> str:
    """SHA-256 over the names and contents of files below a folder."""
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file}\0{sha256(Path(root, file))}\n".encode())
    return whole.hexdigest()
