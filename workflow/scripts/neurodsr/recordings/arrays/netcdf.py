"""Arrays in netCDF files."""

from pathlib import Path
from typing import Any

import numpy as np

from neurodsr.errors import RecordingError
from neurodsr.recordings.arrays.describe import LAYOUTS, Description
from neurodsr.recordings.arrays.samples import PLAIN, Array, Samples, refuse_links

TIME_UNITS = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "milliseconds": 1e-3}


def read_nc(path: Path, told: Description) -> Samples:
    """A series over time and at most one other dimension, with its coordinates.

    Raises
    ------
    RecordingError
        The file cannot be read, leads to others, or lacks what is asked for.
    """
    import h5py
    import xarray as xr

    try:
        if h5py.is_hdf5(path):
            with h5py.File(path, "r") as file:
                refuse_links(path.name, file)
        with xr.open_dataset(path, engine="netcdf4", decode_times=False) as data:
            return _labelled(path, data.load(), told)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(
            f"{path.name}: content: not a readable netCDF file ({error}); write it again"
        ) from error


def _labelled(path: Path, data: Any, told: Description) -> Samples:
    """One variable over time and at most one other dimension."""
    clock = told.time or "time"
    numeric = {n: v for n, v in data.data_vars.items() if v.dtype.kind in PLAIN and n != clock}
    fitting = [n for n, v in numeric.items() if v.ndim in (1, 2)]
    name = told.variable or (fitting[0] if len(fitting) == 1 else None)
    if name is None or name not in numeric:
        there = ", ".join(f"{n}{v.dims}" for n, v in data.data_vars.items()) or "nothing"
        what = f"no numbers {name!r} in it" if name else f"{len(fitting)} series in it"
        raise RecordingError(f"{path.name}: variable: {what}; name one of: {there}")
    series = numeric[name]
    along = next((d for d in series.dims if d == clock), None)
    if along is None and clock in data.variables and data[clock].ndim == 1:
        along = next((d for d in series.dims if d == data[clock].dims[0]), None)
    if along is None:
        along = series.dims[-1 if told.layout == LAYOUTS[1] else 0]
    others = [d for d in series.dims if d != along]
    values = series.transpose(along, *others).values
    values = values[:, None] if values.ndim == 1 else values
    time = None
    if clock in data.variables:
        time = _instants(path, data[clock])
    elif told.time is not None:
        raise RecordingError(f"{path.name}: time: no variable {told.time!r} in it")
    names = [str(name)]
    if others:
        other = others[0]
        names = [str(x) for x in data[other].values] if other in data.coords else []
    units = series.attrs.get("units")
    attributes = {"units": str(units)} if units else {}
    return Samples(values.astype(np.float64), names, time, attributes)


def _instants(path: Path, clock: Any) -> Array:
    """Coordinate of time in s; of ``<unit> since <date>`` the unit counts."""
    unit = str(clock.attrs.get("units", "s")).split(" since ")[0].strip().lower()
    if unit not in TIME_UNITS:
        raise RecordingError(
            f"{path.name}: {clock.name}: {unit!r} is no unit of time that is known; use s or ms"
        )
    return np.asarray(clock.values, dtype=float) * TIME_UNITS[unit]
