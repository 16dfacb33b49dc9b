"""Losses, gradients and trajectories of all runs on compiled kernels (`compiled`).

Held to `reference`, the same in plain torch.
"""

from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.models.families import Parameters
from neurodsr.models.maps import ShallowMap, StructuredMap
from neurodsr.models.model import Model
from neurodsr.training.compiled import elementwise, shallow
from neurodsr.training.compiled.simd import LANES
from neurodsr.training.windows import Batch

Array = NDArray[Any]


def gradients(
    model: Model, parameters: Parameters, batch: Batch, strength: Array
) -> tuple[Array, Array]:
    """Mean squared error of the un-forced predictions over what was observed, and its gradient.

    Parameters
    ----------
    model, parameters
        Model and its named parameters ``(run, ...)``, leaves that require gradients.
    batch
        Windows of all runs.
    strength : (run, step)
        Forcing strength at the start of each step.

    Returns
    -------
    loss : (run,)
    gradient : (run, parameter)
        Of each run's loss, in the order of the parameters.
    """
    observation = model.observation
    maps = model.family.lower(parameters)
    runs, latent = maps.a.shape
    if observation.reads_units:
        B, L = maps.a.new_empty(runs, 0, latent), parameters["L"]
    else:
        B, L = parameters["B"], maps.a.new_empty(runs, 0, observation.channels)
    direct = observation.reads_units and observation.forced == batch.channels
    if isinstance(maps, ShallowMap):
        kernel: Any = shallow.losses
        tensors = [maps.a, maps.W1, maps.W2, maps.h1, maps.h2, maps.C, B, L]
        constants: tuple[bool, ...] = (maps.clipped, direct)
    else:
        kernel = elementwise.losses
        tensors = [maps.a, maps.W, maps.h1, maps.C, B, L, maps.alpha, maps.H]
        constants = (maps.clipped, maps.centred, direct)
    learned = [tensor for tensor in tensors if tensor.requires_grad]
    kind = batch.x.dtype
    loss = np.empty(runs, kind)
    gradient = np.empty((runs, sum(prod(tensor.shape[1:]) for tensor in learned)), kind)
    kernel(
        *_arrays(*tensors), *constants, batch.x, batch.target, batch.s,
        np.ascontiguousarray(strength, kind), batch.weight, loss, gradient,
    )  # fmt: skip
    return loss, _pull_back(learned, gradient, list(parameters.values()))


def losses(model: Model, parameters: Parameters, batch: Batch, strength: Array) -> Tensor:
    """Losses ``(run,)`` of `gradients`, differentiable once with respect to the parameters."""
    result: Tensor = _Losses.apply(  # type: ignore[no-untyped-call]
        model, tuple(parameters), batch, strength, *parameters.values()
    )
    return result


def trajectories(
    maps: StructuredMap, start: Tensor, signal: Array, strength: Array, inputs: Array
) -> Array:
    """Predictions ``(run, step, latent, lane)`` of forced trajectories, without gradient.

    Parameters
    ----------
    maps
        Maps of all runs.
    start : (run, latent, lane)
        First states.
    signal : (run or 1, step, target, lane)
        Forcing signals of the first ``target`` units, NaN where there is none.
    strength : (run, step)
        Forcing strength at the start of each step.
    inputs : (run or 1, step, input, lane)
        External inputs.
    """
    runs, _, lanes = start.shape
    first = pack(start.detach().numpy()[:, None])[:, :, 0]
    kind = first.dtype
    shape = (runs, *signal.shape[1:3], lanes)
    forcing = pack(np.broadcast_to(signal, shape).astype(kind))
    drive = pack(np.broadcast_to(inputs, (runs, *inputs.shape[1:])).astype(kind))
    z = np.empty((runs, first.shape[1], signal.shape[1], first.shape[2], LANES), kind)
    rest = (first, forcing, np.ascontiguousarray(strength, kind), drive, z)
    if isinstance(maps, ShallowMap):
        arrays = _arrays(maps.a, maps.W1, maps.W2, maps.h1, maps.h2, maps.C)
        shallow.orbits(*arrays, maps.clipped, *rest)
    else:
        arrays = _arrays(maps.a, maps.W, maps.alpha, maps.H, maps.h1, maps.C)
        elementwise.orbits(*arrays, maps.clipped, maps.centred, *rest)
    return unpack(z, lanes)


def pack(values: Array) -> Array:
    """``(run, step, row, lane)`` as ``(run, block, step, row, LANES)``; the first lane fills up."""
    runs, steps, rows, lanes = values.shape
    idle = -lanes % LANES
    if idle:
        values = np.concatenate([values, np.repeat(values[..., :1], idle, -1)], -1)
    blocks = values.reshape(runs, steps, rows, values.shape[-1] // LANES, LANES)
    return np.ascontiguousarray(np.moveaxis(blocks, 3, 1))


def unpack(blocks: Array, lanes: int) -> Array:
    """Inverse of `pack`."""
    runs, _, steps, rows, _ = blocks.shape
    flat = np.moveaxis(blocks, 1, 3).reshape(runs, steps, rows, blocks.shape[1] * LANES)
    return flat[..., :lanes]


def _arrays(*tensors: Tensor) -> list[Array]:
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def _pull_back(tensors: list[Tensor], gradient: Array, leaves: list[Tensor]) -> Array:
    """Gradient ``(run, number)`` with respect to leaves, given that of tensors made from them."""
    if [id(tensor) for tensor in tensors] == [id(leaf) for leaf in leaves]:
        return gradient
    parts, at = {}, 0
    for tensor in tensors:
        size = prod(tensor.shape[1:])
        parts[id(tensor)] = gradient[:, at : at + size]
        at += size
    made = [tensor for tensor in tensors if not tensor.is_leaf]
    sources = [leaf for leaf in leaves if id(leaf) not in parts]
    adjoints = [torch.from_numpy(parts[id(tensor)]).reshape(tensor.shape) for tensor in made]
    found = torch.autograd.grad(made, sources, adjoints)
    parts |= {id(leaf): g.flatten(1).numpy() for leaf, g in zip(sources, found, strict=True)}
    return np.concatenate([parts[id(leaf)] for leaf in leaves], 1)


class _Losses(torch.autograd.Function):
    """Gradients are computed together with the losses, and weighted when they are asked for."""

    @staticmethod
    def forward(
        ctx: Any,
        model: Model,
        names: tuple[str, ...],
        batch: Batch,
        strength: Array,
        *tensors: Tensor,
    ) -> Tensor:
        with torch.enable_grad():
            leaves = [tensor.detach().requires_grad_() for tensor in tensors]
            named = dict(zip(names, leaves, strict=True))
            loss, ctx.gradient = gradients(model, named, batch, strength)
        ctx.shapes = [tensor.shape for tensor in tensors]
        return torch.from_numpy(loss)

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[Tensor | None, ...]:
        weighted = weight[:, None] * torch.from_numpy(ctx.gradient)
        parts = torch.split(weighted, [prod(shape[1:]) for shape in ctx.shapes], 1)
        shaped = [part.reshape(shape) for part, shape in zip(parts, ctx.shapes, strict=True)]
        return None, None, None, None, *shaped
