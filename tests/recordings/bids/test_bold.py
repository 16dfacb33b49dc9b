import gc

import nibabel
import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids

STEM = "sub-1/func/sub-1_task-rest"
IMAGE = f"{STEM}_space-MNI_desc-preproc_bold.nii.gz"
SIDECAR = f"{STEM}_space-MNI_desc-preproc_bold.json"
MASK = f"{STEM}_space-MNI_desc-brain_mask.nii.gz"
CONFOUNDS = f"{STEM}_desc-confounds_timeseries.tsv"
AFFINE = np.diag([3.0, 3.0, 3.0, 1.0])
LABELS = (3, 7, 12)


@pytest.fixture(autouse=True, scope="module")
def quick_collections():
    """nilearn collects garbage at each image; what the tests have imported need not be walked."""
    import nilearn.maskers  # noqa: F401

    gc.freeze()
    yield
    gc.unfreeze()


def boxes(shape=(10, 10, 6)):
    """Three boxes of voxels with the labels 3, 7 and 12."""
    labels = np.zeros(shape, np.int16)
    x, y = shape[0] // 10, shape[1] // 10
    labels[1 * x : 4 * x, 1 * y : 9 * y] = 3
    labels[5 * x : 8 * x, 1 * y : 5 * y] = 7
    labels[5 * x : 8 * x, 5 * y : 9 * y] = 12
    return labels


def save(path, voxels, affine=AFFINE, interval=2.0, unit="sec"):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(voxels, affine)
    if voxels.ndim == 4:
        image.header.set_zooms((3, 3, 3, interval))
        image.header.set_xyzt_units("mm", unit)
    nibabel.save(image, path)


@pytest.fixture
def signal():
    return 1000 + 10 * np.random.default_rng(0).normal(size=(40, 3))


@pytest.fixture
def voxels(signal):
    """Voxels that differ from each other but have the signal as the mean of their box."""
    labels = boxes()
    noise = np.random.default_rng(1).normal(0, 50, (*labels.shape, 40))
    for column, label in enumerate(LABELS):
        inside = labels == label
        noise[inside] += signal[:, column] - noise[inside].mean(axis=0)
    return noise.astype(np.float32)


@pytest.fixture
def fmri(study, voxels):
    save(study.root / IMAGE, voxels)
    study.write(SIDECAR, {"RepetitionTime": 2.0, "StartTime": 0.98})
    return study


@pytest.fixture
def atlas(tmp_path):
    save(tmp_path / "atlas.nii.gz", boxes())
    rows = "index\tname\n12\tS1\n3\tleft, V1 (a)\n7\tright V1\n99\tnowhere\n"
    (tmp_path / "labels.tsv").write_text(rows)
    return {"image": str(tmp_path / "atlas.nii.gz"), "labels": str(tmp_path / "labels.tsv")}


def test_regions_are_means_of_their_voxels(fmri, atlas, signal):
    data = fmri.read(atlas=atlas)["bold"]
    assert list(data["channel"].values) == ["left, V1 (a)", "right V1", "S1"]
    np.testing.assert_allclose(data["signal"], signal, rtol=1e-6)
    np.testing.assert_allclose(data["time"], 0.98 + 2.0 * np.arange(40))
    assert data.attrs["sampling_rate"] == 0.5


def test_an_image_is_read_in_pieces(fmri, atlas, signal, monkeypatch):
    monkeypatch.setattr("neurodsr.recordings.bids.bold.CHUNK", 4 * 600 * 17)
    data = fmri.read(atlas=atlas)["bold"]
    np.testing.assert_allclose(data["signal"], signal, rtol=1e-6)


def test_regions_without_names_are_numbered(fmri, atlas):
    data = fmri.read(atlas={"image": atlas["image"]})["bold"]
    assert list(data["channel"].values) == ["3", "7", "12"]


def test_an_atlas_of_finer_grid_is_brought_to_the_image(fmri, atlas, signal, tmp_path):
    fine = boxes((20, 20, 6))
    affine = np.diag([1.5, 1.5, 3.0, 1.0])
    affine[:2, 3] = -0.75
    save(tmp_path / "atlas.nii.gz", fine, affine)
    np.testing.assert_allclose(fmri.read(atlas=atlas)["bold"]["signal"], signal, rtol=1e-6)


def test_maps_are_fitted(fmri, atlas, signal, voxels, tmp_path):
    labels = boxes()
    maps = np.stack([(labels == label).astype(np.float32) for label in LABELS], axis=-1)
    save(tmp_path / "maps.nii.gz", maps)
    data = fmri.read(atlas={"image": str(tmp_path / "maps.nii.gz")})["bold"]
    assert list(data["channel"].values) == ["1", "2", "3"]
    # boxes do not overlap, so that least squares gives their means
    np.testing.assert_allclose(data["signal"], signal, rtol=1e-5)


@pytest.mark.parametrize("kind", ["labels", "maps"])
def test_a_region_outside_the_brain_mask_is_left_out_and_named(fmri, atlas, signal, tmp_path, kind):
    labels = boxes()
    save(fmri.root / MASK, ((labels > 0) & (labels != 7)).astype(np.uint8))
    if kind == "maps":
        maps = np.stack([(labels == label).astype(np.float32) for label in LABELS], axis=-1)
        save(tmp_path / "atlas.nii.gz", maps)
        atlas["labels"] = None
    data = fmri.read(atlas=atlas)["bold"]
    assert data.sizes["channel"] == 2
    assert ("right V1" if kind == "labels" else "2") in data.attrs["dropped_channels"]
    np.testing.assert_allclose(data["signal"], signal[:, [0, 2]], rtol=1e-5)


def test_voxels_without_a_value_are_in_no_region(fmri, atlas, voxels):
    part = voxels.copy()
    part[1:2] = np.nan
    save(fmri.root / IMAGE, part)
    data = fmri.read(atlas=atlas)["bold"]
    inside = (boxes() == 3) & np.isfinite(part[..., 0])
    np.testing.assert_allclose(data["signal"][:, 0], part[inside].mean(axis=0), rtol=1e-5)


def test_the_header_gives_the_repetition_time_that_the_sidecar_lacks(fmri, atlas, voxels):
    fmri.write(SIDECAR, {"TaskName": "rest"})
    save(fmri.root / IMAGE, voxels, interval=1500, unit="msec")
    assert fmri.read(atlas=atlas)["bold"].attrs["sampling_rate"] == pytest.approx(1 / 1.5)
    for unit, interval in (("unknown", 2.0), ("sec", 2000.0), ("sec", 0.0)):
        save(fmri.root / IMAGE, voxels, interval=interval, unit=unit)
        with pytest.raises(RecordingError, match=r"_bold.nii.gz: RepetitionTime: in no JSON"):
            fmri.read(atlas=atlas)


def test_the_sidecar_is_trusted_where_the_header_contradicts_it(fmri, atlas, voxels, caplog):
    save(fmri.root / IMAGE, voxels, interval=1.0)
    assert fmri.read(atlas=atlas)["bold"].attrs["sampling_rate"] == 0.5
    assert "RepetitionTime: 2 s by the sidecar" in caplog.text


def confounds(volumes=40):
    rows = ["trans_x\tframewise_displacement\tnon_steady_state_outlier00\tcosine00"]
    rows += [f"{i}\t{'n/a' if i == 0 else 0.2}\t{int(i in (0, 1, 5))}\t-1" for i in range(volumes)]
    return "\n".join(rows) + "\n"


def test_confounds_are_a_modality_that_says_so(fmri, atlas):
    fmri.write(CONFOUNDS, confounds())
    fmri.write(CONFOUNDS.replace(".tsv", ".json"), {"trans_x": {"Units": "mm"}})
    tree = fmri.read(atlas=atlas)
    data = tree["confounds"]
    assert data.attrs["purpose"] == "confounds"
    names = ["trans_x", "framewise_displacement", "non_steady_state_outlier00", "cosine00"]
    assert list(data["channel"].values) == names
    np.testing.assert_array_equal(data["signal"][:, 0], np.arange(40))
    assert np.isnan(data["signal"][0, 1]) and float(data["signal"][1, 1]) == 0.2
    np.testing.assert_array_equal(data["time"], tree["bold"]["time"])
    artefacts = tree["intervals/artefacts"]
    assert list(artefacts["label"].values) == ["non-steady state"] * 2
    np.testing.assert_allclose(artefacts["start"], [-0.02, 9.98])
    np.testing.assert_allclose(artefacts["stop"], [3.98, 11.98])


def test_confounds_stand_beside_parcellated_series(study):
    study.write(
        f"{STEM}_atlas-X_timeseries.tsv", "a\tb\n" + "".join(f"{i}\t2\n" for i in range(40))
    )
    study.write("task-rest_timeseries.json", {"RepetitionTime": 2.0})
    study.write(CONFOUNDS, confounds())
    tree = study.read()
    assert tree["confounds"].attrs["purpose"] == "confounds"
    assert list(tree["timeseries"]["channel"].values) == ["a", "b"]
    np.testing.assert_array_equal(tree["confounds"]["time"], 2.0 * np.arange(40))


def test_names_as_fmriprep_gives_them(study, voxels, atlas, signal):
    """A derivatives dataset as root, two spaces, resolution, run and session."""
    stem = "sub-1/ses-a/func/sub-1_ses-a_task-rest_run-01"
    study.write("dataset_description.json", {"Name": "x", "DatasetType": "derivative"})
    study.write(f"{stem}_desc-confounds_timeseries.tsv", confounds())
    study.write(f"{stem}_desc-confounds_timeseries.json", {"trans_x": {}})
    for space in ("MNI152NLin2009cAsym_res-2", "T1w"):
        image = f"{stem}_space-{space}_desc-preproc_bold"
        save(study.root / f"{image}.nii.gz", voxels)
        study.write(f"{image}.json", {"RepetitionTime": 2.0, "SkullStripped": False})
        save(study.root / f"{stem}_space-{space}_boldref.nii.gz", voxels[..., 0])
        mask = (boxes() != 12).astype(np.uint8)
        save(study.root / f"{stem}_space-{space}_desc-brain_mask.nii.gz", mask)
        save(study.root / f"{stem}_space-{space}_desc-aseg_dseg.nii.gz", boxes())
    sources = study.sources()
    assert len(sources) == 2
    for source in sources:
        tree = read_bids(study.root, source.files, study.read_settings(atlas=atlas))
        np.testing.assert_allclose(tree["bold"]["signal"], signal[:, :2], rtol=1e-5)
        assert tree["confounds"].sizes["time"] == 40


def test_confounds_of_another_length_are_refused(fmri, atlas):
    fmri.write(CONFOUNDS, confounds(39))
    with pytest.raises(RecordingError, match=r"timeseries.tsv: rows: 39 for 40 volumes"):
        fmri.read(atlas=atlas)


def test_an_image_without_an_atlas_is_refused(fmri):
    with pytest.raises(RecordingError, match=r"_bold.nii.gz: atlas: an image needs one"):
        fmri.read()


def test_an_atlas_of_another_space_is_refused(fmri, atlas, tmp_path):
    far = AFFINE.copy()
    far[:3, 3] = 500
    save(tmp_path / "atlas.nii.gz", boxes(), far)
    with pytest.raises(RecordingError, match=r"atlas: no region of atlas.nii.gz has a voxel"):
        fmri.read(atlas=atlas)


def test_damaged_images_are_named(fmri, atlas, tmp_path):
    whole = (fmri.root / IMAGE).read_bytes()
    for broken in (whole[: len(whole) // 2], b"not an image" * 50, b"\x1f\x8b" + bytes(100)):
        (fmri.root / IMAGE).write_bytes(broken)
        with pytest.raises(RecordingError, match=r"_bold.nii.gz: data: no readable NIfTI"):
            fmri.read(atlas=atlas)
    (fmri.root / IMAGE).write_bytes(whole)
    (tmp_path / "atlas.nii.gz").write_bytes(b"garbage" * 100)
    with pytest.raises(RecordingError, match=r"^atlas.nii.gz: data: no readable NIfTI"):
        fmri.read(atlas=atlas)


def test_an_image_of_three_dimensions_is_no_time_series(fmri, atlas, voxels):
    save(fmri.root / IMAGE, voxels[..., 0])
    with pytest.raises(RecordingError, match="data: 3 dimensions, needs 4"):
        fmri.read(atlas=atlas)


def test_a_mask_of_another_shape_is_refused(fmri, atlas):
    save(fmri.root / MASK, np.ones((4, 4, 4), np.uint8))
    with pytest.raises(RecordingError, match=r"mask: .* has the shape \(4, 4, 4\), the image"):
        fmri.read(atlas=atlas)


def test_a_table_of_labels_needs_its_columns(fmri, atlas, tmp_path):
    (tmp_path / "labels.tsv").write_text("label\tname\n3\tV1\n")
    with pytest.raises(RecordingError, match=r"^labels.tsv: index: no such column"):
        fmri.read(atlas=atlas)
