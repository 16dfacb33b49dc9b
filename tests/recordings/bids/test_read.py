import dataclasses
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.discovery import dataset_files, discover

BOLD = "sub-1/func/sub-1_task-rest_timeseries"
PHYSIO = "sub-1/func/sub-1_task-rest_physio"


@pytest.fixture
def lab(study):
    study.write(f"{BOLD}.tsv", "left V1\tright V1\n0.5\tn/a\n-1e-3\t2\n3\t4\n")
    study.write("task-rest_timeseries.json", {"RepetitionTime": 2.5})
    study.write(f"{PHYSIO}.tsv.gz", "".join(f"{i}\t{-i}\n" for i in range(5)))
    fields = {"SamplingFrequency": 50, "Columns": ["cardiac", "respiratory"]}
    study.write("task-rest_physio.json", fields)
    return study


def test_modalities_of_one_recording_and_their_events(lab):
    rows = "5\t1\tgo\t0.4\n1.5\tn/a\tBAD_motion\tn/a\n"
    lab.write("sub-1/func/sub-1_task-rest_events.tsv", "onset\tduration\ttrial_type\trt\n" + rows)
    tree = lab.read()
    assert set(tree.children) == {"timeseries", "physio", "intervals"}
    assert set(tree["intervals"].children) == {"events", "artefacts"}
    assert list(tree["intervals/events"]["label"].values) == ["BAD_motion", "go"]
    np.testing.assert_array_equal(tree["intervals/artefacts"]["start"], [1.5])


def test_the_most_specific_table_of_events_is_taken(lab):
    lab.write("task-rest_events.tsv", "onset\tduration\ttrial_type\n1\t1\tall\n")
    lab.write("sub-1/sub-1_task-rest_events.tsv", "onset\tduration\ttrial_type\n1\t1\tmine\n")
    assert list(lab.read()["intervals/events"]["label"].values) == ["mine"]


def test_events_alone_become_a_signal_at_their_onsets(study):
    text = "onset\tduration\trt\tside\n0.5\t1\t0.3\tleft\nn/a\t1\t9\tleft\n2\t1\tn/a\tright\n"
    study.write("sub-1/beh/sub-1_task-go_events.tsv", text)
    data = study.read()["events"]
    assert list(data["channel"].values) == ["rt", "side"]
    np.testing.assert_array_equal(data["time"], [0.5, 2])
    np.testing.assert_array_equal(data["signal"][:, 0], [0.3, np.nan])
    assert json.loads(data.attrs["levels"]) == {"side": ["left", "right"]}


def test_a_channel_without_values_is_left_out_and_named(lab):
    lab.write(f"{BOLD}.tsv", "a\tb\n1\tn/a\n2\tn/a\n")
    data = lab.read()["timeseries"]
    assert list(data["channel"].values) == ["a"]
    assert json.loads(data.attrs["dropped_channels"]) == ["b"]


def test_a_modality_without_a_value_is_named(lab):
    lab.write(f"{BOLD}.tsv", "a\tb\nn/a\tn/a\nn/a\tn/a\n")
    words = "sub-1_task-rest: timeseries: channel: none of a, b has a value"
    with pytest.raises(RecordingError, match=words):
        lab.read()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("a\tb\n", "data: 0 samples"),
        ("", "file: it is empty"),
        ("../../.git/annex/objects/MD5E-s1--a.tsv", "file: a git-annex pointer"),
    ],
)
def test_files_without_content_are_named(lab, table, words):
    lab.write(f"{BOLD}.tsv", table)
    with pytest.raises(RecordingError, match=rf"^sub-1_task-rest_timeseries.tsv: {words}"):
        lab.read()


def test_a_missing_file_is_refused(lab):
    (source,) = lab.sources()
    (lab.root / f"{PHYSIO}.tsv.gz").unlink()
    with pytest.raises(RecordingError, match="datalad get"):
        read_bids(lab.root, source.files, lab.read_settings())


@pytest.mark.parametrize("name", [f"{PHYSIO}.tsv.gz", "task-rest_physio.json"])
def test_a_link_that_was_turned_out_of_the_dataset_is_refused(lab, name, tmp_path):
    (source,) = lab.sources()
    shutil.move(lab.root / name, tmp_path / "secret")
    (lab.root / name).symlink_to(tmp_path / "secret")
    with pytest.raises(RecordingError, match=rf"{Path(name).name}: file: .* leads out"):
        read_bids(lab.root, source.files, lab.read_settings())


def test_a_link_inside_the_dataset_is_followed(lab):
    """As datalad lays out annexed files."""
    place = lab.root / f"{BOLD}.tsv"
    target = lab.root / ".git" / "annex" / "objects" / "x.tsv"
    target.parent.mkdir(parents=True)
    place.rename(target)
    place.symlink_to(os.path.relpath(target, place.parent))
    assert lab.read()["timeseries"].sizes["time"] == 3


def test_sources_survive_as_plain_values(lab):
    (source,) = lab.sources()
    assert json.loads(json.dumps(dataclasses.asdict(source)))["entities"] == source.entities


@pytest.fixture
def real():
    folder = os.environ.get("NEURODSR_TEST_DATA")
    if not folder:
        pytest.skip("no real recordings: set NEURODSR_TEST_DATA to a folder of them")
    return Path(folder)


@pytest.mark.parametrize(
    ("dataset", "count", "modality", "shape", "rate"),
    [
        ("tbi_bold", 30, "timeseries", (144, 167), 0.5),
        ("ds210_physio", 8, "physio", (30600, 2), 50.0),
    ],
)
def test_real_datasets_are_read(real, read_settings, dataset, count, modality, shape, rate):
    sources = discover(dataset, "bids", dataset_files(real / dataset))
    assert len(sources) == count
    for source in (sources[0], sources[-1]):
        data = read_bids(real / dataset, source.files, read_settings())[modality]
        assert data["signal"].shape == shape
        assert data.attrs["sampling_rate"] == rate
