"""Reading and writing of results: labelled netCDF-4 files, written atomically."""

import os
from collections.abc import Mapping

import xarray as xr

from neurodsr.files import replacing

OK = "ok"
EXCLUDED = "excluded"


def read(path: str | os.PathLike[str]) -> xr.Dataset:
    """Load a flat result file into memory and close it."""
    with xr.open_dataset(path, engine="netcdf4") as data:
        return data.load()


def read_tree(path: str | os.PathLike[str]) -> xr.DataTree:
    """Load a file with groups (a recording) into memory and close it."""
    with xr.open_datatree(path, engine="netcdf4") as tree:
        return tree.load()


def write(
    path: str | os.PathLike[str],
    data: xr.Dataset | xr.DataTree,
    provenance: Mapping[str, str | int | float],
) -> None:
    """Write a result with its provenance as attributes, or nothing at all.

    The file appears under its name only when it is complete; an interrupted call leaves no half
    file there.

    Parameters
    ----------
    path
        Destination; its folder is made if needed.
    data
        The result. Its attributes are kept, ``status`` is set to ``"ok"`` unless it has one.
    provenance
        Attributes to add: package version, settings, seed, checksums of the inputs, duration.
    """
    labelled = data.copy()
    labelled.attrs = {"status": OK, **data.attrs, **provenance}
    with replacing(path) as part:
        labelled.to_netcdf(part, engine="netcdf4")


def excluded(stage: str, reason: str) -> xr.Dataset:
    """Result that stands in for a recording that cannot be used (see `RecordingError`)."""
    return xr.Dataset(attrs={"status": EXCLUDED, "excluded_at": stage, "reason": reason})


def is_excluded(data: xr.Dataset | xr.DataTree) -> bool:
    """Whether a result only records why its recording was left out."""
    return bool(data.attrs.get("status") == EXCLUDED)
