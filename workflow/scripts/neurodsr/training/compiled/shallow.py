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
    pick,
    spread,
    store,
    subtract,
    total,
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

TILE = 4
"""Hidden units taken together; idle ones fill up."""
ROOM = 1 << 17
"""Numbers in the two buffers of the backward loop, which should stay in the second-level cache."""


@parallel
def losses(  # type: ignore[no-untyped-def]
    a, W1, W2, h1, h2, C, B, L, clipped, direct, x, target, s, strength, weight, loss, gradient
):  # fmt: skip
    """Mean squared errors of all runs, and their gradients.

    Maps as in `maps.ShallowMap`, with a leading axis ``run``. Of the observation, either
    ``B (run, channel, latent)`` has rows: predictions are ``B z``, states ``E x`` with the
    pseudo-inverse E; or it has none: the first units are the channels, and the others start at
    ``L x``. ``x`` and ``target (run, block, step + 1, channel, lane)`` are the observations that
    states are inferred from and those to be predicted, ``s (run, block, step, input, lane)`` the
    inputs, ``strength (run, step)`` that of the forcing, toward ``x`` itself if ``direct``, else
    toward ``E x`` or ``(x, L x)``; ``weight (run or 1, block, step + 1, lane)`` says how much a
    sample counts.

    Fills ``loss (run,)`` and ``gradient (run, number)``: those of a, W1, W2, h1, h2, C, B, L.
    """
    runs, blocks = x.shape[:2]
    parts = np.empty((runs, blocks, gradient.shape[1]), a.dtype)
    squares = np.empty((runs, blocks), a.dtype)
    count = np.empty((runs, blocks), a.dtype)
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        squares[run, block], count[run, block] = block_losses(
            a[run], W1[run], W2[run], h1[run], h2[run], C[run], B[run], L[run], clipped, direct,
            x[run, block], target[run, block], s[run, block], strength[run],
            weight[min(run, len(weight) - 1), block], parts[run, block],
        )  # fmt: skip
    average(squares, count, parts, loss, gradient)


@compiled
def block_losses(  # type: ignore[no-untyped-def]
    a, W1, W2, h1, h2, C, B, L, clipped, direct, x, target, s, strength, weight, part
):  # fmt: skip
    """Weighted squared errors of one block of windows, their weights, and half the gradient."""
    latent, hidden = W1.shape
    steps = len(strength)
    ga, rest = cut(part, latent)
    gW1, rest = cut(rest, latent * hidden)
    gW2, rest = cut(rest, latent * hidden)
    gh1, rest = cut(rest, latent)
    gh2, rest = cut(rest, hidden)
    drive = s.reshape(-1)
    E = encoding(B, L, x.shape[1], latent)
    start, signal, targets = begin(E, x.reshape(-1), direct, steps)
    fan_in, fan_out, threshold = packed(W1, W2, h2)
    forced = np.empty(steps * latent * LANES, a.dtype)
    u = np.empty(steps * len(threshold) * LANES, a.dtype)
    z = np.empty(steps * latent * LANES, a.dtype)
    forward(
        a, fan_in, fan_out, h1, threshold, C, clipped, start, signal, targets, strength, drive,
        forced, u, z,
    )  # fmt: skip
    squares, count, gz, errors = observe(B, z, target, weight, latent)
    backward(
        a, fan_in, fan_out, threshold, clipped, signal, targets, strength, forced, u, gz, start,
        gW1.reshape(latent, hidden), gW2.reshape(hidden, latent), gh2,
    )  # fmt: skip
    write_diagonal(ga, gh1, forced, gz, latent, steps)
    write_linear(rest, C, B, L, E, gz, drive, errors, z, start, x, steps)
    return squares, count


@parallel
def orbits(a, W1, W2, h1, h2, C, clipped, start, signal, strength, s, z):  # type: ignore[no-untyped-def]
    """Fill ``z (run, block, step, latent, lane)``, forced trajectories from ``start``.

    ``signal (run, block, step, target, lane)``; without targets the trajectories are free.
    """
    runs, blocks, _, targets, _ = signal.shape
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        out = z[run, block].reshape(-1)
        fan_in, fan_out, threshold = packed(W1[run], W2[run], h2[run])
        forward(
            a[run], fan_in, fan_out, h1[run], threshold, C[run], clipped,
            start[run, block].reshape(-1), signal[run, block].reshape(-1), targets,
            strength[run], s[run, block].reshape(-1), np.empty_like(out), out[:0], out,
        )  # fmt: skip


@compiled
def packed(W1, W2, h2):  # type: ignore[no-untyped-def]
    """Weights into and out of hidden units, flat ``(tile, latent, TILE)``, and their thresholds.

    Idle hidden units fill up the last tile.
    """
    latent, hidden = W1.shape
    tiles = -(-hidden // TILE)
    fan_in = np.zeros(tiles * latent * TILE, W1.dtype)
    fan_out = np.zeros(tiles * latent * TILE, W1.dtype)
    threshold = np.zeros(tiles * TILE, W1.dtype)
    for h in range(hidden):
        threshold[h] = h2[h]
        for m in range(latent):
            at = (h // TILE * latent + m) * TILE + h % TILE
            fan_in[at] = W2[h, m]
            fan_out[at] = W1[m, h]
    return fan_in, fan_out, threshold


@compiled
def forward(  # type: ignore[no-untyped-def]
    a, fan_in, fan_out, h1, h2, C, clipped, start, signal, targets, strength, s, forced, u, z
):  # fmt: skip
    """Predictions ``z`` and forced states, both ``(step, latent, lane)``, of one block.

    If there is room, also the pre-activations ``u (step, hidden, lane)``.
    """
    latent = len(a)
    hidden = len(h2)
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
                w = h * latent + m * TILE
                value = load(forced, at + m * LANES)
                u0 = fma(pick(fan_in, w), value, u0)
                u1 = fma(pick(fan_in, w + 1), value, u1)
                u2 = fma(pick(fan_in, w + 2), value, u2)
                u3 = fma(pick(fan_in, w + 3), value, u3)
            if len(u):
                to = (t * hidden + h) * LANES
                store(u, to, u0)
                store(u, to + LANES, u1)
                store(u, to + 2 * LANES, u2)
                store(u, to + 3 * LANES, u3)
            a0 = activation(u0, pick(h2, h), clipped)
            a1 = activation(u1, pick(h2, h + 1), clipped)
            a2 = activation(u2, pick(h2, h + 2), clipped)
            a3 = activation(u3, pick(h2, h + 3), clipped)
            for m in range(latent):
                w = h * latent + m * TILE
                image = fma(pick(fan_out, w), a0, load(state, m * LANES))
                other = fma(pick(fan_out, w + 1), a1, fma(pick(fan_out, w + 2), a2, zero))
                store(state, m * LANES, add(fma(pick(fan_out, w + 3), a3, image), other))
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
    a, fan_in, fan_out, h2, clipped, signal, targets, strength, forced, u, gz, gstart,
    gW1, gW2, gh2,
):  # fmt: skip
    """Adjoint of `forward`, given the gradient of its predictions.

    ``gz`` becomes the gradient of the images of all steps, ``gstart`` that of the start.
    """
    latent = len(a)
    hidden = len(h2)
    steps = len(strength)
    tiles1 = empty_tiles(latent, hidden, a.dtype)
    tiles2 = empty_tiles(latent, hidden, a.dtype)
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
            for m in range(latent):
                w = h * latent + m * TILE
                value = load(gz, at + m * LANES)
                g0 = fma(pick(fan_out, w), value, g0)
                g1 = fma(pick(fan_out, w + 1), value, g1)
                g2 = fma(pick(fan_out, w + 2), value, g2)
                g3 = fma(pick(fan_out, w + 3), value, g3)
            to = (t - first) * hidden + h
            own = (t * hidden + h) * LANES
            s0 = through(g0, load(u, own), h2, h, clipped, active, slope, to, gu)
            s1 = through(g1, load(u, own + LANES), h2, h + 1, clipped, active, slope, to + 1, gu)
            s2 = through(
                g2, load(u, own + 2 * LANES), h2, h + 2, clipped, active, slope, to + 2, gu
            )
            s3 = through(
                g3, load(u, own + 3 * LANES), h2, h + 3, clipped, active, slope, to + 3, gu
            )
            for m in range(latent):
                w = h * latent + m * TILE
                value = fma(pick(fan_in, w), s0, load(adjoint, m * LANES))
                other = fma(pick(fan_in, w + 1), s1, fma(pick(fan_in, w + 2), s2, zero))
                store(adjoint, m * LANES, add(fma(pick(fan_in, w + 3), s3, value), other))
        unforce(adjoint, signal, t * targets * LANES, strength[t], targets)
        if t == first:
            count = min(chunk, steps - first)
            add_products(tiles1, gz, at, latent, active, 0, hidden, count, latent, hidden)
            add_products(tiles2, forced, at, latent, slope, 0, hidden, count, latent, hidden)
    for h in range(len(gh2)):
        gh2[h] = total(load(gu, h * LANES))
    write_tiles(tiles1, gW1)
    write_tiles(tiles2, gW2.T)


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
    shifted = add(u, spread(pick(thresholds, h)))
    value = where_positive(shifted, shifted)
    result = where_positive(shifted, g)
    store(gu, h * LANES, add(load(gu, h * LANES), result))
    if clipped:
        value = subtract(value, where_positive(u, u))
        result = subtract(result, where_positive(u, g))
    store(active, to * LANES, value)
    store(slope, to * LANES, result)
    return result
