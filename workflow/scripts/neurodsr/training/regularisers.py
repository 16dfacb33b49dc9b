"""Penalties that are added to the loss of each run."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from neurodsr.models.families import Parameters
from neurodsr.models.model import Model
from neurodsr.training.reference import lanes
from neurodsr.training.windows import Batch


def penalties(
    model: Model, parameters: Parameters, batch: Batch, weights: Mapping[str, Any]
) -> Tensor | None:
    """Sum of all penalties ``(run,)``; None when all are off.

    Parameters
    ----------
    model, parameters
        Model and its named parameters ``(run, ...)``.
    batch
        Windows, whose first samples say where Jacobians are wanted.
    weights
        Setting ``regularisation`` (`models.schema.yaml`).
    """
    terms = []
    if weights["latent"] > 0:
        terms.append(weights["latent"] * model.family.penalty(parameters))
    if weights["manifold"] > 0:
        pull = model.family.manifold_penalty(parameters, weights["manifold_share"])
        terms.append(weights["manifold"] * pull)
    if weights["observation"] > 0:
        terms.append(weights["observation"] * model.observation.penalty(parameters))
    if weights["curvature"] > 0:
        terms.append(weights["curvature"] * curvature(model, parameters))
    if weights["invertibility"] > 0:
        terms.append(weights["invertibility"] * folding(model, parameters, batch))
    return torch.stack(terms).sum(0) if terms else None


def curvature(model: Model, parameters: Parameters) -> Tensor:
    """How unevenly the map bends ``(run,)``.

    Squared Frobenius norms of what the Jacobian jumps by at each kink, summed, times the number of
    kinks: a bend costs the square of its size however many kinks share it, and least where all
    share it alike. A penalty on weights (``latent``) is one on the norms themselves, as the two
    matrices can trade size, and asks for few, strong kinks (Savarese et al. 2019); squares ask for
    many, weak ones, so that Jacobians, and with them Lyapunov exponents, are those of a smooth map.
    """
    maps = model.family.lower(parameters).canonical()
    jumps = maps.W1.square().sum(1) * maps.W2.square().sum(2)
    return jumps.shape[1] * jumps.sum(1)


def folding(model: Model, parameters: Parameters, batch: Batch) -> Tensor:
    """How far the map is from invertible where the data are ``(run,)``.

    Mean over states of ``max(0, -det J)``: a piecewise-linear map whose Jacobians all have positive
    determinants does not fold (Eisenmann et al. 2025). States are those of the windows' starts.
    """
    encoder = model.observation.encoder(parameters).detach()
    states = encoder @ lanes(batch.x[:, :, :1])[:, 0]
    jacobians = model.family.lower(parameters).canonical().jacobian(states)
    return torch.relu(-torch.linalg.det(jacobians)).mean(1)
