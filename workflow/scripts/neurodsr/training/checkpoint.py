"""State of a training on disk: a netCDF file, replaced atomically, that resumes bit by bit."""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr import netcdf

FORMAT = "8"
log = logging.getLogger("neurodsr")


@dataclass
class State:
    """Everything that a training carries from one epoch to the next.

    Random numbers are a function of seed, run and epoch (`windows.Windows.epoch`), so no generator
    has a state to keep.

    Attributes
    ----------
    parameters, first_moment, second_moment : (run, parameter)
        Parameters and the optimiser's moments.
    covariance, axes : (run, number)
        Of gradients, along sides of matrices, see `compiled.optimiser`; none for plain Adam.
    updates
        Updates made so far.
    strength : (run,)
        Adaptive forcing strength.
    rate : (run,)
        Factor on the learning rate: 1, below 1 after a restart, 0 for a run given up.
    best, chosen_epoch
        Parameters of the epoch chosen so far ``(run, parameter)``, and its number.
    best_value : (run,)
        Smallest criterion so far, among epochs that forecast well enough.
    error, resting : (run,)
        Forecast error of the epoch chosen so far, and whether its free runs decay to a point.
    least_resting : (run,)
        Smallest forecast error of epochs whose free runs decay to a point.
    divergence : (run,)
        Of the data from free runs of the epoch chosen so far, inf where it is unknown.
    least_divergence : (run,)
        Least one of the epochs that are as good as that one.
    least_error : (run,)
        Least forecast error of these, as far as their divergence is known.
    loss, validation, pull : (run, epoch)
        Training loss, criterion, and mean forcing strength; NaN where there is none (yet).
    epoch
        Epochs completed.
    seconds
        Processor time used.
    """

    parameters: NDArray[np.float32]
    first_moment: NDArray[np.float32]
    second_moment: NDArray[np.float32]
    covariance: NDArray[np.float64]
    axes: NDArray[np.float32]
    updates: int
    strength: NDArray[np.float64]
    rate: NDArray[np.float64]
    best: NDArray[np.float32]
    best_value: NDArray[np.float64]
    error: NDArray[np.float64]
    resting: NDArray[np.bool_]
    least_resting: NDArray[np.float64]
    divergence: NDArray[np.float64]
    least_divergence: NDArray[np.float64]
    least_error: NDArray[np.float64]
    chosen_epoch: NDArray[np.int64]
    loss: NDArray[np.float64]
    validation: NDArray[np.float64]
    pull: NDArray[np.float64]
    epoch: int = 0
    seconds: float = 0.0


_DIMENSIONS = {
    "parameters": ("run", "parameter"),
    "first_moment": ("run", "parameter"),
    "second_moment": ("run", "parameter"),
    "covariance": ("run", "number"),
    "axes": ("run", "number"),
    "best": ("run", "parameter"),
    "strength": ("run",),
    "rate": ("run",),
    "best_value": ("run",),
    "error": ("run",),
    "resting": ("run",),
    "least_resting": ("run",),
    "divergence": ("run",),
    "least_divergence": ("run",),
    "least_error": ("run",),
    "chosen_epoch": ("run",),
    "loss": ("run", "total_epoch"),
    "validation": ("run", "total_epoch"),
    "pull": ("run", "total_epoch"),
}


def digest(settings: Mapping[str, Any], seed: int, arrays: list[NDArray[Any]]) -> str:
    """Fingerprint of what determines a training."""
    total = hashlib.sha256(json.dumps([FORMAT, settings, seed], sort_keys=True).encode())
    for array in arrays:
        total.update(str((array.shape, array.dtype)).encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def save(path: Path, state: State, fingerprint: str) -> None:
    """Replace the checkpoint at ``path``."""
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    variables = {name: (_DIMENSIONS.get(name, ()), value) for name, value in values.items()}
    netcdf.write(path, xr.Dataset(variables), {"digest": fingerprint})


def load(path: Path, fingerprint: str) -> State | None:
    """The state saved at ``path``, or None where there is none of this training."""
    if not path.exists():
        return None
    try:
        saved = netcdf.read(path)
    except (OSError, ValueError) as error:
        log.warning("checkpoint %s cannot be read (%s): starting anew", path, error)
        return None
    if saved.attrs.get("digest") != fingerprint:
        log.info("checkpoint %s belongs to other settings or data: starting anew", path)
        return None
    values = {name: saved[name].values for name in _DIMENSIONS}
    return State(
        **values,
        updates=int(saved["updates"]),
        epoch=int(saved["epoch"]),
        seconds=float(saved["seconds"]),
    )
