"""Forced recursion of a `ShallowMap` and its adjoint.

Hidden units are taken `TILE` at a time, so that a pre-activation never leaves its register before
it is used. The matrices' gradients are sums of outer products: the backward loop collects the
factors of some steps and multiplies then.
"""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel
from neurodsr.training.compiled.products import add_products, empty_tiles, write_tiles
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

TILE = 4
"""Hidden units taken together; idle ones fill up."""
ROOM = 1 << 17
"""Numbers in the two buffers of the backward loop, which should stay in the second-level cache."""


@parallel
def losses(  # type: ignore[no-untyped-def]
    a, W1, W2, h1, h2, C, clipped, B, E, direct, x, target, s, strength, inside, learn,
    squares, count, ga, gW1, gW2, gh1, gh2, gC, gB, gE,
):  # fmt: skip
    """Sum of squared errors of all windows, and half its gradient.

    Maps and observation as in `maps.ShallowMap` and `observation.Observation`, with a leading
    axis ``run``; ``B (run, 0, latent)`` means that the first units are the channels. ``x`` and
    ``target (run, block, step + 1, channel, lane)`` are the observations that states are inferred
    from and those to be predicted, ``s (run, block, step, input, lane)`` the inputs,
    ``strength (run, step)`` that of the forcing, toward ``x`` itself if ``direct``, else toward
    ``E x``; ``inside (block, lane)`` says which windows count.

    Fills ``squares``, ``count (run, block)`` and, to ``learn``, the gradients
    ``ga ... gE (run, block, ...)``; that of W2 is transposed.
    """
    runs, blocks = x.shape[:2]
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        block_losses(
            run, block,
            a, W1, W2, h1, h2, C, clipped, B, E, direct, x, target, s, strength, inside, learn,
            squares, count, ga, gW1, gW2, gh1, gh2, gC, gB, gE,
        )  # fmt: skip


@compiled
def block_losses(  # type: ignore[no-untyped-def]
    run, block,
    a, W1, W2, h1, h2, C, clipped, B, E, direct, x, target, s, strength, inside, learn,
    squares, count, ga, gW1, gW2, gh1, gh2, gC, gB, gE,
):  # fmt: skip
    """`losses` of one block of windows."""
    _, _, samples, channels, _ = x.shape
    latent = W1.shape[1]
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
    errors = np.empty(steps * len(B[run]) * LANES, a.dtype)
    right, left, threshold = padded(W1[run], W2[run], h2[run])
    forward(
        a[run], right, left, h1[run], threshold, C[run], clipped,
        start, signal, targets, strength[run], drive, forced, z,
    )  # fmt: skip
    squares[run, block], count[run, block] = observe(
        B[run], z, wanted, inside[block], channels, latent, steps, gz, errors
    )
    if learn:
        backward(
            a[run], right, left, threshold, clipped, signal, targets, strength[run],
            forced, gz, start, gW1[run, block], gW2[run, block], gh2[run, block],
        )  # fmt: skip
        write_diagonal(ga[run, block], gh1[run, block], forced, gz, latent, steps)
        write_linear(
            gC[run, block], gB[run, block], gE[run, block],
            gz, drive, errors, z, start, seen, latent, channels, steps,
        )  # fmt: skip


@parallel
def orbits(a, W1, W2, h1, h2, C, clipped, start, signal, strength, s, z):  # type: ignore[no-untyped-def]
    """Fill ``z (run, block, step, latent, lane)``, forced trajectories from ``start``.

    ``signal (run, block, step, target, lane)``; without targets the trajectories are free.
    """
    runs, blocks, _, targets, _ = signal.shape
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        out = z[run, block].reshape(-1)
        right, left, threshold = padded(W1[run], W2[run], h2[run])
        forward(
            a[run], right, left, h1[run], threshold, C[run], clipped,
            start[run, block].reshape(-1), signal[run, block].reshape(-1), targets,
            strength[run], s[run, block].reshape(-1), np.empty_like(out), out,
        )  # fmt: skip


@compiled
def padded(W1, W2, h2):  # type: ignore[no-untyped-def]
    """Weights with idle hidden units, up to a multiple of the tile."""
    latent, hidden = W1.shape
    whole = -(-hidden // TILE) * TILE
    right = np.zeros((latent, whole), W1.dtype)
    left = np.zeros((whole, latent), W1.dtype)
    threshold = np.zeros(whole, W1.dtype)
    right[:, :hidden] = W1
    left[:hidden] = W2
    threshold[:hidden] = h2
    return right, left, threshold


@compiled
def forward(  # type: ignore[no-untyped-def]
    a, W1, W2, h1, h2, C, clipped, start, signal, targets, strength, s, forced, z
):
    """Predictions ``z`` and forced states, both ``(step, latent, lane)``, of one block."""
    latent, hidden = W1.shape
    inputs = C.shape[1]
    zero = spread(a.dtype.type(0))
    state = start.copy()
    for t in range(len(strength)):
        at = t * latent * LANES
        force(state, signal, t * targets * LANES, strength[t], forced, at, latent, targets)
        constant(h1, C, s, t * inputs * LANES, state, 0)
        for m in range(latent):
            value = load(forced, at + m * LANES)
            store(state, m * LANES, fma(a[m], value, load(state, m * LANES)))
        for h in range(0, hidden, TILE):
            u0 = u1 = u2 = u3 = zero
            for m in range(latent):
                value = load(forced, at + m * LANES)
                u0 = fma(W2[h, m], value, u0)
                u1 = fma(W2[h + 1, m], value, u1)
                u2 = fma(W2[h + 2, m], value, u2)
                u3 = fma(W2[h + 3, m], value, u3)
            a0 = activation(u0, h2[h], clipped)
            a1 = activation(u1, h2[h + 1], clipped)
            a2 = activation(u2, h2[h + 2], clipped)
            a3 = activation(u3, h2[h + 3], clipped)
            for m in range(latent):
                image = fma(W1[m, h], a0, load(state, m * LANES))
                other = fma(W1[m, h + 1], a1, fma(W1[m, h + 2], a2, zero))
                store(state, m * LANES, add(fma(W1[m, h + 3], a3, image), other))
        for m in range(latent):
            store(z, at + m * LANES, load(state, m * LANES))


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
    a, W1, W2, h2, clipped, signal, targets, strength, forced, gz, gstart, gW1, gW2, gh2
):  # fmt: skip
    """Adjoint of `forward`, given the gradient of its predictions.

    ``gz`` becomes the gradient of the images of all steps, ``gstart`` that of the start.
    """
    latent, hidden = W1.shape
    steps = len(strength)
    tiles1 = empty_tiles(latent, hidden, a.dtype)
    tiles2 = empty_tiles(latent, hidden, a.dtype)
    W1T = W1.T.copy()
    W2T = W2.T.copy()
    zero = spread(a.dtype.type(0))
    adjoint = gstart
    for m in range(latent):
        store(adjoint, m * LANES, zero)
    gu = np.zeros(hidden * LANES, a.dtype)
    chunk = max(1, min(32, ROOM // (hidden * LANES), steps))
    active = np.empty(chunk * hidden * LANES, a.dtype)
    slope = np.empty(chunk * hidden * LANES, a.dtype)
    for t in range(steps - 1, -1, -1):
        at = t * latent * LANES
        first = t // chunk * chunk
        for m in range(latent):
            g = add(load(adjoint, m * LANES), load(gz, at + m * LANES))
            store(gz, at + m * LANES, g)
            store(adjoint, m * LANES, multiply(spread(a[m]), g))
        for h in range(0, hidden, TILE):
            g0 = g1 = g2 = g3 = zero
            u0 = u1 = u2 = u3 = zero
            for m in range(latent):
                value = load(forced, at + m * LANES)
                u0 = fma(W2[h, m], value, u0)
                u1 = fma(W2[h + 1, m], value, u1)
                u2 = fma(W2[h + 2, m], value, u2)
                u3 = fma(W2[h + 3, m], value, u3)
                value = load(gz, at + m * LANES)
                g0 = fma(W1T[h, m], value, g0)
                g1 = fma(W1T[h + 1, m], value, g1)
                g2 = fma(W1T[h + 2, m], value, g2)
                g3 = fma(W1T[h + 3, m], value, g3)
            to = (t - first) * hidden + h
            s0 = through(g0, u0, h2, h, clipped, active, slope, to, gu)
            s1 = through(g1, u1, h2, h + 1, clipped, active, slope, to + 1, gu)
            s2 = through(g2, u2, h2, h + 2, clipped, active, slope, to + 2, gu)
            s3 = through(g3, u3, h2, h + 3, clipped, active, slope, to + 3, gu)
            for m in range(latent):
                value = fma(W2T[m, h], s0, load(adjoint, m * LANES))
                other = fma(W2T[m, h + 1], s1, fma(W2T[m, h + 2], s2, zero))
                store(adjoint, m * LANES, add(fma(W2T[m, h + 3], s3, value), other))
        unforce(adjoint, signal, t * targets * LANES, strength[t], targets)
        if t == first:
            count = min(chunk, steps - first)
            add_products(tiles1, gz, at, latent, active, 0, hidden, count, latent, hidden)
            add_products(tiles2, forced, at, latent, slope, 0, hidden, count, latent, hidden)
    for h in range(len(gh2)):
        gh2[h] = total(load(gu, h * LANES))
    write_tiles(tiles1, gW1)
    write_tiles(tiles2, gW2)


@compiled
def write_diagonal(ga, gh1, forced, gz, latent, steps):  # type: ignore[no-untyped-def]
    """Gradients of the diagonal and of the bias."""
    for m in range(latent):
        own = spread(ga.dtype.type(0))
        bias = own
        for t in range(steps):
            g = load(gz, (t * latent + m) * LANES)
            own = fma(g, load(forced, (t * latent + m) * LANES), own)
            bias = add(bias, g)
        ga[m] = total(own)
        gh1[m] = total(bias)


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
