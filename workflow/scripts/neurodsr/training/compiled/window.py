"""What happens to one window in one step beside the map: inference, forcing, observation."""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel
from neurodsr.training.compiled.products import write_products
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
    where_number,
)


@parallel
def gather(source, ends, starts, noise, noise_starts, level, beyond, out):  # type: ignore[no-untyped-def]
    """Copy windows of ``source (time, row)`` into ``out (run, block, step, row, lane)``.

    Adds ``level`` times ``noise (run or 1, time, row)``, read from ``noise_starts (run, window)``
    on. A window that reaches ``ends[start]`` goes on with the value ``beyond``. Lanes without a
    window of their own repeat the first one.
    """
    runs, blocks, steps, rows, lanes = out.shape
    batch = starts.shape[1]
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        deviates = noise[min(run, len(noise) - 1)]
        for lane in range(lanes):
            window = block * lanes + lane
            if window >= batch:
                window = 0
            at = starts[run, window]
            known = min(steps, ends[at] - at)
            for t in range(known):
                for row in range(rows):
                    out[run, block, t, row, lane] = source[at + t, row]
            if level > 0:
                place = noise_starts[run, window]
                for t in range(known):
                    for row in range(rows):
                        out[run, block, t, row, lane] += level * deviates[place + t, row]
            for t in range(known, steps):
                for row in range(rows):
                    out[run, block, t, row, lane] = beyond


@compiled
def infer(E, x, states, steps):  # type: ignore[no-untyped-def]
    """Fill ``states (step, latent, lane)`` with ``E x`` of the first samples."""
    latent, channels = E.shape
    for t in range(steps):
        for m in range(latent):
            value = spread(E.dtype.type(0))
            for n in range(channels):
                value = fma(E[m, n], load(x, (t * channels + n) * LANES), value)
            store(states, (t * latent + m) * LANES, value)


@compiled
def force(state, signal, signal_at, strength, forced, forced_at, latent, targets):  # type: ignore[no-untyped-def]
    """Pull the first ``targets`` units of ``state`` toward the forcing signal where it is known."""
    for m in range(latent):
        now = load(state, m * LANES)
        if m < targets:
            to = load(signal, signal_at + m * LANES)
            now = where_number(to, fma(strength, subtract(to, now), now), now)
        store(forced, forced_at + m * LANES, now)


@compiled
def unforce(adjoint, signal, signal_at, strength, targets):  # type: ignore[no-untyped-def]
    """Adjoint of `force`: less gradient passes where the state was pulled."""
    for m in range(targets):
        value = load(adjoint, m * LANES)
        to = load(signal, signal_at + m * LANES)
        store(adjoint, m * LANES, where_number(to, fma(-strength, value, value), value))


@compiled
def constant(h1, C, s, at, image, image_at):  # type: ignore[no-untyped-def]
    """Fill ``image`` with ``h1 + C s``, the inputs of a step beginning at element ``at``."""
    latent, inputs = C.shape
    for m in range(latent):
        value = spread(h1[m])
        for k in range(inputs):
            value = fma(C[m, k], load(s, at + k * LANES), value)
        store(image, image_at + m * LANES, value)


@compiled
def observe(B, z, target, inside, channels, latent, steps, gz, errors):  # type: ignore[no-untyped-def]
    """Errors of predicted observations ``x = B z``: their sum of squares, and their number.

    ``B (channel, latent)`` without rows means that the first units are the channels. Fills
    ``errors (step, channel, lane)``, where there is a B, and ``gz (step, latent, lane)`` with
    half the gradient of the sum. ``target (step + 1, channel, lane)`` is NaN where nothing was
    observed, its first sample is not predicted; ``inside (lane,)`` is 1 for windows that count and
    0 for repeated ones.
    """
    zero = spread(z.dtype.type(0))
    weight = load(inside, 0)
    squares = zero
    count = zero
    for t in range(steps):
        at = t * latent * LANES
        to = (t + 1) * channels * LANES
        if len(B) == 0:
            for m in range(latent):
                error = zero
                if m < channels:
                    true = load(target, to + m * LANES)
                    error = multiply(weight, subtract(load(z, at + m * LANES), true))
                    error = where_number(true, error, zero)
                    squares = fma(error, error, squares)
                    count = add(count, where_number(true, weight, zero))
                store(gz, at + m * LANES, error)
        else:
            for m in range(latent):
                store(gz, at + m * LANES, zero)
            for n in range(channels):
                true = load(target, to + n * LANES)
                value = zero
                for m in range(latent):
                    value = fma(B[n, m], load(z, at + m * LANES), value)
                error = where_number(true, multiply(weight, subtract(value, true)), zero)
                store(errors, (t * channels + n) * LANES, error)
                squares = fma(error, error, squares)
                count = add(count, where_number(true, weight, zero))
                for m in range(latent):
                    store(gz, at + m * LANES, fma(B[n, m], error, load(gz, at + m * LANES)))
    return total(squares), total(count)


@compiled
def write_linear(  # type: ignore[no-untyped-def]
    gC, gB, gE, gz, drive, errors, z, start, seen, latent, channels, steps
):  # fmt: skip
    """Gradients of what enters and leaves the map linearly: inputs, read-out, first state."""
    write_products(gC, gz, latent, drive, gC.shape[1], steps)
    write_products(gB, errors, channels, z, latent, steps)
    write_products(gE, start, latent, seen, channels, 1)
