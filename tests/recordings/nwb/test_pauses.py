"""Recordings that were paused, their clock given by timestamps, at a lower rate."""

import numpy as np
import pytest
from hdmf_zarr import NWBZarrIO
from pynwb import NWBHDF5IO, H5DataIO, TimeSeries
from pynwb.ecephys import ElectricalSeries

from neurodsr.errors import RecordingError
from neurodsr.preprocess.series import make_series
from neurodsr.recordings import timestamps as module
from neurodsr.recordings.nwb import read_nwb

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")

RATE, TARGET = 30000, 500
STARTS, LENGTHS = (100.0, 104.00031, 107.5), (45000, 30000, 36000)
FREQUENCIES = np.array([10.0, 40.0, 190.0])


@pytest.fixture(scope="module")
def pieces():
    """Instants (s) of three stretches with two pauses, the first not a whole number of samples."""
    return [start + np.arange(n) / RATE for start, n in zip(STARTS, LENGTHS, strict=True)]


@pytest.fixture(scope="module")
def hdf5(pieces, tmp_path_factory, new_file, write):
    """A sine (V) on each of three electrodes; a chunk ends where the first pause begins."""
    times = np.concatenate(pieces)
    sines = np.sin(2 * np.pi * FREQUENCIES * times[:, None])
    content = new_file()
    device = content.create_device("probe")
    shank = content.create_electrode_group("shank", "a shank", "many", device)
    for place in ("CA1", "DG", "CA1"):
        content.add_electrode(group=shank, location=place)
    data = H5DataIO(np.rint(1e4 * sines).astype("int16"), chunks=(15000, 2), compression="gzip")
    series = ElectricalSeries(
        name="raw",
        data=data,
        electrodes=content.create_electrode_table_region([0, 1, 2], "all"),
        timestamps=H5DataIO(times, chunks=(15000,), compression="gzip"),
        conversion=1e-4,
    )
    content.add_acquisition(series)
    return write(tmp_path_factory.mktemp("hdf5") / "x.nwb", content)


@pytest.fixture(scope="module")
def zarr(hdf5):
    folder = hdf5.with_name("x.nwb.zarr")
    with NWBHDF5IO(str(hdf5), "r") as source, NWBZarrIO(str(folder), "w") as target:
        target.export(src_io=source, write_args={"link_data": False})
    return folder


@pytest.mark.parametrize("kind", ["hdf5", "zarr"])
@pytest.mark.parametrize("block", [15000, 2**21])
def test_sines_run_through_the_pauses(kind, block, pieces, read_one, request, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    path = request.getfixturevalue(kind)
    data = read_one(path, "raw", query='location == "CA1"', resample=TARGET)
    assert list(data["channel"].values) == ["0", "2"]
    assert data.attrs["sampling_rate"] == pytest.approx(TARGET, rel=1e-9)
    instants = data["time"].values
    np.testing.assert_allclose(instants, 100.0 + np.arange(4350) / TARGET, rtol=1e-12)
    expected = np.sin(2 * np.pi * FREQUENCIES[[0, 2]] * instants[:, None])
    recorded = np.zeros(len(instants), dtype=bool)
    for piece in pieces:
        recorded |= (instants > piece[0] - 2e-5) & (instants < piece[-1] + 2e-5)
        inner = (instants > piece[0] + 0.032) & (instants < piece[-1] - 0.032)
        assert inner.sum() >= 466
        found = data["signal"].values[inner]
        np.testing.assert_allclose(found, expected[inner], rtol=0, atol=2e-3)
    np.testing.assert_array_equal(np.isfinite(data["signal"].values[:, 0]), recorded)


@pytest.fixture
def session(tmp_path, new_file, write):
    """A function that writes noise at 1 kHz with given instants (s)."""

    def make(times):
        content = new_file()
        values = np.random.default_rng(3).standard_normal((len(times), 2)).cumsum(axis=0)
        content.add_acquisition(TimeSeries(name="S", unit="V", data=values, timestamps=times))
        return write(tmp_path / "x.nwb", content)

    return make


def test_a_pause_comes_out_as_without_resampling(session, read_settings):
    """It ends a segment, and the next begins with the first sample that was recorded."""
    from orchestration.config import complete

    path = session(np.concatenate([np.arange(8000), 11000 + np.arange(8000)]) / 1000)
    settings = complete({"sampling_interval": 0.01}, "preprocess.schema.yaml")
    for rate in (None, 100):
        asked = {"modalities": {"lfp": {"source": "S", "resample": rate}}}
        tree = read_nwb(path, read_settings(**asked))
        tree.attrs["recording"] = "x"
        series = make_series(tree, settings)
        np.testing.assert_allclose(series["time"], np.r_[:800, 1100:1900] / 100, atol=1e-9)
        np.testing.assert_array_equal(series["segment"], np.repeat([0, 1], 800))


def test_short_stretches_are_named_in_the_series(session, read_settings):
    from orchestration.config import complete

    path = session(np.concatenate([np.arange(8000), 9000 + np.arange(40)]) / 1000)
    asked = {"modalities": {"lfp": {"source": "S", "resample": 100}}}
    tree = read_nwb(path, read_settings(**asked))
    tree.attrs["recording"] = "x"
    series = make_series(tree, complete({}, "preprocess.schema.yaml"))
    assert (
        "lfp: 1 of 2 stretches between gaps (0.04 s together) left out" in series.attrs["warnings"]
    )


def test_irregular_stamps_are_still_refused(session, read_one):
    times = np.cumsum(np.random.default_rng(0).uniform(0.9, 1.1, 3000)) / 1000
    with pytest.raises(RecordingError, match="resample: its timestamps are irregular"):
        read_one(session(times), "S", resample=100)
