import dataclasses
import hashlib
import json
import runpy
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

import stage
from neurodsr import tables
from neurodsr.errors import ConfigError
from neurodsr.recordings.cohort import checksum, cohort_table, read_participants
from neurodsr.recordings.discovery import dataset_files, discover

PARTICIPANTS = "participant_id\tdiagnosis\tage\tsession\nsub-01\tCTL\t31\ta\nsub-02\tn/a\tn/a\tb\n"


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "lab"
    for person in ("01", "03"):
        folder = root / f"sub-{person}/func"
        folder.mkdir(parents=True)
        (folder / f"sub-{person}_task-rest_run-1_timeseries.tsv").write_text(person)
    (root / "participants.tsv").write_text(PARTICIPANTS)
    return root


@pytest.fixture
def table(root):
    sources = discover("lab", "bids", dataset_files(root))
    people = {"lab": read_participants(root / "participants.tsv")}
    return cohort_table(sources, {"lab": root}, people, {}, "diagnosis").set_index("participant")


def test_recordings_and_participants_are_joined_both_ways(table):
    assert table["status"].to_dict() == {
        "01": "found",
        "03": "missing participant row",
        "02": "no recording",
    }
    assert table.loc["01", ["group", "age", "participant_session", "modality"]].tolist() == [
        "CTL",
        31,
        "a",
        "timeseries",
    ]
    assert table.loc["01", "recording"] == "sub-01_task-rest_run-1"
    assert table.loc["03", "reason"] == "participants.tsv of lab: no row sub-03; add one"
    assert pd.isna(table.loc["02", "recording"])


def test_a_file_that_is_gone_is_reported(root):
    sources = discover("lab", "bids", dataset_files(root))
    (root / sources[0].files[0]).unlink()
    table = cohort_table(sources, {"lab": root}, {}, {})
    assert table["status"].tolist() == ["missing file", "found"]
    assert checksum(root, sources[0].files) == ""


def test_without_a_column_of_groups_there_are_none(root, caplog):
    people = {"lab": read_participants(root / "participants.tsv")}
    table = cohort_table([], {"lab": root}, people, {}, "grupo")
    assert table["group"].isna().all()
    assert table["diagnosis"].tolist()[0] == "CTL"
    assert "no column 'grupo'" in caplog.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("participant_id\tage\nsub-1\t3\nsub-2\n", "row 3: 1 cells for 2 columns"),
        ("id\tage\n1\t3\n", "participant_id: no such column"),
        ("participant_id\nsub-1\nsub-1\n", "participant_id: sub-1 twice"),
        ("participant_id\tage\nn/a\t3\n", "participant_id: a row has none"),
        ("", "participant_id: no such column"),
    ],
)
def test_broken_tables_of_participants_are_refused(tmp_path, text, words):
    (tmp_path / "participants.tsv").write_text(text)
    with pytest.raises(ConfigError, match=f"participants.tsv: {words}"):
        read_participants(tmp_path / "participants.tsv")


def test_checksum_depends_on_names_and_contents_only(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    first = checksum(tmp_path, ["b", "a"])
    inner = [hashlib.sha256(content).hexdigest() for content in (b"1", b"2")]
    text = f"a\0{inner[0]}\nb\0{inner[1]}\n"
    assert first == hashlib.sha256(text.encode()).hexdigest() == checksum(tmp_path, ["a", "b"])
    (tmp_path / "b").write_bytes(b"3")
    assert checksum(tmp_path, ["a", "b"]) != first


def test_script_writes_a_valid_table_with_its_dictionary(root, tmp_path):
    (root / "participants.json").write_text('{"age": {"Description": "Age", "Units": "year"}}')
    sources = [
        {**dataclasses.asdict(source), "root": str(root)}
        for source in discover("lab", "bids", dataset_files(root))
    ]
    outputs = {"table": tmp_path / "out/cohort.tsv", "dictionary": tmp_path / "out/cohort.json"}
    snakemake = SimpleNamespace(
        params=SimpleNamespace(sources=sources, group_column="diagnosis"),
        output=SimpleNamespace(**{name: str(path) for name, path in outputs.items()}),
        log=[str(tmp_path / "log")],
    )
    scripts = Path(stage.__file__).parent
    runpy.run_path(str(scripts / "discover.py"), init_globals={"snakemake": snakemake})
    table = tables.read_table(outputs["table"])
    assert table["recording"].tolist()[:2] == ["sub-01_task-rest_run-1", "sub-03_task-rest_run-1"]
    assert table["participant"].tolist() == ["01", "03", "02"]
    described = json.loads(outputs["dictionary"].read_text())
    assert list(described) == list(table.columns)
    assert described["age"] == {"Description": "Age", "Units": "year"}
    assert all(column["Description"] for column in described.values())


def test_schema_refuses_an_unknown_status(table):
    schema = yaml.safe_load(
        (Path(stage.__file__).parents[1] / "schemas/cohort.schema.yaml").read_text()
    )
    rows = table.reset_index().drop(columns=["age", "participant_session"])
    tables.check_rows(rows, schema, "cohort.tsv")
    rows.loc[1, "status"] = "lost"
    with pytest.raises(ValueError, match=r"cohort.tsv: row 2: status: 'lost'"):
        tables.check_rows(rows, schema, "cohort.tsv")
