"""Vector autoregressions: closed form, order by BIC."""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.models.baselines.autoregression import Autoregression
from neurodsr.models.var import VAR, fit_order, fit_var
from neurodsr.preprocess.stretches import Stretch
from neurodsr.training.baselines.result import assemble
from neurodsr.training.baselines.segments import training_stretches
from neurodsr.training.baselines.validation import make_validation


def fit_autoregression(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    log: logging.Logger,
) -> xr.Dataset:
    """Least squares fits: run 0 to the training data, later runs to data that run 0 makes.

    That parametric bootstrap (Lütkepohl 2005, D.3) shows how far the answer depends on the sample;
    there are no seeds to differ by.
    """
    began = time.process_time()
    maximum = settings["var"]["order_maximum"]
    parts = training_stretches(series, 2)
    inputs = None if parts[0].s is None else [np.asarray(part.s) for part in parts]
    try:
        first = fit_var([part.x for part in parts], maximum, inputs)
    except ValueError as error:
        raise RecordingError(
            f"series: observation: {error}; keep fewer channels or leave this model out"
        ) from error
    runs = [Autoregression(first, 0)]
    for run in range(1, settings["runs"]):
        sample = regenerated(first, parts, np.random.default_rng((seed, run)))
        runs.append(Autoregression(fit_order(sample, first.order, inputs), run))
    steps = int(statespace.attrs["sequence_length"])
    validation = make_validation(series, steps, first.order, seed, statespace.attrs["noise_level"])
    scores = [validation.score(one) for one in runs]
    log.info("%d runs of VAR(%d) on %d samples", len(runs), first.order, sum(map(len, parts)))
    return assemble(
        runs, scores, validation.criterion, xr.Dataset(), series, settings,
        parameters=first.A.size + first.c.size + first.C.size,
        updates=0,
        sequence_length=steps,
        training_seconds=round(time.process_time() - began, 2),
        selection="order by the Bayesian information criterion",
    )  # fmt: skip


def regenerated(
    var: VAR, parts: Sequence[Stretch], rng: np.random.Generator
) -> list[NDArray[np.float64]]:
    """Data like those of the stretches as the model makes them, from their first samples on."""
    sample = []
    for part in parts:
        known = part.x[: var.order]
        steps = len(part) - len(known)
        driven = None if part.s is None else part.s[len(known) - 1 :]
        sample.append(np.concatenate([known, var.simulate(known, steps, rng, driven)])
                      if steps else known)  # fmt: skip
    return sample
