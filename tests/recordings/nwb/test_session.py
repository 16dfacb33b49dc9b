"""A session in NWB: what is found, what it is called, and what is known of it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from pynwb import TimeSeries
from pynwb.base import Images
from pynwb.ecephys import SpikeEventSeries
from pynwb.file import Subject
from pynwb.image import GrayscaleImage, ImageSeries
from pynwb.misc import DecompositionSeries
from pynwb.ogen import OptogeneticSeries

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning:hdmf")


@pytest.fixture(scope="module")
def tree(session, everything):
    return read_nwb(session, everything)


def test_all_supported_modalities_are_found(tree):
    assert set(tree.children) == {"units", "lick", "position", "lfp", "df_over_f", "intervals"}
    assert tree.attrs["subject_sex"] == "F"
    assert tree.attrs["subject_age"] == "P90D"
    assert tree.attrs["subject_species"] == "Mus musculus"


def test_conversion_offset_and_channel_names_of_electrodes(tree):
    lfp = tree["lfp"]
    expected = np.array([[0.501, 0.504], [0.503, 0.508], [0.505, 0.512]])
    np.testing.assert_allclose(lfp["signal"], expected, rtol=1e-12)
    np.testing.assert_allclose(lfp["time"], [50.0, 50.01, 50.02])
    assert list(lfp["channel"].values) == ["ch2", "ch0"]
    assert lfp.attrs["sampling_rate"] == 100.0
    assert lfp.attrs["units"] == "volts"


def test_single_series_on_one_clock_become_channels_and_large_times_stay(tree):
    position = tree["position"]
    assert list(position["channel"].values) == ["x", "y"]
    np.testing.assert_array_equal(position["signal"], [[0, 1], [1, 2], [2, 3], [3, 4]])
    assert float(position["time"][0]) == 1.0e6
    assert position.attrs["sampling_rate"] == pytest.approx(30, rel=1e-6)


def test_rois_are_named_by_their_table_and_irregular_series_have_no_rate(tree):
    assert list(tree["df_over_f"]["channel"].values) == ["11", "12"]
    assert tree["df_over_f"].attrs["sampling_rate"] == 10.0
    assert tree["lick"].attrs["sampling_rate"] == 0.0
    assert list(tree["lick"]["channel"].values) == ["Lick"]


def test_trials_and_epochs(tree):
    trials, epochs = tree["intervals/trials"], tree["intervals/epochs"]
    np.testing.assert_array_equal(trials["start"], [1.0, 3.0])
    np.testing.assert_array_equal(trials["rewarded"], [1.0, 0.0])
    assert list(trials["choice"].values) == ["left", "right"]
    assert list(epochs["label"].values) == ["wake,run"]


@pytest.mark.parametrize(
    "source",
    [
        "lfp",
        "LFP",
        "ElectricalSeries",
        "processing/ecephys/LFP",
        "/processing/ecephys/LFP",
        "processing/ecephys/LFP/lfp",
    ],
)
def test_a_modality_can_be_named_in_many_ways(session, read_one, source):
    assert list(read_one(session, source, channels=["ch0"])["channel"].values) == ["ch0"]


def test_an_absent_modality_is_named_with_what_there_is(session, read_one):
    with pytest.raises(RecordingError, match=r"modalities.it.source: 'Fluorescence' is not.*lfp"):
        read_one(session, "Fluorescence")


def test_fields_that_say_nothing_are_missing(tmp_path, new_file, write, everything):
    """Empty strings, as converters leave them, are no ages, sexes or laboratories."""
    empty = Subject(subject_id="m1", sex="", age="", species=" ", description="n/a", weight="")
    content = new_file(subject=empty, lab="", session_id="", keywords=["", "sleep"])
    content.add_unit(spike_times=[0.5, 1.0])
    attributes = read_nwb(write(tmp_path / "x.nwb", content), everything).attrs
    assert attributes["subject_id"] == "m1"
    assert attributes["keywords"] == "sleep"
    told = {name for name in attributes if name.startswith("subject_")}
    assert told <= {"subject_id", "subject_age__reference"}
    assert not {"lab", "session_id"} & set(attributes)


def test_all_of_a_subject_that_is_known_is_kept(tmp_path, new_file, write, everything):
    subject = Subject(
        subject_id="m1", sex="M", age="P90D", species="Mus musculus", strain="C57BL/6J",
        genotype="wt", weight="0.03 kg", description="pilot",
    )  # fmt: skip
    content = new_file(subject=subject, lab="a lab", experimenter=["Doe, J", "Roe, R"])
    content.add_unit(spike_times=[0.5, 1.0])
    attributes = read_nwb(write(tmp_path / "x.nwb", content), everything).attrs
    assert attributes["subject_strain"] == "C57BL/6J"
    assert attributes["subject_weight"] == "0.03 kg"
    assert attributes["experimenter"] == "Doe, J; Roe, R"


@pytest.fixture
def with_a_dead_series(tmp_path, new_file, write):
    """A good series, one of NaN only, and one with a repeated time stamp."""
    content = new_file()
    content.add_acquisition(TimeSeries(name="good", data=np.arange(9.0), unit="V", rate=5.0))
    content.add_acquisition(TimeSeries(name="dead", data=np.full(9, np.nan), unit="V", rate=5.0))
    stamps = [0.0, 1.0, 1.0, 2.0]
    content.add_acquisition(TimeSeries(name="twice", data=np.ones(4), unit="V", timestamps=stamps))
    return write(tmp_path / "x.nwb", content)


def test_series_that_cannot_be_used_are_left_out_and_named(with_a_dead_series, everything):
    tree = read_nwb(with_a_dead_series, everything)
    assert set(tree.children) == {"good"}
    reasons = json.loads(tree.attrs["left_out"])
    assert "none of dead has a value" in reasons["dead"]
    assert "timestamps: not increasing at sample 2 (1 s, then 1 s)" in reasons["twice"]


@pytest.mark.parametrize(
    ("source", "words"), [("dead", "has a value"), ("twice", "not increasing at sample 2")]
)
def test_a_series_that_was_asked_for_by_name_is_needed(with_a_dead_series, read_one, source, words):
    with pytest.raises(RecordingError, match=words):
        read_one(with_a_dead_series, source)


def test_a_session_with_one_trial(tmp_path, new_file, write, everything):
    content = new_file()
    content.add_acquisition(TimeSeries(name="S", data=np.arange(9.0), unit="V", rate=5.0))
    content.add_trial(0.2, 1.4)
    tree = read_nwb(write(tmp_path / "x.nwb", content), everything)
    assert tree["intervals/trials"].sizes["interval"] == 1


def test_what_is_no_signal_is_passed_over(tmp_path, new_file, write, everything):
    """Images, waveforms, spectra and tables beside one signal of light."""
    content = new_file()
    device = content.create_device("rig")
    shank = content.create_electrode_group("shank", "a shank", "CA1", device)
    content.add_electrode(group=shank, location="CA1")
    rows = content.create_electrode_table_region([0], "all")
    waves = SpikeEventSeries(
        name="waves", data=np.ones((5, 32)), timestamps=np.arange(5.0), electrodes=rows
    )
    content.add_acquisition(waves)
    video = ImageSeries(
        name="video",
        num_samples=9,
        external_file=["../../secret.avi"],
        format="external",
        rate=30.0,
        unit="n/a",
    )
    content.add_acquisition(video)
    site = content.create_ogen_site(
        "site", device=device, description="x", excitation_lambda=473.0, location="CA1"
    )
    content.add_stimulus(OptogeneticSeries(name="laser", data=np.ones(9), site=site, rate=9.0))
    module = content.create_processing_module("ecephys", "derived")
    bands = DecompositionSeries(name="bands", data=np.ones((9, 1, 1)), metric="power", rate=9.0)
    bands.add_band("theta", (4.0, 8.0), np.nan, np.nan)
    module.add(bands)
    module.add(Images(name="maps", images=[GrayscaleImage(name="a", data=np.ones((3, 3)))]))
    tree = read_nwb(write(tmp_path / "x.nwb", content), everything)
    assert set(tree.children) == {"laser"}
    assert tree["laser"].attrs["units"] == "watts"


@pytest.fixture
def two_files(tmp_path, new_file, write):
    """A function that writes spikes and behaviour of a session in two files."""

    def make(**behaviour):
        subject = {"subject": Subject(subject_id=behaviour.pop("subject_id", "1"), sex="F")}
        spikes = new_file(subject=Subject(subject_id="1"))
        spikes.add_unit(spike_times=[0.5, 1.0])
        spikes.add_trial(0.0, 1.0)
        other = new_file(**subject, **behaviour)
        other.add_acquisition(TimeSeries(name="speed", data=np.ones(9), unit="m/s", rate=5.0))
        other.add_trial(0.0, 1.0)
        other.add_epoch(0.0, 2.0, tags=["run"])
        return [
            write(tmp_path / "sub-1_ses-2_ecephys.nwb", spikes),
            write(tmp_path / "sub-1_ses-2_behavior+ogen.nwb", other),
        ]

    return make


def test_files_of_one_session_become_one_recording(two_files, everything):
    tree = read_nwb(two_files(), everything)
    assert set(tree.children) == {"units", "speed", "intervals"}
    assert set(tree["intervals"].children) == {"trials", "epochs"}
    assert tree.attrs["subject_sex"] == "F"


def test_names_that_occur_in_both_files_are_told_apart(tmp_path, new_file, write, everything):
    paths = []
    for level in (1.0, 2.0):
        content = new_file()
        signal = TimeSeries(name="speed", data=np.full(9, level), unit="m/s", rate=5.0)
        content.add_acquisition(signal)
        content.add_unit(spike_times=[level])
        content.add_trial(0.0, level)
        paths.append(write(tmp_path / f"{level:g}.nwb", content))
    tree = read_nwb(paths, everything)
    assert set(tree.children) == {"speed", "acquisition_speed", "units", "units_2", "intervals"}
    assert float(tree["acquisition_speed"]["signal"][0, 0]) == 2.0
    assert set(tree["intervals"].children) == {"trials", "trials_2"}


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (
            {"timestamps_reference_time": datetime(2021, 1, 1, tzinfo=UTC)},
            r"behavior\+ogen.nwb: timestamps_reference_time: 2021-01-01.*merge: false",
        ),
        ({"subject_id": "2"}, r"behavior\+ogen.nwb: subject_id: '2', but '1'"),
    ],
)
def test_files_of_different_sessions_are_not_mixed(two_files, everything, difference, words):
    with pytest.raises(RecordingError, match=words):
        read_nwb(two_files(**difference), everything)


@pytest.fixture
def rodents():
    """Real recordings of pynapple's test data, where a run has retrieved them."""
    root = Path(os.environ.get("NEURODSR_TEST_NWB", "resources/pynapple"))
    files = {path.stem[-12:]: path for path in root.rglob("*.nwb")} if root.is_dir() else {}
    if not files:
        pytest.skip("no retrieved NWB recordings: set NEURODSR_TEST_NWB to a folder of them")
    return list(files.values())


def test_real_recordings_are_read(rodents, everything):
    counts = {path: read_nwb(path, everything) for path in rodents}
    for path, tree in counts.items():
        if "A2929" in path.name:
            assert tree["units"].sizes == {"spike": 98794, "unit": 15}
            assert tree["compass_direction"].attrs["sampling_rate"] == pytest.approx(120, rel=1e-3)
            assert list(tree["intervals/epochs"]["label"].values) == ["sleep", "wake"]
        if "A0634" in path.name:
            assert tree["fluorescence"]["signal"].shape == (35743, 10)
