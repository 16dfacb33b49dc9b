"""Broken recordings are reported and excluded; the others finish."""

import csv
import datetime
import json
import shutil

import numpy as np
import pytest
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
