"""Losses, gradients and trajectories of all runs on compiled kernels (`compiled`).

Held to `reference`, the same in plain torch.
"""

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


def losses(model: Model, parameters: Parameters, batch: Batch, strength: Array) -> Tensor:
    """Mean squared error ``(run,)`` of the un-forced predictions, over what was observed.

    Differentiable once with respect to the parameters.

    Parameters
    ----------
    model, parameters
        Model and its named parameters ``(run, ...)``.
    batch
        Windows of all runs.
    strength : (run, step)
        Forcing strength at the start of each step.
    """
    encoder = model.observation.encoder(parameters)
    decoder = (
        encoder.new_empty(len(encoder), 0, model.family.latent)
        if model.observation.reads_units
        else model.observation.decoder(parameters)
    )
    direct = model.observation.reads_units and model.observation.forced == batch.channels
    given = (batch, np.ascontiguousarray(strength, batch.x.dtype), direct)
    m = model.family.lower(parameters)
    if isinstance(m, ShallowMap):
        maps = (m.a, m.W1, m.W2, m.h1, m.h2, m.C)
        function: Any = _ShallowLosses
        constants: tuple[bool, ...] = (m.clipped,)
    else:
        maps = (m.a, m.W, m.alpha, m.H, m.h1, m.C)
        function = _ElementwiseLosses
        constants = (m.clipped, m.centred)
    result: Tensor = function.apply((*given, constants), *maps, decoder, encoder)
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
        Forcing strength.
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


class _Losses(torch.autograd.Function):
    """Gradients are computed together with the losses, and scaled when they are asked for."""

    @staticmethod
    def compute(
        ctx: Any,
        kernel: Any,
        fixed: tuple[Any, ...],
        tensors: tuple[Tensor, ...],
        shapes: list[tuple[int, ...]],
        extra: tuple[Any, ...],
    ) -> Tensor:
        """Losses; ``shapes`` are those of the gradients the kernel makes."""
        batch, strength, direct, constants = fixed
        *maps, B, E = _arrays(*tensors)
        kind = E.dtype
        runs, blocks = batch.x.shape[:2]
        squares, count = np.empty((runs, blocks), kind), np.empty((runs, blocks), kind)
        gradients = [np.empty((runs, blocks, *shape), kind) for shape in shapes]
        kernel(
            *maps, *constants, B, E, direct, batch.x, batch.target, batch.s, strength,
            batch.inside, any(ctx.needs_input_grad), *extra, squares, count, *gradients,
        )  # fmt: skip
        observed = np.maximum(count.sum(1), 1)
        ctx.scale = 2 / observed
        ctx.gradients = [g[:, 0] if blocks == 1 else g.sum(1) for g in gradients]
        return torch.from_numpy(squares.sum(1) / observed)

    @staticmethod
    def backward(ctx: Any, weight: Tensor) -> tuple[Tensor | None, ...]:
        scale = weight.numpy() * ctx.scale
        return None, *(
            torch.from_numpy(g * scale.reshape(-1, *[1] * (g.ndim - 1))) if needed else None
            for g, needed in zip(ctx.gradients, ctx.needs_input_grad[1:], strict=True)
        )


class _ShallowLosses(_Losses):
    @staticmethod
    def forward(ctx: Any, fixed: tuple[Any, ...], *tensors: Tensor) -> Tensor:
        shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
        shapes[2] = shapes[1]
        result = _Losses.compute(ctx, shallow.losses, fixed, tensors, shapes, ())
        ctx.gradients[2] = ctx.gradients[2].transpose(0, 2, 1)
        return result


class _ElementwiseLosses(_Losses):
    @staticmethod
    def forward(ctx: Any, fixed: tuple[Any, ...], *tensors: Tensor) -> Tensor:
        shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
        learn_basis = ctx.needs_input_grad[3] or ctx.needs_input_grad[4]
        extra = (learn_basis,)
        return _Losses.compute(ctx, elementwise.losses, fixed, tensors, shapes, extra)
