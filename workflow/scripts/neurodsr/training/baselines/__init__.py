"""Training of models outside the PLRNN family; each family imports its own libraries."""

import logging
from collections.abc import Mapping
from typing import Any

import xarray as xr


def fit_baseline(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
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
    if family == "var":
        from neurodsr.training.baselines.autoregression import fit_autoregression as train
    elif family == "reservoir":
        from neurodsr.training.baselines.reservoir import fit_reservoir as train
    elif family == "sindy":
        from neurodsr.training.baselines.sindy import fit_sindy as train
    elif family in ("lstm", "gru"):
        from neurodsr.training.baselines.recurrent import fit_recurrent as train
    else:
        from neurodsr.training.baselines.neural_ode import fit_neural_ode as train
    return train(series, statespace, settings, seed, log)
