"""Products of matrices with rows of lanes, and sums of outer products: matrices' gradients."""

import numpy as np

from neurodsr.training.compiled import compiled
from neurodsr.training.compiled.simd import LANES, add, fma, load, spread, store, totals

SIDE = 4
"""Rows and columns of a tile; ``SIDE**2 == LANES``, one vector holds the sums of a tile."""


@compiled
def empty_tiles(rows, columns, kind):  # type: ignore[no-untyped-def]
    """A matrix of zeros ``(tile row, tile column, 16)`` in tiles of 4 x 4."""
    return np.zeros((-(-rows // SIDE), -(-columns // SIDE), LANES), kind)


@compiled
def write_tiles(tiles, out):  # type: ignore[no-untyped-def]
    """Lay a tiled matrix out in rows ``(row, column)``."""
    rows, columns = out.shape
    for p in range(rows):
        for q in range(columns):
            out[p, q] = tiles[p // SIDE, q // SIDE, p % SIDE * SIDE + q % SIDE]


@compiled
def write_products(out, left, left_rows, right, right_rows, steps):  # type: ignore[no-untyped-def]
    """Fill a matrix with the sum of `add_products` over all steps."""
    rows, columns = out.shape
    if rows and columns:
        tiles = empty_tiles(rows, columns, out.dtype)
        add_products(tiles, left, 0, left_rows, right, 0, right_rows, steps, rows, columns)
        write_tiles(tiles, out)


@compiled
def add_products(  # type: ignore[no-untyped-def]
    tiles, left, left_at, left_rows, right, right_at, right_rows, steps, rows, columns
):  # fmt: skip
    """Add ``sum over steps and lanes of left[step, p] * right[step, q]`` to a tiled matrix.

    ``left`` and ``right`` are flat arrays ``(step, row, lane)`` of one vector of lanes, of
    ``left_rows`` and ``right_rows`` rows; the first step begins at element ``left_at``,
    ``right_at``. Of the rows, ``rows`` and ``columns`` are used.
    """
    zero = spread(left.dtype.type(0))
    for q in range(0, columns, SIDE):
        r1 = (min(q + 1, columns - 1) - q) * LANES
        r2 = (min(q + 2, columns - 1) - q) * LANES
        r3 = (min(q + 3, columns - 1) - q) * LANES
        for p in range(0, rows, SIDE):
            l1 = (min(p + 1, rows - 1) - p) * LANES
            l2 = (min(p + 2, rows - 1) - p) * LANES
            l3 = (min(p + 3, rows - 1) - p) * LANES
            o00 = o01 = o02 = o03 = zero
            o10 = o11 = o12 = o13 = zero
            o20 = o21 = o22 = o23 = zero
            o30 = o31 = o32 = o33 = zero
            at = left_at + p * LANES
            to = right_at + q * LANES
            for _ in range(steps):
                b0 = load(right, to)
                b1 = load(right, to + r1)
                b2 = load(right, to + r2)
                b3 = load(right, to + r3)
                value = load(left, at)
                o00 = fma(value, b0, o00)
                o01 = fma(value, b1, o01)
                o02 = fma(value, b2, o02)
                o03 = fma(value, b3, o03)
                value = load(left, at + l1)
                o10 = fma(value, b0, o10)
                o11 = fma(value, b1, o11)
                o12 = fma(value, b2, o12)
                o13 = fma(value, b3, o13)
                value = load(left, at + l2)
                o20 = fma(value, b0, o20)
                o21 = fma(value, b1, o21)
                o22 = fma(value, b2, o22)
                o23 = fma(value, b3, o23)
                value = load(left, at + l3)
                o30 = fma(value, b0, o30)
                o31 = fma(value, b1, o31)
                o32 = fma(value, b2, o32)
                o33 = fma(value, b3, o33)
                at += left_rows * LANES
                to += right_rows * LANES
            sums = totals(
                o00, o01, o02, o03, o10, o11, o12, o13, o20, o21, o22, o23, o30, o31, o32, o33
            )
            tile = tiles[p // SIDE, q // SIDE]
            store(tile, 0, add(load(tile, 0), sums))


@compiled
def add_image(W, vector, at, out, to):  # type: ignore[no-untyped-def]
    """Add ``W`` times the rows of ``vector`` from element ``at`` on to those of ``out``."""
    rows, columns = W.shape
    whole = rows // SIDE * SIDE
    for m in range(0, whole, SIDE):
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
