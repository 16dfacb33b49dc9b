"""NWB in Zarr format: the same as in HDF5, and nothing outside of its folder."""

import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numcodecs
import numpy as np
import pytest
from hdmf_zarr import NWBZarrIO
from pynwb import NWBHDF5IO

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb
from neurodsr.recordings.nwb.zarr import HarmlessObjects, UntrustedError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def original(session, tmp_path_factory):
    """The session with one of each thing, as a folder in Zarr format."""
    folder = tmp_path_factory.mktemp("zarr") / "sub-m1.nwb.zarr"
    with NWBHDF5IO(str(session), "r") as source, NWBZarrIO(str(folder), "w") as target:
        target.export(src_io=source, write_args={"link_data": False})
    return folder


@pytest.fixture
def folder(original, tmp_path):
    """A copy, to be broken."""
    return Path(shutil.copytree(original, tmp_path / original.name))


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder.parent))
    return path


def assert_same(one, other):
    assert [node.path for node in one.subtree] == [node.path for node in other.subtree]
    for node in one.subtree:
        assert node.to_dataset().identical(other[node.path].to_dataset()), node.path


def test_folder_and_zip_file_hold_what_the_hdf5_file_holds(session, original, tmp_path, everything):
    expected = read_nwb(session, everything)
    assert_same(expected, read_nwb(original, everything))
    assert_same(expected, read_nwb(zipped(original, tmp_path / "x.nwb.zarr.zip"), everything))


def test_channels_are_chosen_and_units_queried(original, read_one):
    lfp = read_one(original, "LFP", query='location == "layer 0"')
    np.testing.assert_allclose(lfp["signal"][:, 0], [0.504, 0.508, 0.512])
    assert read_one(original, "units", query='quality == "mua" or unit == "2"').sizes["unit"] == 2


def link_outside(folder):
    shutil.copytree(folder, folder.parent / "other.nwb.zarr")
    link = {"name": "L", "source": "../other.nwb.zarr", "path": "/acquisition/Lick"}
    (folder / "acquisition" / ".zattrs").write_text(json.dumps({"zarr_link": [link]}))
    return r"/acquisition: L|L: a link to another file \(\.\./other"


def link_outside_of_consolidated(folder):
    metadata = json.loads((folder / ".zmetadata").read_text())
    link = {"name": "L", "source": "/etc", "path": "/acquisition/Lick"}
    metadata["metadata"]["acquisition/.zattrs"] = {"zarr_link": [link]}
    (folder / ".zmetadata").write_text(json.dumps(metadata))
    return r"L: a link to another file \(/etc\)"


def key_outside(folder):
    metadata = json.loads((folder / ".zmetadata").read_text())
    metadata["metadata"]["../secret/.zarray"] = metadata["metadata"][".zgroup"]
    (folder / ".zmetadata").write_text(json.dumps(metadata))
    return "../secret/.zarray: leads out of the folder"


def symbolic_link(folder):
    outside = folder.parent / "secret"
    outside.write_text("secret")
    (folder / "acquisition" / "Lick" / "data" / "0").unlink()
    (folder / "acquisition" / "Lick" / "data" / "0").symlink_to(outside)
    return "acquisition/Lick/data/0: a link to another file"


def symbolic_folder(folder):
    shutil.move(folder / "acquisition", folder.parent / "elsewhere")
    (folder / "acquisition").symlink_to(folder.parent / "elsewhere")
    return "acquisition: a link to another file"


class Attack:
    def __reduce__(self):
        return (Path.touch, (Path("/tmp/neurodsr-attacked"),))


def pickled_code(folder):
    """The references of the electrodes to their groups are what hdmf-zarr pickles."""
    column = folder / "general" / "extracellular_ephys" / "electrodes" / "group"
    assert json.loads((column / ".zarray").read_text())["filters"] == [
        {"id": "pickle", "protocol": 5}
    ]
    objects = pickle.dumps(np.array([Attack()] * 3, dtype=object))
    (column / "0").write_bytes(numcodecs.Blosc().encode(objects))
    return "a pickled .*, where only texts and references belong; do not trust"


def reference_outside(folder):
    column = folder / "general" / "extracellular_ephys" / "electrodes" / "group"
    away = {"source": "../other.nwb.zarr", "path": "/general/extracellular_ephys/shank"}
    objects = pickle.dumps(np.array([away] * 3, dtype=object))
    (column / "0").write_bytes(numcodecs.Blosc().encode(objects))
    return r"electrodes/group: .*a link to another file \(\.\./other"


def no_clock(folder):
    shutil.rmtree(folder / "acquisition" / "Lick" / "timestamps")
    (folder / ".zmetadata").unlink()
    return "/acquisition/Lick: starting_time: neither a sampling rate nor timestamps"


def no_json(folder):
    (folder / "acquisition" / ".zattrs").write_text("{")
    return "/acquisition: .zattrs is no JSON"


def no_zarr(folder):
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "notes.txt").write_text("nothing")
    return "file: no Zarr format"


def version_three(folder):
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "zarr.json").write_text("{}")
    return "file: Zarr version 3"


@pytest.mark.parametrize(
    "breakage",
    [
        link_outside,
        link_outside_of_consolidated,
        key_outside,
        symbolic_link,
        symbolic_folder,
        pickled_code,
        reference_outside,
        no_clock,
        no_json,
        no_zarr,
        version_three,
    ],
)
def test_broken_and_leading_elsewhere(folder, everything, breakage):
    Path("/tmp/neurodsr-attacked").unlink(missing_ok=True)
    words = breakage(folder)
    with pytest.raises(RecordingError, match=f"^sub-m1.nwb.zarr: .*{words}"):
        read_nwb(folder, everything)
    assert not Path("/tmp/neurodsr-attacked").exists()


def test_a_zip_file_without_zarr_is_refused(tmp_path, everything):
    with zipfile.ZipFile(tmp_path / "x.nwb.zarr.zip", "w") as archive:
        archive.writestr("notes.txt", "nothing")
    with pytest.raises(RecordingError, match=r"x.nwb.zarr.zip: content: a zip file, but no Zarr"):
        read_nwb(tmp_path / "x.nwb.zarr.zip", everything)


def test_only_texts_and_references_are_decoded():
    texts = np.array(["a", "b, c", {"source": "."}], dtype=object)
    np.testing.assert_array_equal(HarmlessObjects().decode(pickle.dumps(texts)), texts)
    with pytest.raises(UntrustedError, match="a pickled"):
        HarmlessObjects().decode(pickle.dumps(np.array([Attack()], dtype=object)))
    with pytest.raises(NotImplementedError):
        HarmlessObjects().encode(texts)
