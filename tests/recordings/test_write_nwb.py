"""NWB files: what is read back is what was written, and nothing half is left."""

import datetime
import hashlib

import numpy as np
import pynwb
import pytest
from nwbinspector import Importance, inspect_nwbfile

from neurodsr.recordings.nwb import writing
from neurodsr.recordings.nwb.identity import UNIDENTIFIED
from neurodsr.recordings.write_nwb import write_nwb

SIGNAL = np.random.default_rng(0).standard_normal((50, 2)) * 1e-4
START = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


def write(path, **changes):
    arguments = dict(
        session_description="simulated",
        start=START,
        lab="neurodsr",
        subject={"description": "simulated"},
    )
    write_nwb(path, SIGNAL, 250.0, ("E", "I"), "x01", **{**arguments, **changes})


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "sub-x01" / "sub-x01_task-rest.nwb"
    write(path, subject={"age": "P90D", "sex": "F", "species": "Mus musculus"})
    assert pynwb.validate(path=str(path)) == []
    with pynwb.NWBHDF5IO(path, "r") as io:
        nwb = io.read()
        series = nwb.acquisition["ElectricalSeries"]
        np.testing.assert_array_equal(series.data[:], SIGNAL)
        assert (series.rate, series.unit, series.starting_time) == (250.0, "volts", 0.0)
        assert list(series.electrodes.table["channel_name"][:]) == ["E", "I"]
        assert nwb.session_start_time == START
        assert (nwb.subject.subject_id, nwb.subject.sex, nwb.subject.age) == ("x01", "F", "P90D")
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_splits_become_trials(tmp_path):
    write(tmp_path / "x.nwb", splits=[(0.0, 0.12, "train"), (0.12, 0.2, "test")])
    assert pynwb.validate(path=str(tmp_path / "x.nwb")) == []
    with pynwb.NWBHDF5IO(tmp_path / "x.nwb", "r") as io:
        trials = io.read().trials
        assert list(trials["split"][:]) == ["train", "test"]
        np.testing.assert_array_equal(trials["stop_time"][:], [0.12, 0.2])


def test_bytes_depend_on_the_content_only(tmp_path):
    digests = set()
    for folder in ("a", "b"):
        write(tmp_path / folder / "x.nwb", splits=[(0.0, 0.1, "train"), (0.1, 0.2, "test")])
        digests.add(hashlib.sha256((tmp_path / folder / "x.nwb").read_bytes()).hexdigest())
    assert len(digests) == 1


def test_unknown_subject_is_marked_so(tmp_path):
    write(tmp_path / "x.nwb")
    with pynwb.NWBHDF5IO(tmp_path / "x.nwb", "r") as io:
        subject = io.read().subject
        assert (subject.sex, subject.species, subject.age) == ("U", UNIDENTIFIED, "P0D/")


def test_the_inspector_finds_nothing_grave(tmp_path):
    write(tmp_path / "x.nwb", splits=[(0.0, 0.1, "train"), (0.1, 0.2, "test")])
    grave = Importance.BEST_PRACTICE_VIOLATION
    found = list(inspect_nwbfile(tmp_path / "x.nwb", importance_threshold=grave))
    assert [(one.check_function_name, one.message) for one in found] == []


def test_a_failure_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("disk full")

    monkeypatch.setattr(writing, "derive_object_ids", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        write(tmp_path / "x.nwb")
    assert list(tmp_path.iterdir()) == []
