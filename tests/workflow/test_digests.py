"""Digests of code and files."""

import os

import pytest

from orchestration import digests
from orchestration.digests import FileDigests


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    monkeypatch.setattr(digests, "SCRIPTS", tmp_path)
    package = tmp_path / "lib"
    package.mkdir()
    (tmp_path / "train.py").write_text("from lib.models import step\nimport numpy\n")
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text("from . import maps\n\ndef step(): return maps\n")
    (package / "maps.py").write_text("slope = 1\n")
    (package / "plots.py").write_text("colour = 1\n")
    forget()
    yield tmp_path
    forget()


def forget():
    for name in ("code_of", "import_closure", "local_imports", "facts_of"):
        getattr(digests, name).cache_clear()


def code_of(script="train.py"):
    forget()
    return digests.code_of(script)


def test_closure_follows_absolute_and_relative_imports(scripts):
    found = digests.import_closure(scripts / "train.py")
    assert {path.relative_to(scripts).as_posix() for path in found} == {
        "train.py", "lib/__init__.py", "lib/models.py", "lib/maps.py"
    }  # fmt: skip


@pytest.mark.parametrize("changed", ["train.py", "lib/__init__.py", "lib/models.py", "lib/maps.py"])
def test_a_changed_module_that_is_used_changes_the_digest(scripts, changed):
    before = code_of()
    with (scripts / changed).open("a") as file:
        file.write("new = 2\n")
    assert code_of() != before


def test_a_module_that_is_not_used_comments_and_touching_change_nothing(scripts):
    before = code_of()
    (scripts / "lib" / "plots.py").write_text("colour = 2\n")
    (scripts / "lib" / "maps.py").write_text("# a comment\nslope  =  1\n")
    os.utime(scripts / "train.py", (2e9, 2e9))
    assert code_of() == before


def test_what_is_known_of_code_is_kept_until_a_file_changes(scripts, tmp_path, monkeypatch):
    kept = tmp_path / "kept"
    digests.remember_code(kept)
    before = code_of()
    digests.code_memory.save()
    digests.remember_code(kept)
    with monkeypatch.context() as patch:
        patch.setattr(digests, "read_source", lambda path: pytest.fail(f"{path} was read"))
        assert code_of() == before
    (scripts / "lib" / "maps.py").write_text("slope = 2\n")
    assert code_of() != before
    digests.code_memory = digests.Memory()


def test_file_digest_is_of_content_not_of_time(tmp_path):
    data = tmp_path / "a.tsv"
    memory = tmp_path / "memory.json"
    data.write_text("1\n")
    first = FileDigests(memory).of([data])
    os.utime(data, (2e9, 2e9))
    assert FileDigests(memory).of([data]) == first


def test_new_content_with_the_same_size_and_an_older_time_stamp_is_seen(tmp_path):
    data = tmp_path / "a.tsv"
    memory = tmp_path / "memory.json"
    data.write_text("1\n")
    digests_before = FileDigests(memory)
    first = digests_before.of([data])
    digests_before.save()
    stat = data.stat()
    data.write_text("2\n")
    os.utime(data, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert FileDigests(memory).of([data]) != first


def test_unchanged_files_are_not_read_again(tmp_path, monkeypatch):
    data = tmp_path / "a.tsv"
    data.write_text("1\n")
    known = FileDigests(tmp_path / "memory.json")
    first = known.of([data])
    known.save()

    def refuse(*_):
        raise AssertionError("the file was read again")

    monkeypatch.setattr(digests.hashlib, "file_digest", refuse)
    assert FileDigests(tmp_path / "memory.json").of([data]) == first
