"""A recording that goes through another standard and back yields the same series for a model."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
import whole_datasets as whole
import xarray as xr

from neurodsr.preprocess.series import make_series
from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.discovery import discover, list_files
from neurodsr.recordings.nwb import read_nwb
from neurodsr.recordings.nwb.writing import write_recording
from neurodsr.recordings.recording import identify
from neurodsr.recordings.write_bids import write_eeg
from orchestration.config import complete


@pytest.fixture(scope="module")
def settings():
    return complete({}, "preprocess.schema.yaml")


def through_nwb(recording, path, read):
    """What is read from an NWB file that a recording was written to."""
    write_recording(path, recording)
    (source,) = discover("back", "nwb", [path.name])
    return identify(read_nwb(path, read), dataclasses.asdict(source))


def from_bids(root, read, **entities):
    source = discover("lab", "bids", list_files(root).files, entities)[0]
    return identify(read_bids(root, source.files, read), dataclasses.asdict(source))


def assert_same_series(first, second, **tolerance):
    """All numbers and labels of two series, but not the name of the recording."""
    assert first.sizes == second.sizes
    for name in (*first.data_vars, *first.coords):
        if first[name].dtype.kind == "f":
            np.testing.assert_allclose(second[name], first[name], err_msg=name, **tolerance)
        else:
            np.testing.assert_array_equal(second[name], first[name], err_msg=name)
    for name in ("sampling_interval", "guard"):
        assert second.attrs[name] == pytest.approx(first.attrs[name], rel=1e-9)
    assert json.loads(second.attrs["dropped_channels"]) == json.loads(
        first.attrs["dropped_channels"]
    )


def longer(study, kind, samples=3000):
    """A dataset whose signals are long enough for a series."""
    time = np.arange(samples)[:, None] * [0.11, 0.07]
    signal = np.sin(time) + 0.1 * np.random.default_rng(4).standard_normal((samples, 2))
    rows = "".join(f"{a:.6f}\t{b:.6f}\n" for a, b in signal)
    if kind == "series":
        study.twins(whole.SERIES + ".tsv", "left\tright\n" + rows)
    elif kind == "physio":
        study.twins(whole.PHYSIO + ".tsv.gz", rows)
    elif kind == "eeg":
        study.twins(whole.EEG + "_eeg.eeg", signal.astype("<f4").tobytes())
        study.twins(whole.EEG + "_events.tsv", "onset\tduration\ttrial_type\n1\t2\tgo\n")
    else:
        rows = "".join(
            f"{i}\t{int(100 * a)}\t{'lo' if b < 0 else 'hi'}\n" for i, (a, b) in enumerate(signal)
        )
        study.twins(whole.BEH + ".tsv", "time\tscore\tchoice\n" + rows)


@pytest.mark.parametrize("kind", ["series", "physio", "eeg", "behaviour"])
def test_from_bids_through_nwb(tmp_path, read_settings, settings, kind):
    read = read_settings()
    study = whole.Study(tmp_path / "lab", "bids", read)
    getattr(whole, kind)(study)
    longer(study, kind)
    recording = from_bids(study.root, read, sub=["good"])
    again = through_nwb(recording, tmp_path / "sub-good.nwb", read)
    assert list(again.children) == list(recording.children)
    assert_same_series(make_series(recording, settings), make_series(again, settings), rtol=1e-12)
    if kind == "eeg":
        for edge in ("start", "stop"):
            theirs, mine = (tree["intervals/events"][edge] for tree in (again, recording))
            np.testing.assert_allclose(theirs, mine)


def test_from_nwb_through_bids(tmp_path, read_settings, settings):
    """BrainVision keeps 32 bits of each sample."""
    import h5py

    read = read_settings()
    study = whole.Study(tmp_path / "lab", "nwb", read)
    whole.nwb(study)
    path = study.root / whole.NWB.replace("{who}", "good")
    signal = 1e-4 * np.sin(np.arange(3000)[:, None] * [0.11, 0.07])
    with h5py.File(path, "r+") as file:
        del file["acquisition/speed"], file["units"]
        attributes = dict(file["acquisition/lfp/data"].attrs)
        del file["acquisition/lfp/data"]
        file["acquisition/lfp/data"] = signal
        file["acquisition/lfp/data"].attrs.update(attributes)
    recording = read_nwb(path, read)
    recording.attrs["recording"] = "sub-good"
    data = recording["lfp"]
    names = [f"E{name}" for name in data["channel"].values]
    write_eeg(
        tmp_path / "bids", data["signal"].values, data.attrs["sampling_rate"], names, "good", "rest"
    )
    again = from_bids(tmp_path / "bids", read)
    renamed = recording["lfp"].to_dataset().assign_coords(channel=names)
    recording = xr.DataTree.from_dict({"/": xr.Dataset(attrs=recording.attrs), "/eeg": renamed})
    assert_same_series(
        make_series(recording, settings), make_series(again, settings), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("dataset", ["tbi_bold", "ds210_physio"])
def test_real_recordings_through_nwb(tmp_path, read_settings, settings, dataset):
    data = os.environ.get("NEURODSR_TEST_DATA")
    if not data:
        pytest.skip("NEURODSR_TEST_DATA is not set: no real recordings here")
    read = read_settings()
    recording = from_bids(Path(data) / dataset, read)
    again = through_nwb(recording, tmp_path / "sub-x.nwb", read)
    assert_same_series(make_series(recording, settings), make_series(again, settings), rtol=1e-12)
