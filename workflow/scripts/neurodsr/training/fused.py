"""The forced recursion as one differentiable operation on compiled kernels."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodsr.models.families import CanonicalMap
from neurodsr.training import kernels
from neurodsr.training.simd import LANES


def recur(
    maps: CanonicalMap,
    start: Tensor,
    forcing: Tensor,
    strength: Tensor,
    drive: Tensor | None = None,
) -> Tensor:
    """Same as `recursion.recur`, in compiled code over all lanes.

    Differentiable with respect to the maps, ``start`` and ``drive``, not twice.
    """
    lanes = start.shape[-1]
    missing = -lanes % LANES
    z: Tensor = _Recursion.apply(  # type: ignore[no-untyped-call]
        maps.A,
        maps.W1,
        maps.W2,
        maps.h1,
        maps.h2,
        maps.clipped,
        _repeat(start, missing),
        _repeat(forcing, missing),
        strength,
        None if drive is None else _repeat(drive, missing),
    )
    return z[..., :lanes] if missing else z


def _pad(weights: Tensor, axis: int) -> Any:
    """Numpy weights with idle hidden units, up to a multiple of the kernel's tile."""
    idle = -weights.shape[axis] % kernels.TILE
    array = weights.detach().contiguous().numpy()
    if not idle:
        return array
    shape = list(array.shape)
    shape[axis] = idle
    return np.concatenate([array, np.zeros(shape, array.dtype)], axis)


def _repeat(lanes: Tensor, count: int) -> Tensor:
    """Copies of the first lane, up to a multiple of the vector's width; they get no gradient."""
    return (
        torch.cat([lanes, lanes[..., :1].expand(*lanes.shape[:-1], count)], -1) if count else lanes
    )


def _flat(tensor: Tensor) -> Any:
    """Contiguous numpy view ``(run, everything else)``."""
    return tensor.detach().reshape(len(tensor), -1).contiguous().numpy()


class _Recursion(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        A: Tensor,
        W1: Tensor,
        W2: Tensor,
        h1: Tensor,
        h2: Tensor,
        clipped: bool,
        start: Tensor,
        forcing: Tensor,
        strength: Tensor,
        drive: Tensor | None,
    ) -> Tensor:
        runs, latent, lanes = start.shape
        steps = strength.shape[1]
        hidden = h2.shape[-1]
        weights = [A.detach().contiguous().numpy(), _pad(W1, -1), _pad(W2, -2)]
        weights += [h1.detach().contiguous().numpy(), _pad(h2, -1)]
        given = [_flat(start), _flat(forcing), strength.contiguous().numpy()]
        z = start.new_empty(runs, steps, latent, lanes)
        driven = np.empty((runs, 0), weights[0].dtype) if drive is None else _flat(drive)
        kernels.forward(*weights, clipped, *given, driven, z.view(runs, -1).numpy())
        ctx.save_for_backward(z)
        ctx.state = weights, hidden, clipped, given, drive is not None
        return z

    @staticmethod
    def backward(ctx: Any, gz: Tensor) -> tuple[Tensor | None, ...]:
        (z,) = ctx.saved_tensors
        (A, W1, W2, h1, h2), hidden, clipped, given, driven = ctx.state
        runs, _, latent, lanes = z.shape
        padded = latent + -latent % kernels.TILE
        gA = np.zeros((runs, latent, padded), A.dtype)
        gW1, gW2 = np.zeros_like(W1), np.zeros_like(W1)
        gh1, gh2 = np.zeros_like(h1), np.zeros_like(h2)
        gstart = np.empty_like(given[0])
        gdrive = np.empty((runs, z[0].numel() if driven else 0), A.dtype)
        kernels.backward(
            A, W1, W2, h2, clipped, *given, z.view(runs, -1).numpy(),
            _flat(gz), gA, gW1, gW2, gh1, gh2, gstart, gdrive,
        )  # fmt: skip
        return (
            torch.from_numpy(gA[..., :latent]),
            torch.from_numpy(gW1[..., :hidden]),
            torch.from_numpy(gW2[..., :hidden]).mT,
            torch.from_numpy(gh1),
            torch.from_numpy(gh2[..., :hidden]),
            None,
            torch.from_numpy(gstart).view(runs, latent, lanes),
            None,
            None,
            torch.from_numpy(gdrive).view(z.shape) if driven else None,
        )
