"""How strongly Jacobians at given states stretch: estimators of growth, for adaptive forcing.

The Jacobians of all lanes are made and multiplied together. Their spectral norms are found by power
iteration on ``J^T J``, begun at the result of the sample before.
"""

import numpy as np
from numba import prange

from neurodsr.training.compiled import compiled, parallel
from neurodsr.training.compiled.simd import (
    LANES,
    add,
    fma,
    load,
    multiply,
    spread,
    store,
    subtract,
    where_number,
    where_positive,
)
from neurodsr.training.compiled.window import infer

TILE = 4
PRODUCT, MEAN, MAXIMUM = 0, 1, 2
ROUND = 4
"""Iterations between two normalisations."""
ROUNDS = 4
"""For each sample."""
MANY_ROUNDS = 20
"""For a matrix that has no sample before it."""
GAP = 0.97
FRESH = 0.1
"""Part of the first direction that is mixed into each start, lest an iteration never leaves it."""
TINY = 1e-30


@parallel
def shallow(a, W1, W2, h2, clipped, E, x, times, estimator, kappa):  # type: ignore[no-untyped-def]
    """Fill ``kappa (run, block)``, the growth of a `ShallowMap` at the states ``E x``.

    Parameters
    ----------
    a, W1, W2, h2, clipped, E
        Maps and encoders of all runs.
    x : (run, block, sample, channel, lane)
        Observations; states without all of them do not count.
    times : (time,)
        Samples that are looked at.
    estimator
        `PRODUCT`: largest geometric mean over time of the norms, over lanes. `MEAN`: largest norm
        of the mean over time. `MAXIMUM`: largest norm.
    kappa
        NaN where no state is complete.
    """
    runs, blocks = kappa.shape
    latent = a.shape[1]
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        seen = x[run, block].reshape(-1)
        row = x.shape[3] * LANES
        state = np.empty(latent * LANES, a.dtype)
        J = np.empty(latent * latent * LANES, a.dtype)
        found = empty(latent, a.dtype.type(1))
        for t in times:
            infer(E[run], seen[t * row :], state, 1)
            shallow_jacobian(a[run], W1[run], W2[run], h2[run], clipped, state, J)
            collect(J, state, estimator, found)
        kappa[run, block] = result(latent, estimator, found)


@parallel
def elementwise(a, W, alpha, H, clipped, centred, E, x, times, estimator, kappa):  # type: ignore[no-untyped-def]
    """The same of an `ElementwiseMap`."""
    runs, blocks = kappa.shape
    latent = a.shape[1]
    for unit in prange(runs * blocks):
        run, block = divmod(np.int64(unit), np.int64(blocks))
        seen = x[run, block].reshape(-1)
        row = x.shape[3] * LANES
        state = np.empty(latent * LANES, a.dtype)
        J = np.empty(latent * latent * LANES, a.dtype)
        found = empty(latent, a.dtype.type(1))
        for t in times:
            infer(E[run], seen[t * row :], state, 1)
            elementwise_jacobian(a[run], W[run], alpha[run], H[run], clipped, centred, state, J)
            collect(J, state, estimator, found)
        kappa[run, block] = result(latent, estimator, found)


@compiled
def shallow_jacobian(a, W1, W2, h2, clipped, z, J):  # type: ignore[no-untyped-def]
    """Fill ``J (latent, latent, lane)`` with ``diag(a) + W1 diag(slope) W2``."""
    latent, hidden = W1.shape
    diagonal(a, J)
    whole = hidden // TILE * TILE
    for h in range(0, whole, TILE):
        k0 = slope(W2, h2, h, clipped, z)
        k1 = slope(W2, h2, h + 1, clipped, z)
        k2 = slope(W2, h2, h + 2, clipped, z)
        k3 = slope(W2, h2, h + 3, clipped, z)
        for j in range(latent):
            w0 = multiply(spread(W2[h, j]), k0)
            w1 = multiply(spread(W2[h + 1, j]), k1)
            w2 = multiply(spread(W2[h + 2, j]), k2)
            w3 = multiply(spread(W2[h + 3, j]), k3)
            for i in range(latent):
                entry = load(J, (i * latent + j) * LANES)
                entry = fma(W1[i, h], w0, entry)
                entry = fma(W1[i, h + 1], w1, entry)
                entry = fma(W1[i, h + 2], w2, entry)
                entry = fma(W1[i, h + 3], w3, entry)
                store(J, (i * latent + j) * LANES, entry)
    for h in range(whole, hidden):
        k0 = slope(W2, h2, h, clipped, z)
        for j in range(latent):
            w0 = multiply(spread(W2[h, j]), k0)
            for i in range(latent):
                at = (i * latent + j) * LANES
                store(J, at, fma(W1[i, h], w0, load(J, at)))


@compiled
def slope(W2, h2, h, clipped, z):  # type: ignore[no-untyped-def]
    """Slope of one hidden unit: 1, 0 or, clipped, -1."""
    u = spread(W2.dtype.type(0))
    for m in range(W2.shape[1]):
        u = fma(W2[h, m], load(z, m * LANES), u)
    one = spread(W2.dtype.type(1))
    k = where_positive(add(u, spread(h2[h])), one)
    if clipped:
        k = subtract(k, where_positive(u, one))
    return k


@compiled
def elementwise_jacobian(a, W, alpha, H, clipped, centred, z, J):  # type: ignore[no-untyped-def]
    """Fill ``J (latent, latent, lane)`` with ``diag(a) + W diag(slope) P``, P the centring."""
    latent = len(a)
    basis, nonlinear = alpha.shape
    linear = latent - nonlinear
    part = a.dtype.type(1.0 / latent)
    zero = spread(a.dtype.type(0))
    diagonal(a, J)
    mean = zero
    if centred:
        for m in range(latent):
            mean = fma(part, load(z, m * LANES), mean)
    for j in range(latent):
        k = spread(a.dtype.type(1))
        if j >= linear:
            y = subtract(load(z, j * LANES), mean)
            saturation = a.dtype.type(0)
            k = zero
            for b in range(basis):
                above = subtract(y, spread(H[b, j - linear]))
                k = add(k, where_positive(above, spread(alpha[b, j - linear])))
                saturation += alpha[b, j - linear]
            if clipped:
                k = subtract(k, where_positive(y, spread(saturation)))
        for i in range(latent):
            at = (i * latent + j) * LANES
            store(J, at, fma(W[i, j], k, load(J, at)))
    if centred:
        for i in range(latent):
            mean = zero
            for j in range(latent):
                mean = fma(part, load(J, (i * latent + j) * LANES), mean)
            # the mean over a row without its diagonal
            mean = subtract(mean, spread(part * a[i]))
            for j in range(latent):
                at = (i * latent + j) * LANES
                store(J, at, subtract(load(J, at), mean))


@compiled
def diagonal(a, J):  # type: ignore[no-untyped-def]
    """Fill ``J`` with ``diag(a)`` in every lane."""
    latent = len(a)
    for i in range(latent):
        for j in range(latent):
            value = a[i] if i == j else a.dtype.type(0)
            store(J, (i * latent + j) * LANES, spread(value))


@compiled
def empty(latent, one):  # type: ignore[no-untyped-def]
    """What is collected over time.

    Directions of the power iteration ``(latent, lane)`` and the first of them, sums of Jacobians
    ``(latent, latent, lane)``, and for each lane the count, the sum of logarithms of norms, and the
    largest norm.
    """
    first = np.empty(latent * LANES, type(one))
    for m in range(latent):
        first[m * LANES : (m + 1) * LANES] = np.cos(1.0 + 2.4 * m)
    total = np.zeros(latent * latent * LANES, type(one))
    return first.copy(), first, total, np.zeros(LANES), np.zeros(LANES), np.zeros(LANES)


@compiled
def collect(J, state, estimator, found):  # type: ignore[no-untyped-def]
    """Take note of the Jacobians of one sample."""
    direction, first, total, count, logs, largest = found
    one = J.dtype.type(1)
    latent = len(state) // LANES
    known = spread(one)
    for m in range(latent):
        known = where_number(load(state, m * LANES), known, spread(one - one))
    complete = np.empty(LANES, J.dtype)
    store(complete, 0, known)
    count += complete
    if estimator == MEAN:
        for entry in range(latent * latent):
            at = entry * LANES
            store(total, at, fma(known, load(J, at), load(total, at)))
        return
    norms = spectral_norms(J, direction, first, ROUNDS)
    for lane in range(LANES):
        if complete[lane] > 0:
            norm = norms[lane]
            logs[lane] += np.log(TINY if norm < TINY else norm)
            largest[lane] = max(largest[lane], norm)


@compiled
def result(latent, estimator, found):  # type: ignore[no-untyped-def]
    """Growth over all lanes, see `shallow`."""
    direction, first, total, count, logs, largest = found
    growth = largest
    if estimator == PRODUCT:
        growth = np.exp(logs / np.maximum(count, 1))
    elif estimator == MEAN:
        for entry in range(latent * latent):
            for lane in range(LANES):
                total[entry * LANES + lane] /= max(count[lane], 1.0)
        growth = spectral_norms(total, direction, first, MANY_ROUNDS).astype(np.float64)
    best = -1.0
    for lane in range(LANES):
        if count[lane] > 0:
            if np.isnan(growth[lane] + logs[lane]):
                return np.nan
            best = max(best, growth[lane])
    return best if best >= 0 else np.nan


@compiled
def spectral_norms(J, v, first, rounds):  # type: ignore[no-untyped-def]
    """Largest singular value of each lane's matrix; `v` is where to begin, and ends there.

    Power iteration on ``G = J^T J`` with momentum, ``v' = G v - beta v_before``, which forgets all
    directions of less than `GAP` times the largest eigenvalue equally fast.
    """
    latent = len(v) // LANES
    kind = J.dtype.type
    before = np.zeros(latent * LANES, J.dtype)
    image = np.empty(latent * LANES, J.dtype)
    numbers = np.empty(LANES, J.dtype)
    beta = spread(kind(0))
    for m in range(latent):
        store(v, m * LANES, fma(kind(FRESH), load(first, m * LANES), load(v, m * LANES)))
    for _ in range(rounds):
        normalise(v, before, numbers)
        stretch = multiply_both(J, v, before, beta, image)
        for _ in range(ROUND - 1):
            multiply_both(J, v, before, beta, image)
        half = multiply(spread(kind(0.5 * GAP)), stretch)
        beta = multiply(half, half)
    normalise(v, before, numbers)
    store(numbers, 0, multiply_both(J, v, before, beta, image))
    return np.sqrt(numbers)


@compiled
def normalise(v, before, numbers):  # type: ignore[no-untyped-def]
    """Scale two vectors so that the first has length 1."""
    length = spread(v.dtype.type(TINY))
    for m in range(len(v) // LANES):
        length = fma(load(v, m * LANES), load(v, m * LANES), length)
    store(numbers, 0, length)
    for lane in range(LANES):
        numbers[lane] = 1 / np.sqrt(numbers[lane])
    scale = load(numbers, 0)
    for m in range(len(v) // LANES):
        store(v, m * LANES, multiply(scale, load(v, m * LANES)))
        store(before, m * LANES, multiply(scale, load(before, m * LANES)))


@compiled
def multiply_both(J, v, before, beta, image):  # type: ignore[no-untyped-def]
    """Turn ``v, before`` into ``J^T J v - beta before, v``; returns the square of ``|J v|``."""
    latent = len(v) // LANES
    zero = spread(J.dtype.type(0))
    square = zero
    for m in range(latent):
        store(image, m * LANES, zero)
    for i in range(latent):
        value = zero
        for j in range(latent):
            value = fma(load(J, (i * latent + j) * LANES), load(v, j * LANES), value)
        square = fma(value, value, square)
        for j in range(latent):
            entry = load(J, (i * latent + j) * LANES)
            store(image, j * LANES, fma(entry, value, load(image, j * LANES)))
    for m in range(latent):
        last = load(v, m * LANES)
        now = subtract(load(image, m * LANES), multiply(beta, load(before, m * LANES)))
        store(v, m * LANES, now)
        store(before, m * LANES, last)
    return square
