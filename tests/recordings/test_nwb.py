import os
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.behavior import Position, SpatialSeries
from pynwb.ecephys import LFP, ElectricalSeries
from pynwb.file import Subject
from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel, RoiResponseSeries

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb

EVERYTHING = {"modalities": {}}
pytestmark = pytest.mark.filterwarnings(
    "ignore:The linked table:UserWarning", "ignore::DeprecationWarning:hdmf"
)

START = datetime(2020, 1, 2, tzinfo=UTC)


def select(source, **options):
    settings = {"source": source, "channels": ".*", "units_query": "", **options}
    return {"modalities": {"it": settings}}


def write(path, content):
    with NWBHDF5IO(str(path), "w") as io:
        io.write(content)
    return path


def new_file(**options):
    return NWBFile(
        session_description="a session",
        identifier="an identifier",
        session_start_time=START,
        **options,
    )


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A session with one of each thing that is read."""
    content = new_file(
        subject=Subject(subject_id="m1", sex="F", age="P90D", species="Mus musculus")
    )
    device = content.create_device("probe")
    shank = content.create_electrode_group("shank", "a shank", "CA1", device)
    content.add_electrode_column("label", "name of the contact")
    for i in range(3):
        content.add_electrode(group=shank, location=f"layer {i}", label=f"ch{i}")
    content.add_unit_column("quality", "by hand")
    content.add_unit_column("depths", "ragged numbers", index=True)
    for times, quality, electrode in (([0.5, 0.1], "good", 2), ([], "mua", 0), ([0.3], "good", 1)):
        content.add_unit(
            spike_times=times,
            quality=quality,
            depths=[1.0, 2.0],
            electrodes=[electrode],
            obs_intervals=[[0.0, 1.0], [2.0, 4.0]],
        )
    content.add_trial_column("choice", "side")
    content.add_trial_column("rewarded", "whether")
    content.add_trial(1.0, 2.0, choice="left", rewarded=True)
    content.add_trial(3.0, 4.0, choice="right", rewarded=False)
    content.add_epoch(0.0, 4.0, tags=["wake", "run"])
    rows = content.create_electrode_table_region([2, 0], "two of three")
    lfp = ElectricalSeries(
        name="lfp",
        data=np.array([[1, 2], [3, 4], [5, 6]], dtype="int16"),
        electrodes=rows,
        rate=100.0,
        starting_time=50.0,
        conversion=1e-3,
        offset=0.5,
        channel_conversion=[1.0, 2.0],
    )
    ecephys = content.create_processing_module("ecephys", "lfp")
    ecephys.add(LFP(electrical_series=lfp))
    clock = 1.0e6 + np.arange(4) / 30
    position = Position(
        spatial_series=[
            SpatialSeries(
                name=name, data=np.arange(4.0) + i, reference_frame="corner", timestamps=clock
            )
            for i, name in enumerate("xy")
        ]
    )
    content.create_processing_module("behavior", "tracking").add(position)
    green = OpticalChannel(name="green", description="a filter", emission_lambda=500.0)
    plane = content.create_imaging_plane(
        name="plane",
        optical_channel=green,
        description="V1",
        device=device,
        excitation_lambda=480.0,
        indicator="GCaMP",
        location="V1",
    )
    rois = ImageSegmentation().create_plane_segmentation("rois", plane, "rois")
    for identifier in (11, 12):
        rois.add_roi(image_mask=np.ones((2, 2)), id=identifier)
    ophys = content.create_processing_module("ophys", "calcium")
    ophys.add(rois.parent)
    region = rois.create_roi_table_region("all", region=[0, 1])
    trace = RoiResponseSeries(
        name="traces", data=np.ones((5, 2)), rois=region, unit="a.u.", rate=10.0
    )
    ophys.add(DfOverF(roi_response_series=trace))
    lick = TimeSeries(name="Lick", data=[1.0, 2.0, 1.0], unit="V", timestamps=[0.1, 0.2, 0.9])
    content.add_acquisition(lick)
    content.add_acquisition(
        TimeSeries(name="notes", data=["a", "b"], unit="n/a", timestamps=[0.0, 1.0])
    )
    content.add_acquisition(TimeSeries(name="video", data=np.ones((3, 2, 2)), unit="n/a", rate=1.0))
    return write(tmp_path_factory.mktemp("nwb") / "sub-m1.nwb", content)


@pytest.fixture(scope="module")
def tree(session):
    return read_nwb(session, EVERYTHING)


def test_all_supported_modalities_are_found(tree):
    assert set(tree.children) == {"units", "lick", "position", "lfp", "df_over_f", "intervals"}
    assert tree.attrs["subject_sex"] == "F"
    assert tree.attrs["subject_age"] == "P90D"
    assert tree.attrs["subject_species"] == "Mus musculus"


def test_units_with_their_columns_and_support(tree):
    units = tree["units"]
    np.testing.assert_array_equal(units["spike_time"], [0.1, 0.3, 0.5])
    np.testing.assert_array_equal(units["spike_unit"], [0, 2, 0])
    assert list(units["unit"].values) == ["0", "1", "2"]
    assert list(units["quality"].values) == ["good", "mua", "good"]
    assert list(units["location"].values) == ["layer 2", "layer 0", "layer 1"]
    assert "depths" not in units.coords
    assert (units.attrs["kind"], units.attrs["start"], units.attrs["stop"]) == ("spikes", 0.0, 4.0)


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
def test_a_modality_can_be_named_in_many_ways(session, source):
    tree = read_nwb(session, select(source, channels=["ch0"]))
    assert set(tree.children) == {"it", "intervals"}
    assert list(tree["it"]["channel"].values) == ["ch0"]


def test_units_are_queried(session):
    tree = read_nwb(session, select("units", units_query="quality == 'good'"))
    assert list(tree["it"]["unit"].values) == ["0", "2"]
    np.testing.assert_array_equal(tree["it"]["spike_unit"], [0, 1, 0])


def test_an_absent_modality_is_named_with_what_there_is(session):
    with pytest.raises(RecordingError, match=r"modalities.it.source: 'Fluorescence' is not.*lfp"):
        read_nwb(session, select("Fluorescence"))


@pytest.fixture
def signal_file(tmp_path):
    """A file with one series, to be broken."""
    content = new_file()
    content.add_acquisition(
        TimeSeries(name="S", data=np.arange(20.0).reshape(10, 2), unit="V", rate=5.0)
    )
    clock = np.arange(10.0)
    content.add_acquisition(TimeSeries(name="T", data=np.ones(10), unit="V", timestamps=clock))
    return write(tmp_path / "sub-x.nwb", content)


def drop_rate(file):
    del file["acquisition/S/starting_time"]


def zero_rate(file):
    file["acquisition/S/starting_time"].attrs["rate"] = 0.0


def dead_channels(file):
    file["acquisition/S/data"][...] = np.nan


def repeated_stamp(file):
    file["acquisition/T/timestamps"][3] = 2.0


def missing_stamp(file):
    file["acquisition/T/timestamps"][3] = np.nan


def fewer_stamps(file):
    del file["acquisition/T/timestamps"]
    stamps = file["acquisition/T"].create_dataset("timestamps", data=np.arange(9.0))
    stamps.attrs.update({"interval": np.int32(1), "unit": "seconds"})


def external_link(file):
    file["acquisition/L"] = h5py.ExternalLink("/etc/other.h5", "/data")


def dangling_link(file):
    file["acquisition/L"] = h5py.SoftLink("/nowhere")


def external_data(file):
    del file["acquisition/S/data"]
    raw = [("/etc/hostname", 0, 16)]
    data = file["acquisition/S"].create_dataset("data", (2,), "float64", external=raw)
    data.attrs["unit"] = "V"


def virtual_data(file):
    del file["acquisition/S/data"]
    layout = h5py.VirtualLayout((2,), "float64")
    layout[:] = h5py.VirtualSource("other.h5", "data", (2,))
    file["acquisition/S"].create_virtual_dataset("data", layout).attrs["unit"] = "V"


def nothing(file):
    del file["acquisition/S"]
    del file["acquisition/T"]


@pytest.mark.parametrize(
    ("breakage", "words"),
    [
        (drop_rate, "/acquisition/S: starting_time: neither a sampling rate nor timestamps"),
        (zero_rate, "/acquisition/S: rate: 0 Hz is no sampling rate"),
        (dead_channels, "s: channel: none of 0, 1 has a value"),
        (repeated_stamp, "acquisition/T: timestamps: not increasing at sample 3"),
        (missing_stamp, "acquisition/T: timestamps: not increasing"),
        (fewer_stamps, "acquisition/T: timestamps: 9 for 10 samples"),
        (external_link, "/acquisition/L: a link to another file"),
        (dangling_link, "/acquisition/L: a link to nothing"),
        (external_data, "/acquisition/S/data: data kept in another file"),
        (virtual_data, "/acquisition/S/data: data kept in another file"),
        (nothing, "modalities: no supported data"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_content_is_named(signal_file, breakage, words):
    with h5py.File(signal_file, "a") as file:
        breakage(file)
    with pytest.raises(RecordingError, match=f"^sub-x.nwb: {words}"):
        read_nwb(signal_file, EVERYTHING)


@pytest.mark.parametrize("size", [100, 5000, 0.5, 0.9])
def test_a_truncated_file_is_refused(signal_file, size):
    whole = signal_file.stat().st_size
    os.truncate(signal_file, int(size if size > 1 else size * whole))
    with pytest.raises(RecordingError, match=r"sub-x.nwb: file: .*fetch it again"):
        read_nwb(signal_file, EVERYTHING)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no HDF5 at all" * 100, "no readable HDF5"),
        (b"/annex/objects/MD5E-s1234--abc.nwb\n", "git-annex pointer.*datalad get"),
        (b"", "empty"),
        (None, "not there"),
    ],
)
def test_what_is_no_nwb_file_is_refused(tmp_path, content, words):
    path = tmp_path / "sub-x.nwb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=f"sub-x.nwb: file: .*{words}"):
        read_nwb(path, EVERYTHING)


def test_hdf5_that_is_no_nwb_is_refused(tmp_path):
    with h5py.File(tmp_path / "x.nwb", "w") as file:
        file["data"] = np.arange(3)
    with pytest.raises(RecordingError, match=r"x.nwb: content: .*nwbinspector"):
        read_nwb(tmp_path / "x.nwb", EVERYTHING)


def test_without_observation_intervals_epochs_are_the_support(tmp_path):
    content = new_file()
    content.add_unit(spike_times=[1.0, 2.5])
    content.add_epoch(0.0, 2.0, tags=["a"])
    tree = read_nwb(write(tmp_path / "x.nwb", content), EVERYTHING)
    assert (tree["units"].attrs["start"], tree["units"].attrs["stop"]) == (0.0, 2.5)


def test_a_group_that_holds_itself_is_refused(signal_file):
    with h5py.File(signal_file, "a") as file:
        file["scratch/again"] = file["/"]
    with pytest.raises(RecordingError, match="a group that holds itself"):
        read_nwb(signal_file, EVERYTHING)


@pytest.fixture
def rodents():
    """Real recordings of pynapple's test data, where a run has retrieved them."""
    root = Path(os.environ.get("NEURODSR_TEST_NWB", "resources/pynapple"))
    files = {path.stem[-12:]: path for path in root.rglob("*.nwb")} if root.is_dir() else {}
    if not files:
        pytest.skip("no retrieved NWB recordings: set NEURODSR_TEST_NWB to a folder of them")
    return list(files.values())


def test_real_recordings_are_read(rodents):
    counts = {path: read_nwb(path, EVERYTHING) for path in rodents}
    for path, tree in counts.items():
        if "A2929" in path.name:
            assert tree["units"].sizes == {"spike": 98794, "unit": 15}
            assert tree["compass_direction"].attrs["sampling_rate"] == pytest.approx(120, rel=1e-3)
            assert list(tree["intervals/epochs"]["label"].values) == ["sleep", "wake"]
        if "A0634" in path.name:
            assert tree["fluorescence"]["signal"].shape == (35743, 10)
