"""Files that are damaged, lead elsewhere or are no NWB: each is refused in its own words."""

import os
import zipfile

import h5py
import numpy as np
import pytest
from pynwb import TimeSeries

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb


@pytest.fixture
def signal_file(tmp_path, new_file, write):
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


def external_link(file):
    file["acquisition/L"] = h5py.ExternalLink("/etc/other.h5", "/data")


def link_behind_the_specifications(file):
    file["specifications/core/away"] = h5py.ExternalLink("/etc/other.h5", "/data")
    file["acquisition/L"] = h5py.SoftLink("/specifications/core/away")


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
        (external_link, "/acquisition/L: a link to another file"),
        (link_behind_the_specifications, "/.*: a link to (another file|nothing)"),
        (dangling_link, "/acquisition/L: a link to nothing"),
        (external_data, "/acquisition/S/data: data kept in another file"),
        (virtual_data, "/acquisition/S/data: data kept in another file"),
        (nothing, "modalities: no supported data"),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_broken_content_is_named(signal_file, breakage, words, everything):
    with h5py.File(signal_file, "a") as file:
        breakage(file)
    with pytest.raises(RecordingError, match=f"^sub-x.nwb: {words}"):
        read_nwb(signal_file, everything)


@pytest.mark.parametrize("size", [100, 5000, 0.5, 0.9])
def test_a_truncated_file_is_refused(signal_file, size, everything):
    whole = signal_file.stat().st_size
    os.truncate(signal_file, int(size if size > 1 else size * whole))
    with pytest.raises(RecordingError, match=r"sub-x.nwb: file: .*fetch it again"):
        read_nwb(signal_file, everything)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no HDF5 at all" * 100, "no readable HDF5"),
        (b"/annex/objects/MD5E-s1234--abc.nwb\n", "git-annex pointer.*datalad get"),
        (b"", "empty"),
        (None, "not there"),
    ],
)
def test_what_is_no_nwb_file_is_refused(tmp_path, content, words, everything):
    path = tmp_path / "sub-x.nwb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=f"sub-x.nwb: file: .*{words}"):
        read_nwb(path, everything)


def test_hdf5_that_is_no_nwb_is_refused(tmp_path, everything):
    with h5py.File(tmp_path / "x.nwb", "w") as file:
        file["data"] = np.arange(3)
    with pytest.raises(RecordingError, match=r"x.nwb: content: .*nwbinspector"):
        read_nwb(tmp_path / "x.nwb", everything)


def test_a_group_that_holds_itself_is_refused(signal_file, everything):
    with h5py.File(signal_file, "a") as file:
        file["scratch/again"] = file["/"]
    with pytest.raises(RecordingError, match="a group that holds itself"):
        read_nwb(signal_file, everything)


def in_zip(path, **members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


@pytest.mark.parametrize("member", ["../outside", "a/../../outside", "/etc/outside", "..\\outside"])
def test_a_member_that_leads_out_of_a_zip_file_is_refused(tmp_path, everything, member):
    (tmp_path / "in").mkdir()
    path = in_zip(tmp_path / "in" / "x.nwb.zarr.zip", **{member: "text"})
    with pytest.raises(RecordingError, match=r"x.nwb.zarr.zip: .*outside: a member that leads out"):
        read_nwb(path, everything)
    assert [file.name for file in tmp_path.iterdir()] == ["in"]
