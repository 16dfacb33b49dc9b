"""Null models: what a score is worth is how far it lies below theirs."""

import numpy as np

from neurodsr.models.piecewise_linear import Array

NULLS = ("VAR", "phase surrogate", "persistence")


def phase_surrogate(x: Array, rng: np.random.Generator) -> Array:
    """Linear Gaussian process with the spectra and cross-spectra of ``x`` ``(time, channel)``.

    The Fourier phases of all channels are turned by the same random angle at each frequency
    (Prichard & Theiler 1994); the mean is kept.
    """
    spectrum = np.fft.rfft(x, axis=0)
    angles = rng.uniform(0.0, 2 * np.pi, len(spectrum))
    angles[0] = 0.0
    if len(x) % 2 == 0:
        angles[-1] = 0.0
    return np.asarray(np.fft.irfft(spectrum * np.exp(1j * angles)[:, None], n=len(x), axis=0))


def persistence(start: Array, steps: int) -> Array:
    """Forecast that nothing changes: ``(steps, ...)`` copies of ``start``."""
    return np.broadcast_to(start, (steps, *start.shape))
