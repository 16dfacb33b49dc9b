"""A file far larger than memory: chosen electrodes at a lower rate, within 2 GiB."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hdmf.backends.hdf5 import H5DataIO
from pynwb.ecephys import ElectricalSeries

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb

SCRIPTS = Path(__file__).parents[3] / "workflow" / "scripts"
RATE, CHANNELS = 30000.0, 384
READ = """
import json, resource, sys, time
from neurodsr.recordings.nwb import read_nwb
settings = json.loads(sys.argv[2])
begin = time.process_time()
lfp = read_nwb(sys.argv[1], settings)["lfp"].to_dataset()
print(json.dumps({
    "seconds": time.process_time() - begin,
    "gibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    "channels": lfp["channel"].values.tolist(),
    "samples": lfp.sizes["time"],
    "rate": lfp.attrs["sampling_rate"],
    "first": lfp["signal"].values[:, 0].tolist()[:60],
    "rest": float(abs(lfp["signal"][60:]).max()),
}))
"""


@pytest.fixture(params=[70, 1400], ids=["1.5 GiB in one piece", "30 GiB in chunks"])
def seconds(request):
    return request.param


@pytest.fixture
def paused(probe, seconds):
    """The same with timestamps: a second is recorded, then the rest after a pause of 10 s."""
    with h5py.File(probe, "r+") as file:
        series = file["acquisition/raw"]
        del series["starting_time"]
        stamps = series.create_dataset("timestamps", (int(RATE) * seconds,), dtype=float)
        stamps.attrs.update({"interval": np.int32(1), "unit": "seconds"})
        for second in range(seconds):
            begin = second + (10.0001 if second else 0.0)
            rows = slice(int(RATE) * second, int(RATE) * (second + 1))
            stamps[rows] = begin + np.arange(RATE) / RATE
    return probe


@pytest.fixture
def probe(seconds, tmp_path, new_file, write):
    """Recording of a probe, of which only the first second is really on the disk."""
    shape = (int(RATE) * seconds, CHANNELS)
    content = new_file()
    device = content.create_device("probe")
    shank = content.create_electrode_group("shank", "a shank", "many", device)
    content.add_electrode_column("quality", "by eye")
    for i in range(CHANNELS):
        place = "CA1" if 128 <= i < 132 else "cortex (layer 5, deep)"
        content.add_electrode(group=shank, location=place, quality="good" if i % 2 else "noisy")
    rows = content.create_electrode_table_region(list(range(CHANNELS)), "all")
    first = np.full((int(RATE), CHANNELS), 100, dtype="int16")
    chunks = (int(RATE), 32) if seconds > 1000 else None
    given = H5DataIO(first, maxshape=shape, chunks=chunks)
    content.add_acquisition(
        ElectricalSeries(name="raw", data=given, electrodes=rows, rate=RATE, conversion=1e-6)
    )
    path = write(tmp_path / "x.nwb", content)
    with h5py.File(path, "r+") as file:
        if chunks:
            file["acquisition/raw/data"].resize(shape)
        else:
            sparse_in_one_piece(file["acquisition/raw"], first, shape)
    return path


def sparse_in_one_piece(group, first, shape):
    attributes = dict(group["data"].attrs)
    del group["data"]
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    space = h5py.h5s.create_simple(shape)
    identifier = h5py.h5d.create(group.id, b"data", h5py.h5t.NATIVE_INT16, space, plist)
    data = h5py.Dataset(identifier)
    data[: len(first)] = first
    data.attrs.update(attributes)


def loaded(path, read_settings):
    """What a process of its own tells of the electrodes in CA1, at 50 Hz."""
    options = {"source": "raw", "query": 'location == "CA1" and quality == "good"', "resample": 50}
    settings = json.dumps(read_settings(modalities={"lfp": options}))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, str(path), settings],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(SCRIPTS)},
    )  # fmt: skip
    told = json.loads(done.stdout)
    print(told["seconds"], told["gibibytes"])
    assert told["gibibytes"] < 2.0
    assert told["channels"] == ["129", "131"]
    return told


def test_chosen_electrodes_of_a_file_larger_than_memory(probe, seconds, read_settings):
    assert probe.stat().st_blocks * 512 < 2**28
    with h5py.File(probe) as file:
        assert file["acquisition/raw/data"].size * 2 > 0.02 * seconds * 2**30
    told = loaded(probe, read_settings)
    assert (told["rate"], told["samples"]) == (50.0, 50 * seconds)
    np.testing.assert_allclose(told["first"][:34], 1e-4, rtol=2e-3)
    assert told["rest"] < 1e-6


def test_a_file_larger_than_memory_that_was_paused(paused, seconds, read_settings):
    told = loaded(paused, read_settings)
    assert told["rate"] == pytest.approx(50.0, rel=1e-9)
    assert told["samples"] == 50 * (seconds + 10) + 1
    np.testing.assert_allclose(told["first"][:50], 1e-4, rtol=1e-9)
    assert np.isnan(told["first"][50:]).all()
    assert told["rest"] == 0.0


def test_all_channels_at_the_recorded_rate_are_too_large(probe, read_settings):
    words = r"GiB as float64, at most 2 can be used; lower its rate by `resample` or choose"
    with pytest.raises(RecordingError, match=f"^x.nwb: acquisition/raw: data: [0-9.]+ {words}"):
        read_nwb(probe, read_settings())
