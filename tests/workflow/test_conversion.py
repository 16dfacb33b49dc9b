"""Datasets that are converted first, and atlases: what the plan makes of them."""

import os

import numpy as np
import pytest
from scipy.io import savemat

from neurodsr.errors import ConfigError
from orchestration.plan import Plan
from project import MODEL, Project

NEUROLIB = {
    "kind": "neurolib-bold",
    "repetition_time": 2.0,
    "repetition_time_source": "assumed",
    "name": "gw",
    "source": "somewhere",
}


def plan(tmp_path, **dataset):
    config = {
        "datasets": {"mine": {"format": "bids", **dataset}},
        "models": {"small": dict(MODEL)},
        "cohorts": {"all": {"title": "All", "datasets": ["mine"], "models": ["small"]}},
    }
    return Plan(config, memory=tmp_path / "digests.json")


@pytest.fixture
def folder(tmp_path):
    """EDF files in name only: the plan looks at names, and at content as a whole."""
    folder = tmp_path / "edf"
    folder.mkdir()
    for name in ("Subject00_1.edf", "Subject00_2.edf", "subject-info.csv", "README.txt"):
        (folder / name).write_text(name)
    return folder


def test_a_local_folder_is_converted_below_resources(tmp_path, folder):
    made = plan(tmp_path, path=str(folder), convert={"kind": "eegmat"})
    assert list(made.recordings["all"]) == ["sub-00_task-arithmetic", "sub-00_task-rest"]
    paths = made.raw_files("all", "sub-00_task-rest")
    assert paths[0] == "resources/mine/sub-00/eeg/sub-00_task-rest_eeg.vhdr"
    assert made.datasets["mine"].spec["convert"]["name"] == "EEG during mental arithmetic tasks"


def test_new_content_in_the_folder_is_seen(tmp_path, folder):
    def digest():
        made = plan(tmp_path, path=str(folder), convert={"kind": "eegmat"})
        return made.unconverted_content("mine")

    before = digest()
    os.utime(folder / "Subject00_1.edf", (1, 1))
    assert digest() == before
    (folder / "Subject00_1.edf").write_text("other")
    assert digest() != before


@pytest.mark.parametrize(
    ("convert", "words"),
    [
        ({"kind": "neurolib-bold"}, "datasets.mine.convert: key 'repetition_time' is missing"),
        ({"kind": "eegmatt"}, "'eegmatt' is not valid, did you mean 'eegmat'"),
        ({"kind": "eegmat", "nam": "x"}, "unknown key 'nam', did you mean 'name'"),
        (NEUROLIB, r"datasets.mine.convert.kind: neurolib-bold takes files sub-<label>_bold.mat"),
    ],
)
def test_wrong_conversions_are_refused_before_any_job(tmp_path, folder, convert, words):
    with pytest.raises(ConfigError, match=words):
        plan(tmp_path, path=str(folder), convert=convert)


@pytest.fixture
def study(tmp_path):
    func = tmp_path / "study" / "sub-1" / "func"
    func.mkdir(parents=True)
    (func / "sub-1_task-rest_space-MNI_desc-preproc_bold.nii.gz").write_text("image")
    (tmp_path / "atlas.nii.gz").write_text("atlas")
    return tmp_path / "study"


def test_an_atlas_belongs_to_each_recording(tmp_path, study, monkeypatch):
    monkeypatch.setenv("ATLASES", str(tmp_path))
    read = {"atlas": {"image": "$ATLASES/atlas.nii.gz"}}

    def digest():
        made = plan(tmp_path, path=str(study), read=read)
        (recording,) = made.recordings["all"]
        files = made.raw_files("all", recording)
        atlas = str(tmp_path / "atlas.nii.gz")
        assert files[-1] == atlas and made.datasets["mine"].read["atlas"]["image"] == atlas
        return made.content("all", files)

    before = digest()
    (tmp_path / "atlas.nii.gz").write_text("another")
    assert digest() != before


@pytest.mark.parametrize(
    ("atlas", "words"),
    [
        ({"image": "nowhere.nii.gz"}, "datasets.mine.read.atlas.image: 'nowhere.nii.gz' is not a"),
        ({"image": "$NOT_SET/a.nii"}, "read.atlas: .* environment variable NOT_SET is not set"),
        ({"labels": "x"}, "datasets.mine.read.atlas: key 'image' is missing"),
    ],
)
def test_wrong_atlases_are_refused_before_any_job(tmp_path, study, atlas, words):
    with pytest.raises(ConfigError, match=words):
        plan(tmp_path, path=str(study), read={"atlas": atlas})


def test_converted_files_are_ingested_and_converted_again_when_they_change(tmp_path):
    project = Project(tmp_path)
    project.copy_workflow()
    rng = np.random.default_rng(0)

    def record(label):
        place = project.data / f"sub-{label}_bold.mat"
        place.parent.mkdir(exist_ok=True)
        savemat(place, {"tc": rng.normal(9000, 50, (94, 200))})

    record("a")
    project.configure(
        lambda config: config["datasets"].update(
            study={"format": "bids", "path": "study", "convert": NEUROLIB}
        )
    )
    target = "results/study/sub-a_task-rest/recording.nc"
    project.snakemake(target)
    assert (project.folder / target).is_file()
    (project.data / "sub-a_bold.mat").touch()
    assert project.planned(target) == set()
    record("a")
    jobs = {rule for rule, _ in project.planned(target)}
    assert jobs == {"convert_study", "ingest_recording"}
