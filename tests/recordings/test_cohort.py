"""Table and summary of a cohort: who was recorded, what can be used, and why the rest cannot."""

import dataclasses
import hashlib
import json
import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

import stage
from neurodsr import tables
from neurodsr.errors import ConfigError
from neurodsr.recordings.cohort.headers import Glance, glance
from neurodsr.recordings.cohort.notes import notes_on
from neurodsr.recordings.cohort.people import read_people, table_files
from neurodsr.recordings.cohort.readme import contradictions
from neurodsr.recordings.cohort.summary import summarise
from neurodsr.recordings.cohort.table import checksum, cohort_table, data_dictionary
from neurodsr.recordings.discovery import Source, discover, list_files

PARTICIPANTS = "participant_id\tdiagnosis\tage\tsession\nsub-01\tCTL\t31\ta\nsub-02\tn/a\tn/a\tb\n"
REST = "sub-{0}/func/sub-{0}_task-rest_run-1_timeseries.tsv"
SCHEMA = Path(stage.__file__).parents[1] / "schemas/cohort.schema.yaml"


def write(root, files):
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    return root


@pytest.fixture
def root(tmp_path):
    files = {REST.format(person): f"a\n{person}\n" for person in ("01", "03")}
    return write(tmp_path / "lab", {**files, "participants.tsv": PARTICIPANTS})


def tell(root, column="diagnosis", **options):
    """Table of the dataset in a folder, and what its tables say."""
    listing = list_files(root)
    sources = discover("lab", "bids", listing.files)
    people = {"lab": read_people(root, table_files(listing.files))}
    blocked = {"lab": listing.blocked}
    table = cohort_table(sources, {"lab": root}, people, blocked=blocked, group_column=column)
    return table, people["lab"]


def test_recordings_and_participants_are_joined_both_ways(root):
    table = tell(root)[0].set_index("participant")
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


def test_subjects_whose_files_hold_no_signal_are_named(root):
    sources = discover("lab", "bids", list_files(root).files)
    table = cohort_table(sources, {"lab": root}, {}, labels={"lab": ["01", "03", "07"]})
    assert table.set_index("participant").loc["07", "status"] == "no recording"


def test_a_file_that_is_gone_is_reported(root):
    sources = discover("lab", "bids", list_files(root).files)
    (root / sources[0].files[0]).unlink()
    table = cohort_table(sources, {"lab": root}, {})
    assert table["status"].tolist() == ["missing file", "found"]
    assert checksum(root, sources[0].files) == ""


def test_sessions_and_scans_add_to_what_is_known_of_a_participant(tmp_path):
    run = "ses-{1}/eeg/sub-{0}_ses-{1}_eeg.edf"
    root = write(
        tmp_path,
        {
            **{f"sub-a/{run.format('a', s)}": "x" for s in (1, 2)},
            "participants.tsv": "participant_id\tsex\tage\nsub-a\tF\t30\n",
            "sub-a/sub-a_sessions.tsv": "session_id\tage\tgroup\nses-1\t30.1\toff\nses-2\t31\ton\n",
            "sub-a/ses-2/sub-a_ses-2_scans.tsv": (
                "filename\tacq_time\neeg/sub-a_ses-2_eeg.edf\t12:00\n"
            ),
        },
    )
    table = tell(root, "group")[0].set_index("session")
    assert table["group"].to_dict() == {"1": "off", "2": "on"}
    assert table["sex"].tolist() == ["F", "F"]
    assert table["age"].tolist() == [30, 30]
    assert table["session_age"].tolist() == [30.1, 31]
    assert table.loc["2", "acq_time"] == "12:00" and pd.isna(table.loc["1", "acq_time"])


def test_codes_with_leading_zeros_stay_text(tmp_path):
    rows = "participant_id\tsite\tscore\nsub-a\t007\t1.5\nsub-b\t012\tn/a\n"
    table = tell(write(tmp_path, {"participants.tsv": rows}))[0]
    assert table["site"].tolist() == ["007", "012"]
    assert table["score"].dtype == float


def test_without_a_column_of_groups_there_are_none_and_the_columns_are_named(root):
    table, people = tell(root, "grupo")
    assert table["group"].isna().all()
    assert table["diagnosis"].tolist()[0] == "CTL"
    about = {"root": root, "tables": ["participants.tsv"], "blocked": {}}
    (note,) = notes_on("lab", about, people, table, "grupo")
    assert "no column 'grupo'" in note and "diagnosis, age, session" in note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id\tage\n1\t3\n", "participant_id: no such column"),
        ("participant_id;age\nsub-1;3\n", "separated by ';', not by tabs"),
        ("", "participant_id: no such column"),
    ],
)
def test_a_table_of_participants_that_is_none_stops_everything(tmp_path, text, words):
    (tmp_path / "participants.tsv").write_text(text)
    with pytest.raises(ConfigError, match=f"participants.tsv: .*{words}"):
        read_people(tmp_path, ["participants.tsv"])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("sub-03\t3\nsub-01\t4\t5\n", "row 3: 3 cells for 2 columns"),
        ("sub-03\t3\nsub-01\t4\nsub-01\t5\n", "sub-01 twice, with other values"),
    ],
)
def test_a_broken_row_costs_its_participant_alone(root, rows, words):
    (root / "participants.tsv").write_text("participant_id\tage\n" + rows)
    table, people = tell(root)
    table = table.set_index("participant")
    assert table["status"].to_dict() == {"01": "missing participant row", "03": "found"}
    assert words in table.loc["01", "reason"] and words in people.warnings[0]


def test_rows_without_a_participant_are_told(tmp_path):
    (tmp_path / "participants.tsv").write_text("participant_id\tage\nn/a\t3\nsub-1\t3\nsub-1\t3\n")
    people = read_people(tmp_path, ["participants.tsv"])
    assert list(people.participants) == ["1"]
    assert people.warnings == ["participants.tsv: row 2: participant_id: missing; fill it in"]


def test_annexed_pointers_dangling_and_outward_links_and_empty_files_are_told_apart(tmp_path):
    root = tmp_path / "data"
    names = {kind: REST.format(kind) for kind in ("good", "dangling", "pointer", "empty", "out")}
    write(root, {names["good"]: "a\n1\n", names["empty"]: ""})
    write(root, {names["pointer"]: "/annex/objects/MD5E-s42--0123456789abcdef.tsv\n"})
    write(tmp_path, {"secret.tsv": "a\n1\n"})
    for kind, target in (("dangling", "../../.git/annex/objects/gone"), ("out", "/etc/hostname")):
        (root / names[kind]).parent.mkdir(parents=True)
        (root / names[kind]).symlink_to(target)
    listing = list_files(root)
    sources = discover("lab", "bids", listing.files)
    whole = [s for s in sources if s.files[0] not in listing.blocked]
    glances = {s.recording: glance(root, s) for s in whole}
    table = cohort_table(sources, {"lab": root}, {}, glances, blocked={"lab": listing.blocked})
    assert table.set_index("participant")["status"].to_dict() == {
        "good": "found",
        "dangling": "missing content",
        "pointer": "missing content",
        "empty": "missing content",
        "out": "refused link",
    }
    reasons = table.set_index("participant")["reason"]
    assert "datalad get" in reasons["dangling"] and "datalad get" in reasons["pointer"]
    assert "leads out of the dataset" in reasons["out"]


EEGMAT = """In this experiment all subjects are divided into two groups:
Group “G” (24 subjects) performing good quality count (Mean number of operations = 21, SD = 7.4 ),
Group ”B” (12 subjects) performing bad quality count (Mean number of operations = 7, SD = 3.6).
Each trial started with a 4-digit (minuend) and 2-digit (subtrahend) number (e.g. 3141 and 42)."""


@pytest.mark.parametrize(
    ("text", "groups", "found"),
    [
        (
            EEGMAT,
            {"0": 10, "1": 26},
            ["says groups of 12 and 24, participants.tsv holds 10 and 26"],
        ),
        (EEGMAT, {"0": 12, "1": 24}, []),
        ("We recorded 20 controls and 15 patients.", {"control": 20, "patient": 15}, []),
        (
            "We recorded 20 healthy controls.",
            {"control": 19, "patient": 15},
            ["20 in the group control"],
        ),
        ("Controls (n = 12) rested.", {"control": 20}, ["12 in the group control"]),
        ("Recorded in 2019 at 3 sites, 500 Hz.", {"control": 4, "patient": 5}, []),
    ],
)
def test_counts_of_a_readme_are_held_against_the_table(text, groups, found):
    people = [group for group, count in groups.items() for _ in range(count)]
    told = contradictions(text, people, len(people), {})
    assert len(told) == len(found)
    for sentence, words in zip(told, found, strict=True):
        assert words in sentence and "the table is trusted" in sentence


def test_checksum_depends_on_names_and_contents_only(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").write_bytes(b"2")
    first = checksum(tmp_path, ["b", "a"])
    inner = [hashlib.sha256(content).hexdigest() for content in (b"1", b"2")]
    text = f"a\0{inner[0]}\nb\0{inner[1]}\n"
    assert first == hashlib.sha256(text.encode()).hexdigest() == checksum(tmp_path, ["a", "b"])
    (tmp_path / "b").write_bytes(b"3")
    assert checksum(tmp_path, ["a", "b"]) != first


def test_checksum_of_a_folder_sees_what_is_in_it(tmp_path):
    write(tmp_path, {"x.nwb.zarr/a/0.0": "1", "x.nwb.zarr/.zattrs": "{}"})
    first = checksum(tmp_path, ["x.nwb.zarr"])
    (tmp_path / "x.nwb.zarr/a/0.0").write_text("2")
    second = checksum(tmp_path, ["x.nwb.zarr"])
    (tmp_path / "x.nwb.zarr/a/0.0").rename(tmp_path / "x.nwb.zarr/a/0.1")
    assert len({first, second, checksum(tmp_path, ["x.nwb.zarr"])}) == 3


def source_of(path, format="bids", **described):
    return Source("lab", "sub-1", format, (path,), {"sub": "1"}, described)


def test_headers_tell_modality_and_duration(tmp_path):
    edf = bytearray(b" " * 256)
    edf[236:252] = b"90      2       "
    (tmp_path / "sub-1_eeg.edf").write_bytes(edf)
    assert glance(tmp_path, source_of("sub-1_eeg.edf")) == Glance("eeg", 180.0)
    (tmp_path / "sub-1_eeg.eeg").write_bytes(bytes(4 * 2 * 500))
    (tmp_path / "sub-1_eeg.vhdr").write_text(
        "[Common Infos]\nDataFile=sub-1_eeg.eeg\nNumberOfChannels=2\nSamplingInterval=4000\n"
        "BinaryFormat=IEEE_FLOAT_32\n"
    )
    assert glance(tmp_path, source_of("sub-1_eeg.vhdr")).duration == pytest.approx(2.0)
    np.save(tmp_path / "x.npy", np.zeros((50, 3)))
    told = {"data": "x.npy", "sampling_interval": 0.1}
    assert glance(tmp_path, source_of("x.npy", "arrays", **told)) == Glance("arrays", 5.0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.npy", np.zeros((9, 2)), "sampling_interval: nothing says it"),
        ("x.npy", np.zeros((2, 90)), "2 samples of 90 channels"),
        ("x.npy", np.zeros((2, 3, 4)), "has 3 dimensions"),
        ("x.npy", np.zeros((9, 2), complex), "is not real"),
        ("x.csv", "1,2\n3,4\n", "the first row holds numbers"),
        ("x.csv", "a,b\n3,4\n", "sampling_interval: nothing says it"),
        ("x.csv", "Time,b\n3,4\n", ""),
    ],
)
def test_unusable_arrays_are_told_by_their_beginning(tmp_path, name, content, words):
    if isinstance(content, str):
        (tmp_path / name).write_text(content)
    else:
        np.save(tmp_path / name, content)
    problem = glance(tmp_path, source_of(name, "arrays", data=name)).problem
    assert words in problem and bool(words) == bool(problem)


def test_header_of_an_image_tells_its_duration(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2, 30), np.float32), np.eye(4))
    image.header.set_zooms((3, 3, 3, 1.5))
    name = "sub-1_desc-preproc_bold.nii.gz"
    nibabel.save(image, tmp_path / name)
    assert glance(tmp_path, source_of(name)) == Glance("bold", 45.0)


def test_keys_of_nwb_files_are_their_modality(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.nwb", "w") as file:
        lfp = file.create_group("acquisition/LFP")
        lfp["data"] = np.zeros((1000, 2))
        lfp["starting_time"] = 0.0
        lfp["starting_time"].attrs["rate"] = 100.0
        position = file.create_group("processing/behavior/Position/xy")
        position["data"], position["timestamps"] = np.zeros(4), [0.0, 1, 2, 30]
        file.create_group("units")["spike_times"] = [1.0]
        file["acquisition/elsewhere"] = h5py.ExternalLink("/etc/hostname", "/")
    told = glance(tmp_path, source_of("a.nwb", "nwb"))
    assert told == Glance("LFP+Position+units", 30.0)
    (tmp_path / "b.nwb").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    assert "no readable HDF5 file" in glance(tmp_path, source_of("b.nwb", "nwb")).problem
    with h5py.File(tmp_path / "c.nwb", "w") as file:
        file.create_group("units")["quality"] = [1.0]
    assert "no supported data" in glance(tmp_path, source_of("c.nwb", "nwb")).problem
    with h5py.File(tmp_path / "a.nwb", "r+") as file:
        file["acquisition/LFP/starting_time"].attrs["rate"] = 0.0
        del file["processing"]
    assert np.isnan(glance(tmp_path, source_of("a.nwb", "nwb")).duration)


def test_summary_says_what_can_be_used_and_spells_control_characters(root):
    (root / "participants.tsv").write_text(
        "participant_id\tdiagnosis\nsub-01\t<script>alert(1)</script>\nsub-02\tB\x1b[31m\n"
    )
    table, _ = tell(root)
    about = {"lab": {"root": "/data/lab", "files": 3}}
    text = summarise("Cohort x", table, about, ["lab: note"], "diagnosis")
    assert "2 recordings of 2 participants found; 2 can be read" in text
    assert "no recording: 1\n    sub-02 (lab): no file of lab" in text
    assert "missing participant row: 1\n    sub-03_task-rest_run-1: participants.tsv of lab" in text
    assert "<script>alert(1)</script> 1, B\\x1b[31m 1, not known 1" in text
    assert "\x1b" not in text and "- lab: note" in text


def run_script(root, tmp_path, column="diagnosis"):
    listing = list_files(root)
    sources = [
        {**dataclasses.asdict(source), "root": str(root), "blocked": {}}
        for source in discover("lab", "bids", listing.files)
    ]
    about = {
        "root": str(root),
        "tables": table_files(listing.files),
        "labels": [],
        "files": len(listing.files),
        "blocked": listing.blocked,
    }
    outputs = {name: str(tmp_path / f"out/cohort.{name}") for name in ("tsv", "json", "txt")}
    snakemake = SimpleNamespace(
        params=SimpleNamespace(sources=sources, datasets={"lab": about}, group_column=column),
        output=SimpleNamespace(
            table=outputs["tsv"], dictionary=outputs["json"], summary=outputs["txt"]
        ),
        wildcards=SimpleNamespace(cohort="study"),
        log=[str(tmp_path / "log")],
    )
    script = Path(stage.__file__).parent / "discover.py"
    runpy.run_path(str(script), init_globals={"snakemake": snakemake})
    return {name: Path(path) for name, path in outputs.items()}


def test_script_writes_a_valid_table_with_its_dictionary_and_summary(root, tmp_path):
    (root / "participants.json").write_text('{"age": {"Description": "Age", "Units": "year"}}')
    out = run_script(root, tmp_path)
    table = tables.read_table(out["tsv"])
    assert table["recording"].tolist()[:2] == ["sub-01_task-rest_run-1", "sub-03_task-rest_run-1"]
    assert table["participant"].tolist() == ["01", "03", "02"]
    described = json.loads(out["json"].read_text())
    assert list(described) == list(table.columns)
    assert described["age"] == {"Description": "Age", "Units": "year"}
    assert all(column["Description"] for column in described.values())
    assert out["txt"].read_text().startswith("Cohort study\n============\n\n2 recordings")


def test_schema_refuses_an_unknown_status(root):
    schema = yaml.safe_load(SCHEMA.read_text())
    rows = tell(root)[0].drop(columns=["age", "participant_session"])
    tables.check_rows(rows, schema, "cohort.tsv")
    rows.loc[1, "status"] = "lost"
    with pytest.raises(ValueError, match=r"cohort.tsv: row 2: status: 'lost'"):
        tables.check_rows(rows, schema, "cohort.tsv")


def test_real_participants_are_told_from_their_table():
    data = os.environ.get("NEURODSR_TEST_DATA")
    if not data:
        pytest.skip("NEURODSR_TEST_DATA is not set: no real tables here")
    root = Path(data) / "ds000030_behaviour"
    table, people = tell(root)
    assert set(table["group"].dropna()) <= {"CONTROL", "SCHZ", "BIPOLAR", "ADHD"}
    assert (table["modality"].dropna() == "events").all()
    found = table[table["status"] == "found"]
    assert found["group"].notna().all() and found["age"].between(18, 60).all()
    assert data_dictionary(table, [people], "diagnosis")["age"]["Description"]
