"""Training of models outside the PLRNN family; each family imports its own libraries."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr


def fit_baseline(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    checkpoint_path: Path | None,
    log: logging.Logger,
) -> xr.Dataset:
    """Train all runs of a baseline; arguments and result as of `training.fit.fit`.

    Stored are the variables of the family (`models.baselines`) for each run. Models of one
    training, or with a search for hyper-parameters, have ``trial_...`` variables instead of a
    course over epochs.

    Raises
    ------
    RecordingError
        When the series is too short, or no run could be trained.
    ConfigError
        When settings do not fit each other or the number of channels.
    """
    family = settings["family"]
    if family in ("lstm", "gru"):
        from neurodsr.training.baselines.recurrent import make_recurrent as make
    elif family == "neural-ode":
        from neurodsr.training.baselines.neural_ode import make_neural_ode as make
    else:
        return _estimator(family)(series, statespace, settings, seed, log)
    from neurodsr.training.baselines.descent import fit_network

    return fit_network(make, series, statespace, settings, seed, checkpoint_path, log)


def _estimator(family: str) -> Callable[..., xr.Dataset]:
    """Families that are fitted in one go."""
    if family == "var":
        from neurodsr.training.baselines.autoregression import fit_autoregression as train
    elif family == "reservoir":
        from neurodsr.training.baselines.reservoir import fit_reservoir as train
    else:
        from neurodsr.training.baselines.sindy import fit_sindy as train
    return train
