"""Lyapunov spectra of any differentiable map by QR (Benettin et al. 1980)."""

import numpy as np

from neurodsr.dynamics.lyapunov import BLOCKS, UNBOUNDED
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array


def tangent_spectrum(
    one: Reconstruction, z: Array, steps: int, transient: int, count: int
) -> tuple[Array, Array]:
    """Leading Lyapunov exponents of orbits, without input.

    Arguments and results as of `lyapunov.lyapunov_spectrum`, which does the same for a
    piecewise-linear map much faster.
    """
    block = max(steps // BLOCKS, 1)
    growth = np.zeros((BLOCKS, len(z), count))
    state = z
    vectors = np.broadcast_to(np.eye(z.shape[1])[:, :count], (len(z), z.shape[1], count))
    bounded = np.ones(len(z), dtype=bool)
    for step in range(transient + BLOCKS * block):
        with np.errstate(over="ignore", invalid="ignore"):
            vectors = one.tangent(state, vectors)
            state = one.step(state)
        inside = np.isfinite(vectors).all(axis=(1, 2)) & (np.abs(state) < UNBOUNDED).all(axis=1)
        bounded &= inside
        state = np.where(bounded[:, None], state, z)
        vectors = np.where(bounded[:, None, None], vectors, 1.0)
        vectors, stretched = np.linalg.qr(vectors)
        if step >= transient:
            diagonal = np.abs(np.diagonal(stretched, axis1=1, axis2=2))
            growth[(step - transient) // block] += np.log(np.maximum(diagonal, 1e-300)) / block
    growth[:, ~bounded] = np.nan
    exponents = growth.mean(axis=0)
    error = growth.std(axis=0, ddof=1) / np.sqrt(BLOCKS)
    order = np.argsort(-exponents, axis=1)
    return np.take_along_axis(exponents, order, 1), np.take_along_axis(error, order, 1)
