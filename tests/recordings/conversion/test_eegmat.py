"""EEG during mental arithmetic as BIDS EEG."""

import json
import os
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.conversion.convert import convert
from neurodsr.recordings.conversion.eegmat import contradiction, participants_of
from neurodsr.recordings.conversion.layout import converted_files, files_to_convert
from neurodsr.recordings.discovery import dataset_files, discover

SETTINGS = {"kind": "eegmat", "name": "EEG", "source": "x", "licence": "ODC-By", "citation": "y"}
HEADER = "Subject,Age,Gender,Recording year,Number of subtractions,Count quality\n"
README = "Group “G” (24 subjects) performing good; Group ”B” (12 subjects) performing bad\n"


def people(good, bad):
    return pd.DataFrame({"group": ["good"] * good + ["bad"] * bad})


def test_the_readme_is_held_against_the_table():
    assert contradiction(README, people(24, 12)) == ""
    assert contradiction("nothing about it", people(26, 10)) == ""
    said = contradiction(README, people(26, 10))
    assert "24 good and 12 bad" in said and "26 and 10; the table is used" in said


def test_the_table_gives_group_age_and_sex(tmp_path):
    path = tmp_path / "subject-info.csv"
    path.write_text(HEADER + "Subject00,21,F,2011,9.7,0\nSubject13,24,M,2012,34,1\n")
    table = participants_of(path)
    assert table.loc["13"].to_dict() == {
        "age": 24, "sex": "M", "group": "good", "subtractions": 34.0, "year": 2012,
    }  # fmt: skip
    assert table.loc["00", "group"] == "bad"
    path.write_text("Subject,Age\nSubject00,21\n")
    with pytest.raises(RecordingError, match=r"^subject-info.csv: Gender: no such column"):
        participants_of(path)


def test_a_file_that_is_no_edf_is_named(tmp_path):
    (tmp_path / "subject-info.csv").write_text(HEADER + "Subject00,21,F,2011,9.7,0\n")
    (tmp_path / "Subject00_1.edf").write_bytes(b"garbage" * 100)
    files = [tmp_path / name for name in ("Subject00_1.edf", "subject-info.csv")]
    with pytest.raises(RecordingError, match=r"^Subject00_1.edf: not a readable EDF file"):
        convert(files, tmp_path / "bids", SETTINGS)


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    folder = os.environ.get("NEURODSR_TEST_DATA")
    if not folder:
        pytest.skip("no real recordings: set NEURODSR_TEST_DATA to a folder of them")
    source = Path(folder) / "eegmat_edf"
    taken = ["Subject00_1.edf", "Subject00_2.edf", "Subject01_2.edf", "subject-info.csv"]
    taken = files_to_convert("eegmat", [*taken, "README.txt"])
    root = tmp_path_factory.mktemp("eegmat")
    convert([source / name for name in taken], root, SETTINGS)
    made = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert made == set(converted_files("eegmat", taken))
    return source, root


def test_real_recordings_keep_their_values_without_the_flat_end(converted, read_settings):
    source, root = converted
    sources = {s.recording: s for s in discover("eegmat", "bids", dataset_files(root))}
    assert list(sources) == ["sub-00_task-arithmetic", "sub-00_task-rest", "sub-01_task-arithmetic"]
    files = sources["sub-00_task-arithmetic"].files
    data = read_bids(root, files, read_settings())["eeg"]
    raw = mne.io.read_raw_edf(source / "Subject00_2.edf", verbose="error")
    expected = raw.get_data().T[:30007, :19]
    np.testing.assert_allclose(data["signal"], expected, rtol=1e-6, atol=1e-12)
    assert [f"EEG {name}" for name in data["channel"].values] == raw.ch_names[:19]
    assert json.loads(data.attrs["other_channels"]) == {"A2-A1": "REF", "ECG": "ECG"}
    assert data.attrs["line_frequency"] == 50 and "ear" in data.attrs["reference"]
    assert "flat_tail" not in data.attrs


def test_real_participants_have_the_group_of_the_table(converted):
    _, root = converted
    table = pd.read_csv(root / "participants.tsv", sep="\t")
    assert dict(zip(table["participant_id"], table["group"], strict=True)) == {
        "sub-00": "bad",
        "sub-01": "good",
    }
    assert "26 and 10; the table is used" in (root / "README").read_text()
    sidecar = json.loads((root / "sub-00/eeg/sub-00_task-rest_eeg.json").read_text())
    assert (sidecar["EEGChannelCount"], sidecar["ECGChannelCount"]) == (19, 1)
