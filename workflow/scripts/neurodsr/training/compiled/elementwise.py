"""Forced recursion of an `ElementwiseMap` and its adjoint.

Between two thresholds a nonlinear unit is linear, ``g = slope * y - offset``: the forward loop
keeps g and its slope, the adjoint needs nothing more. Gradients of weights and thresholds of the
basis are collected after the backward loop, unit by unit, where they stay in registers.
"""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel
from neurodsr.training.compiled.products import add_image, write_products
from neurodsr.training.compiled.shallow import write_diagonal
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
    where_above,
    where_positive,
)
from neurodsr.training.compiled.window import (
    average,
    begin,
    constant,
    cut,
    encoding,
    force,
    observe,
    unforce,
    write_linear,
)


@parallel
def losses(  # type: ignore[no-untyped-def]
    a, W, h1, C, B, L, alpha, H, clipped, centred, direct, x, target, s, strength, weight,
    loss, gradient,
):  # fmt: skip
    """Mean squared errors of all runs, and their gradients (see `shallow.losses`).

    The maps are those of `maps.ElementwiseMap`. ``gradient (run, number)`` has those of a, W, h1,
    C, B, L, and those of alpha and H if there is room.
    """
    runs, blocks = x.shape[:2]
    parts = np.empty((runs, blocks, gradient.shape[1]), a.dtype)
    squares = np.empty((runs, blocks), a.dtype)
    count = np.empty((runs, blocks), a.dtype)
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        squares[run, block], count[run, block] = block_losses(
            a[run], W[run], h1[run], C[run], B[run], L[run], alpha[run], H[run], clipped, centred,
            direct, x[run, block], target[run, block], s[run, block], strength[run],
            weight[min(run, len(weight) - 1), block], parts[run, block],
        )  # fmt: skip
    average(squares, count, parts, loss, gradient)


@compiled
def block_losses(  # type: ignore[no-untyped-def]
    a, W, h1, C, B, L, alpha, H, clipped, centred, direct, x, target, s, strength, weight, part
):  # fmt: skip
    """Weighted squared errors of one block of windows, their weights, and half the gradient."""
    latent = len(a)
    steps = len(strength)
    size = steps * latent * LANES
    ga, rest = cut(part, latent)
    gW, rest = cut(rest, latent * latent)
    gh1, rest = cut(rest, latent)
    drive = s.reshape(-1)
    E = encoding(B, L, x.shape[1], latent)
    start, signal, targets = begin(E, x.reshape(-1), direct, steps)
    forced = np.empty(size, a.dtype)
    value = np.empty(size, a.dtype)
    slope = np.empty(size, a.dtype)
    z = np.empty(size, a.dtype)
    forward(
        a, W, alpha, H, h1, C, clipped, centred, start, signal, targets, strength, drive,
        forced, value, slope, z,
    )  # fmt: skip
    squares, count, gz, errors = observe(B, z, target, weight, latent)
    backward(a, W, centred, signal, targets, strength, slope, gz, start)
    write_diagonal(ga, gh1, forced, gz, latent, steps)
    write_products(gW.reshape(latent, latent), gz, latent, value, latent, steps)
    rest = write_linear(rest, C, B, L, E, gz, drive, errors, z, start, x, steps)
    if len(rest):
        galpha, gH = cut(rest, alpha.size)
        write_basis(
            alpha, H, clipped, forced, slope, latent, galpha.reshape(H.shape), gH.reshape(H.shape)
        )
    return squares, count


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
                k = add(k, where_above(y, H[b, i], spread(alpha[b, i])))
                offset = add(offset, where_above(y, H[b, i], spread(shift[b, i])))
            store(value, at + (linear + i) * LANES, subtract(multiply(k, y), offset))
            store(slope, at + (linear + i) * LANES, k)
        constant(h1, C, s, t * inputs * LANES, z, at)
        for m in range(latent):
            image = load(z, at + m * LANES)
            store(z, at + m * LANES, fma(a[m], load(forced, at + m * LANES), image))
        add_image(W, value, at, z, at)
        for m in range(latent):
            store(state, m * LANES, load(z, at + m * LANES))


@compiled
def backward(a, W, centred, signal, targets, strength, slope, gz, gstart):  # type: ignore[no-untyped-def]
    """Adjoint of `forward` through time: turns ``gz`` and ``gstart`` (see `shallow.backward`).

    ``slope`` becomes the gradient of ``g``.
    """
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
        add_image(WT, gz, at, through, 0)
        mean = zero
        for m in range(latent):
            value = load(through, m * LANES)
            g = multiply(load(slope, at + m * LANES), value)
            store(slope, at + m * LANES, value)
            store(adjoint, m * LANES, add(g, load(adjoint, m * LANES)))
            mean = fma(part, g, mean)
        if centred:
            for m in range(latent):
                store(adjoint, m * LANES, subtract(load(adjoint, m * LANES), mean))
        unforce(adjoint, signal, t * targets * LANES, strength[t], targets)


@compiled
def write_basis(alpha, H, clipped, forced, gvalue, latent, galpha, gH):  # type: ignore[no-untyped-def]
    """Gradients of the basis functions' weights and thresholds; units are not centred."""
    basis, nonlinear = alpha.shape
    steps = len(forced) // (latent * LANES)
    linear = latent - nonlinear
    zero = spread(H.dtype.type(0))
    through = np.empty(steps * LANES, H.dtype)
    moment = np.empty(steps * LANES, H.dtype)
    y = np.empty(steps * LANES, H.dtype)
    for i in range(nonlinear):
        saturated = zero
        for t in range(steps):
            at = (t * latent + linear + i) * LANES
            g = load(gvalue, at)
            seen = load(forced, at)
            gy = multiply(g, seen)
            store(y, t * LANES, seen)
            store(through, t * LANES, g)
            store(moment, t * LANES, gy)
            saturated = add(saturated, where_positive(seen, gy))
        clip = total(saturated) if clipped else H.dtype.type(0)
        for b in range(0, basis, 2):
            other = min(b + 1, basis - 1)
            passed0 = passed1 = moved0 = moved1 = zero
            for t in range(steps):
                seen = load(y, t * LANES)
                g = load(through, t * LANES)
                gy = load(moment, t * LANES)
                passed0 = add(passed0, where_above(seen, H[b, i], g))
                moved0 = add(moved0, where_above(seen, H[b, i], gy))
                passed1 = add(passed1, where_above(seen, H[other, i], g))
                moved1 = add(moved1, where_above(seen, H[other, i], gy))
            galpha[b, i] = total(moved0) - H[b, i] * total(passed0) - clip
            gH[b, i] = -alpha[b, i] * total(passed0)
            galpha[other, i] = total(moved1) - H[other, i] * total(passed1) - clip
            gH[other, i] = -alpha[other, i] * total(passed1)
