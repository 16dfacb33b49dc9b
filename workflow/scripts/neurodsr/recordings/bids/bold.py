"""BOLD images of fMRI derivatives, averaged over the regions of an atlas, and their confounds."""

import logging
import warnings
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.sidecars import Part
from neurodsr.recordings.bids.tables import numbers, read_numbers, read_table
from neurodsr.recordings.discovery.names import is_confounds
from neurodsr.recordings.recording import make_continuous, make_intervals

log = logging.getLogger("neurodsr")

UNSTEADY = ("non_steady_state_outlier", "nonsteadystateoutlier")
CHUNK = 2**26
LONGEST_INTERVAL = 60.0  # s; a longer one in a header is in ms
DAMAGED = (OSError, EOFError, ValueError, zlib.error)


@dataclass(frozen=True)
class Clock:
    """Instants of the volumes of a run: ``start`` (s) and repetition time ``interval`` (s)."""

    start: float
    interval: float

    def times(self, volumes: int) -> NDArray[np.float64]:
        return self.start + self.interval * np.arange(volumes, dtype=float)


def read_bold(part: Part, atlas: Mapping[str, Any] | None) -> xr.Dataset:
    """Mean BOLD of the regions of an atlas (volume, region), in the unit of the scanner.

    A 3-D atlas holds labels: a region is the mean over its voxels. A 4-D one holds maps: the
    regions are fitted to each volume by least squares. The atlas is brought to the grid of the
    BOLD. A brain mask that belongs to the image restricts both. Regions without a voxel are NaN.
    The image is read in pieces of about 64 MiB.

    Parameters
    ----------
    part
        The image.
    atlas
        ``image`` and ``labels``, paths as the settings of reading have them.

    Raises
    ------
    RecordingError
        No atlas, a damaged image, no repetition time, or an atlas that lies elsewhere.
    """
    if atlas is None:
        raise RecordingError(
            f"{part.where}: atlas: an image needs one; name it in `read.atlas` of the dataset, or"
            " select other modalities in `read.modalities`"
        )
    image = load_image(part.path, 4)
    clock = bold_clock(part, image)
    volumes = image.shape[3]
    first = np.asarray(_voxels(part.path, image, 0, 1)[..., 0])
    names, columns, masker = make_masker(part, image, first, atlas)
    step = max(2, CHUNK // (4 * first.size))
    signal = np.full((volumes, len(names)), np.nan)
    for start in range(0, volumes, step):
        stop = min(start + step, volumes)
        data = np.nan_to_num(_voxels(part.path, image, start, stop))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # regions without a voxel, reported in other ways
            signal[start:stop, columns] = masker.transform(_nifti(data, image.affine))
    return make_continuous(
        part.where,
        clock.times(volumes),
        signal,
        names,
        1 / clock.interval,
        units="",
        description=f"mean BOLD of regions of {Path(atlas['image']).name}",
        suffix=part.name.suffix,
    )


def bold_clock(part: Part, image: Any) -> Clock:
    """Clock of an image: the sidecar's ``RepetitionTime``, else that of the image's header."""
    interval = part.number("RepetitionTime", 0.0)
    seconds = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}
    unit = image.header.get_xyzt_units()[1]
    header = float(image.header.get_zooms()[3]) * seconds.get(unit, 0.0)
    if interval <= 0 and not 0 < header < LONGEST_INTERVAL:
        raise RecordingError(
            f"{part.where}: RepetitionTime: in no JSON sidecar, and {header:g} s in the image's"
            " header; add it (s) to the sidecar"
        )
    if interval > 0 and header > 0 and abs(header / interval - 1) > 0.01:
        log.warning(
            "%s: RepetitionTime: %g s by the sidecar, which is taken, but %g s by the header",
            part.where, interval, header,
        )  # fmt: skip
    return Clock(part.number("StartTime", 0.0), interval if interval > 0 else header)


def confounds_of(part: Part) -> Part | None:
    """The table of confounds that belongs to an image or to its parcellated series."""
    for suffix in ("timeseries", "regressors"):
        for extension in (".tsv", ".tsv.gz"):
            found = filter(is_confounds, part.inherited(suffix, extension, aside=("desc",)))
            for name in found:
                return Part(part.root, name, part.files)
    return None


def read_confounds(part: Part, clock: Clock, volumes: int) -> xr.Dataset:
    """Confounds of a run, a row per volume: a modality whose attribute ``purpose`` says so.

    Raises
    ------
    RecordingError
        The table has another number of rows than the run has volumes.
    """
    names, values = read_numbers(part.path)
    if len(values) != volumes:
        raise RecordingError(
            f"{part.where}: rows: {len(values)} for {volumes} volumes; they are not of the same run"
        )
    return make_continuous(
        part.where, clock.times(volumes), values, names, 1 / clock.interval,
        purpose="confounds", suffix=part.name.suffix,
    )  # fmt: skip


def unsteady_intervals(confounds: xr.Dataset) -> xr.Dataset:
    """Volumes before the steady state of the magnetisation, as confounds mark them."""
    marks = [str(n) for n in confounds["channel"].values if str(n).lower().startswith(UNSTEADY)]
    hit = (confounds["signal"].sel(channel=marks).values > 0).any(axis=1)
    time, half = confounds["time"].values, 0.5 / confounds.attrs["sampling_rate"]
    turns = np.flatnonzero(np.diff(np.r_[False, hit, False]))
    start, stop = time[turns[::2]] - half, time[turns[1::2] - 1] + half
    return make_intervals(start, stop, {"label": np.full(len(start), "non-steady state")})


def load_image(path: Path, *dimensions: int) -> Any:
    """A NIfTI image, its voxels not read yet.

    Raises
    ------
    RecordingError
        It is damaged or has none of these numbers of dimensions.
    """
    import nibabel
    from nibabel.filebasedimages import ImageFileError

    try:
        image: Any = nibabel.load(path, keep_file_open=True)
    except (*DAMAGED, ImageFileError) as error:
        raise _damaged(path, error) from error
    if len(image.shape) not in dimensions:
        raise RecordingError(
            f"{path.name}: data: {len(image.shape)} dimensions, needs"
            f" {' or '.join(map(str, dimensions))}; give an image of the right kind"
        )
    return image


def make_masker(
    part: Part, image: Any, first: NDArray[np.float32], atlas: Mapping[str, Any]
) -> tuple[list[str], list[int], Any]:
    """Regions of an atlas on the grid of an image.

    Parameters
    ----------
    part, image
        The image.
    first
        Its first volume; voxels that are NaN there are in no region.
    atlas
        See `read_bold`.

    Returns
    -------
    names
        Of all regions.
    columns
        Which of them have a voxel, in the order in which the masker gives them.
    masker
        Of nilearn, fitted.
    """
    from nilearn.maskers import NiftiLabelsMasker, NiftiMapsMasker

    path = Path(atlas["image"])
    image_of_atlas = load_image(path, 3, 4)
    try:
        values = np.nan_to_num(np.asarray(image_of_atlas.dataobj, dtype=np.float32))
    except DAMAGED as error:
        raise _damaged(path, error) from error
    maps = values.ndim == 4
    if maps:
        labels = list(range(1, values.shape[3] + 1))
    else:
        values = np.rint(values).astype(np.int32)
        labels = [int(label) for label in np.unique(values) if label > 0]
    picture = _nifti(values, image_of_atlas.affine)
    names = region_names(labels, atlas["labels"])
    mask = _mask(part, image, first)
    kind = NiftiMapsMasker if maps else NiftiLabelsMasker
    volume = _nifti(np.nan_to_num(first)[..., None], image.affine)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        masker = kind(picture, mask_img=mask, standardize=False, reports=False).fit(volume)
        masker.transform(volume)
    if maps:
        fitted = np.asarray(masker.maps_img_.dataobj)
        inside = fitted if mask is None else fitted[np.asarray(mask.dataobj) > 0]
        present = [i + 1 for i in range(len(labels)) if inside[..., i].any()]
    else:
        present = [int(v) for k, v in masker.region_ids_.items() if k != "background"]
    if not present:
        raise RecordingError(
            f"{part.where}: atlas: no region of {path.name} has a voxel in the image; they are in"
            " different spaces"
        )
    return names, [labels.index(label) for label in present], masker


def region_names(labels: Sequence[int], table: str | None) -> list[str]:
    """Names of the regions with some labels; a label without a name stays a number.

    Parameters
    ----------
    labels
        Values of an atlas, or the numbers of its maps, counted from 1.
    table
        Path of a TSV file with the columns ``index`` and ``name`` (BIDS: ``_dseg.tsv``).
    """
    if table is None:
        return [str(label) for label in labels]
    path = Path(table)
    cells = read_table(path)
    for column in ("index", "name"):
        if column not in cells:
            raise RecordingError(f"{path.name}: {column}: no such column; BIDS asks for it")
    index = numbers(path.name, "index", cells["index"])
    named = {int(i): str(name) for i, name in zip(index, cells["name"], strict=True)}
    return [named.get(label, str(label)) for label in labels]


def _mask(part: Part, image: Any, first: NDArray[np.float32]) -> Any:
    """The image's own brain mask, without voxels that have no value; None when all count."""
    finite = np.isfinite(first)
    own = {**part.name.entities, "desc": "brain"}
    for other in part.files:
        if other.suffix == "mask" and other.entities == own:
            brain = load_image(part.root / other.path, 3)
            if brain.shape != image.shape[:3]:
                raise RecordingError(
                    f"{part.where}: mask: {other.stem} has the shape {brain.shape}, the image"
                    f" {image.shape[:3]}; they are not of the same run"
                )
            finite &= np.asarray(brain.dataobj) > 0
    return None if finite.all() else _nifti(finite.astype(np.uint8), image.affine)


def _voxels(path: Path, image: Any, start: int, stop: int) -> NDArray[np.float32]:
    try:
        return np.asarray(image.dataobj[..., start:stop], dtype=np.float32)
    except DAMAGED as error:
        raise _damaged(path, error) from error


def _nifti(voxels: NDArray[Any], affine: NDArray[np.float64]) -> Any:
    import nibabel

    return nibabel.Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]


def _damaged(path: Path, error: Exception) -> RecordingError:
    return RecordingError(
        f"{path.name}: data: no readable NIfTI image ({' '.join(str(error).split())[:200]}); fetch"
        " it again"
    )
