"""One epoch of gradient descent on all runs at once, each run on its own."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.models.families import Model
from neurodsr.training import fused
from neurodsr.training.checkpoint import State
from neurodsr.training.windows import Epoch

RESTART_RATE = 0.3
"""Factor on the learning rate of a run that diverged once."""
log = logging.getLogger("neurodsr")


def run_losses(
    model: Model,
    stacked: Tensor,
    x: Tensor,
    s: Tensor,
    strength: Tensor,
    recur: Any = fused.recur,
) -> Tensor:
    """Mean squared error ``(run,)`` of the un-forced predictions, over what was observed.

    Parameters
    ----------
    model, stacked
        Model and parameters ``(run, parameter)``.
    x : (run, step + 1, channel, lane)
        Windows of observations; NaN = missing, except in the first sample.
    s : (run, step, input, lane)
        Inputs; ``input`` may be 0.
    strength : (run, step)
        Forcing strength.
    recur
        Implementation of the recursion.
    """
    parameters = model.unpack(stacked)
    maps = model.family.lower(parameters)
    encoder = model.observation.encoder(parameters)
    signal = model.observation.forcing(parameters, encoder, x[:, :-1])
    drive = maps.C[:, None] @ s if s.shape[2] else None
    z = recur(maps, encoder @ x[:, 0], signal, strength, drive)
    target = x[:, 1:]
    error = model.observation.predict(parameters, z) - target
    missing = torch.isnan(target)
    if not missing.any():
        return error.square().flatten(1).mean(1)
    observed = (~missing).flatten(1).sum(1).clamp(min=1)
    return torch.where(missing, 0.0, error).square().flatten(1).sum(1) / observed


def penalties(model: Model, stacked: Tensor, weights: Mapping[str, float]) -> Tensor | float:
    """Regularisers ``(run,)``; 0 when all are off."""
    total: Tensor | float = 0.0
    parameters = model.unpack(stacked) if any(weights.values()) else {}
    if weights["latent"] > 0:
        total = total + weights["latent"] * model.family.penalty(parameters)
    if weights["observation"] > 0:
        total = total + weights["observation"] * model.observation.penalty(parameters)
    return total


def run_epoch(
    model: Model,
    state: State,
    windows: Epoch,
    strength: NDArray[np.float64],
    settings: Mapping[str, Any],
    learning_rate: float,
) -> None:
    """Advance the state by one epoch, in place.

    A run whose loss or gradient stops being finite goes back to where the epoch began with a lower
    learning rate, once; the second time it stays there for good. The other runs notice nothing.

    Parameters
    ----------
    model, state, windows
        What to train, where it stands, and on what.
    strength : (step,)
        Forcing strength of this epoch.
    settings
        Model settings (`models.schema.yaml`).
    learning_rate
        Of this epoch.
    """
    stacked = torch.from_numpy(state.parameters.copy()).requires_grad_()
    optimiser = torch.optim.RAdam([stacked], learning_rate)
    if state.updates:
        optimiser.state[stacked] = {
            "step": torch.tensor(float(state.updates)),
            "exp_avg": torch.from_numpy(state.first_moment.copy()),
            "exp_avg_sq": torch.from_numpy(state.second_moment.copy()),
        }
    runs = len(stacked)
    forcing = torch.from_numpy(np.tile(strength, (runs, 1)).astype(np.float32))
    rate = torch.from_numpy(state.rate.astype(np.float32))[:, None]
    whole_rate = bool((rate == 1).all())
    broken = torch.zeros(runs, dtype=torch.bool)
    losses = torch.zeros(runs)
    clip = settings["gradient_clip"]
    batches = settings["batches_per_epoch"]
    for number in range(batches):
        x, s = (torch.from_numpy(array) for array in windows.batch(number))
        loss = run_losses(model, stacked, x, s, forcing)
        penalised = loss + penalties(model, stacked, settings["regularisation"])
        (gradient,) = torch.autograd.grad(penalised.sum(), stacked)
        norm = torch.linalg.vector_norm(gradient, dim=1)
        if not bool(torch.isfinite(norm + penalised.detach()).all()):
            broken |= ~torch.isfinite(norm + penalised.detach())
        if bool(broken.any()):
            gradient[broken] = 0.0
        if clip > 0:
            gradient *= torch.clamp(clip / (norm[:, None] + 1e-12), max=1.0).nan_to_num()
        stacked.grad = gradient
        before = None if whole_rate else stacked.detach().clone()
        optimiser.step()
        if before is not None:
            with torch.no_grad():
                stacked.copy_(before + rate * (stacked - before))
        losses += loss.detach()
    moments = optimiser.state[stacked]
    keep = ~broken.numpy()
    state.parameters[keep] = stacked.detach().numpy()[keep]
    state.first_moment[keep] = moments["exp_avg"].numpy()[keep]
    state.second_moment[keep] = moments["exp_avg_sq"].numpy()[keep]
    state.loss[keep, state.epoch] = (losses / batches).numpy()[keep]
    for run in np.flatnonzero(~keep & (state.rate > 0)):
        state.rate[run] = RESTART_RATE if state.rate[run] == 1 else 0.0
        verdict = "restarted at a lower rate" if state.rate[run] else "given up"
        log.warning("epoch %d: run %d diverged: %s", state.epoch + 1, run, verdict)
    state.updates += batches
    state.epoch += 1
