"""What a training refuses before it begins, since no model could come of it."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.models.model import Model
from neurodsr.preprocess.channels import varies

COPIES = 12
"""Measured: arrays of the size of all parameters in single precision, at the peak of a training."""
LEAVE_OUT = "leave the channel out (preprocess.modalities)"


def check_values(series: xr.Dataset, train: NDArray[np.bool_]) -> None:
    """Refuse channels without variation in training, infinite values and inputs with gaps.

    Parameters
    ----------
    series
        Model-ready series (``series.nc``).
    train : (time,)
        Which samples are of the train split.

    Raises
    ------
    RecordingError
    """
    observation = series["observation"].values
    names = series["channel"].values
    infinite = np.isinf(observation).any(0)
    if infinite.any():
        raise RecordingError(
            f"series: observation: {_listed(names[infinite])}: infinite values; mark missing ones "
            "with NaN"
        )
    still = ~varies(observation[train])
    if train.any() and still.any():
        raise RecordingError(
            f"series: observation: {_listed(names[still])}: a single value, or missing values "
            f"alone, in the train split; {LEAVE_OUT}"
        )
    if "input" in series.variables and not np.isfinite(series["input"].values).all():
        raise RecordingError(
            "series: input: has missing or infinite values, which a model cannot be driven by; "
            "choose `epochs` without gaps or raise maximum_gap (preprocess)"
        )


def check_seen(series: xr.Dataset, seen: NDArray[np.bool_], where: str, remedy: str) -> None:
    """Refuse channels ``seen (channel,)`` says of that no prediction of them can be compared.

    Raises
    ------
    RecordingError
    """
    if not seen.all():
        raise RecordingError(
            f"series: observation: {_listed(series['channel'].values[~seen])}: no value to be "
            f"predicted, only missing ones, in {where}; {remedy}, or {LEAVE_OUT}"
        )


def most_missing(series: xr.Dataset, inside: NDArray[np.bool_]) -> str:
    """Which channel is missing most often among the samples ``inside (time,)``, in words."""
    missing = np.isnan(series["observation"].values[inside])
    if not missing.any():
        return ""
    share = missing.mean(0)
    worst = int(np.argmax(share))
    return f"; {series['channel'].values[worst]} is missing in {share[worst]:.0%} of it"


def check_memory(model: Model, settings: Mapping[str, Any], free_run: int, steps: int) -> None:
    """Refuse what the memory of this machine cannot hold.

    Parameters
    ----------
    model, settings
        What to train.
    free_run, steps
        Lengths of the free runs that are compared with the data, and of a window.

    Raises
    ------
    ConfigError
    """
    needed = settings["runs"] * bytes_of_a_run(model, settings, free_run, steps)
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ConfigError(
            f"runs: {settings['runs']} runs of {model.count} parameters need about "
            f"{needed / 1e9:.1f} GB of memory, and this machine has {there / 1e9:.1f} GB; lower "
            "runs, hidden, latent or batch"
        )


def bytes_of_a_run(model: Model, settings: Mapping[str, Any], free_run: int, steps: int) -> int:
    """Least memory of one run: parameters, windows, and free runs from 16 starts."""
    channels, latent = model.observation.channels, model.family.latent
    windows = 2 * (steps + 1) * settings["batch"] * channels
    states = 16 * free_run * (latent + 2 * channels)
    return int(4 * (COPIES * model.count + windows + states))


def _listed(names: Sequence[Any] | NDArray[Any]) -> str:
    shown = ", ".join(map(str, names[:10]))
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown
