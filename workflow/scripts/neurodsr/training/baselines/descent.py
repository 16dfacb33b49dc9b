"""Networks outside the PLRNN family, trained and judged as that family is."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import ConfigError
from neurodsr.training.baselines.network import Network, Parameters
from neurodsr.training.baselines.result import assemble
from neurodsr.training.baselines.validation import Score, Validation, make_validation
from neurodsr.training.descent import Task, course, descend
from neurodsr.training.forcing import intervals, strengths
from neurodsr.training.reference import data_of
from neurodsr.training.windows import Batch, make_windows

Floats = NDArray[Any]
Make = Callable[[Mapping[str, Any], int, int, int], Network]
"""From settings, numbers of channels and inputs, and steps of a window."""


def fit_network(
    make: Make,
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    checkpoint_path: Path | None,
    log: logging.Logger,
) -> xr.Dataset:
    """Train all runs; the fit. Arguments but the first as of `fit.fit`.

    Raises
    ------
    ConfigError
        When forcing is to adapt to Jacobians, which only models of the PLRNN family give in
        training.
    """
    windows = make_windows(
        series, settings["sequence_length"], int(statespace.attrs["sequence_length"]),
        settings["forcing"]["neighbours"], settings["rarity"], settings["emphasis"],
    )  # fmt: skip
    schedule = strengths(
        settings["forcing"], settings["epochs"], windows.steps, intervals(statespace.attrs)
    )
    if schedule is None:
        raise ConfigError(
            f"forcing: kind: {settings['forcing']['kind']!r} cannot train family: "
            f"{settings['family']}; choose generalised, sparse, full or free"
        )
    network = make(settings, series.sizes["channel"], windows.inputs.shape[1], windows.steps)
    validation = make_validation(
        series, windows.steps, network.warm_up, seed, statespace.attrs["noise_level"]
    )
    judge = FreeRuns(network, validation)
    tolerance = settings["forecast_tolerance"]
    task = Task(
        network, windows, schedule, gradients_of(network), None, judge, validation.steps,
        partial(validation.criterion.hardly_worse, tolerance=tolerance),
    )  # fmt: skip
    state = descend(task, series, settings, seed, checkpoint_path, log)
    history = xr.Dataset(course(state), coords={"epoch": np.arange(1, settings["epochs"] + 1)})
    scores = [
        score._replace(divergence=divergence)
        if np.isfinite(value)
        else score._replace(value=np.inf, error=np.inf)
        for score, value, divergence in zip(
            judge.scores(state.best), state.best_value, state.divergence, strict=True
        )
    ]
    result = assemble(
        [network.run(row, run) for run, row in enumerate(state.best)],
        scores, validation.criterion, history, series, settings,
        ["" if one > 0 else "failed: loss or gradient diverged twice" for one in state.rate],
        parameters=network.count,
        updates=state.updates,
        sequence_length=windows.steps,
        training_seconds=round(state.seconds, 2),
        warm_up=network.warm_up,
    )  # fmt: skip
    if checkpoint_path:
        checkpoint_path.unlink(missing_ok=True)
    return result


def gradients_of(
    network: Network,
) -> Callable[[Parameters, Batch, Floats], tuple[Floats, Floats]]:
    """Losses and gradients of all runs, see `optimise.Gradients`."""

    def gradients(parameters: Parameters, batch: Batch, strength: Floats) -> tuple[Floats, Floats]:
        loss = network.loss(parameters, *data_of(batch, strength[0]))
        parts = torch.autograd.grad(loss.sum(), list(parameters.values()))
        return loss.detach().numpy(), np.concatenate([part.flatten(1) for part in parts], 1)

    return gradients


@dataclass(frozen=True)
class FreeRuns:
    """A network before the criterion, see `descent.Judge`."""

    network: Network
    validation: Validation

    def scores(self, stacked: NDArray[np.float32]) -> list[Score]:
        """Criterion, forecast error and kind of free run of each run."""
        return [
            self.validation.score(self.network.run(row, run)) for run, row in enumerate(stacked)
        ]

    def score(self, stacked: NDArray[np.float32]) -> tuple[Floats, Floats, list[str]]:
        values, errors, kinds, _ = zip(*self.scores(stacked), strict=True)
        return np.array(values), np.array(errors), list(kinds)

    def endure(self, stacked: NDArray[np.float32], rounds: int) -> tuple[Floats, Floats]:
        ends, divergences = zip(
            *(
                self.validation.endure(self.network.run(row, run), rounds)
                for run, row in enumerate(stacked)
            ),
            strict=True,
        )
        return np.array(ends), np.array(divergences)
