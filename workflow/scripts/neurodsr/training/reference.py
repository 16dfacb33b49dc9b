r"""The one recursion behind every kind of teacher forcing, in plain torch.

.. math:: \tilde z_t = z_t + \alpha_t\, m \circ (\hat z_t - z_t), \quad z_{t+1} = F(\tilde z_t, s_t)

Generalised teacher forcing (Hess et al. 2023) keeps the strength constant or lowers it over the
training, sparse teacher forcing (Mikhaeil et al. 2022) is strength 1 every so many steps, and
strength 0 is a free run. This implementation, on the dense canonical map and with gradients by
torch, is the oracle to which `fused` is held.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.models.families import Parameters
from neurodsr.models.maps import CanonicalMap
from neurodsr.models.model import Model
from neurodsr.training.windows import Batch

Recursion = Callable[[CanonicalMap, Tensor, Tensor, Tensor, Tensor], Tensor]
"""`recur`, or another implementation of it."""


def losses(model: Model, parameters: Parameters, batch: Batch, strength: NDArray[Any]) -> Tensor:
    """Mean squared error ``(run,)`` of the un-forced predictions (see `fused.losses`)."""
    return squared_errors(
        recur,
        model.family.lower(parameters).canonical(),
        model.observation.encoder(parameters),
        model.observation.decoder(parameters),
        takes_observations(model, batch),
        *data_of(batch, strength),
    )


def takes_observations(model: Model, batch: Batch) -> bool:
    """Whether the observations themselves are the forcing signal."""
    return model.observation.reads_units and model.observation.forced == batch.channels


def data_of(batch: Batch, strength: NDArray[Any]) -> list[Tensor]:
    """What `squared_errors` takes from a batch: x, target, s, strength, weight."""
    x, s = lanes(batch.x), lanes(batch.s)
    target = x if batch.target is batch.x else lanes(batch.target)
    weight = lanes(batch.weight[:, :, :, None])[:, :, 0]
    return [x, target, s, torch.from_numpy(strength).to(x), weight]


def squared_errors(
    recursion: Recursion,
    maps: CanonicalMap,
    encoder: Tensor,
    decoder: Tensor,
    direct: bool,
    x: Tensor,
    target: Tensor,
    s: Tensor,
    strength: Tensor,
    weight: Tensor,
) -> Tensor:
    """Mean squared error ``(run,)``, on whatever device the tensors are.

    Parameters
    ----------
    recursion
        Implementation, on that device.
    maps
        Of all runs.
    encoder, decoder : (run, latent, channel), (run, channel, latent)
        Of the observation.
    direct
        See `takes_observations`.
    x, target : (run, step + 1, channel, lane)
        Observations that states are inferred from, and those to be predicted; NaN = missing.
    s : (run, step, input, lane)
        External inputs.
    strength : (run, step)
        Of the forcing.
    weight : (run or 1, step + 1, lane)
        How much a sample counts.
    """
    signal = x[:, :-1] if direct else encoder.detach()[:, None] @ x[:, :-1]
    z = recursion(maps, encoder @ x[:, 0], signal, strength, maps.C[:, None] @ s)
    return weighted_mean_square(decoder[:, None] @ z, target[:, 1:], weight[:, 1:])


def weighted_mean_square(predicted: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Mean squared error ``(run,)`` over what was observed.

    Parameters
    ----------
    predicted, target : (run, step, channel, lane)
        NaN in ``target`` = missing.
    weight : (run or 1, step, lane)
        How much a sample counts.
    """
    observed = ~torch.isnan(target)
    counts = observed * weight[:, :, None]
    error = torch.where(observed, predicted - target.nan_to_num(), 0.0)
    total = counts.flatten(1).sum(1)
    return (counts * error.square()).flatten(1).sum(1) / torch.where(total > 0, total, 1.0)


def lanes(blocks: NDArray[Any]) -> Tensor:
    """``(run, step, row, lane)`` of values stored as ``(run, block, step, row, lane)``."""
    runs, count, steps, rows, width = blocks.shape
    flat = np.moveaxis(blocks, 1, 3).reshape(runs, steps, rows, count * width)
    return torch.from_numpy(flat)


def recur(
    maps: CanonicalMap, start: Tensor, signal: Tensor, strength: Tensor, drive: Tensor | None = None
) -> Tensor:
    """Un-forced predictions of forced trajectories.

    Parameters
    ----------
    maps
        The maps of all runs.
    start : (run, latent, lane)
        First states. Lanes are the windows of a batch.
    signal : (run, step, target, lane)
        Signals that pull the first ``target <= latent`` units; NaN where there is nothing to pull
        to (the mask m). No gradient flows into them.
    strength : (run, step)
        Strength at the start of each step, from 0 to 1.
    drive : (run, step, latent, lane), optional
        What is added to the image of each step, for instance external inputs ``C s_t``.

    Returns
    -------
    Tensor
        ``(run, step, latent, lane)``: prediction after each step, before the next forcing.
    """
    known = ~torch.isnan(signal)
    signal = torch.where(known, signal, 0.0)
    targets = signal.shape[2]
    free = start.shape[1] - targets
    z = start
    predictions = []
    for t in range(strength.shape[1]):
        pull = strength[:, t, None, None] * known[:, t] * (signal[:, t] - z[:, :targets])
        z = maps.step(z + torch.nn.functional.pad(pull, (0, 0, 0, free)))
        if drive is not None:
            z = z + drive[:, t]
        predictions.append(z)
    return torch.stack(predictions, 1)
