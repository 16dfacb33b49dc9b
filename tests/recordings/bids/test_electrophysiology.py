import json
import os
import shutil
from pathlib import Path

import h5py
import mne
import mne_bids
import numpy as np
import pytest
import scipy.io

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids

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
Mk2=New Segment,,251,1,0,20200101000001000000
Mk3=Stimulus,S  1,101,1,0
"""
COUNTS = np.arange(2000).reshape(500, 4)


@pytest.fixture
def eeg(study):
    """BrainVision files written by hand: 250 Hz, 500 samples of 4 channels."""
    study.write(f"{EEG}_eeg.vhdr", HEADER)
    study.write(f"{EEG}_eeg.vmrk", MARKERS)
    study.write(f"{EEG}_eeg.eeg", COUNTS.astype("<i2").tobytes())
    rows = ["name\ttype\tunits\tstatus", "Fz\tEEG\tµV\tgood", "Cz\tEEG\tµV\tgood"]
    rows += ["Pz\tEEG\tµV\tbad", "EKG\tECG\tµV\tgood", ""]
    study.write(f"{EEG}_channels.tsv", "\n".join(rows))
    fields = {"TaskName": "rest", "SamplingFrequency": 250, "PowerLineFrequency": 50}
    study.write("task-rest_eeg.json", fields | {"EEGReference": "linked ears"})
    study.write("dataset_description.json", {"Name": "x", "BIDSVersion": "1.8.0"})
    return study


def test_eeg_is_in_volts_without_bad_and_other_channels(eeg):
    data = eeg.read()["eeg"]
    np.testing.assert_allclose(data["signal"], COUNTS[:, :2] * [1e-7, 5e-7], rtol=1e-9, atol=1e-15)
    assert list(data["channel"].values) == ["Fz", "Cz"]
    assert json.loads(data.attrs["bad_channels"]) == ["Pz"]
    assert json.loads(data.attrs["other_channels"]) == {"EKG": "ECG"}
    assert data.attrs["sampling_rate"] == 250
    assert data.attrs["units"] == "V"
    assert data.attrs["reference"] == "linked ears"
    assert data.attrs["line_frequency"] == 50


def test_mne_bids_reads_the_same(eeg):
    path = mne_bids.BIDSPath(subject="1", task="rest", datatype="eeg", root=eeg.root)
    raw = mne_bids.read_raw_bids(path, verbose="error")
    good = raw.copy().pick("eeg", exclude="bads")
    data = eeg.read()["eeg"]
    assert list(data["channel"].values) == good.ch_names
    np.testing.assert_array_equal(data["signal"].values.T, good.get_data())
    assert json.loads(data.attrs["bad_channels"]) == raw.info["bads"]


def test_channels_of_other_types_are_read_when_named(eeg):
    data = eeg.read_one("eeg", channels=["EKG", "Pz", "Fz"])
    assert list(data["channel"].values) == ["EKG", "Pz", "Fz"]
    np.testing.assert_allclose(data["signal"][1], [7e-6, 6e-7, 4e-7], rtol=1e-9)


def test_types_of_channels_are_chosen_in_the_settings(eeg):
    data = eeg.read(channel_types=["EEG", "ECG"])["eeg"]
    assert list(data["channel"].values) == ["Fz", "Cz", "EKG"]
    assert list(data["type"].values) == ["EEG", "EEG", "ECG"]
    heart = eeg.read_one("eeg", query='type == "ECG"', channel_types=["EEG", "ECG"])
    assert list(heart["channel"].values) == ["EKG"]


def test_the_markers_of_a_file_are_its_events_and_boundaries(eeg):
    tree = eeg.read()
    labels = list(tree["intervals/events"]["label"].values)
    assert "Stimulus/S  1" in labels
    assert float(tree["intervals/events"]["start"][labels.index("Stimulus/S  1")]) == 0.4
    artefacts = tree["intervals/artefacts"]
    assert list(artefacts["label"].values) == ["New Segment/"]
    np.testing.assert_allclose([artefacts["start"][0], artefacts["stop"][0]], [0.998, 1.002])


def test_a_table_of_events_stands_beside_the_boundaries_of_the_file(eeg):
    rows = "onset\tduration\ttrial_type\n0.5\t0.2\tBAD_blink\n0.1\t0\tgo\n"
    eeg.write(f"{EEG}_events.tsv", rows)
    tree = eeg.read()
    assert list(tree["intervals/events"]["label"].values) == ["go", "BAD_blink"]
    artefacts = tree["intervals/artefacts"]
    assert list(artefacts["label"].values) == ["BAD_blink", "New Segment/"]
    np.testing.assert_allclose(artefacts["stop"], [0.7, 1.002])


def test_eeg_shorter_than_its_sidecar_says_is_refused(eeg):
    eeg.write("task-rest_eeg.json", {"TaskName": "rest", "RecordingDuration": 4.0})
    with pytest.raises(RecordingError, match="data: 2 s of a RecordingDuration of 4 s"):
        eeg.read()


def test_eeg_without_a_good_channel_is_refused(eeg):
    rows = "name\ttype\tunits\tstatus\n" + "".join(
        f"{name}\tEEG\tµV\tbad\n" for name in ("Fz", "Cz", "Pz", "EKG")
    )
    eeg.write(f"{EEG}_channels.tsv", rows)
    with pytest.raises(RecordingError, match=r"channels: none of type EEG is good \(there are ECG"):
        eeg.read()


@pytest.mark.parametrize("field", ["DataFile", "MarkerFile"])
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("../../../secret", "leads out of the dataset"),
        ("..\\..\\..\\secret", "leads out of the dataset"),
        ("/etc/passwd", "leads out of the dataset"),
        ("../../sub-2/eeg/other", "is in another folder"),
    ],
)
def test_a_header_that_points_out_of_its_folder_is_refused(eeg, field, target, words):
    (eeg.root.parent / "secret").write_bytes(COUNTS.astype("<i2").tobytes())
    lines = [f"{field}={target}" if x.startswith(field) else x for x in HEADER.splitlines()]
    eeg.write(f"{EEG}_eeg.vhdr", "\n".join(lines))
    with pytest.raises(RecordingError, match=rf"_eeg.vhdr: {field}: .* {words}"):
        eeg.read()


def test_a_link_beside_a_header_that_leads_out_is_refused(eeg):
    secret = eeg.root.parent / "secret"
    secret.write_bytes(COUNTS.astype("<i2").tobytes())
    eeg.write(f"{EEG}_eeg.vhdr", HEADER.replace("_eeg.eeg", "_eeg.dat"))
    (eeg.root / f"{EEG}_eeg.eeg").rename(eeg.root / "sub-1/eeg/kept")
    (source,) = eeg.sources()
    (eeg.root / f"{EEG}_eeg.dat").symlink_to(secret)
    with pytest.raises(RecordingError, match=r"DataFile: .* leads out of the dataset"):
        read_bids(eeg.root, source.files, eeg.read_settings())


def test_a_header_that_names_a_file_before_it_was_renamed(eeg):
    eeg.write(f"{EEG}_eeg.vhdr", HEADER.replace("DataFile=sub-1_task-rest_eeg", "DataFile=run7"))
    with pytest.raises(RecordingError, match=r"DataFile: 'run7.eeg' is not there"):
        eeg.read()


@pytest.mark.parametrize("content", [b"garbage" * 100, b"0       " + b" " * 100])
def test_an_unreadable_edf_is_named(study, content):
    study.write(f"{EEG}_eeg.edf", content)
    with pytest.raises(RecordingError, match=r"^sub-1_task-rest_eeg.edf: data: MNE cannot read it"):
        study.read()


@pytest.fixture
def digits():
    return np.random.default_rng(3).integers(-900, 900, (1000, 4))


@pytest.mark.parametrize("kind", ["EDF", "BDF"])
def test_ecg_and_reference_among_eeg_channels_are_told_by_their_names(study, edf, digits, kind):
    labels = ["EEG Fp1", "EEG Fp2", "EEG A2-A1", "ECG ECG"]
    edf(study.root / f"{EEG}_eeg.{kind.lower()}", digits, 250, labels, kind=kind)
    data = study.read()["eeg"]
    assert list(data["channel"].values) == ["EEG Fp1", "EEG Fp2"]
    np.testing.assert_allclose(data["signal"], digits[:, :2] * 1e-6, atol=1e-12)
    others = {"EEG A2-A1": "REF", "ECG ECG": "ECG"}
    assert json.loads(data.attrs["other_channels"]) == others
    assert json.loads(data.attrs["retyped_channels"]) == others


def test_units_are_those_of_the_file_and_where_it_is_silent_of_the_table(study, edf, digits):
    units = ["mV", "", "uV", "", "mmHg"]
    digits = np.column_stack([digits, digits[:, 0]])
    edf(study.root / f"{EEG}_eeg.edf", digits, 250, ["a", "b", "c", "d", "e"], units)
    rows = "name\ttype\tunits\na\tEEG\tuV\nb\tEEG\tuV\nc\tEEG\tn/a\nd\tEEG\tn/a\ne\tMISC\tmmHg\n"
    study.write(f"{EEG}_channels.tsv", rows)
    data = study.read(channel_types=["EEG", "MISC"])["eeg"]
    np.testing.assert_allclose(data["signal"], digits * [1e-3, 1e-6, 1e-6, 1, 1], rtol=1e-9)
    assert list(data["units"].values) == ["V", "V", "V", "", "mmHg"]


def padded(digits, rate=250):
    """Half a second of the last value and then half a second of zeros, as eegmat ends."""
    ends = digits.copy()
    ends[-rate:] = ends[-rate - 1]
    ends[-rate // 2 :] = 0
    return ends


def test_a_flat_end_in_two_steps_is_left_out_and_told(study, edf, digits):
    edf(study.root / f"{EEG}_eeg.edf", padded(digits), 250, ["a", "b", "c", "d"])
    data = study.read()["eeg"]
    # the value that is held counts as flat from its first sample on
    np.testing.assert_allclose(data["signal"], digits[:749] * 1e-6, atol=1e-12)
    assert data.attrs["flat_tail"] == 1.004
    assert study.read(flat_tail=None)["eeg"].sizes["time"] == 1000
    assert study.read(flat_tail=0.8)["eeg"].sizes["time"] == 1000


def test_a_channel_that_goes_on_keeps_the_end(study, edf, digits):
    ends = padded(digits)
    ends[:, 2] = digits[:, 2]
    edf(study.root / f"{EEG}_eeg.edf", ends, 250, ["a", "b", "c", "d"])
    data = study.read()["eeg"]
    assert data.sizes["time"] == 1000 and "flat_tail" not in data.attrs


def test_a_recording_that_never_changes_is_refused(study, edf, digits):
    edf(study.root / f"{EEG}_eeg.edf", digits * 0 + 5, 250, ["a", "b", "c", "d"])
    with pytest.raises(RecordingError, match=r"_eeg.edf: data: no channel ever changes"):
        study.read()


def write_set(path, data, rate, names, events=(), file=None):
    """EEGLAB's structure in a MATLAB file, its samples inside or in a .fdt beside."""
    channels = np.array([(n, "EEG") for n in names], [("labels", "O"), ("type", "O")])
    marks = np.array(
        [(kind, float(at), float(lasts)) for kind, at, lasts in events],
        [("type", "O"), ("latency", "O"), ("duration", "O")],
    )
    fields = {
        "setname": "x", "nbchan": len(names), "pnts": data.shape[1], "trials": 1, "srate": rate,
        "xmin": 0.0, "xmax": (data.shape[1] - 1) / rate, "chanlocs": channels, "event": marks,
        "data": data.astype("f4") if file is None else file, "epoch": [], "ref": "common",
        "icawinv": [], "icaweights": [], "icasphere": [], "chaninfo": {"nodatchans": []},
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"EEG": fields}, appendmat=False)


@pytest.fixture
def samples():
    return np.random.default_rng(4).normal(0, 10, (3, 1000)).astype("f4")


def test_eeglab_with_its_samples_inside(study, samples):
    marks = [("go", 101, 0), ("boundary", 500.5, 125)]
    write_set(study.root / f"{EEG}_eeg.set", samples, 250.0, ["Fz", "Cz", "Pz"], marks)
    tree = study.read()
    np.testing.assert_allclose(tree["eeg"]["signal"], samples.T * 1e-6, rtol=1e-6)
    assert list(tree["intervals/events"]["label"].values) == ["go", "boundary"]
    assert float(tree["intervals/events"]["start"][0]) == 0.4
    artefacts = tree["intervals/artefacts"]
    assert list(artefacts["label"].values) == ["boundary"]
    np.testing.assert_allclose([artefacts["start"][0], artefacts["stop"][0]], [1.996, 2.0])


@pytest.mark.parametrize("name", ["sub-1_task-rest_eeg.fdt", "before_renaming.fdt"])
def test_eeglab_with_its_samples_beside(study, samples, name):
    path = study.root / f"{EEG}_eeg.set"
    write_set(path, samples, 250.0, ["Fz", "Cz", "Pz"], file=name)
    samples.T.astype("<f4").tofile(path.with_suffix(".fdt"))
    np.testing.assert_allclose(study.read()["eeg"]["signal"], samples.T * 1e-6, rtol=1e-6)


def test_eeglab_that_points_out_of_the_dataset_is_refused(study, samples):
    path = study.root / f"{EEG}_eeg.set"
    write_set(path, samples, 250.0, ["Fz", "Cz", "Pz"], file="../../../secret.fdt")
    samples.T.astype("<f4").tofile(study.root.parent / "secret.fdt")
    with pytest.raises(RecordingError, match=r"_eeg.set: data: secret.fdt leads out"):
        study.read()


def write_set_of_matlab_7_3(path, data, rate, names):
    """The same structure as EEGLAB saves it when it is large: HDF5 with MATLAB's attributes."""

    def put(group, name, value):
        if isinstance(value, str):
            made = group.create_dataset(name, data=np.array([[ord(c)] for c in value], "u2"))
            made.attrs.update(MATLAB_class=np.bytes_("char"), MATLAB_int_decode=np.int32(2))
        else:
            made = group.create_dataset(name, data=np.atleast_2d(np.asarray(value, float)))
            made.attrs["MATLAB_class"] = np.bytes_("double")
        return made.ref

    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w", userblock_size=512) as file:
        eeg = file.create_group("EEG")
        eeg.attrs["MATLAB_class"] = np.bytes_("struct")
        end = (data.shape[1] - 1) / rate
        numbers = {"nbchan": len(names), "trials": 1, "pnts": data.shape[1], "srate": rate}
        for name, value in (numbers | {"xmin": 0, "xmax": end, "ref": "x", "setname": "x"}).items():
            put(eeg, name, value)
        for name in ("icawinv", "icaweights", "icasphere", "event", "epoch"):
            empty = eeg.create_dataset(name, data=np.zeros(2, "u8"))
            empty.attrs.update(MATLAB_class=np.bytes_("double"), MATLAB_empty=np.uint8(1))
        put(eeg, "data", data.T)
        channels = eeg.create_group("chanlocs")
        channels.attrs["MATLAB_class"] = np.bytes_("struct")
        texts = file.create_group("#refs#")
        for field, values in (("labels", names), ("type", ["EEG"] * len(names))):
            refs = [[put(texts, f"{field}{i}", text)] for i, text in enumerate(values)]
            channels.create_dataset(field, data=np.array(refs, h5py.ref_dtype))
    with path.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def test_eeglab_in_the_format_of_matlab_7_3(study, samples):
    pytest.importorskip("pymatreader")
    write_set_of_matlab_7_3(study.root / f"{EEG}_eeg.set", samples, 250.0, ["Fz", "Cz", "Pz"])
    np.testing.assert_allclose(study.read()["eeg"]["signal"], samples.T * 1e-6, rtol=1e-6)


def test_a_folder_of_ctf_is_one_file_whose_links_stay_inside(study):
    folder = "sub-1/meg/sub-1_task-rest_meg.ds"
    study.write(f"{folder}/sub-1_task-rest_meg.res4", b"garbage" * 100)
    with pytest.raises(RecordingError, match=r"_meg.ds: data: MNE cannot read it"):
        study.read()
    (source,) = study.sources()
    assert source.files == (folder,)
    secret = study.root.parent / "secret.meg4"
    secret.write_bytes(b"x")
    (study.root / folder / "sub-1_task-rest_meg.meg4").symlink_to(secret)
    with pytest.raises(RecordingError, match=r"_meg.ds: file: .*meg4 leads out of the dataset"):
        read_bids(study.root, source.files, study.read_settings())


@pytest.fixture(scope="module")
def meg(tmp_path_factory):
    """A FIF file of ten minutes, cut at 2 MB, that does not start at sample 0."""
    folder = tmp_path_factory.mktemp("meg") / "sub-1" / "meg"
    folder.mkdir(parents=True)
    kinds = ["mag", "grad", "eeg", "eog", "stim"]
    info = mne.create_info(["MEG0111", "MEG0112", "EEG001", "EOG001", "STI101"], 200.0, kinds)
    scale = np.array([1e-13, 1e-12, 1e-5, 1e-5, 1.0])
    data = np.random.default_rng(5).normal(size=(5, 120_000)) * scale[:, None]
    raw = mne.io.RawArray(data, info, first_samp=1234, verbose="error")
    raw.info["bads"] = ["EEG001"]
    raw.set_annotations(mne.Annotations([2.0, 5.0], [0.5, 0.0], ["BAD_jump", "go"]))
    raw.save(
        folder / "sub-1_task-rest_meg.fif", split_size="2MB", split_naming="bids",
        fmt="double", verbose="error",
    )  # fmt: skip
    assert len(list(folder.iterdir())) > 2
    return folder.parents[1], data


@pytest.fixture
def brain(study, meg):
    shutil.copytree(meg[0], study.root)
    return study


def test_split_fif_is_one_recording(brain, meg):
    tree = brain.read()
    data = tree["meg"]
    np.testing.assert_array_equal(data["signal"], meg[1][:2].T)
    assert list(data["type"].values) == ["MEGMAG", "MEGGRADPLANAR"]
    assert list(data["units"].values) == ["T", "T/m"]
    assert list(tree["intervals/artefacts"]["label"].values) == ["BAD_jump"]
    np.testing.assert_allclose(tree["intervals/artefacts"]["start"], [2.0])
    np.testing.assert_allclose(tree["intervals/events"]["start"], [2.0, 5.0])


def test_kinds_of_sensors_become_modalities_of_their_own(brain, meg):
    data = brain.read_one("meg", query='type == "MEGMAG"')
    assert list(data["channel"].values) == ["MEG0111"]
    assert data.attrs["units"] == "T" and "units" not in data.coords
    bad = brain.read_one("meg", channels=["EEG001"])
    np.testing.assert_array_equal(bad["signal"][:, 0], meg[1][2])


def test_a_lost_part_of_split_fif_is_named(brain):
    (brain.root / "sub-1/meg/sub-1_task-rest_split-02_meg.fif").unlink()
    with pytest.raises(RecordingError, match=r"split-01_meg.fif: data: "):
        brain.read()


def test_resampling_reads_in_pieces_and_keeps_slow_oscillations(study, edf):
    time = np.arange(60 * 250) / 250
    slow = 1000 * np.sin(2 * np.pi * 5 * time)
    fast = 1000 * np.sin(2 * np.pi * 100 * time)
    edf(study.root / f"{EEG}_eeg.edf", np.column_stack([slow + fast, fast]), 250, ["a", "b"])
    data = study.read_one("eeg", resample=50)
    assert data.attrs["sampling_rate"] == 50 and data.sizes["time"] == 3000
    inner = slice(50, -50)
    np.testing.assert_allclose(data["signal"][inner, 0], slow[::5][inner] * 1e-6, atol=3e-6)
    assert float(np.abs(data["signal"][inner, 1]).max()) < 3e-6


def test_positions_and_status_written_by_mne_bids_are_read(study):
    study.root.mkdir()
    info = mne.create_info(["Fz", "Cz", "Pz", "EOG1"], 250.0, ["eeg"] * 3 + ["eog"])
    info["line_freq"] = 60.0
    noise = np.random.default_rng(6).normal(0, 1e-5, (4, 1000))
    raw = mne.io.RawArray(noise, info, verbose="error")
    places = {"Fz": [0.01, 0.09, 0.1], "Cz": [0.0, 0.03, 0.14], "Pz": [0.0, -0.05, 0.12]}
    montage = mne.channels.make_dig_montage(
        places, [0, 0.1, 0], [-0.08, 0, 0], [0.08, 0, 0], coord_frame="head"
    )
    raw.set_montage(montage, on_missing="ignore")
    raw.info["bads"] = ["Pz"]
    path = mne_bids.BIDSPath(subject="1", task="rest", datatype="eeg", root=study.root)
    mne_bids.write_raw_bids(raw, path, format="BrainVision", allow_preload=True, verbose="error")
    data = study.read()["eeg"]
    assert list(data["channel"].values) == ["Fz", "Cz"]
    found = np.column_stack([data[axis] for axis in "xyz"])
    np.testing.assert_allclose(found, [places["Fz"], places["Cz"]], atol=1e-6)
    assert data.attrs["coordinate_system"] == "CapTrak"
    assert data.attrs["coordinate_units"] == "m"
    assert data.attrs["line_frequency"] == 60
    assert json.loads(data.attrs["bad_channels"]) == ["Pz"]


def test_ieeg_with_its_electrodes(study, edf, digits):
    stem = "sub-1/ses-pre/ieeg/sub-1_ses-pre"
    edf(study.root / f"{stem}_task-rest_run-1_ieeg.edf", digits, 250, ["LA1", "LA2", "G1", "Fz"])
    rows = "name\ttype\tunits\tstatus\nG1\tECOG\tuV\tgood\nLA1\tSEEG\tuV\tgood\n"
    rows += "LA2\tSEEG\tuV\tbad\nFz\tEEG\tuV\tgood\n"
    study.write(f"{stem}_task-rest_channels.tsv", rows)
    study.write(f"{stem}_task-rest_ieeg.json", {"iEEGReference": "mastoid"})
    table = "name\tx\ty\tz\tsize\nG1\t10\t-20\t30\t4\n"
    study.write(f"{stem}_space-Talairach_electrodes.tsv", table)
    system = {"iEEGCoordinateSystem": "Talairach", "iEEGCoordinateUnits": "mm"}
    study.write(f"{stem}_space-Talairach_coordsystem.json", system)
    data = study.read()["ieeg"]
    assert list(data["channel"].values) == ["LA1", "G1"]
    assert list(data["type"].values) == ["SEEG", "ECOG"]
    np.testing.assert_allclose(data["signal"], digits[:, [0, 2]] * 1e-6, atol=1e-12)
    np.testing.assert_allclose([data[axis][1] for axis in "xyz"], [0.01, -0.02, 0.03])
    assert np.isnan(data["x"][0])
    assert data.attrs["coordinate_system"] == "Talairach"
    assert data.attrs["reference"] == "mastoid"
    assert json.loads(data.attrs["bad_channels"]) == ["LA2"]


@pytest.fixture
def real():
    folder = os.environ.get("NEURODSR_TEST_DATA")
    if not folder:
        pytest.skip("no real recordings: set NEURODSR_TEST_DATA to a folder of them")
    return Path(folder) / "eegmat_edf" / "Subject00_2.edf"


def test_a_real_edf_with_ecg_reference_and_a_flat_end(study, real):
    (study.root / "sub-00/eeg").mkdir(parents=True)
    shutil.copy(real, study.root / "sub-00/eeg/sub-00_task-count_eeg.edf")
    data = study.read()["eeg"]
    # 60 s; then 1 s of the last value and 1 s of zeros
    assert data["signal"].shape == (30007, 19)
    assert data.attrs["flat_tail"] == pytest.approx(1.986)
    assert json.loads(data.attrs["other_channels"]) == {"EEG A2-A1": "REF", "ECG ECG": "ECG"}
    assert 1e-6 < float(data["signal"].std()) < 1e-4


def test_a_truncated_edf_is_refused(study, real):
    whole = real.read_bytes()
    study.write("sub-00/eeg/sub-00_task-count_eeg.edf", whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match="data: fewer records than its header says"):
        study.read()
