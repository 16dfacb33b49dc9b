"""Pseudo-inverse of the observation matrix, and its adjoint.

In double precision: normal equations square the condition number. Everything is done on the
taller of a matrix and its transpose, whose pseudo-inverses are each other's transposes.
"""

import numpy as np

from neurodsr.training.compiled import compiled


@compiled
def pseudo_inverse(B, E):  # type: ignore[no-untyped-def]
    """Fill ``E (latent, channel)`` with the pseudo-inverse of ``B (channel, latent)``.

    Solves ``B'B E = B'`` by Gauss-Jordan elimination. A matrix without full rank leaves numbers
    that are not finite, or of no use.
    """
    tall = upright(B, B.shape[0] < B.shape[1])
    rows, columns = tall.shape
    gram = product(tall, tall, True)
    wide = upright(tall, True)
    for i in range(columns):
        pivot = 1 / gram[i, i]
        for j in range(columns):
            if j != i:
                factor = gram[j, i] * pivot
                for k in range(columns):
                    gram[j, k] -= factor * gram[i, k]
                for n in range(rows):
                    wide[j, n] -= factor * wide[i, n]
    for i in range(columns):
        for n in range(rows):
            value = wide[i, n] / gram[i, i]
            if B.shape[0] < B.shape[1]:
                E[n, i] = value
            else:
                E[i, n] = value


@compiled
def add_inverse_gradient(B, E, gE, gB):  # type: ignore[no-untyped-def]
    """Add to ``gB`` what the gradient ``gE`` of the pseudo-inverse contributes.

    Where ``E B = 1``, ``dE = -E dB E + E E' dB' (1 - B E)`` (Golub & Pereyra 1973), hence
    ``gB = (gE' - B (E gE')) E E' - E' (gE E')``.
    """
    lying = B.shape[0] < B.shape[1]
    B, ET, gET = upright(B, lying), upright(E, not lying), upright(gE, not lying)
    rows, columns = B.shape
    across = product(ET, gET, True)
    inside = product(B, across, False)
    for n in range(rows):
        for i in range(columns):
            gET[n, i] -= inside[n, i]
    outside = product(gET, product(ET, ET, True), False)
    back = product(ET, upright(across, True), False)
    for n in range(rows):
        for i in range(columns):
            if lying:
                gB[i, n] += outside[n, i] - back[n, i]
            else:
                gB[n, i] += outside[n, i] - back[n, i]


@compiled
def upright(matrix, turn):  # type: ignore[no-untyped-def]
    """A matrix, or its transpose, in double precision."""
    rows, columns = matrix.shape
    out = np.empty((columns, rows) if turn else (rows, columns))
    for i in range(rows):
        for j in range(columns):
            if turn:
                out[j, i] = matrix[i, j]
            else:
                out[i, j] = matrix[i, j]
    return out


@compiled
def product(left, right, turn):  # type: ignore[no-untyped-def]
    """Product of a matrix, or its transpose, with another; too small for a call of BLAS."""
    inner, columns = right.shape
    rows = left.shape[1] if turn else left.shape[0]
    out = np.zeros((rows, columns))
    for k in range(inner):
        for i in range(rows):
            factor = left[k, i] if turn else left[i, k]
            for j in range(columns):
                out[i, j] += factor * right[k, j]
    return out
