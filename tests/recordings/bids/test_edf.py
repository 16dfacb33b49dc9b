import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.edf import require_uninterrupted

EEG = "sub-1/eeg/sub-1_task-rest_eeg"


@pytest.fixture
def digits():
    return np.random.default_rng(0).integers(-900, 900, (1000, 2))


@pytest.mark.parametrize("kind", ["EDF", "BDF"])
def test_an_interrupted_file_is_refused(study, edf, digits, kind):
    path = study.root / f"{EEG}.{kind.lower()}"
    edf(path, digits, 250, ["Fz", "Cz"], kind=kind, onsets=[0.5, 1.5, 9.5, 11.5])
    words = r"_eeg...f: data: interrupted 2 times \(EDF\+D\), first for 7 s after 2 s"
    with pytest.raises(RecordingError, match=words):
        study.read()


@pytest.mark.parametrize("kind", ["EDF", "BDF"])
def test_a_file_that_could_be_but_is_not_interrupted_is_read(study, edf, digits, kind):
    path = study.root / f"{EEG}.{kind.lower()}"
    edf(path, digits, 250, ["Fz", "Cz"], kind=kind, onsets=[0, 1, 2, 3])
    data = study.read()["eeg"]
    assert list(data["channel"].values) == ["Fz", "Cz"]
    np.testing.assert_allclose(data["signal"], digits * 1e-6, atol=1e-12)


def test_marks_of_time_that_are_none_are_named(study, edf, digits):
    path = study.root / f"{EEG}.edf"
    edf(path, digits, 250, ["Fz", "Cz"], onsets=[0, 1, 2, 3])
    path.write_bytes(path.read_bytes().replace(b"+2\x14", b"?2\x14"))
    with pytest.raises(RecordingError, match=r"_eeg.edf: data: no valid EDF\+ file"):
        require_uninterrupted(path)
