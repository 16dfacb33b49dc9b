"""Time series: clocks, tables of channels, lazy reading and resampling, types of extensions."""

import numpy as np
import pytest
from hdmf.common import DynamicTable
from pynwb import H5DataIO, TimeSeries, get_class, load_namespaces
from pynwb.behavior import (
    BehavioralEvents,
    BehavioralTimeSeries,
    CompassDirection,
    EyeTracking,
    PupilTracking,
    SpatialSeries,
)
from pynwb.ecephys import ElectricalSeries
from pynwb.ophys import Fluorescence, ImageSegmentation, OpticalChannel, RoiResponseSeries
from pynwb.spec import NWBDatasetSpec, NWBGroupSpec, NWBNamespaceBuilder

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb
from neurodsr.recordings.resampling import resample_in_chunks

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning:hdmf")


@pytest.fixture
def series_file(tmp_path, new_file, write):
    """A function that writes one series in acquisition."""

    def make(**options):
        content = new_file()
        content.add_acquisition(TimeSeries(**{"name": "S", "unit": "V", **options}))
        return write(tmp_path / "x.nwb", content)

    return make


def test_irregular_stamps_far_from_zero_keep_their_precision(series_file, read_one):
    stamps = 2.0e6 + np.cumsum([0.0, 0.031, 0.9, 0.033, 0.035])
    data = read_one(series_file(data=np.arange(5.0), timestamps=stamps), "S")
    np.testing.assert_array_equal(data["time"], stamps)
    assert data.attrs["sampling_rate"] == 0.0


def test_regular_stamps_far_from_zero_have_a_rate_and_are_resampled(series_file, read_one):
    stamps = 2.0e6 + np.arange(3000) / 30.0
    path = series_file(data=np.full((3000, 2), 4.0), timestamps=stamps)
    data = read_one(path, "S", resample=10)
    assert data.attrs["sampling_rate"] == pytest.approx(10, rel=1e-6)
    assert float(data["time"][0]) == 2.0e6
    np.testing.assert_allclose(np.diff(data["time"]), 0.1, atol=1e-6)
    np.testing.assert_allclose(data["signal"], 4.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("stamps", "words"),
    [
        ([0.0, 1.0, 1.0, 2.0], r"not increasing at sample 2 \(1 s, then 1 s\)"),
        ([0.0, 1.0, np.nan, 2.0], "not increasing at sample 2"),
        ([0.0, 2.0, 1.0, 3.0], r"not increasing at sample 2 \(2 s, then 1 s\)"),
    ],
)
@pytest.mark.parametrize("resample", [None, 0.5])
def test_bad_stamps_are_named(series_file, read_one, stamps, words, resample):
    path = series_file(data=np.arange(4.0), timestamps=stamps)
    with pytest.raises(RecordingError, match=f"timestamps: {words}"):
        read_one(path, "S", resample=resample)


@pytest.mark.parametrize(
    ("options", "rate", "words"),
    [
        ({"rate": 10.0}, 50.0, "resample: 50 Hz is more than the 10 Hz recorded"),
        ({"timestamps": [0.0, 1.0, 5.0, 5.5]}, 0.5, "resample: its timestamps are irregular"),
    ],
)
def test_what_cannot_be_resampled_is_named(series_file, read_one, options, rate, words):
    with pytest.raises(RecordingError, match=words):
        read_one(series_file(data=np.arange(4.0), **options), "S", resample=rate)


def test_whole_numbers_and_truths_are_numbers(series_file, read_one):
    data = read_one(series_file(data=np.array([True, False, True]), rate=2.0), "S")
    np.testing.assert_array_equal(data["signal"][:, 0], [1.0, 0.0, 1.0])


@pytest.fixture
def probe(tmp_path, new_file, write):
    """A function that writes 12 contacts in three regions, stored in pieces or in one."""

    def make(chunks=None, samples=4000):
        content = new_file()
        device = content.create_device("probe")
        shank = content.create_electrode_group("shank", "a shank", "many", device)
        content.add_electrode_column("quality", "by eye")
        for i in range(12):
            place = ("CA1", "CA3 (left, deep)", "DG")[i % 3]
            content.add_electrode(group=shank, location=place, quality="good" if i % 2 else "bad")
        rows = content.create_electrode_table_region(list(range(12)), "all")
        data = np.random.default_rng(3).integers(-999, 999, (samples, 12)).astype("int16")
        given = data if chunks is None else H5DataIO(data, chunks=chunks, compression="gzip")
        content.add_acquisition(
            ElectricalSeries(
                name="raw",
                data=given,
                electrodes=rows,
                rate=1000.0,
                starting_time=3.0,
                conversion=1e-6,
                channel_conversion=np.arange(1.0, 13.0),
            )
        )
        return write(tmp_path / "x.nwb", content), data * np.arange(1.0, 13.0) * 1e-6

    return make


@pytest.mark.parametrize("chunks", [None, (1000, 5), (333, 12), (64, 1)])
def test_electrodes_are_chosen_by_a_query(probe, read_one, chunks):
    path, volts = probe(chunks)
    data = read_one(path, "raw", query='location == "CA3 (left, deep)" and quality == "good"')
    assert list(data["channel"].values) == ["1", "7"]
    assert list(data["location"].values) == ["CA3 (left, deep)"] * 2
    np.testing.assert_allclose(data["signal"], volts[:, [1, 7]], rtol=1e-12)


def test_channels_keep_the_order_in_which_they_are_named(probe, read_one):
    path, volts = probe((1000, 5))
    data = read_one(path, "raw", channels=["11", "0", "5"])
    np.testing.assert_allclose(data["signal"], volts[:, [11, 0, 5]], rtol=1e-12)


def test_a_query_for_a_column_that_is_not_there_says_what_there_is(probe, read_one):
    path, _ = probe()
    words = r"no column 'locaton'; did you mean location\? There are .*location: CA1, CA3 \(left"
    with pytest.raises(RecordingError, match=words):
        read_one(path, "raw", query='locaton == "CA1"')


def test_lower_rate_equals_that_of_the_whole_signal(probe, read_one):
    path, volts = probe((1000, 5))
    data = read_one(path, "raw", channels=["2", "3"], resample=250)
    whole, _ = resample_in_chunks(lambda a, b: volts[a:b, 2:4], len(volts), 1000.0, 250.0)
    np.testing.assert_allclose(data["signal"], whole, atol=1e-15)
    np.testing.assert_allclose(data["time"], 3.0 + np.arange(1000) / 250)
    assert data.attrs["sampling_rate"] == 250.0


def test_rois_are_chosen_by_their_table(tmp_path, new_file, write, read_one):
    content = new_file()
    device = content.create_device("microscope")
    plane = content.create_imaging_plane(
        name="plane",
        optical_channel=OpticalChannel(name="green", description="filter", emission_lambda=500.0),
        description="one plane",
        device=device,
        excitation_lambda=480.0,
        indicator="GCaMP",
        location="V1",
    )
    segmentation = ImageSegmentation()
    table = segmentation.create_plane_segmentation("rois", plane, "rois")
    for identifier in range(4):
        table.add_roi(image_mask=np.ones((2, 2)), id=identifier)
    table.add_column("accepted", "by hand", data=[1, 0, 1, 1])
    table.add_column("snr", "signal to noise", data=[3.0, 9.0, 1.0, 5.0])
    ophys = content.create_processing_module("ophys", "calcium")
    ophys.add(segmentation)
    signal = np.arange(40.0).reshape(10, 4)
    rows = table.create_roi_table_region("all", region=[0, 1, 2, 3])
    ophys.add(
        Fluorescence(
            roi_response_series=RoiResponseSeries(
                name="traces", data=signal, rois=rows, unit="a.u.", rate=10.0
            )
        )
    )
    path = write(tmp_path / "x.nwb", content)
    data = read_one(path, "Fluorescence", query="accepted == 1 and snr > 2")
    np.testing.assert_array_equal(data["signal"], signal[:, [0, 3]])
    assert list(data["location"].values) == ["V1", "V1"]


def test_exchanged_axes_are_refused(tmp_path, new_file, write, read_one):
    content = new_file()
    group = content.create_electrode_group("shank", "a", "CA1", content.create_device("probe"))
    for _ in range(3):
        content.add_electrode(group=group, location="CA1")
    rows = content.create_electrode_table_region([0, 1, 2], "all")
    content.add_acquisition(ElectricalSeries("lfp", np.ones((3, 90)), rows, rate=10.0))
    path = write(tmp_path / "x.nwb", content)
    with pytest.raises(RecordingError, match=r"lfp: data: 3 samples of 90 channels, but 3 elec"):
        read_one(path, "lfp")


def test_behaviour_in_its_many_containers(tmp_path, new_file, write, everything):
    content = new_file()
    module = content.create_processing_module("behavior", "all kinds")
    pupil = TimeSeries(name="diameter", data=np.ones(5), unit="mm", rate=30.0)
    module.add(PupilTracking(time_series=pupil))
    options = {"reference_frame": "screen", "rate": 30.0}
    eye = SpatialSeries(name="gaze", data=np.ones((5, 2)), **options)
    module.add(EyeTracking(spatial_series=eye))
    head = SpatialSeries(name="head", data=np.ones(5), unit="radians", **options)
    module.add(CompassDirection(spatial_series=head))
    speed = TimeSeries(name="speed", data=np.ones(5), unit="m/s", rate=30.0)
    wheel = TimeSeries(name="wheel", data=np.ones(7), unit="rad", rate=50.0)
    module.add(BehavioralTimeSeries(time_series=[speed, wheel]))
    lick = TimeSeries(name="lick", data=[1, 1, 1], unit="n/a", timestamps=[0.1, 0.5, 3.0])
    module.add(BehavioralEvents(time_series=lick))
    module.add(DynamicTable(name="notes", description="no signal"))
    tree = read_nwb(write(tmp_path / "x.nwb", content), everything)
    assert set(tree.children) == {
        "pupil_tracking", "eye_tracking", "compass_direction", "behavioral_time_series_speed",
        "behavioral_time_series_wheel", "behavioral_events",
    }  # fmt: skip
    assert list(tree["eye_tracking"]["channel"].values) == ["x", "y"]
    assert tree["behavioral_events"].attrs["sampling_rate"] == 0.0


def test_series_of_different_units_stay_apart(tmp_path, new_file, write, everything):
    content = new_file()
    parts = [TimeSeries(name=u, data=np.ones(5), unit=u, rate=30.0) for u in ("m", "rad")]
    content.add_acquisition(BehavioralTimeSeries(name="both", time_series=parts))
    tree = read_nwb(write(tmp_path / "x.nwb", content), everything)
    assert {tree[name].attrs["units"] for name in tree.children} == {"m", "rad"}


@pytest.fixture(scope="module")
def photometry(tmp_path_factory, new_file, write):
    """A file with the type of an extension that is not installed where it is read."""
    folder = tmp_path_factory.mktemp("spec")
    builder = NWBNamespaceBuilder("photometry", "ndx-test-photometry", version="0.1.0")
    region = NWBDatasetSpec(
        name="fiber_photometry_table_region",
        doc="the fibres",
        neurodata_type_inc="DynamicTableRegion",
    )
    series = NWBGroupSpec(
        neurodata_type_def="FiberPhotometryResponseSeries",
        neurodata_type_inc="TimeSeries",
        doc="fluorescence",
        datasets=[region],
    )
    builder.include_type("TimeSeries", namespace="core")
    builder.include_type("DynamicTableRegion", namespace="hdmf-common")
    builder.add_spec("ndx.extensions.yaml", series)
    builder.export("ndx.namespace.yaml", outdir=str(folder))
    load_namespaces(str(folder / "ndx.namespace.yaml"))
    kind = get_class("FiberPhotometryResponseSeries", "ndx-test-photometry")
    content = new_file()
    fibres = DynamicTable(name="fibres", description="fibres")
    fibres.add_column("location", "where")
    for place in ("DMS", "NAc (core)"):
        fibres.add_row(location=place)
    content.add_scratch(fibres)
    content.add_acquisition(
        kind(
            name="dLight",
            data=np.arange(20.0).reshape(10, 2),
            unit="a.u.",
            rate=20.0,
            fiber_photometry_table_region=fibres.create_region(
                name="fiber_photometry_table_region", region=[1, 0], description="both"
            ),
        )
    )
    return write(folder / "x.nwb", content)


def test_fibre_photometry_by_the_specification_in_the_file(photometry, read_one):
    data = read_one(photometry, "FiberPhotometryResponseSeries", query='location == "DMS"')
    np.testing.assert_array_equal(data["signal"][:, 0], np.arange(1.0, 20.0, 2))
    assert data.attrs["neurodata_type"] == "FiberPhotometryResponseSeries"
