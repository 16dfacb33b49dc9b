"""NWB files made for tests, and ways to read them."""

from datetime import UTC, datetime

import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile, TimeSeries
from pynwb.behavior import Position, SpatialSeries
from pynwb.ecephys import LFP, ElectricalSeries
from pynwb.file import Subject
from pynwb.ophys import DfOverF, ImageSegmentation, OpticalChannel, RoiResponseSeries

from neurodsr.recordings.nwb import read_nwb

START = datetime(2020, 1, 2, tzinfo=UTC)


def write_file(path, content):
    with NWBHDF5IO(str(path), "w") as io:
        io.write(content)
    return path


def empty_file(**options):
    given = {"identifier": "an identifier", "session_start_time": START, **options}
    return NWBFile(session_description="a session", **given)


@pytest.fixture(scope="session")
def new_file():
    """A function that makes the content of a file."""
    return empty_file


@pytest.fixture(scope="session")
def write():
    """A function that writes a content to a path and returns the path."""
    return write_file


@pytest.fixture(scope="session")
def everything(read_settings):
    """Settings that ask for all modalities."""
    return read_settings()


@pytest.fixture(scope="session")
def read_one(read_settings):
    """A function that reads one modality of a file and returns it."""

    def read(path, source, regions=None, **options):
        asked = {"modalities": {"it": {"source": source, **options}}, "regions": regions or {}}
        return read_nwb(path, read_settings(**asked))["it"].to_dataset()

    return read


@pytest.fixture(scope="session")
def session(tmp_path_factory):
    """A session with one of each thing that is read."""
    content = empty_file(
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
    return write_file(tmp_path_factory.mktemp("nwb") / "sub-m1.nwb", content)
