r"""The recursion as one GPU kernel forwards and one backwards.

A program marches a block of lanes of one run through all steps, so that a window costs two launches
and not a dozen for each step. The map is canonical (`models.maps.CanonicalMap`). The backward
kernel leaves, for each step, the adjoint of the image and of the pre-activations; gradients of the
weights are products of these with the states, one matrix product each after the march.

Arrays of the kernels are ``(run, row, step, lane)``.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from neurodsr.models.maps import CanonicalMap

LANES = 16
"""Lanes of a program: 8 take 15 % less time with 20 runs, and 20 to 50 % more with 200."""
HIDDEN = 64
"""Hidden units at a time: more than these are read anew at each step."""
SMALLEST = 16
"""Size of a matrix that `triton.language.dot` takes."""
PRECISION = "ieee"
"""Of products: three passes on tensor cores (``"tf32x3"``) are as exact and take longer."""
WARPS = 4


@triton.jit
def _rows(base, run, row, rows, step, steps, lane, lanes):  # type: ignore[no-untyped-def]
    """Values ``(row, lane)`` of one step of a run, 0 outside."""
    at = base + ((run * rows + row[:, None]) * steps + step) * lanes + lane[None, :]
    return tl.load(at, (row[:, None] < rows) & (lane[None, :] < lanes), 0.0)


@triton.jit
def _keep(base, values, run, row, rows, step, steps, lane, lanes):  # type: ignore[no-untyped-def]
    """Store what `_rows` would load."""
    at = base + ((run * rows + row[:, None]) * steps + step) * lanes + lane[None, :]
    tl.store(at, values, (row[:, None] < rows) & (lane[None, :] < lanes))


@triton.jit
def _matrix(base, run, row, rows, column, columns):  # type: ignore[no-untyped-def]
    """Rows and columns of a matrix of a run, 0 outside."""
    at = base + (run * rows + row[:, None]) * columns + column[None, :]
    return tl.load(at, (row[:, None] < rows) & (column[None, :] < columns), 0.0)


@triton.jit
def _column(base, run, row, rows):  # type: ignore[no-untyped-def]
    """A vector of a run as ``(row, 1)``, 0 outside."""
    return tl.load(base + run * rows + row, row < rows, 0.0)[:, None]


@triton.jit  # type: ignore[untyped-decorator]
def _march(  # type: ignore[no-untyped-def]
    A, W1, W2, h1, h2, start, signal, strength, drive, forced, z,
    steps, latent, hidden, targets, lanes,
    CLIPPED: tl.constexpr, M: tl.constexpr, H: tl.constexpr, CHUNKS: tl.constexpr,
    L: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Forced states ``forced``, and their images ``z``."""
    run = tl.program_id(0).to(tl.int64)
    lane = tl.program_id(1) * L + tl.arange(0, L)
    m = tl.arange(0, M)
    h = tl.arange(0, H)
    a = _matrix(A, run, m, latent, m, latent)
    b1 = _column(h1, run, m, latent)
    w1 = _matrix(W1, run, m, latent, h, hidden)
    w2 = _matrix(W2, run, h, hidden, m, latent)
    b2 = _column(h2, run, h, hidden)
    state = _rows(start, run, m, latent, 0, 1, lane, lanes)
    for t in range(steps):
        pulled = _rows(signal, run, m, targets, t, steps, lane, lanes)
        known = (pulled == pulled) & (m[:, None] < targets)
        pull = tl.load(strength + run * steps + t)
        state += tl.where(known, pull * (pulled - state), 0.0)
        _keep(forced, state, run, m, latent, t, steps, lane, lanes)
        image = b1 + _rows(drive, run, m, latent, t, steps, lane, lanes)
        image = tl.dot(a, state, image, input_precision=PRECISION)
        for chunk in range(CHUNKS):
            if CHUNKS > 1:
                unit = chunk * H + h
                w1 = _matrix(W1, run, m, latent, unit, hidden)
                w2 = _matrix(W2, run, unit, hidden, m, latent)
                b2 = _column(h2, run, unit, hidden)
            u = tl.dot(w2, state, input_precision=PRECISION)
            active = tl.maximum(u + b2, 0.0)
            if CLIPPED:
                active -= tl.maximum(u, 0.0)
            image = tl.dot(w1, active, image, input_precision=PRECISION)
        state = image
        _keep(z, state, run, m, latent, t, steps, lane, lanes)


@triton.jit  # type: ignore[untyped-decorator]
def _return(  # type: ignore[no-untyped-def]
    A, W1, W2, h2, signal, strength, forced, towards, image, opened, slope, start,
    steps, latent, hidden, targets, lanes,
    CLIPPED: tl.constexpr, M: tl.constexpr, H: tl.constexpr, CHUNKS: tl.constexpr,
    L: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Adjoints of images, thresholds, pre-activations and start, from ``towards``, that of z."""
    run = tl.program_id(0).to(tl.int64)
    lane = tl.program_id(1) * L + tl.arange(0, L)
    m = tl.arange(0, M)
    h = tl.arange(0, H)
    a = _matrix(A, run, m, latent, m, latent)
    w1 = _matrix(W1, run, m, latent, h, hidden)
    w2 = _matrix(W2, run, h, hidden, m, latent)
    b2 = _column(h2, run, h, hidden)
    carry = tl.zeros((M, L), tl.float32)
    for back in range(steps):
        t = steps - 1 - back
        carry += _rows(towards, run, m, latent, t, steps, lane, lanes)
        _keep(image, carry, run, m, latent, t, steps, lane, lanes)
        state = _rows(forced, run, m, latent, t, steps, lane, lanes)
        earlier = tl.dot(tl.trans(a), carry, input_precision=PRECISION)
        for chunk in range(CHUNKS):
            unit = chunk * H + h
            if CHUNKS > 1:
                w1 = _matrix(W1, run, m, latent, unit, hidden)
                w2 = _matrix(W2, run, unit, hidden, m, latent)
                b2 = _column(h2, run, unit, hidden)
            u = tl.dot(w2, state, input_precision=PRECISION)
            through = tl.dot(tl.trans(w1), carry, input_precision=PRECISION)
            of_threshold = tl.where(u + b2 > 0, through, 0.0)
            of_input = of_threshold
            if CLIPPED:
                of_input -= tl.where(u > 0, through, 0.0)
            _keep(opened, of_threshold, run, unit, hidden, t, steps, lane, lanes)
            _keep(slope, of_input, run, unit, hidden, t, steps, lane, lanes)
            earlier = tl.dot(tl.trans(w2), of_input, earlier, input_precision=PRECISION)
        pulled = _rows(signal, run, m, targets, t, steps, lane, lanes)
        known = (pulled == pulled) & (m[:, None] < targets)
        pull = tl.load(strength + run * steps + t)
        carry = tl.where(known, (1 - pull) * earlier, earlier)
    _keep(start, carry, run, m, latent, 0, 1, lane, lanes)


def _launch(kernel: Any, arrays: list[Tensor], signal: Tensor, W1: Tensor, clipped: bool) -> None:
    runs, latent, hidden = W1.shape
    targets, steps, lanes = signal.shape[1:]
    M = max(SMALLEST, triton.next_power_of_2(latent))
    H = min(HIDDEN, max(SMALLEST, triton.next_power_of_2(hidden)))
    kernel[(runs, triton.cdiv(lanes, LANES))](
        *arrays, steps, latent, hidden, targets, lanes,
        CLIPPED=clipped, M=M, H=H, CHUNKS=triton.cdiv(hidden, H), L=LANES, PRECISION=PRECISION,
        num_warps=WARPS,
    )  # fmt: skip


class _Recursion(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        A: Tensor,
        W1: Tensor,
        W2: Tensor,
        h1: Tensor,
        h2: Tensor,
        start: Tensor,
        signal: Tensor,
        strength: Tensor,
        drive: Tensor,
        clipped: bool,
    ) -> Tensor:
        A, W1, W2, h1, h2, start, strength = (
            tensor.contiguous() for tensor in (A, W1, W2, h1, h2, start, strength)
        )
        signal, drive = (tensor.transpose(1, 2).contiguous() for tensor in (signal, drive))
        forced, z = torch.empty_like(drive), torch.empty_like(drive)
        arrays = [A, W1, W2, h1, h2, start, signal, strength, drive, forced, z]
        _launch(_march, arrays, signal, W1, clipped)
        ctx.save_for_backward(A, W1, W2, h2, start, signal, strength, forced)
        ctx.clipped = clipped
        return z.transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, towards: Tensor) -> tuple[Tensor | None, ...]:
        A, W1, W2, h2, start, signal, strength, forced = ctx.saved_tensors
        runs, _, hidden = W1.shape
        towards = towards.transpose(1, 2).contiguous()
        image, first = torch.empty_like(towards), torch.empty_like(start)
        opened, slope = towards.new_empty(2, runs, hidden, *towards.shape[2:])
        arrays = [A, W1, W2, h2, signal, strength, forced, towards, image, opened, slope, first]
        _launch(_return, arrays, signal, W1, ctx.clipped)
        states = forced.flatten(2)
        u = W2 @ states
        active = torch.relu(u + h2[..., None])
        if ctx.clipped:
            active = active - torch.relu(u)
        images = image.flatten(2)
        return (
            images @ states.mT,
            images @ active.mT,
            slope.flatten(2) @ states.mT,
            images.sum(2),
            opened.flatten(2).sum(2),
            first,
            None,
            None,
            image.transpose(1, 2),
            None,
        )


def recur(
    maps: CanonicalMap, start: Tensor, signal: Tensor, strength: Tensor, drive: Tensor
) -> Tensor:
    """`reference.recur` of single-precision tensors on a GPU; no gradient to ``signal``."""
    result: Tensor = _Recursion.apply(  # type: ignore[no-untyped-call]
        maps.A, maps.W1, maps.W2, maps.h1, maps.h2, start, signal, strength, drive, maps.clipped
    )
    return result
