"""Forced recursion of the canonical map and its adjoint, compiled (equations: `recursion`).

Windows are the lanes of SIMD vectors (`simd`), hidden units are taken `TILE` at a time so that a
pre-activation never leaves its register before it is used. Vector arrays are flat per run; a row of
``lanes`` numbers holds one unit at one step. Parameter gradients are sums of outer products over
steps and lanes: the backward loop collects their factors for `CHUNK` steps and multiplies then.
"""

from typing import Any

import numba
import numpy as np

from neurodsr.training.simd import (
    LANES,
    add,
    fma,
    load,
    spread,
    store,
    subtract,
    total,
    where_number,
    where_positive,
)

TILE = 4
"""Hidden units taken together; ``hidden`` must be a multiple of it."""
CHUNK = 8
"""Steps of the backward loop between two additions to the parameter gradients."""

compiled: Any = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def force(state, forced, forcing, strength, row, lanes, latent, targets):  # type: ignore[no-untyped-def]
    """Pull the first ``targets`` units of ``state`` toward the forcing signal where it is known."""
    for m in range(latent):
        now = load(state, m * LANES)
        if m < targets:
            signal = load(forcing, row + m * lanes)
            now = where_number(signal, fma(strength, subtract(signal, now), now), now)
        store(forced, m * LANES, now)


@compiled
def forward(A, W1, W2, h1, h2, clipped, start, forcing, strength, drive, z):  # type: ignore[no-untyped-def]
    """Fill ``z (run, step * latent * lane)``, the predictions of all runs."""
    for run in range(len(A)):
        forward_run(
            A[run], W1[run], W2[run], h1[run], h2[run], clipped,
            start[run], forcing[run], strength[run], drive[run], z[run],
        )  # fmt: skip


@compiled
def forward_run(A, W1, W2, h1, h2, clipped, start, forcing, strength, drive, z):  # type: ignore[no-untyped-def]
    """One run of `forward`."""
    latent, hidden = W1.shape
    steps = len(strength)
    lanes = len(start) // latent
    targets = len(forcing) // (steps * lanes)
    state = np.empty(latent * LANES, A.dtype)
    forced = np.empty(latent * LANES, A.dtype)
    for block in range(0, lanes, LANES):
        for m in range(latent):
            store(state, m * LANES, load(start, m * lanes + block))
        for t in range(steps):
            row = t * targets * lanes + block
            force(state, forced, forcing, strength[t], row, lanes, latent, targets)
            for m in range(latent):
                image = spread(h1[m])
                if len(drive) > 0:
                    image = add(image, load(drive, (t * latent + m) * lanes + block))
                for n in range(latent):
                    image = fma(A[m, n], load(forced, n * LANES), image)
                store(state, m * LANES, image)
            for h in range(0, hidden, TILE):
                u0 = spread(W2.dtype.type(0))
                u1 = u0
                u2 = u0
                u3 = u0
                for m in range(latent):
                    value = load(forced, m * LANES)
                    u0 = fma(W2[h, m], value, u0)
                    u1 = fma(W2[h + 1, m], value, u1)
                    u2 = fma(W2[h + 2, m], value, u2)
                    u3 = fma(W2[h + 3, m], value, u3)
                a0 = activation(u0, h2[h], clipped)
                a1 = activation(u1, h2[h + 1], clipped)
                a2 = activation(u2, h2[h + 2], clipped)
                a3 = activation(u3, h2[h + 3], clipped)
                for m in range(latent):
                    image = load(state, m * LANES)
                    image = fma(W1[m, h], a0, image)
                    image = fma(W1[m, h + 1], a1, image)
                    image = fma(W1[m, h + 2], a2, image)
                    image = fma(W1[m, h + 3], a3, image)
                    store(state, m * LANES, image)
            for m in range(latent):
                store(z, (t * latent + m) * lanes + block, load(state, m * LANES))


@compiled
def activation(u, threshold, clipped):  # type: ignore[no-untyped-def]
    """Value of hidden units at pre-activations ``u``."""
    shifted = add(u, spread(threshold))
    value = where_positive(shifted, shifted)
    if clipped:
        value = subtract(value, where_positive(u, u))
    return value


@compiled
def backward(  # type: ignore[no-untyped-def]
    A, W1, W2, h2, clipped, start, forcing, strength, z,
    gz, gA, gW1, gW2, gh1, gh2, gstart, gdrive,
):  # fmt: skip
    """Turn the gradient ``gz`` of the predictions into those of everything else, all runs.

    ``gA (run, latent, latent + padding)``, ``gW1`` and ``gW2`` (both ``(run, latent, hidden)``: the
    latter transposed), ``gh1`` and ``gh2`` must come as zeros.
    """
    for run in range(len(A)):
        backward_run(
            A[run], W1[run], W2[run], h2[run], clipped,
            start[run], forcing[run], strength[run], z[run],
            gz[run], gA[run], gW1[run], gW2[run], gh1[run], gh2[run], gstart[run], gdrive[run],
        )  # fmt: skip


@compiled
def backward_run(  # type: ignore[no-untyped-def]
    A, W1, W2, h2, clipped, start, forcing, strength, z,
    gz, gA, gW1, gW2, gh1, gh2, gstart, gdrive,
):  # fmt: skip
    """One run of `backward`."""
    latent, hidden = W1.shape
    padded = gA.shape[1]  # rows of `forced`, a multiple of `TILE`
    steps = len(strength)
    lanes = len(start) // latent
    targets = len(forcing) // (steps * lanes)
    W1T = W1.T.copy()
    W2T = W2.T.copy()
    state = np.empty(latent * LANES, A.dtype)
    adjoint = np.empty(latent * LANES, A.dtype)
    gu = np.empty(hidden * LANES, A.dtype)
    gs = np.empty(latent * LANES, A.dtype)
    # Factors of the outer products, step by step within a chunk.
    forced = np.zeros(CHUNK * padded * LANES, A.dtype)
    image = np.zeros(CHUNK * latent * LANES, A.dtype)
    active = np.empty(CHUNK * hidden * LANES, A.dtype)
    slope = np.empty(CHUNK * hidden * LANES, A.dtype)
    zero = spread(A.dtype.type(0))
    for block in range(0, lanes, LANES):
        for m in range(latent):
            store(adjoint, m * LANES, zero)
            store(gs, m * LANES, zero)
        for h in range(hidden):
            store(gu, h * LANES, zero)
        filled = 0
        for t in range(steps - 1, -1, -1):
            here = forced[filled * padded * LANES :]
            g = image[filled * latent * LANES :]
            for m in range(latent):
                before = (
                    load(z, ((t - 1) * latent + m) * lanes + block)
                    if t > 0
                    else load(start, m * lanes + block)
                )
                store(state, m * LANES, before)
                at = (t * latent + m) * lanes + block
                value = add(load(adjoint, m * LANES), load(gz, at))
                store(g, m * LANES, value)
                store(gs, m * LANES, add(load(gs, m * LANES), value))
                if len(gdrive) > 0:
                    store(gdrive, at, value)
            row = t * targets * lanes + block
            force(state, here, forcing, strength[t], row, lanes, latent, targets)
            for m in range(latent):
                value = zero
                for n in range(latent):
                    value = fma(A[n, m], load(g, n * LANES), value)
                store(adjoint, m * LANES, value)
            for h in range(0, hidden, TILE):
                g0 = zero
                g1 = zero
                g2 = zero
                g3 = zero
                u0 = zero
                u1 = zero
                u2 = zero
                u3 = zero
                for m in range(latent):
                    value = load(here, m * LANES)
                    u0 = fma(W2[h, m], value, u0)
                    u1 = fma(W2[h + 1, m], value, u1)
                    u2 = fma(W2[h + 2, m], value, u2)
                    u3 = fma(W2[h + 3, m], value, u3)
                    value = load(g, m * LANES)
                    g0 = fma(W1T[h, m], value, g0)
                    g1 = fma(W1T[h + 1, m], value, g1)
                    g2 = fma(W1T[h + 2, m], value, g2)
                    g3 = fma(W1T[h + 3, m], value, g3)
                to = filled * hidden + h
                s0 = through(g0, u0, h2, h, clipped, active, slope, to, gu)
                s1 = through(g1, u1, h2, h + 1, clipped, active, slope, to + 1, gu)
                s2 = through(g2, u2, h2, h + 2, clipped, active, slope, to + 2, gu)
                s3 = through(g3, u3, h2, h + 3, clipped, active, slope, to + 3, gu)
                for m in range(latent):
                    value = load(adjoint, m * LANES)
                    value = fma(W2T[m, h], s0, value)
                    value = fma(W2T[m, h + 1], s1, value)
                    value = fma(W2T[m, h + 2], s2, value)
                    value = fma(W2T[m, h + 3], s3, value)
                    store(adjoint, m * LANES, value)
            for m in range(targets):
                value = load(adjoint, m * LANES)
                signal = load(forcing, row + m * lanes)
                damped = fma(-strength[t], value, value)
                store(adjoint, m * LANES, where_number(signal, damped, value))
            filled += 1
            if filled == CHUNK or t == 0:
                add_products(gA, image, latent, forced, filled)
                add_products(gW1, image, latent, active, filled)
                add_products(gW2, forced, padded, slope, filled)
                filled = 0
        for h in range(hidden):
            gh2[h] += total(load(gu, h * LANES))
        for m in range(latent):
            gh1[m] += total(load(gs, m * LANES))
            store(gstart, m * lanes + block, load(adjoint, m * LANES))


@compiled
def through(g, u, thresholds, h, clipped, active, slope, to, gu):  # type: ignore[no-untyped-def]
    """Gradient ``g`` of one hidden unit's value, turned into that of its pre-activation.

    Adds to the threshold's gradient, and writes down the value and the result for the products.
    """
    shifted = add(u, spread(thresholds[h]))
    value = where_positive(shifted, shifted)
    result = where_positive(shifted, g)
    store(gu, h * LANES, add(load(gu, h * LANES), result))
    if clipped:
        value = subtract(value, where_positive(u, u))
        result = subtract(result, where_positive(u, g))
    store(active, to * LANES, value)
    store(slope, to * LANES, result)
    return result


@compiled
def add_products(out, left, rows, right, steps):  # type: ignore[no-untyped-def]
    """Add to ``out (p, q)`` the sum over steps and lanes of ``left[p] * right[q]``.

    ``left`` has ``rows >= p`` vectors at each step; ``q`` is a multiple of `TILE`.
    """
    height, width = out.shape
    for q in range(0, width, TILE):
        for p in range(height):
            o0 = spread(out.dtype.type(0))
            o1 = o0
            o2 = o0
            o3 = o0
            for t in range(steps):
                value = load(left, (t * rows + p) * LANES)
                at = (t * width + q) * LANES
                o0 = fma(value, load(right, at), o0)
                o1 = fma(value, load(right, at + LANES), o1)
                o2 = fma(value, load(right, at + 2 * LANES), o2)
                o3 = fma(value, load(right, at + 3 * LANES), o3)
            out[p, q] += total(o0)
            out[p, q + 1] += total(o1)
            out[p, q + 2] += total(o2)
            out[p, q + 3] += total(o3)
