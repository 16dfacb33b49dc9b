"""Gradient descent on all runs of a network at once, each run on its own."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.errors import ConfigError
from neurodsr.training.baselines.network import Network
from neurodsr.training.baselines.result import assemble
from neurodsr.training.baselines.validation import Score, make_validation
from neurodsr.training.forcing import learning_rates, strengths
from neurodsr.training.selection import worst_forecast
from neurodsr.training.windows import Windows, make_windows

TOLERANCE = 0.2
"""A later epoch is preferred to an earlier one whose criterion is better by less than this part."""
RESTART_RATE = 0.3
"""Factor on the learning rate of a run that diverged once."""


@dataclass
class Chosen:
    """The epoch of each run that is kept so far.

    Attributes
    ----------
    parameters : (run, parameter)
    scores
        Of these.
    epochs : (run,)
    least_error, least_value : (run,)
        Smallest forecast error of all epochs, and criterion of those that forecast well enough.
    worst
        Forecast error, over the least one, above which an epoch is not chosen.
    """

    parameters: NDArray[np.float32]
    scores: list[Score]
    epochs: NDArray[np.int64]
    least_error: NDArray[np.float64]
    least_value: NDArray[np.float64]
    worst: float

    def consider(self, run: int, parameters: NDArray[np.float32], score: Score, epoch: int) -> None:
        """Keep an epoch of a run if there is hardly a better one, in place."""
        self.least_error[run] = min(self.least_error[run], score.error)
        allowed = self.worst * self.least_error[run]
        if self.scores[run].error > allowed:
            self.least_value[run] = np.inf
        if not np.isfinite(score.value) or score.error > allowed:
            return
        self.least_value[run] = min(self.least_value[run], score.value)
        if score.value <= (1 + TOLERANCE) * self.least_value[run]:
            self.parameters[run] = parameters
            self.scores[run] = score
            self.epochs[run] = epoch


def windows_of(series: xr.Dataset, statespace: xr.Dataset, settings: Mapping[str, Any]) -> Windows:
    """Training windows, as of the PLRNN family."""
    return make_windows(
        series, settings["sequence_length"], int(statespace.attrs["sequence_length"])
    )


def forcing_of(
    statespace: xr.Dataset, settings: Mapping[str, Any], steps: int
) -> NDArray[np.float64]:
    """Forcing strength ``(epoch, step)``.

    Raises
    ------
    ConfigError
        When it is to adapt to Jacobians, which only models of the PLRNN family give in training.
    """
    intervals = {
        "auto": max(1, int(statespace.attrs["forcing_interval"])),
        "predictability": max(1, int(statespace.attrs["predictability_time"])),
    }
    schedule = strengths(settings["forcing"], settings["epochs"], steps, intervals)
    if schedule is None:
        raise ConfigError(
            f"forcing: kind: {settings['forcing']['kind']!r} cannot train family: "
            f"{settings['family']}; choose generalised, sparse, full or free"
        )
    return schedule


def descend(
    network: Network,
    windows: Windows,
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    log: logging.Logger,
) -> xr.Dataset:
    """Train all runs of a network as the PLRNN family is trained; the fit.

    A run whose loss or gradient stops being finite goes back to where the epoch began with a
    lower learning rate, once; the second time it has failed.
    """
    began = time.process_time()
    runs, epochs = settings["runs"], settings["epochs"]
    schedule = forcing_of(statespace, settings, windows.steps)
    rates = learning_rates(settings["learning_rate"], epochs)
    validation = make_validation(series, windows.steps, network.warm_up, seed)
    rows = [network.initial(np.random.default_rng((seed, run))) for run in range(runs)]
    start = np.stack([np.concatenate([row[name].ravel() for name in network.shapes])
                      for row in rows]).astype(np.float32)  # fmt: skip
    chosen = Chosen(
        start.copy(),
        [Score(np.inf, np.inf, "")] * runs,
        np.zeros(runs, np.int64),
        np.full(runs, np.inf),
        np.full(runs, np.inf),
        worst_forecast(settings["forecast_tolerance"]),
    )
    stacked = torch.from_numpy(start).requires_grad_()
    method = torch.optim.Adam if settings["optimiser"] == "adam" else torch.optim.RAdam
    optimiser = method([stacked], float(rates[0]))
    rate = np.ones(runs)
    loss = np.full((runs, epochs), np.nan)
    criterion = np.full((runs, epochs), np.nan)
    log.info(
        "%d runs of %s, %d parameters each; %d windows of %d steps",
        runs, settings["family"], start.shape[1], len(windows.starts), windows.steps,
    )  # fmt: skip
    for epoch in range(epochs):
        loss[:, epoch] = advance(
            network, windows, stacked, optimiser, rate, schedule[epoch], float(rates[epoch]),
            settings, (seed, epoch),
        )  # fmt: skip
        if (epoch + 1) % settings["validate_every"] == 0 or epoch + 1 == epochs:
            values = stacked.detach().numpy()
            for run in np.flatnonzero(rate > 0):
                score = validation.score(network.run(values[run], int(run)))
                criterion[run, epoch] = score.value
                chosen.consider(int(run), values[run], score, epoch + 1)
            log.info("epoch %d/%d: mean loss %.3g, best validation %.3g", epoch + 1, epochs,
                     np.mean(loss[:, epoch]), chosen.least_value.min())  # fmt: skip
    course = xr.Dataset(
        {
            "loss": (("run", "epoch"), loss, {"units": "1"}),
            "validation": (
                ("run", "epoch"),
                criterion,
                {"units": "1", "long_name": "sliced Wasserstein + Hellinger distance"},
            ),
            "chosen_epoch": ("run", chosen.epochs),
            "forcing_strength": (
                ("run", "epoch"),
                np.tile(schedule.mean(1), (runs, 1)),
                {"long_name": "mean forcing strength over the steps of a window"},
            ),
        },
        coords={"epoch": np.arange(1, epochs + 1)},
    )
    return assemble(
        [network.run(row, run) for run, row in enumerate(chosen.parameters)],
        chosen.scores, course, series, settings,
        ["" if one > 0 else "failed: loss or gradient diverged twice" for one in rate],
        parameters=int(start.shape[1]),
        updates=epochs * settings["batches_per_epoch"],
        sequence_length=windows.steps,
        training_seconds=round(time.process_time() - began, 2),
        warm_up=network.warm_up,
    )  # fmt: skip


def advance(
    network: Network,
    windows: Windows,
    stacked: Tensor,
    optimiser: torch.optim.Optimizer,
    rate: NDArray[np.float64],
    strength: NDArray[np.float64],
    learning_rate: float,
    settings: Mapping[str, Any],
    seed: tuple[int, int],
) -> NDArray[np.float64]:
    """One epoch of updates of ``stacked`` and ``rate`` (0: given up), in place; mean losses."""
    runs, batches = settings["runs"], settings["batches_per_epoch"]
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    before = stacked.detach().clone()
    moments = {name: value.clone() for name, value in optimiser.state[stacked].items()}
    sources = [np.random.default_rng((*seed, run)) for run in range(runs)]
    forcing = torch.from_numpy(strength.astype(np.float32))
    factor = torch.from_numpy(rate.astype(np.float32))[:, None]
    broken = torch.zeros(runs, dtype=torch.bool)
    total = torch.zeros(runs)
    for _ in range(batches):
        x, target, s = draw(windows, settings, sources)
        loss = network.loss(stacked, x, target, s, forcing)
        (gradient,) = torch.autograd.grad(loss.sum(), stacked)
        norm = torch.linalg.vector_norm(gradient, dim=1)
        broken |= ~torch.isfinite(norm + loss.detach())
        gradient[broken] = 0.0
        if settings["gradient_clip"] > 0:
            gradient *= (
                (settings["gradient_clip"] / (norm[:, None] + 1e-12)).clamp(max=1).nan_to_num()
            )
        stacked.grad = gradient
        previous = stacked.detach().clone()
        optimiser.step()
        with torch.no_grad():
            stacked.copy_(previous + factor * (stacked - previous))
        total += loss.detach()
    with torch.no_grad():
        stacked[broken] = before[broken]
        for name in ("exp_avg", "exp_avg_sq"):
            kept = optimiser.state[stacked][name]
            kept[broken] = moments[name][broken] if moments else 0.0
    lost = broken.numpy()
    rate[lost] = np.where(rate[lost] == 1, RESTART_RATE, 0.0)
    return np.where(lost, np.nan, total.numpy() / batches)


def draw(
    windows: Windows, settings: Mapping[str, Any], sources: list[np.random.Generator]
) -> tuple[Tensor, Tensor, Tensor]:
    """Random windows of each run: noisy data, what to predict ``(run, step + 1, channel, lane)``
    and inputs ``(run, step, input, lane)``.
    """
    starts = np.stack([rng.choice(windows.starts, settings["batch"]) for rng in sources])
    where = np.moveaxis(starts[..., None] + np.arange(windows.steps + 1), 1, 2)
    x = target = np.moveaxis(windows.observation[where], 2, 3)
    s = np.moveaxis(windows.inputs[where[:, :-1]], 2, 3)
    if settings["noise"] > 0:
        deviates = np.stack([rng.standard_normal(x.shape[1:], np.float32) for rng in sources])
        x = x + np.float32(settings["noise"]) * deviates
        target = x if settings["noise_on"] == "window" else target
    found = (torch.from_numpy(np.ascontiguousarray(array)) for array in (x, target, s))
    return next(found), next(found), next(found)
