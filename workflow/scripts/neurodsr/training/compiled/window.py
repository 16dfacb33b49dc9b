"""What happens to one window in one step beside the map: inference, forcing, observation."""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel
from neurodsr.training.compiled.inverse import add_inverse_gradient, pseudo_inverse
from neurodsr.training.compiled.products import add_image, write_products
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
    runs, blocks, steps, rows, _ = out.shape
    batch = starts.shape[1]
    values = source.reshape(-1)
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        deviates = noise[min(run, len(noise) - 1)].reshape(-1)
        to = out[run, block].reshape(-1)
        first = np.empty(LANES, np.int64)
        known = np.empty(LANES, np.int64)
        place = np.zeros(LANES, np.int64)
        for lane in range(LANES):
            window = block * LANES + lane
            if window >= batch:
                window = np.int64(0)
            at = starts[run, window]
            first[lane] = at * rows
            known[lane] = min(steps, ends[at] - at) * rows
            if level > 0:
                place[lane] = noise_starts[run, window] * rows
        for i in range(known.min()):
            for lane in range(LANES):
                to[i * LANES + lane] = values[first[lane] + i]
        for lane in range(LANES):
            for i in range(known.min(), known[lane]):
                to[i * LANES + lane] = values[first[lane] + i]
            for i in range(known[lane], steps * rows):
                to[i * LANES + lane] = beyond
        if level > 0:
            for i in range(steps * rows):
                for lane in range(LANES):
                    to[i * LANES + lane] += level * deviates[place[lane] + i]


@compiled
def infer(E, x, states, steps):  # type: ignore[no-untyped-def]
    """Fill ``states (step, latent, lane)`` with ``E x`` of the first samples."""
    latent, channels = E.shape
    zero = spread(E.dtype.type(0))
    for t in range(steps):
        for m in range(latent):
            store(states, (t * latent + m) * LANES, zero)
        add_image(E, x, t * channels * LANES, states, t * latent * LANES)


@compiled
def encoding(B, L, channels, latent):  # type: ignore[no-untyped-def]
    """The matrix E of ``z = E x``: the pseudo-inverse of B, or the identity above L."""
    E = np.zeros((latent, channels), B.dtype)
    if len(B):
        pseudo_inverse(B, E)
    else:
        for n in range(channels):
            E[n, n] = 1
        for m in range(len(L)):
            for n in range(channels):
                E[latent - len(L) + m, n] = L[m, n]
    return E


@compiled
def begin(E, x, direct, steps):  # type: ignore[no-untyped-def]
    """First states ``(latent, lane)``, forcing signals ``(step, target, lane)``, and their rows."""
    latent, channels = E.shape
    start = np.empty(latent * LANES, E.dtype)
    infer(E, x, start, 1)
    if direct:
        return start, x, channels
    signal = np.empty(steps * latent * LANES, E.dtype)
    infer(E, x, signal, steps)
    return start, signal, latent


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
def observe(B, z, target, weight, latent):  # type: ignore[no-untyped-def]
    """Errors of predicted observations ``x = B z``: sum of weighted squares, and of the weights.

    ``B (channel, latent)`` without rows means that the first units are the channels.
    ``target (step + 1, channel, lane)`` is NaN where nothing was observed, its first sample is not
    predicted; ``weight (step + 1, lane)`` says how much a sample counts. Returns also half the
    gradient of the sum, ``(step, latent, lane)``, and, where there is a B, the weighted errors
    ``(step, channel, lane)``.
    """
    steps, channels = target.shape[0] - 1, target.shape[1]
    wanted = target.reshape(-1)
    gz = np.zeros(len(z), z.dtype)
    errors = np.zeros(steps * len(B) * LANES, z.dtype)
    BT = B.T.copy()
    zero = spread(z.dtype.type(0))
    weights = weight.reshape(-1)
    squares = zero
    count = zero
    for t in range(steps):
        at = t * latent * LANES
        row = t * channels * LANES
        counts = load(weights, (t + 1) * LANES)
        predicted, predicted_at = z, at
        if len(B):
            add_image(B, z, at, errors, row)
            predicted, predicted_at = errors, row
        for n in range(channels):
            true = load(wanted, row + (channels + n) * LANES)
            error = subtract(load(predicted, predicted_at + n * LANES), true)
            error = where_number(true, error, zero)
            weighted = multiply(counts, error)
            squares = fma(weighted, error, squares)
            count = add(count, where_number(true, counts, zero))
            if len(B):
                store(errors, row + n * LANES, weighted)
            else:
                store(gz, at + n * LANES, weighted)
        if len(B):
            add_image(BT, errors, row, gz, at)
    return total(squares), total(count), gz, errors


@compiled
def write_linear(room, C, B, L, E, gz, drive, errors, z, gstart, x, steps):  # type: ignore[no-untyped-def]
    """Gradients of what enters and leaves the map linearly, C, B and L; returns the room left."""
    latent, channels = E.shape
    gC, room = cut(room, C.size)
    gB, room = cut(room, B.size)
    gL, room = cut(room, L.size)
    gE = np.empty((latent, channels), E.dtype)
    write_products(gE, gstart, latent, x.reshape(-1), channels, 1)
    write_products(gC.reshape(C.shape), gz, latent, drive, C.shape[1], steps)
    if len(B):
        write_products(gB.reshape(B.shape), errors, channels, z, latent, steps)
        add_inverse_gradient(B, E, gE, gB.reshape(B.shape))
    else:
        for m in range(len(L)):
            for n in range(channels):
                gL[m * channels + n] = gE[latent - len(L) + m, n]
    return room


@compiled
def cut(room, size):  # type: ignore[no-untyped-def]
    """The first numbers of a flat array, and the others."""
    return room[:size], room[size:]


@compiled
def average(squares, count, parts, loss, gradient):  # type: ignore[no-untyped-def]
    """Mean squared error and its gradient, from sums over blocks of windows.

    ``squares`` and their weights ``count (run, block)``; ``parts (run, block, number)`` are half
    the gradients of the former.
    """
    runs, blocks, numbers = parts.shape
    for run in range(runs):
        for block in range(1, blocks):
            squares[run, 0] += squares[run, block]
            count[run, 0] += count[run, block]
            for p in range(numbers):
                parts[run, 0, p] += parts[run, block, p]
        observed = count[run, 0] if count[run, 0] > 0 else loss.dtype.type(1)
        loss[run] = squares[run, 0] / observed
        for p in range(numbers):
            gradient[run, p] = 2 / observed * parts[run, 0, p]
