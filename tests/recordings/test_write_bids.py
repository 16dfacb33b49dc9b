"""EEG written as BIDS."""

import json

import mne_bids
import numpy as np
import pandas as pd

from neurodsr.recordings.write_bids import write_eeg
from neurodsr.simulate.participants import simulated_files


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


def test_types_of_channels_and_fields_of_the_sidecar(tmp_path):
    signal = 1e-4 * np.random.default_rng(2).random((300, 3))
    write_eeg(
        tmp_path, signal, 250.0, ("Fz", "ECG", "A2-A1"), "x01", "rest",
        types={"ECG": "ECG", "A2-A1": "REF"}, sidecar={"EEGReference": "ears"},
    )  # fmt: skip
    stem = tmp_path / "sub-x01/eeg/sub-x01_task-rest"
    table = pd.read_csv(f"{stem}_channels.tsv", sep="\t")
    assert list(table["type"]) == ["EEG", "ECG", "REF"]
    sidecar = json.loads((tmp_path / f"{stem}_eeg.json").read_text())
    assert sidecar["EEGReference"] == "ears"
    assert (sidecar["EEGChannelCount"], sidecar["ECGChannelCount"]) == (1, 1)
