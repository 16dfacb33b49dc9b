r"""The one recursion behind every kind of teacher forcing, in plain torch.

.. math:: \tilde z_t = z_t + \alpha_t\, m \circ (\hat z_t - z_t), \quad z_{t+1} = F(\tilde z_t, s_t)

Generalised teacher forcing (Hess et al. 2023) keeps the strength constant or lowers it over the
training, sparse teacher forcing (Mikhaeil et al. 2022) is strength 1 every so many steps, and
strength 0 is a free run. This implementation is the oracle to which `fused` is held.
"""

import torch
from torch import Tensor

from neurodsr.models.families import CanonicalMap


def recur(
    maps: CanonicalMap,
    start: Tensor,
    forcing: Tensor,
    strength: Tensor,
    drive: Tensor | None = None,
) -> Tensor:
    """Un-forced predictions of forced trajectories.

    Parameters
    ----------
    maps
        The maps of all runs.
    start : (run, latent, lane)
        First states. Lanes are the windows of a batch.
    forcing : (run, step, target, lane)
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
    forcing = forcing.detach()
    known = ~torch.isnan(forcing)
    forcing = torch.where(known, forcing, 0.0)
    targets = forcing.shape[2]
    free = start.shape[1] - targets
    z = start
    predictions = []
    for t in range(strength.shape[1]):
        pull = strength[:, t, None, None] * known[:, t] * (forcing[:, t] - z[:, :targets])
        forced = z + torch.nn.functional.pad(pull, (0, 0, 0, free))
        z = maps.step(forced)
        if drive is not None:
            z = z + drive[:, t]
        predictions.append(z)
    return torch.stack(predictions, 1)
