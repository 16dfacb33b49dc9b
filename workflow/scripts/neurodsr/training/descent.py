"""Gradient descent on all runs of a model at once: the one loop of every family trained that way.

Epochs of updates alternate with a look at free runs. The epoch that is kept is one whose free runs
look like the data, in the short run and, where they keep going, in the long run.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.training import checkpoint
from neurodsr.training.adaptive import START
from neurodsr.training.checkpoint import State
from neurodsr.training.forcing import learning_rates
from neurodsr.training.optimise import Adapt, Gradients, Trainable, run_epoch
from neurodsr.training.selection import ALIKE, DECAYED, LANES, SUSTAINED, admitted
from neurodsr.training.sides import first_memory, sides_of
from neurodsr.training.windows import Noise, Windows, inputs_of

ENDURANCE = 10
"""Longest continuation of free runs, in their own lengths."""
SHARE = 0.05
"""What a continuation may cost, as a part of the training since the last one."""
UPDATE = 3
"""What an update costs, in runs of the recursion over its windows."""
MARGIN = 0.05
"""A later epoch is preferred unless its divergence exceeds the least so far by this share."""
FEWEST = 20
"""A training looks at its free runs at least so often, even if it cannot continue them as long."""

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]


class Judge(Protocol):
    """Compares free runs of parameters ``(run, parameter)`` with the data."""

    def score(self, stacked: Rows) -> tuple[Floats, Floats, list[str]]:
        """Criterion (inf when unbounded), forecast error, and kind of free run, of each run."""
        ...

    def endure(self, stacked: Rows, rounds: int) -> tuple[Floats, Floats]:
        """Criterion of what free runs come to after ``rounds`` more of their lengths.

        And the divergence of the data from them all, inf where the data cannot tell.
        """
        ...


@dataclass(frozen=True)
class Task:
    """What is trained, on what, and how it is judged.

    Attributes
    ----------
    model
        Layout and initial values of the parameters.
    windows
        Training data.
    strength : (epoch, step) or None
        Forcing strength; None where ``adapt`` decides.
    gradients, adapt
        Of a batch, see `optimise`.
    judge
        Of the parameters.
    horizon
        Steps of the judge's free runs.
    hardly_worse
        Than the best criterion, see `selection.Criterion.hardly_worse`.
    """

    model: Trainable
    windows: Windows
    strength: Floats | None
    gradients: Gradients
    adapt: Adapt | None
    judge: Judge
    horizon: int
    hardly_worse: Callable[[Floats], Floats]


def descend(
    task: Task,
    series: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    checkpoint_path: Path | None,
    log: logging.Logger,
) -> State:
    """Train all runs to the last epoch.

    Parameters
    ----------
    task
        What to train.
    series
        The data, by whose digest a checkpoint is recognised.
    settings, seed, checkpoint_path, log
        As of `fit.fit`.
    """
    epochs, runs = settings["epochs"], settings["runs"]
    rates = learning_rates(settings["learning_rate"], epochs)
    noise = Noise(settings["noise"], settings["noise_on"] == "window")
    every, rounds = looks(task, settings)
    fingerprint = checkpoint.digest(
        {**settings, "checkpoint_every": None},
        seed,
        [series[name].values for name in ("observation", "split", "segment")]
        + [inputs_of(series), rates, *([] if task.strength is None else [task.strength])],
    )
    state = checkpoint.load(checkpoint_path, fingerprint) if checkpoint_path else None
    if state is None:
        state = begin(task.model, runs, epochs, seed, settings["optimiser"])
    else:
        log.info("resumed after epoch %d of %d", state.epoch, epochs)
    log.info(
        "%d runs of %s, %d parameters each; %d windows of %d steps",
        runs, settings["family"], task.model.count, len(task.windows.starts), task.windows.steps,
    )  # fmt: skip
    began = reported = time.monotonic()
    done_before = state.epoch
    while state.epoch < epochs:
        used = time.process_time()
        epoch = state.epoch
        run_epoch(
            task.model,
            state,
            task.windows.epoch(
                seed, epoch, runs, settings["batches_per_epoch"], settings["batch"], noise
            ),
            None if task.strength is None else task.strength[epoch],
            settings,
            rates[epoch],
            task.gradients,
            task.adapt,
        )
        if epoch == 0:
            begin_again(task.model, state, seed, log)
        if state.epoch % every == 0 or state.epoch == epochs:
            validate(task, state, settings["forecast_tolerance"], rounds)
        state.seconds += time.process_time() - used
        if checkpoint_path and state.epoch % settings["checkpoint_every"] == 0:
            checkpoint.save(checkpoint_path, state, fingerprint)
        now = time.monotonic()
        if now - reported > 5 or state.epoch == epochs:
            report(log, state, settings, (now - began) / (state.epoch - done_before))
            reported = now
    return state


def begin(model: Trainable, runs: int, epochs: int, seed: int, optimiser: str = "radam") -> State:
    """State before the first update; a run's initial values do not depend on the other runs."""
    rows = [model.initial(np.random.default_rng((seed, run))) for run in range(runs)]
    parameters = np.stack(rows).astype(np.float32)
    first, second, covariance, axes = first_memory(
        parameters, sides_of(optimiser, model.shapes.values())
    )
    return State(
        parameters=parameters,
        first_moment=first,
        second_moment=second,
        covariance=covariance,
        axes=axes,
        updates=0,
        strength=np.full(runs, START),
        rate=np.ones(runs),
        best=parameters.copy(),
        best_value=np.full(runs, np.inf),
        error=np.full(runs, np.inf),
        resting=np.zeros(runs, bool),
        least_resting=np.full(runs, np.inf),
        divergence=np.full(runs, np.inf),
        least_divergence=np.full(runs, np.inf),
        least_error=np.full(runs, np.inf),
        chosen_epoch=np.zeros(runs, np.int64),
        loss=np.full((runs, epochs), np.nan),
        validation=np.full((runs, epochs), np.nan),
        pull=np.full((runs, epochs), np.nan),
    )


def begin_again(model: Trainable, state: State, seed: int, log: logging.Logger) -> None:
    """Give runs that diverged in the first epoch other initial values, in place.

    Before the first update gradients may exceed all bounds already, which no lower rate mends.
    """
    for run in np.flatnonzero(state.rate < 1):
        state.parameters[run] = model.initial(np.random.default_rng((seed, int(run), 1)))
        state.rate[run] = 1
        log.warning("run %d: other initial values at the full rate instead", run)


def looks(task: Task, settings: Mapping[str, Any]) -> tuple[int, int]:
    """Epochs between looks at free runs, and by how many of their lengths these are continued.

    A long training looks more rarely than ``validate_every``, so that it can pay for continuing
    them. Where inputs drive free runs, they cannot be continued.
    """
    every = int(settings["validate_every"])
    if task.windows.inputs.shape[1]:
        return every, 0
    steps = settings["batches_per_epoch"] * settings["batch"] * task.windows.steps
    paid = SHARE * UPDATE * steps / (LANES * task.horizon)
    every = max(every, min(ceil(ENDURANCE / paid), settings["epochs"] // FEWEST))
    return every, min(ENDURANCE, int(paid * every))


def validate(task: Task, state: State, tolerance: float | None, rounds: int) -> None:
    """Score the present parameters and keep them if there is hardly a better epoch, in place.

    Free runs that look right and keep going are continued, and count as what they come to. Of two
    epochs that are hardly worse than the best one and forecast alike that of clearly less
    divergence is kept, the later one where none is or one is unknown: training goes on to help.
    """
    values, errors, kinds = task.judge.score(state.parameters)
    resting = np.array(kinds) == DECAYED
    state.least_resting = np.minimum(state.least_resting, np.where(resting, errors, np.inf))
    least = state.least_resting
    barred = ~admitted(state.error, state.resting, least, tolerance)
    state.best_value[barred] = state.least_divergence[barred] = state.least_error[barred] = np.inf
    eligible = np.isfinite(values) & admitted(errors, resting, least, tolerance)
    acceptable = task.hardly_worse(state.best_value)
    lively = eligible & (values <= acceptable) & (np.array(kinds) == SUSTAINED)
    divergences = np.full(len(values), np.inf)
    if rounds and lively.any():
        ends, divergences[lively] = task.judge.endure(state.parameters[lively], rounds)
        values[lively] = np.maximum(values[lively], ends)
        eligible &= np.isfinite(values)
    better = eligible & (values <= acceptable)
    state.validation[:, state.epoch - 1] = values
    state.best_value[eligible] = np.minimum(state.best_value, values)[eligible]
    still_good = values_of_choice(state) <= task.hardly_worse(state.best_value)
    state.least_divergence[~still_good] = state.least_error[~still_good] = np.inf
    known = np.isfinite(divergences)
    comparable = better & known
    state.least_error[comparable] = np.minimum(state.least_error, errors)[comparable]
    state.least_divergence[state.error > (1 + ALIKE) * state.least_error] = np.inf
    farther = divergences > (1 + MARGIN) * state.least_divergence
    better &= ~(known & (farther | (errors > (1 + ALIKE) * state.least_error)))
    state.least_divergence[better] = np.minimum(state.least_divergence, divergences)[better]
    state.least_divergence[better & ~known] = state.least_error[better & ~known] = np.inf
    state.best[better] = state.parameters[better]
    state.error[better] = errors[better]
    state.resting[better] = resting[better]
    state.divergence[better] = divergences[better]
    state.chosen_epoch[better] = state.epoch


def values_of_choice(state: State) -> Floats:
    """Criterion ``(run,)`` of the epochs chosen so far; NaN where there is none."""
    chosen = np.maximum(state.chosen_epoch - 1, 0)
    return state.validation[np.arange(len(chosen)), chosen]


def course(state: State) -> dict[str, Any]:
    """How a training went, as variables of a fit over ``run`` and ``epoch``."""
    each = ("run", "epoch")
    return {
        "loss": (each, state.loss, {"units": "1"}),
        "validation": (
            each,
            state.validation,
            {"units": "1", "long_name": "sliced Wasserstein + Hellinger distance"},
        ),
        "chosen_epoch": ("run", state.chosen_epoch),
        "forcing_strength": (
            each,
            state.pull,
            {"long_name": "mean forcing strength over the steps of a window"},
        ),
    }


def report(log: logging.Logger, state: State, settings: Mapping[str, Any], pace: float) -> None:
    """Write one line of progress; ``pace`` is in seconds per epoch."""
    epoch, epochs = state.epoch, settings["epochs"]
    loss = state.loss[:, epoch - 1]
    finite = loss[np.isfinite(loss)]
    log.info(
        "epoch %d/%d: loss %.3g, best validation %.3g, %.0f updates/s of %d runs, %.0f s left",
        epoch, epochs, np.median(finite) if len(finite) else np.nan, state.best_value.min(),
        settings["batches_per_epoch"] / pace, settings["runs"], pace * (epochs - epoch),
    )  # fmt: skip
