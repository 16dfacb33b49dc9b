"""Digests of code and of raw files: what decides whether a job has to run again.

Snakemake's own triggers miss a changed module that a script imports, new content with an older
time stamp, and a file changed inside a folder; and they fire on a script that was only touched.
"""

import ast
import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from neurodsr.files import replacing

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
        digest.update(meaning_of(path))
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


@functools.cache
def imported_modules(source: Path) -> frozenset[str]:
    """Absolute names of all that a source file imports, anywhere in it."""
    names: set[str] = set()
    package = source.parent.relative_to(SCRIPTS).parts if source.is_relative_to(SCRIPTS) else ()
    for node in ast.walk(syntax_tree(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names.add(base)
            names.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(names)


@functools.cache
def syntax_tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"), filename=str(source))


@functools.cache
def meaning_of(source: Path) -> bytes:
    """The source without comments and formatting."""
    return ast.dump(syntax_tree(source)).encode()


class FileDigests:
    """SHA-256 of files, remembered by size and time stamp so that only new ones are read.

    Parameters
    ----------
    memory
        JSON file that keeps what was computed from one invocation to the next.
    """

    def __init__(self, memory: Path) -> None:
        self.memory = memory
        self.changed = False
        try:
            self.known: dict[str, list[int | str]] = json.loads(memory.read_text())
        except (OSError, ValueError):
            self.known = {}

    def of(self, paths: Iterable[str | Path]) -> str:
        """One digest over the names and contents of files."""
        digest = hashlib.sha256()
        for path in sorted(map(str, paths)):
            digest.update(f"{path}\0{self.content(path)}\n".encode())
        return digest.hexdigest()[:16]

    def content(self, path: str) -> str:
        """SHA-256 of one file."""
        stat = Path(path).stat()
        # the change time cannot be set by a copy that keeps time stamps
        stamp = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]
        known = self.known.get(path)
        if known and known[:3] == stamp:
            return str(known[3])
        with Path(path).open("rb") as file:
            value = hashlib.file_digest(file, "sha256").hexdigest()
        self.known[path] = [*stamp, value]
        self.changed = True
        return value

    def save(self) -> None:
        """Keep what was learned, if anything."""
        if not self.changed:
            return
        with replacing(self.memory) as part:
            part.write_text(json.dumps(self.known))
        self.changed = False
