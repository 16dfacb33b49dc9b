"""Forced recursion of an `ElementwiseMap` and its adjoint.

Between two thresholds a nonlinear unit is linear, ``g = slope * y - offset``: the forward loop
keeps g and its slope, the adjoint needs nothing more. Gradients of weights and thresholds of the
basis are collected after the backward loop, unit by unit, where they stay in registers.
"""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel
from neurodsr.training.compiled.products import write_products
from neurodsr.training.compiled.shallow import TILE, write_diagonal
from neurodsr.training.compiled.simd import (
    LANES,
    add,
    fma,
    load,
    multiply,
    spread,
    store,
    subtract,
    total,
    where_positive,
)
from neurodsr.training.compiled.window import constant, force, infer, observe, unforce, write_linear


@parallel
def losses(  # type: ignore[no-untyped-def]
    a, W, alpha, H, h1, C, clipped, centred, B, E, direct, x, target, s, strength, inside, learn,
    learn_basis, squares, count, ga, gW, galpha, gH, gh1, gC, gB, gE,
):  # fmt: skip
    """Sum of squared errors of all windows, and half its gradient (see `shallow.losses`).

    The maps are those of `maps.ElementwiseMap`, ``learn_basis`` says whether alpha and H are
    learned.
    """
    runs, blocks = x.shape[:2]
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        block_losses(
            run, block,
            a, W, alpha, H, h1, C, clipped, centred, B, E, direct, x, target, s, strength, inside,
            learn, learn_basis, squares, count, ga, gW, galpha, gH, gh1, gC, gB, gE,
        )  # fmt: skip


@compiled
def block_losses(  # type: ignore[no-untyped-def]
    run, block,
    a, W, alpha, H, h1, C, clipped, centred, B, E, direct, x, target, s, strength, inside, learn,
    learn_basis, squares, count, ga, gW, galpha, gH, gh1, gC, gB, gE,
):  # fmt: skip
    """`losses` of one block of windows."""
    _, _, samples, channels, _ = x.shape
    latent = a.shape[1]
    steps = samples - 1
    seen = x[run, block].reshape(-1)
    wanted = target[run, block].reshape(-1)
    drive = s[run, block].reshape(-1)
    start = np.empty(latent * LANES, a.dtype)
    infer(E[run], seen, start, 1)
    signal = seen
    targets = channels
    if not direct:
        signal = np.empty(steps * latent * LANES, a.dtype)
        infer(E[run], seen, signal, steps)
        targets = latent
    forced = np.empty(steps * latent * LANES, a.dtype)
    z = np.empty(steps * latent * LANES, a.dtype)
    gz = np.empty(steps * latent * LANES, a.dtype)
    value = np.empty(steps * latent * LANES, a.dtype)
    slope = np.empty(steps * latent * LANES, a.dtype)
    errors = np.empty(steps * len(B[run]) * LANES, a.dtype)
    forward(
        a[run], W[run], alpha[run], H[run], h1[run], C[run], clipped, centred,
        start, signal, targets, strength[run], drive, forced, value, slope, z,
    )  # fmt: skip
    squares[run, block], count[run, block] = observe(
        B[run], z, wanted, inside[block], channels, latent, steps, gz, errors
    )
    if learn:
        backward(
            a[run], W[run], centred, alpha.shape[2], signal, targets, strength[run], slope, gz,
            start,
        )  # fmt: skip
        write_diagonal(ga[run, block], gh1[run, block], forced, gz, latent, steps)
        write_products(gW[run, block], gz, latent, value, latent, steps)
        write_linear(
            gC[run, block], gB[run, block], gE[run, block],
            gz, drive, errors, z, start, seen, latent, channels, steps,
        )  # fmt: skip
        if learn_basis:
            write_basis(
                W[run], alpha[run], H[run], clipped, forced, gz, galpha[run, block],
                gH[run, block],
            )  # fmt: skip


@parallel
def orbits(a, W, alpha, H, h1, C, clipped, centred, start, signal, strength, s, z):  # type: ignore[no-untyped-def]
    """Fill ``z (run, block, step, latent, lane)``, forced trajectories (see `shallow.orbits`)."""
    runs, blocks, _, targets, _ = signal.shape
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        out = z[run, block].reshape(-1)
        forward(
            a[run], W[run], alpha[run], H[run], h1[run], C[run], clipped, centred,
            start[run, block].reshape(-1), signal[run, block].reshape(-1), targets,
            strength[run], s[run, block].reshape(-1),
            np.empty_like(out), np.empty_like(out), np.empty_like(out), out,
        )  # fmt: skip


@compiled
def forward(  # type: ignore[no-untyped-def]
    a, W, alpha, H, h1, C, clipped, centred, start, signal, targets, strength, s,
    forced, value, slope, z,
):  # fmt: skip
    """Predictions, forced states, ``g`` and its slope, all ``(step, latent, lane)``."""
    latent = len(a)
    inputs = C.shape[1]
    basis, nonlinear = alpha.shape
    linear = latent - nonlinear
    shift = alpha * H
    saturation = alpha.sum(axis=0)
    zero = spread(a.dtype.type(0))
    one = spread(a.dtype.type(1))
    part = a.dtype.type(1.0 / latent)
    state = start.copy()
    for t in range(len(strength)):
        at = t * latent * LANES
        force(state, signal, t * targets * LANES, strength[t], forced, at, latent, targets)
        mean = zero
        if centred:
            for m in range(latent):
                mean = fma(part, load(forced, at + m * LANES), mean)
        for m in range(linear):
            store(value, at + m * LANES, load(forced, at + m * LANES))
            store(slope, at + m * LANES, one)
        for i in range(nonlinear):
            y = subtract(load(forced, at + (linear + i) * LANES), mean)
            k = where_positive(y, spread(-saturation[i])) if clipped else zero
            offset = zero
            for b in range(basis):
                above = subtract(y, spread(H[b, i]))
                k = add(k, where_positive(above, spread(alpha[b, i])))
                offset = add(offset, where_positive(above, spread(shift[b, i])))
            store(value, at + (linear + i) * LANES, subtract(multiply(k, y), offset))
            store(slope, at + (linear + i) * LANES, k)
        constant(h1, C, s, t * inputs * LANES, z, at)
        for m in range(latent):
            image = load(z, at + m * LANES)
            store(z, at + m * LANES, fma(a[m], load(forced, at + m * LANES), image))
        product(W, value, at, z, at)
        for m in range(latent):
            store(state, m * LANES, load(z, at + m * LANES))


@compiled
def product(W, vector, at, out, to):  # type: ignore[no-untyped-def]
    """Add ``W`` times a vector of lanes to another one."""
    rows, columns = W.shape
    whole = rows // TILE * TILE
    for m in range(0, whole, TILE):
        o0 = load(out, to + m * LANES)
        o1 = load(out, to + (m + 1) * LANES)
        o2 = load(out, to + (m + 2) * LANES)
        o3 = load(out, to + (m + 3) * LANES)
        for n in range(columns):
            value = load(vector, at + n * LANES)
            o0 = fma(W[m, n], value, o0)
            o1 = fma(W[m + 1, n], value, o1)
            o2 = fma(W[m + 2, n], value, o2)
            o3 = fma(W[m + 3, n], value, o3)
        store(out, to + m * LANES, o0)
        store(out, to + (m + 1) * LANES, o1)
        store(out, to + (m + 2) * LANES, o2)
        store(out, to + (m + 3) * LANES, o3)
    for m in range(whole, rows):
        o0 = load(out, to + m * LANES)
        for n in range(columns):
            o0 = fma(W[m, n], load(vector, at + n * LANES), o0)
        store(out, to + m * LANES, o0)


@compiled
def backward(a, W, centred, nonlinear, signal, targets, strength, slope, gz, gstart):  # type: ignore[no-untyped-def]
    """Adjoint of `forward` through time: turns ``gz`` and ``gstart`` (see `shallow.backward`)."""
    latent = len(a)
    WT = W.T.copy()
    zero = spread(a.dtype.type(0))
    part = a.dtype.type(1.0 / latent)
    adjoint = gstart
    through = np.empty(latent * LANES, a.dtype)
    for m in range(latent):
        store(adjoint, m * LANES, zero)
    for t in range(len(strength) - 1, -1, -1):
        at = t * latent * LANES
        for m in range(latent):
            g = add(load(adjoint, m * LANES), load(gz, at + m * LANES))
            store(gz, at + m * LANES, g)
            store(adjoint, m * LANES, multiply(spread(a[m]), g))
            store(through, m * LANES, zero)
        product(WT, gz, at, through, 0)
        mean = zero
        for m in range(latent):
            g = multiply(load(slope, at + m * LANES), load(through, m * LANES))
            store(adjoint, m * LANES, add(g, load(adjoint, m * LANES)))
            mean = fma(part, g, mean)
        if centred:
            for m in range(latent):
                store(adjoint, m * LANES, subtract(load(adjoint, m * LANES), mean))
        unforce(adjoint, signal, t * targets * LANES, strength[t], targets)


@compiled
def write_basis(W, alpha, H, clipped, forced, gz, galpha, gH):  # type: ignore[no-untyped-def]
    """Gradients of the basis functions' weights and thresholds; units are not centred."""
    basis, nonlinear = alpha.shape
    latent = len(W)
    steps = len(gz) // (latent * LANES)
    linear = latent - nonlinear
    zero = spread(W.dtype.type(0))
    through = np.empty(steps * LANES, W.dtype)
    for i in range(nonlinear):
        row = (linear + i) * LANES
        saturated = zero
        for t in range(steps):
            at = t * latent * LANES
            g = zero
            for m in range(latent):
                g = fma(W[m, linear + i], load(gz, at + m * LANES), g)
            store(through, t * LANES, g)
            y = load(forced, at + row)
            saturated = add(saturated, where_positive(y, multiply(g, y)))
        clip = total(saturated) if clipped else W.dtype.type(0)
        for b in range(basis):
            threshold = spread(H[b, i])
            moved = zero
            passed = zero
            for t in range(steps):
                above = subtract(load(forced, t * latent * LANES + row), threshold)
                g = where_positive(above, load(through, t * LANES))
                moved = fma(g, above, moved)
                passed = add(passed, g)
            galpha[b, i] = total(moved) - clip
            gH[b, i] = -alpha[b, i] * total(passed)
