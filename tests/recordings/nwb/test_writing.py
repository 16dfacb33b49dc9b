"""A recording that is written as NWB is the same recording when it is read."""

import hashlib
import json

import numpy as np
import pynwb
import pytest
import xarray as xr
from nwbinspector import Importance, inspect_nwbfile

from neurodsr.recordings.nwb import read_nwb
from neurodsr.recordings.nwb.writing import write_recording
from neurodsr.recordings.recording import (
    make_continuous,
    make_intervals,
    make_recording,
    make_spikes,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
RANDOM = np.random.default_rng(5)


@pytest.fixture(scope="module")
def recording():
    """Signals of every kind of clock and unit, spikes, and intervals."""
    rows = np.arange(200)
    eeg = make_continuous(
        "x", 2.5 + rows / 250, RANDOM.standard_normal((200, 3)) * 1e-6, ["Fz", "C3/A1", "Oz"],
        250.0,
        units="V", description="eyes closed", suffix="eeg", bad_channels=json.dumps(["T3"]),
    ).assign_coords(
        type=("channel", ["EEG", "EEG", "SEEG"]), x=("channel", [0.1, np.nan, -0.03])
    )  # fmt: skip
    ieeg = make_continuous("x", rows / 500, np.ones((200, 2)), ["a", "b"], 500.0, units="volts")
    light = make_continuous(
        "x", rows / 20, RANDOM.standard_normal((200, 1)), ["gcamp"], 20.0,
        units="V", neurodata_type="TimeSeries",
    )  # fmt: skip
    physio = make_continuous(
        "x", -1.0 + rows / 40, RANDOM.standard_normal((200, 2)), ["zeta", "alpha"], 40.0, units=""
    ).assign_coords(units=("channel", ["V", "bpm"]))
    diary = make_continuous(
        "x", np.cumsum(1.0 + RANDOM.random(30)) * 86400, RANDOM.integers(0, 3, (30, 1)), ["mood"],
        units="", levels=json.dumps({"mood": ["low", "fair", "high"]}), scale='{"mood": "ordinal"}',
    )  # fmt: skip
    spikes = make_spikes(
        "x", [np.array([0.5, 0.1]), np.array([]), np.array([0.3])], ["7", "8b", "9"],
        {"location": ["CA1 (left, dorsal)", "CA3", "DG"], "depth": [0.1, np.nan, 3.0]}, (0.0, 4.0),
        resolution=1 / 30000,
    )  # fmt: skip
    tables = {
        "trials": make_intervals([0.0, 1.0], [0.5, np.nan], {"side": ["left", "right"]}),
        "epochs": make_intervals([0.0], [4.0], {"tags": ["wake,run"]}),
        "events": make_intervals([0.1, 0.2], [0.1, 0.3], {"trial_type": ["a", "b"], "n": [1, 2]}),
        "artefacts": make_intervals(
            [0.3, 2.0], [0.4, 3.0], {"label": ["BAD_blink", "units not observed"]}
        ),
    }
    attributes = {
        "recording": "sub-01_task-rest", "participant": "01", "format": "bids",
        "subject_sex": "F", "subject_age": "P30Y", "session_description": "at rest",
    }  # fmt: skip
    modalities = {"eeg": eeg, "ieeg": ieeg, "light": light, "physio": physio, "diary": diary}
    return make_recording({**modalities, "units": spikes}, tables, attributes)


@pytest.fixture(scope="module")
def path(recording, tmp_path_factory):
    path = tmp_path_factory.mktemp("nwb") / "sub-01" / "sub-01_task-rest.nwb"
    write_recording(path, recording)
    return path


@pytest.fixture(scope="module")
def again(path, everything):
    return read_nwb(path, everything)


@pytest.mark.parametrize("name", ["eeg", "ieeg", "light", "physio", "diary"])
def test_signals_are_the_same(recording, again, name):
    one, other = recording[name].to_dataset(), again[name].to_dataset()
    assert other.attrs.items() >= one.attrs.items()
    np.testing.assert_allclose(other["time"], one["time"], rtol=1e-15, atol=1e-12)
    xr.testing.assert_equal(other.assign_coords(time=one["time"]), one)


def test_spikes_are_the_same(recording, again):
    one, other = recording["units"].to_dataset(), again["units"].to_dataset()
    xr.testing.assert_equal(other.drop_vars("observed"), one)
    assert (other.attrs["start"], other.attrs["stop"]) == (0.0, 4.0)
    assert other.attrs["resolution"] == 1 / 30000
    assert list(other["observed"].values) == [3.0, 3.0, 3.0]


@pytest.mark.parametrize("name", ["trials", "epochs", "events", "artefacts"])
def test_intervals_are_the_same(recording, again, name):
    one = recording["intervals"][name].to_dataset()
    xr.testing.assert_equal(again["intervals"][name].to_dataset(), one)


def test_session_and_subject_are_the_same(recording, again):
    assert set(again["intervals"].children) == set(recording["intervals"].children)
    assert again.attrs["subject_id"] == "01"
    assert again.attrs["subject_sex"] == "F"
    assert again.attrs["subject_age"] == "P30Y"
    assert again.attrs["subject_species"] == "Homo sapiens"
    assert again.attrs["session_description"] == "at rest"


def test_the_file_is_valid_and_the_inspector_finds_nothing_grave(path):
    assert pynwb.validate(path=str(path)) == []
    found = list(inspect_nwbfile(path, importance_threshold=Importance.BEST_PRACTICE_VIOLATION))
    assert [(one.check_function_name, one.message) for one in found] == []


def test_bytes_depend_on_the_recording_only(recording, path, tmp_path):
    write_recording(tmp_path / "other.nwb", recording)
    digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (path, tmp_path / "other.nwb")]
    assert digests[0] == digests[1]


def test_a_recording_read_from_nwb_is_the_same_when_written_again(session, everything, tmp_path):
    """All of a session by somebody else's writer, through this one, and back."""
    one = read_nwb(session, everything)
    write_recording(tmp_path / "x.nwb", one)
    other = read_nwb(tmp_path / "x.nwb", everything)
    assert set(other.children) == set(one.children)
    for name in one.children:
        if name != "intervals":
            xr.testing.assert_allclose(other[name].to_dataset(), one[name].to_dataset(), rtol=1e-12)


def test_two_tables_of_units_are_refused(tmp_path, recording):
    units = recording["units"].to_dataset()
    two = make_recording({"a": units, "b": units}, {}, {"recording": "x"})
    with pytest.raises(ValueError, match="a, b: an NWB file has one table of units"):
        write_recording(tmp_path / "x.nwb", two)
    assert list(tmp_path.iterdir()) == []
