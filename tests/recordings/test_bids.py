import dataclasses
import gzip
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.discovery import dataset_files, discover

EVERYTHING = {"modalities": {}}


def select(source, **options):
    settings = {"source": source, "channels": ".*", "units_query": "", **options}
    return {"modalities": {"it": settings}}


def read(root, settings=EVERYTHING):
    """The only recording of a dataset."""
    (source,) = discover("lab", "bids", dataset_files(root))
    return read_bids(root, source.files, settings)


def write(root, path, content):
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, dict):
        content = json.dumps(content)
    content = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


BOLD = "sub-1/func/sub-1_task-rest_timeseries"
PHYSIO = "sub-1/func/sub-1_task-rest_physio"


@pytest.fixture
def bold(tmp_path):
    write(tmp_path, f"{BOLD}.tsv", "left V1\tright V1\n0.5\tn/a\n-1e-3\t2\n3\t4\n")
    write(tmp_path, "task-rest_timeseries.json", {"RepetitionTime": 2.5, "Units": "percent"})
    return tmp_path


@pytest.fixture
def physio(tmp_path):
    write(tmp_path, f"{PHYSIO}.tsv.gz", "".join(f"{i}\t{-i}\n" for i in range(5)))
    fields = {"SamplingFrequency": 50, "StartTime": -0.04, "Columns": ["cardiac", "respiratory"]}
    write(tmp_path, "task-rest_physio.json", fields)
    return tmp_path


def test_parcellated_bold_has_a_header_and_a_repetition_time(bold):
    data = read(bold)["timeseries"]
    assert list(data["channel"].values) == ["left V1", "right V1"]
    np.testing.assert_array_equal(data["signal"], [[0.5, np.nan], [-0.001, 2], [3, 4]])
    np.testing.assert_array_equal(data["time"], [0, 2.5, 5])
    assert data.attrs["sampling_rate"] == 0.4
    assert data.attrs["units"] == "percent"


def test_physiology_takes_columns_rate_and_start_from_its_sidecar(physio):
    data = read(physio)["physio"]
    assert list(data["channel"].values) == ["cardiac", "respiratory"]
    np.testing.assert_array_equal(data["signal"][:, 1], [0, -1, -2, -3, -4])
    np.testing.assert_allclose(data["time"], [-0.04, -0.02, 0, 0.02, 0.04], atol=1e-15)
    assert data.attrs["sampling_rate"] == 50


def test_the_nearest_sidecar_wins_field_by_field(physio):
    write(physio, "sub-1/sub-1_task-rest_physio.json", {"SamplingFrequency": 100})
    write(physio, f"{PHYSIO}.json", {"StartTime": 7})
    data = read(physio)["physio"]
    assert data.attrs["sampling_rate"] == 100
    assert float(data["time"][0]) == 7
    assert list(data["channel"].values) == ["cardiac", "respiratory"]


def test_modalities_of_one_recording_and_their_events(bold, physio):
    rows = "5\t1\tgo\t0.4\n1.5\tn/a\tstop\tn/a\n"
    write(bold, "sub-1/func/sub-1_task-rest_events.tsv", "onset\tduration\ttrial_type\trt\n" + rows)
    tree = read(bold)
    assert set(tree.children) == {"timeseries", "physio", "intervals"}
    events = tree["intervals/events"]
    np.testing.assert_array_equal(events["start"], [1.5, 5])
    np.testing.assert_array_equal(events["stop"], [np.nan, 6])
    np.testing.assert_array_equal(events["rt"], [np.nan, 0.4])
    assert list(events["label"].values) == ["stop", "go"]


def test_parts_of_a_physiological_recording_are_modalities(tmp_path):
    for part, rate in (("cardiac", 100), ("respiratory", 25)):
        stem = f"sub-1/func/sub-1_task-rest_recording-{part}_physio"
        write(tmp_path, f"{stem}.tsv.gz", "1\n2\n")
        write(tmp_path, f"{stem}.json", {"SamplingFrequency": rate, "Columns": [part]})
    tree = read(tmp_path)
    assert tree["physio_cardiac"].attrs["sampling_rate"] == 100
    assert tree["physio_respiratory"].attrs["sampling_rate"] == 25
    assert set(read(tmp_path, select("physio_cardiac")).children) == {"it"}
    with pytest.raises(RecordingError, match="'physio' fits 2 modalities"):
        read(tmp_path, select("physio"))


def test_events_alone_become_their_numbers_in_time(tmp_path):
    text = "onset\tduration\trt\tside\n0.5\t1\t0.3\tleft\nn/a\t1\t9\tleft\n2\t1\tn/a\tright\n"
    write(tmp_path, "sub-1/beh/sub-1_task-go_events.tsv", text)
    data = read(tmp_path)["events"]
    assert list(data["channel"].values) == ["rt"]
    np.testing.assert_array_equal(data["time"], [0.5, 2])
    np.testing.assert_array_equal(data["signal"], [[0.3], [np.nan]])
    assert data.attrs["sampling_rate"] == 0


def test_a_channel_without_values_is_left_out_and_named(bold):
    write(bold, f"{BOLD}.tsv", "a\tb\n1\tn/a\n2\tn/a\n")
    data = read(bold)["timeseries"]
    assert list(data["channel"].values) == ["a"]
    assert json.loads(data.attrs["dropped_channels"]) == ["b"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("a\tb\n1\t2\n3\n", "row 3: 1 cells for 2 columns"),
        ("a\tb\n1\t2\n3\t4\t5\n", "row 3: 3 cells for 2 columns"),
        ("a\tb\n1\t2\n3\t4,5\n", "b: '4,5' in data row 2 is no number"),
        ("a\ta\n1\t2\n", "columns: a name occurs twice"),
        ("1\t2\n3\t4\n", "Columns: neither a header nor Columns"),
        ("a\tb\n", "data: 0 samples"),
        ("a\tb\nn/a\tn/a\nn/a\tn/a\n", "timeseries: channel: none of a, b has a value"),
        ("\n", "file: no rows"),
        (b"\xff\xfe\x00", "file: not readable as text"),
        ("", "file: it is empty"),
        ("../../.git/annex/objects/MD5E-s1--a.tsv", "file: a git-annex pointer"),
    ],
)
def test_broken_tables_are_named(bold, table, words):
    write(bold, f"{BOLD}.tsv", table)
    with pytest.raises(RecordingError, match=rf"^sub-1_task-rest_timeseries.tsv: {words}"):
        read(bold)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "SamplingFrequency: no sampling rate in its JSON sidecars"),
        ({"RepetitionTime": 0}, "SamplingFrequency: no sampling rate"),
        ({"RepetitionTime": "2 s"}, "RepetitionTime: '2 s' in its sidecar"),
        ({"RepetitionTime": 2, "SamplingFrequency": 2}, "RepetitionTime: 2 s contradicts"),
    ],
)
def test_sidecars_without_a_usable_rate_are_named(bold, fields, words):
    write(bold, "task-rest_timeseries.json", fields)
    with pytest.raises(RecordingError, match=rf"^sub-1_task-rest_timeseries.tsv: {words}"):
        read(bold)


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ({"SamplingFrequency": 50}, "physio.tsv.gz: Columns: neither"),
        ({"SamplingFrequency": 50, "Columns": ["a"]}, "row 1: 2 cells for 1 columns"),
        ({"SamplingFrequency": 50, "Columns": "a"}, "Columns: 'a' in its sidecar"),
        ("{", r"task-rest_physio.json: file: no valid JSON"),
        ("[1]", r"task-rest_physio.json: file: no JSON object"),
    ],
)
def test_broken_sidecars_are_named(physio, sidecar, words):
    write(physio, "task-rest_physio.json", sidecar)
    with pytest.raises(RecordingError, match=words):
        read(physio)


def test_a_truncated_gzip_file_is_refused(physio):
    os.truncate(physio / f"{PHYSIO}.tsv.gz", 30)
    with pytest.raises(RecordingError, match=r"physio.tsv.gz: file: .*cut short"):
        read(physio)


def test_a_missing_file_is_refused(physio):
    (source,) = discover("lab", "bids", dataset_files(physio))
    (physio / f"{PHYSIO}.tsv.gz").unlink()
    with pytest.raises(RecordingError, match="datalad get"):
        read_bids(physio, source.files, EVERYTHING)


EEG = "sub-1/eeg/sub-1_task-rest"
HEADER = """Brain Vision Data Exchange Header File Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile=sub-1_task-rest_eeg.eeg
MarkerFile=sub-1_task-rest_eeg.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels=4
SamplingInterval=4000
[Binary Infos]
BinaryFormat=INT_16
[Channel Infos]
Ch1=Fz,,0.1,µV
Ch2=Cz,,0.5,µV
Ch3=Pz,,0.1,µV
Ch4=EKG,,1,µV
"""
MARKERS = """Brain Vision Data Exchange Marker File, Version 1.0
[Common Infos]
Codepage=UTF-8
DataFile=sub-1_task-rest_eeg.eeg
[Marker Infos]
Mk1=New Segment,,1,1,0,20200101000000000000
"""


@pytest.fixture
def eeg(tmp_path):
    """BrainVision files written by hand: 250 Hz, 500 samples of 4 channels."""
    counts = np.arange(2000, dtype="<i2").reshape(500, 4)
    write(tmp_path, f"{EEG}_eeg.vhdr", HEADER)
    write(tmp_path, f"{EEG}_eeg.vmrk", MARKERS)
    write(tmp_path, f"{EEG}_eeg.eeg", counts.tobytes())
    rows = ["name\ttype\tunits\tstatus", "Fz\tEEG\tµV\tgood", "Cz\tEEG\tµV\tgood"]
    rows += ["Pz\tEEG\tµV\tbad", "EKG\tECG\tµV\tgood", ""]
    write(tmp_path, f"{EEG}_channels.tsv", "\n".join(rows))
    fields = {"TaskName": "rest", "SamplingFrequency": 250, "PowerLineFrequency": 50}
    write(tmp_path, "task-rest_eeg.json", fields)
    write(tmp_path, "dataset_description.json", {"Name": "x", "BIDSVersion": "1.8.0"})
    return tmp_path


def test_eeg_is_in_volts_without_bad_and_other_channels(eeg):
    data = read(eeg)["eeg"]
    counts = np.arange(2000).reshape(500, 4)[:, :2]
    np.testing.assert_allclose(data["signal"], counts * [1e-7, 5e-7], rtol=1e-9, atol=1e-15)
    assert list(data["channel"].values) == ["Fz", "Cz"]
    assert json.loads(data.attrs["bad_channels"]) == ["Pz"]
    assert data.attrs["sampling_rate"] == 250
    assert data.attrs["units"] == "V"


def test_channels_of_other_types_are_read_when_named(eeg):
    data = read(eeg, select("eeg", channels=["EKG", "Pz", "Fz"]))["it"]
    assert list(data["channel"].values) == ["EKG", "Pz", "Fz"]
    np.testing.assert_allclose(data["signal"][1], [7e-6, 6e-7, 4e-7], rtol=1e-9)


def test_eeg_shorter_than_its_sidecar_says_is_refused(eeg):
    fields = {"TaskName": "rest", "RecordingDuration": 4.0}
    write(eeg, "task-rest_eeg.json", fields)
    with pytest.raises(RecordingError, match="data: 2 s of a RecordingDuration of 4 s"):
        read(eeg)


def test_eeg_without_a_good_channel_is_refused(eeg):
    rows = "name\ttype\tunits\tstatus\n" + "".join(
        f"{name}\tEEG\tµV\tbad\n" for name in ("Fz", "Cz", "Pz", "EKG")
    )
    write(eeg, f"{EEG}_channels.tsv", rows)
    with pytest.raises(RecordingError, match=r"channels: none of type eeg is good"):
        read(eeg)


@pytest.mark.parametrize("content", [b"garbage" * 100, b"0       " + b" " * 100])
def test_an_unreadable_edf_is_named(tmp_path, content):
    write(tmp_path, f"{EEG}_eeg.edf", content)
    with pytest.raises(RecordingError, match=r"^sub-1_task-rest_eeg.edf: data: MNE cannot read it"):
        read(tmp_path)


@pytest.fixture
def real():
    folder = os.environ.get("NEURODSR_TEST_DATA")
    if not folder:
        pytest.skip("no real recordings: set NEURODSR_TEST_DATA to a folder of them")
    return Path(folder)


@pytest.mark.parametrize(
    ("dataset", "count", "modality", "shape", "rate"),
    [
        ("tbi_bold", 30, "timeseries", (144, 167), 0.5),
        ("ds210_physio", 8, "physio", (30600, 2), 50.0),
    ],
)
def test_real_datasets_are_read(real, dataset, count, modality, shape, rate):
    sources = discover(dataset, "bids", dataset_files(real / dataset))
    assert len(sources) == count
    for source in (sources[0], sources[-1]):
        data = read_bids(real / dataset, source.files, EVERYTHING)[modality]
        assert data["signal"].shape == shape
        assert data.attrs["sampling_rate"] == rate


def test_real_edf_is_read(real, tmp_path):
    (tmp_path / "sub-00/eeg").mkdir(parents=True)
    edf = tmp_path / "sub-00/eeg/sub-00_task-count_eeg.edf"
    shutil.copy(real / "eegmat_edf/Subject00_2.edf", edf)
    data = read(tmp_path, select("eeg", channels="EEG (?!A2-A1).*"))["it"]
    assert data["signal"].shape == (31000, 19)
    assert data.attrs["sampling_rate"] == 500
    assert 1e-6 < float(data["signal"].std()) < 1e-4


def test_a_truncated_edf_is_refused(real, tmp_path):
    (tmp_path / "sub-00/eeg").mkdir(parents=True)
    edf = tmp_path / "sub-00/eeg/sub-00_task-count_eeg.edf"
    whole = (real / "eegmat_edf/Subject00_2.edf").read_bytes()
    edf.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match="data: fewer records than its header says"):
        read(tmp_path)


def test_sources_survive_as_plain_values(bold):
    (source,) = discover("lab", "bids", dataset_files(bold))
    assert json.loads(json.dumps(dataclasses.asdict(source)))["entities"] == source.entities
