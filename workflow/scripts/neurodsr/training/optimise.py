"""One epoch of gradient descent on all runs at once, each run on its own."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from neurodsr.models.families import Parameters
from neurodsr.models.model import Model
from neurodsr.training.adaptive import growth, next_strength
from neurodsr.training.checkpoint import State
from neurodsr.training.compiled import optimiser
from neurodsr.training.regularisers import penalties
from neurodsr.training.sides import sides_of
from neurodsr.training.windows import Batch, Epoch

RESTART_RATE = 0.3
"""Factor on the learning rate of a run that diverged once."""
log = logging.getLogger("neurodsr")

Floats = NDArray[Any]
Gradients = Callable[[Parameters, Batch, Floats], tuple[Floats, Floats]]
"""From leaves, a batch and strengths ``(run, step)``: loss ``(run,)`` and its gradient."""
Adapt = Callable[[Floats, Batch, Floats], Floats]
"""From parameters ``(run, number)``, a batch and strengths ``(run,)``: the next strengths."""
DataGradients = Callable[[Model, Parameters, Batch, Floats], tuple[Floats, Floats]]
"""An implementation of the recursion: `fused.gradients`, or `stacked.StackedGradients`."""


class Trainable(Protocol):
    """Parameters of a model, laid out in rows."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one run."""
        ...

    @property
    def count(self) -> int:
        """Number of parameters of one run."""
        ...

    def initial(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Initial parameters ``(parameter,)`` of one run."""
        ...

    def unpack(self, stacked: torch.Tensor) -> Parameters:
        """Named parameters of all runs, views of ``(run, parameter)``."""
        ...


def run_epoch(
    model: Trainable,
    state: State,
    windows: Epoch,
    strength: NDArray[np.float64] | None,
    settings: Mapping[str, Any],
    learning_rate: float,
    gradients: Gradients,
    adapt: Adapt | None,
) -> None:
    """Advance the state by one epoch, in place.

    A run whose loss or gradient stops being finite goes back to where the epoch began with a lower
    learning rate, once; the second time it stays there for good. The other runs notice nothing.

    Parameters
    ----------
    model, state, windows
        What to train, where it stands, and on what.
    strength : (step,)
        Forcing strength of this epoch; None where ``adapt`` decides.
    settings
        Model settings (`models.schema.yaml`).
    learning_rate
        Of this epoch.
    gradients
        Loss and its gradient, of a batch.
    adapt
        What is asked for a strength every few updates.
    """
    kept: tuple[Floats, ...] = (
        state.parameters, state.first_moment, state.second_moment, state.covariance, state.axes,
    )  # fmt: skip
    values, *memory = (array.copy() for array in kept)
    sides = sides_of(settings["optimiser"], model.shapes.values())
    parameters = leaves(model, values)
    runs = len(values)
    steps = windows.windows.steps
    pull = np.ones((runs, steps), np.float32) * (1 if strength is None else strength)
    alpha = state.strength.copy()
    finite = np.ones(runs, bool)
    losses = np.zeros(runs)
    strengths = np.zeros(runs)
    rates = learning_rate * state.rate
    batches = settings["batches_per_epoch"]
    for number in range(batches):
        batch = windows.batch(number)
        if adapt is not None:
            if (state.updates + number) % settings["forcing"]["every"] == 0:
                alpha = adapt(values, batch, alpha)
            pull[:] = alpha[:, None]
        loss, gradient = gradients(parameters, batch, pull)
        finite &= np.isfinite(loss)
        optimiser.update(
            values, gradient, *memory, sides, state.updates + number + 1, rates,
            settings["gradient_clip"], settings["optimiser"] != "adam", finite,
        )  # fmt: skip
        losses += loss
        strengths += pull.mean(1)
    for before, now in zip(kept, (values, *memory), strict=True):
        before[finite] = now[finite]
    state.strength[finite] = alpha[finite]
    state.loss[finite, state.epoch] = losses[finite] / batches
    state.pull[:, state.epoch] = strengths / batches
    for run in np.flatnonzero(~finite & (state.rate > 0)):
        state.rate[run] = RESTART_RATE if state.rate[run] == 1 else 0.0
        verdict = "restarted at a lower rate" if state.rate[run] else "given up"
        log.warning("epoch %d: run %d diverged: %s", state.epoch + 1, run, verdict)
    state.updates += batches
    state.epoch += 1


def penalised_gradients(
    data_gradients: DataGradients,
    model: Model,
    parameters: Parameters,
    batch: Batch,
    strength: Floats,
    regularisation: Mapping[str, Any],
) -> tuple[Floats, Floats]:
    """Loss ``(run,)`` without, and its gradient ``(run, parameter)`` with penalties.

    Parameters
    ----------
    data_gradients
        Implementation of the recursion.
    model, parameters
        Model and its `leaves`.
    batch, strength
        Windows, and forcing strength ``(run, step)``.
    regularisation
        Weights of the penalties.
    """
    loss, gradient = data_gradients(model, parameters, batch, strength)
    penalty = penalties(model, parameters, batch, regularisation)
    if penalty is not None:
        parts = torch.autograd.grad(
            penalty.sum(), list(parameters.values()), allow_unused=True, materialize_grads=True
        )
        gradient += np.concatenate([part.numpy().reshape(len(part), -1) for part in parts], 1)
    return loss, gradient


def leaves(model: Trainable, values: Floats) -> Parameters:
    """Named parameters ``(run, ...)`` to differentiate by: views of ``(run, parameter)``.

    They follow changes of the array, so that they are made once for many updates.
    """
    views = model.unpack(torch.from_numpy(values))
    return {name: view.detach().requires_grad_() for name, view in views.items()}


def adapted_strength(
    model: Model, values: Floats, batch: Batch, alpha: Floats, forcing: Mapping[str, Any]
) -> Floats:
    """Strength ``(run,)`` that the growth along the forcing signals asks for (Hess et al. 2023)."""
    with torch.no_grad():
        parameters = model.unpack(torch.from_numpy(values))
        kappa = growth(
            model.family.lower(parameters),
            model.observation.encoder(parameters),
            batch.x,
            forcing["estimator"],
        )
    return next_strength(alpha, kappa, forcing["decay"])
