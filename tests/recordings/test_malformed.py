"""Malformed input as one meets it: each case has its own clear message and costs nobody else.

Every case breaks one of two participants. The broken one ends in a message that names the file, the
field and the remedy; the other one is read.
"""

import re
import zipfile

import numpy as np
import pytest
import whole_datasets as whole
from broken_files import CASES, FORMATS

from neurodsr.errors import ConfigError
from neurodsr.recordings.cohort.people import read_people
from orchestration.plan import Plan

FLAT = [
    pytest.param(kind, change, words, id=f"{kind}: {title}")
    for kind, cases in CASES.items()
    for title, change, words in cases
    if words
]


@pytest.fixture
def study(tmp_path, read_settings):
    def make(kind):
        made = whole.Study(tmp_path / "lab", FORMATS.get(kind, "bids"), read_settings())
        getattr(whole, kind)(made)
        return made

    return make


@pytest.mark.parametrize("kind", CASES)
def test_what_is_whole_is_read(study, kind):
    result = study(kind).read()
    assert {who: type(one).__name__ for who, one in result.items()} == {
        "good": "DataTree",
        "bad": "DataTree",
    }


@pytest.mark.parametrize(("kind", "change", "words"), FLAT)
def test_a_broken_recording_says_what_is_wrong_and_costs_nobody_else(study, kind, change, words):
    broken = study(kind)
    change(broken)
    result = broken.read()
    assert not isinstance(result["good"], str), result["good"]
    message = result["bad"]
    assert isinstance(message, str), "it was read"
    assert re.search(words, message), message
    # file, field, what is wrong; remedy
    assert re.match(r"[^:]+: [^:]+: .+", message), message
    assert ";" in message or re.search(r": (fetch|export|check) ", message), message
    assert "\n" not in message and "Error" not in message.split(":")[0], message


def test_there_are_at_least_sixty_cases_with_messages_of_their_own():
    assert len(FLAT) >= 60


PEOPLE = "participant_id\tgroup\nsub-good\ta\nsub-bad\tb\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04\xff\xfe" * 9, "file: not readable as text"),
        (PEOPLE.encode("utf-16"), "file: not readable as text"),
        (PEOPLE.replace("\t", ",").encode(), "participant_id: no such column.*separated by ','"),
        (PEOPLE.replace("participant_id", "subject").encode(), "participant_id: no such column"),
    ],
    ids=["spreadsheet", "UTF-16", "commas", "other name"],
)
def test_a_table_of_participants_that_cannot_be_used_stops_before_anything(
    tmp_path, content, words
):
    (tmp_path / "participants.tsv").write_bytes(content)
    with pytest.raises(ConfigError, match=f"participants.tsv: {words}"):
        read_people(tmp_path, ["participants.tsv"])


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("participants.tsv", PEOPLE + "sub-x\n", "participants.tsv: row 4: 1 cells for 2 columns"),
        ("participants.tsv", PEOPLE + "sub-bad\ta\n", "sub-bad twice, with other values"),
        ("participants.tsv", PEOPLE + "n/a\ta\n", "row 4: participant_id: missing"),
        ("sub-1/sub-1_sessions.tsv", "session\nses-1\n", "session_id: no such column"),
        ("sub-1/sub-1_sessions.tsv", "session_id\tx\nn/a\t1\n", "row 2: names no session"),
        ("sub-1/sub-1_scans.tsv", "filename\tx\neeg/a.edf\n", "row 2: names no file"),
    ],
)
def test_rows_of_tables_that_cannot_be_used_are_told(tmp_path, path, content, words):
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text(content)
    assert any(words in warning for warning in read_people(tmp_path, [path]).warnings)


def configured(tmp_path, dataset, **study):
    cohort = {"title": "T", "datasets": ["lab"], "models": ["m"], **study}
    config = {
        "datasets": {"lab": {"path": str(tmp_path), **dataset}},
        "models": {"m": {"family": "shallow-plrnn", "latent": 2, "hidden": 10}},
        "cohorts": {"c": cohort},
    }
    return Plan(config, memory=tmp_path / ".digests.json")


ONE = {"data": "a.npy", "sampling_interval": 0.1}


@pytest.mark.parametrize(
    ("dataset", "study", "words"),
    [
        ({"format": "bids"}, {"exclude": [{"sub": ["9"]}]}, "exclude: {'sub': ['9']} fits no file"),
        ({"format": "bids"}, {"exclude": {"sub": ["1"]}}, "exclude"),
        ({"format": "bids"}, {"entities": {"task": "rest"}}, "entities.task: got 'rest'"),
        ({"format": "bids"}, {"exclude": [{"sub": [1]}]}, "keeps none of 1 files"),
        ({"format": "nwb"}, {}, "no recording found in lab"),
        (
            {"format": "arrays", "recordings": {"a": {**ONE, "data": "../../etc/passwd"}}},
            {},
            "'../../etc/passwd' is not in the dataset",
        ),
        ({"format": "arrays", "recordings": {"a": {"data": "a.npy"}}}, {}, "got neither"),
        ({"format": "arrays", "recordings": {"a/b": ONE}}, {}, "'a/b' does not have the form"),
        (
            {"format": "arrays", "recordings": {"a": {**ONE, "layout": "rows"}}},
            {},
            "'rows' is not valid",
        ),
        ({"format": "arrays", "recordings": {"a": {**ONE, "session": "../x"}}}, {}, "'../x'"),
        (
            {"format": "arrays", "recordings": {"a": {**ONE, "subject": "b"}, "b": ONE}},
            {},
            "two recordings are called sub-b",
        ),
        ({"format": "bids", "recordings": {"a": ONE}}, {}, "recordings"),
    ],
)
def test_settings_that_fit_nothing_are_refused_before_anything(tmp_path, dataset, study, words):
    np.save(tmp_path / "a.npy", np.ones((5, 2)))
    (tmp_path / "sub-1").mkdir()
    (tmp_path / "sub-1/sub-1_task-rest_timeseries.tsv").write_text("a\n1\n")
    with pytest.raises(ConfigError) as error:
        configured(tmp_path, dataset, **study)
    assert words in str(error.value)


@pytest.mark.parametrize("kind", ["symbolic link", "parent folder", "absolute"])
def test_members_of_a_zip_archive_that_lead_out_are_not_taken(tmp_path, kind):
    from neurodsr.recordings.retrieval import RetrievalError, read_members

    names = {"symbolic link": "a", "parent folder": "../a", "absolute": "/a"}
    member = zipfile.ZipInfo(names[kind])
    if kind == "symbolic link":
        member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(member, "/etc/hostname")
    with pytest.raises(RetrievalError, match=r"leads outside|no such file|link"):
        for _ in read_members(tmp_path / "x.zip", {names[kind]}):
            pass
