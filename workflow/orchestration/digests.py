"""Digests of code and of raw files: what decides whether a job has to run again.

Snakemake's own triggers miss a changed module that a script imports, new content with an older
time stamp, and a file changed inside a folder; and they fire on a script that was only touched.
"""

import ast
import functools
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR
from typing import Any

from neurodsr.files import replacing, sha256

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@functools.cache
def code_of(script: str, *others: str) -> str:
    """Digest of a script, of every module of this repository it imports, and of other files.

    Comments and formatting do not count. ``others`` are files beside or above the scripts that
    a script reads, e.g. a template.
    """
    digest = hashlib.sha256()
    for path in sorted(import_closure(SCRIPTS / script)):
        digest.update(path.relative_to(SCRIPTS).as_posix().encode())
        digest.update(facts_of(path)[0].encode())
    for other in others:
        digest.update(other.encode())
        digest.update((SCRIPTS / other).read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def import_closure(source: Path) -> frozenset[Path]:
    """The files of this repository that one source file imports, directly or not, and itself."""
    found = {source}
    todo = [source]
    while todo:
        for path in local_imports(todo.pop()):
            if path not in found:
                found.add(path)
                todo.append(path)
    return frozenset(found)


@functools.cache
def local_imports(source: Path) -> frozenset[Path]:
    """The files of this repository that one source file imports itself."""
    found: set[Path] = set()
    for module in imported_modules(source):
        parts = module.split(".")
        for depth in range(1, len(parts) + 1):
            stem = SCRIPTS.joinpath(*parts[:depth])
            for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
                if candidate.is_file():
                    found.add(candidate)
    return frozenset(found)


def imported_modules(source: Path) -> frozenset[str]:
    """Absolute names of all that a source file imports, anywhere in it."""
    return facts_of(source)[1]


@functools.cache
def facts_of(source: Path) -> tuple[str, frozenset[str]]:
    """Digest of a source file without comments and formatting, and the modules it imports."""
    meaning, modules = code_memory.recall(str(source), read_source)
    return str(meaning), frozenset(modules)


def read_source(path: str) -> tuple[str, list[str]]:
    """Digest of the meaning of a source file, and absolute names of all that it imports."""
    source = Path(path)
    tree = ast.parse(source.read_text(encoding="utf-8"), filename=path)
    names: set[str] = set()
    package = source.parent.relative_to(SCRIPTS).parts if source.is_relative_to(SCRIPTS) else ()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest(), sorted(names)


def stamp_of(path: str) -> list[int]:
    """Size and time stamps that tell whether a file, or something in a folder, is another.

    The change time is among them because it cannot be set by a copy that keeps time stamps.
    """
    place = Path(path)
    stats = [place.stat()]
    if S_ISDIR(stats[0].st_mode):
        stats += [inner.stat() for inner in place.rglob("*")]
    return [
        sum(stat.st_size for stat in stats),
        max(stat.st_mtime_ns for stat in stats),
        max(stat.st_ctime_ns for stat in stats),
    ]


class Memory:
    """What is known of files, by their size and time stamps, from one invocation to the next.

    Parameters
    ----------
    place
        JSON file that keeps it; None forgets it at the end.
    """

    def __init__(self, place: Path | None = None) -> None:
        self.place = place
        self.changed = False
        self.known: dict[str, list[Any]] = {}
        if place is not None:
            with suppress(OSError, ValueError):
                self.known = json.loads(place.read_text())

    def recall(self, path: str, compute: Callable[[str], Any]) -> Any:
        """A value of a file or folder, computed when it is new or another than before."""
        stamp = stamp_of(path)
        known = self.known.get(path)
        if known and known[:3] == stamp:
            return known[3]
        value = compute(path)
        self.known[path] = [*stamp, value]
        self.changed = True
        return value

    def save(self) -> None:
        """Keep what was learned, if anything."""
        if self.place is None or not self.changed:
            return
        with replacing(self.place) as part:
            part.write_text(json.dumps(self.known))
        self.changed = False


code_memory = Memory()


def remember_code(folder: Path) -> Memory:
    """Keep what is learned of source files, which depends on the version of Python, in a folder."""
    global code_memory
    code_memory = Memory(folder / f"code-{sys.version_info.major}.{sys.version_info.minor}.json")
    return code_memory


class FileDigests(Memory):
    """SHA-256 of files, remembered so that only new ones are read."""

    def of(self, paths: Iterable[str | Path]) -> str:
        """One digest over the names and contents of files."""
        digest = hashlib.sha256()
        for path in sorted(map(str, paths)):
            digest.update(f"{path}\0{self.content(path)}\n".encode())
        return digest.hexdigest()[:16]

    def content(self, path: str) -> str:
        """SHA-256 of one file, or of a folder that is one recording."""
        return str(self.recall(path, sha256))
