"""Broken recordings are reported and excluded; the others finish."""

import csv
import datetime
import gzip
import json
import shutil

import numpy as np
import pytest
import xarray as xr
from pynwb import NWBHDF5IO, NWBFile, TimeSeries

from project import Project, oscillation, write_timeseries


def write_session(path, trials):
    """An NWB session of one continuous signal cut into so many trials of two seconds."""
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    nwb = NWBFile("test", path.stem, start)
    data = oscillation(0.5, seed=trials, samples=1500)
    nwb.add_acquisition(TimeSeries(name="lfp", data=data, unit="V", rate=20.0))
    for trial in range(trials):
        nwb.add_trial(start_time=3.0 * trial, stop_time=3.0 * trial + 2.5)
    path.parent.mkdir(parents=True, exist_ok=True)
    with NWBHDF5IO(path, "w") as file:
        file.write(nwb)


def timeseries(folder, subject, orbit, **sidecar):
    stem = folder / f"sub-{subject}" / "func" / f"sub-{subject}_task-rest_timeseries"
    write_timeseries(stem.with_suffix(".tsv"), orbit)
    stem.with_suffix(".json").write_text(json.dumps(sidecar))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("broken"))
    project.copy_workflow()
    good = oscillation(0.5, seed=1)
    timeseries(project.data, "fine1", good, RepetitionTime=0.05)
    timeseries(project.data, "fine2", oscillation(0.6, seed=2), RepetitionTime=0.05)
    timeseries(project.data, "nan", np.full_like(good, np.nan), RepetitionTime=0.05)
    half = good.copy()
    half[:, 1] = np.nan
    timeseries(project.data, "half", half, RepetitionTime=0.05)
    timeseries(project.data, "norate", good, Comment="nothing about time")
    timeseries(project.data, "short", good[:30], RepetitionTime=0.05)
    sessions = project.folder / "sessions"
    write_session(sessions / "sub-many" / "sub-many.nwb", trials=24)
    write_session(sessions / "sub-one" / "sub-one.nwb", trials=1)
    whole = sessions / "sub-many" / "sub-many.nwb"
    torn = sessions / "sub-torn" / "sub-torn.nwb"
    torn.parent.mkdir()
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])

    def two_cohorts(config):
        config["datasets"]["sessions"] = {"format": "nwb", "path": "sessions"}
        config["cohorts"]["trials"] = {
            "title": "Trials",
            "datasets": ["sessions"],
            "models": ["small"],
            "preprocess": {"trials": "trials"},
        }

    project.configure(two_cohorts)
    project.output = project.snakemake()
    yield project
    shutil.rmtree(project.folder)


def inclusion(project, cohort):
    path = project.folder / "results" / cohort / "group" / "inclusion.tsv"
    with path.open() as file:
        return {row["recording"]: row for row in csv.DictReader(file, delimiter="\t")}


@pytest.mark.parametrize(
    ("cohort", "recording", "stage", "words"),
    [
        ("study", "sub-nan_task-rest", "ingest_recording", ["timeseries"]),
        ("study", "sub-norate_task-rest", "ingest_recording", ["RepetitionTime"]),
        ("study", "sub-short_task-rest", "preprocess_recording", ["samples"]),
        ("trials", "sub-torn", "ingest_recording", ["sub-torn.nwb"]),
        ("trials", "sub-one", "preprocess_recording", ["trial"]),
    ],
)
def test_a_broken_recording_is_excluded_with_its_reason(broken, cohort, recording, stage, words):
    row = inclusion(broken, cohort)[recording]
    assert row["status"] == "excluded"
    assert row["stage"] == stage
    for word in words:
        assert word in row["reason"]
    report = (broken.folder / "results" / cohort / "report.html").read_text()
    assert recording in report


def test_a_channel_without_values_is_left_out_and_reported(broken):
    report = (broken.folder / "results" / "study" / "report.html").read_text()
    assert "channels left out: right" in report


def test_the_other_recordings_are_finished(broken):
    study, trials = inclusion(broken, "study"), inclusion(broken, "trials")
    fine = ["sub-fine1_task-rest", "sub-fine2_task-rest", "sub-half_task-rest"]
    assert [name for name, row in study.items() if row["status"] != "excluded"] == fine
    assert [name for name, row in trials.items() if row["status"] != "excluded"] == ["sub-many"]


def test_nothing_is_left_to_do(broken):
    assert broken.planned() == set()


SERIES = "sub-{0}/func/sub-{0}_task-rest_timeseries"
REASONS = {
    "ragged": "_timeseries.tsv: row 1502: 1 cells for 2 columns",
    "word": "_timeseries.tsv: left: 'lost' in data row 1501 is no number",
    "binary": "_timeseries.tsv: file: not readable as text",
    "headless": "_timeseries.tsv: Columns: neither a header nor Columns",
    "twice": "_timeseries.tsv: columns: a name occurs twice",
    "empty": "_timeseries.tsv: file: it is empty",
    "pointer": "_timeseries.tsv: file: a git-annex pointer",
    "dangling": "_timeseries.tsv: file: a link to nothing",
    "outward": "_timeseries.tsv: file: the link leads out of the dataset",
    "json": "_timeseries.json: file: no valid JSON",
    "rate": "_timeseries.tsv: RepetitionTime: '50 ms' in its sidecar",
    "nan": "timeseries: channel: none of left, right has a value",
    "archive": "_timeseries.tsv.gz: file: not readable as text",
}
STATUS = {
    "empty": "missing content",
    "pointer": "missing content",
    "dangling": "missing content",
    "outward": "refused link",
    "json": "unreadable",
    "headless": "missing participant row",
}


def damage(data, subject):
    """Break one subject as files are broken in practice."""
    table = data / (SERIES.format(subject) + ".tsv")
    sidecar = table.with_suffix(".json")
    text = table.read_text()
    contents = {
        "ragged": text + "1.5",
        "word": text + "lost\t1\n",
        "binary": b"PK\x03\x04\xff\xfe" * 99,
        "headless": text.split("\n", 1)[1],
        "twice": text.replace("left\tright", "left\tleft"),
        "empty": "",
        "pointer": "/annex/objects/MD5E-s42--0123456789abcdef.tsv\n",
    }
    if subject in contents:
        content = contents[subject]
        table.write_bytes(content if isinstance(content, bytes) else content.encode())
    elif subject in ("dangling", "outward"):
        table.unlink()
        table.symlink_to("../.git/annex/objects/x" if subject == "dangling" else "/etc/hostname")
    elif subject == "json":
        sidecar.write_text('{"RepetitionTime": 0.05')
    elif subject == "rate":
        sidecar.write_text('{"RepetitionTime": "50 ms"}')
    elif subject == "nan":
        timeseries(data, subject, np.full((500, 2), np.nan), RepetitionTime=0.05)
    elif subject == "archive":
        table.unlink()
        table.with_name(table.name + ".gz").write_bytes(gzip.compress(text.encode())[:500])


@pytest.fixture(scope="module")
def dozen(tmp_path_factory):
    """Two good subjects and thirteen broken ones, as far as preprocessing."""
    project = Project(tmp_path_factory.mktemp("dozen"))
    project.copy_workflow()
    for number, subject in enumerate(["good1", "good2", *REASONS]):
        orbit = oscillation(0.5, seed=1 + number % 2)
        timeseries(project.data, subject, orbit, RepetitionTime=0.05)
        damage(project.data, subject)
    (project.data / "sub-folder").symlink_to("/etc")
    listed = [s for s in ("good1", "good2", *REASONS) if s != "headless"]
    rows = "".join(f"sub-{subject}\ta\n" for subject in [*listed, "absent"])
    (project.data / "participants.tsv").write_text("participant_id\tgroup\n" + rows + "sub-x\n")
    (project.data / "README").write_text("We recorded 40 healthy subjects of group a.")
    project.configure(lambda config: None)
    project.snakemake("discover", "preprocess")
    yield project
    shutil.rmtree(project.folder)


def test_the_good_ones_of_a_dozen_come_through(dozen):
    folder = dozen.folder / "results/study"
    for subject in ("good1", "good2"):
        with xr.open_dataset(folder / f"sub-{subject}_task-rest/series.nc") as series:
            assert series.attrs["status"] == "ok" and series.sizes["time"] > 1000


@pytest.mark.parametrize("subject", REASONS)
def test_each_of_a_dozen_says_what_is_wrong(dozen, subject):
    path = dozen.folder / f"results/study/sub-{subject}_task-rest/series.nc"
    with xr.open_dataset(path) as series:
        assert series.attrs["status"] == "excluded"
        assert series.attrs["excluded_at"] == "ingest_recording"
        assert REASONS[subject] in series.attrs["reason"]


def test_the_table_and_its_summary_tell_beforehand(dozen):
    with (dozen.folder / "results/study/cohort.tsv").open() as file:
        rows = {row["participant"]: row for row in csv.DictReader(file, delimiter="\t")}
    assert {who: row["status"] for who, row in rows.items() if row["status"] != "found"} == {
        **STATUS,
        "absent": "no recording",
    }
    text = (dozen.folder / "results/study/cohort.txt").read_text()
    assert "15 recordings of 15 participants found; 10 can be read" in text
    assert "participants.tsv: row 17: 1 cells for 2 columns" in text
    assert "sub-folder: the link leads out of the dataset" in text
    for subject in STATUS:
        assert f"    sub-{subject}_task-rest: " in text


def test_content_that_arrives_later_runs_that_subject_alone(dozen):
    timeseries(dozen.data, "empty", oscillation(0.5, seed=7), RepetitionTime=0.05)
    jobs = {job for job in dozen.planned("preprocess") if job[1]}
    name = "sub-empty_task-rest"
    assert jobs == {("ingest_recording", name), ("preprocess_recording", name)}
