"""D_H: the Hellinger distance of power spectra (Mikhaeil et al. 2022; Hess et al. 2023)."""

from collections.abc import Sequence

import numpy as np

from neurodsr.errors import ConfigError
from neurodsr.models.piecewise_linear import Array

SMOOTHING = {"gtf": 20.0, "hierarchical": 15.0, "fmri": 1.0}
"""Standard deviation of the smoothing Gaussian in frequency bins, by convention."""


def choose_smoothing(name: str, length: int) -> float:
    """Smoothing width in bins of a series of so many samples.

    ``"auto"`` keeps at least 360 samples for each bin of the width: that is the convention of
    ``"fmri"`` at its 360 samples and of ``"gtf"`` from 7200 samples on.
    """
    if name == "auto":
        return float(np.clip(length / 360, SMOOTHING["fmri"], SMOOTHING["gtf"]))
    if name not in SMOOTHING:
        raise ConfigError(f"spectrum: {name!r} is none of auto, {', '.join(SMOOTHING)}")
    return SMOOTHING[name]


def power_spectrum(pieces: Sequence[Array], smoothing: float) -> Array:
    """Smoothed, normalised power of each channel.

    Each channel is z-scored over all pieces. The pieces' periodograms, on the frequency grid of the
    longest one, add up; a Gaussian smooths them (radius 4 sd, reflecting borders). No
    detrending, no taper.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time, channel)``.
    smoothing
        Standard deviation of the Gaussian in frequency bins of the longest piece; 0 for none.

    Returns
    -------
    Array
        ``(frequency, channel)``, sums to 1 over frequency; all 0 for a constant channel.
    """
    pooled = np.concatenate(pieces)
    mean, deviation = pooled.mean(axis=0), pooled.std(axis=0)
    varies = deviation > 1e-12 * np.maximum(np.abs(mean), 1.0)
    length = max(len(piece) for piece in pieces)
    power = np.zeros((length // 2 + 1, pooled.shape[1]))
    for piece in pieces:
        scaled = (piece - mean) * varies / np.where(varies, deviation, 1.0)
        power += np.abs(np.fft.rfft(scaled, n=length, axis=0)) ** 2
    radius = int(4 * smoothing + 0.5)
    if radius:
        kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / smoothing) ** 2)
        kernel /= kernel.sum()
        padded = np.pad(power, ((radius, radius), (0, 0)), mode="symmetric")
        for channel in range(power.shape[1]):
            power[:, channel] = np.convolve(padded[:, channel], kernel, mode="valid")
    total = power.sum(axis=0)
    return np.asarray(power / np.where(total > 0, total, 1.0))


def hellinger(p: Array, q: Array) -> Array:
    """Hellinger distance of distributions along the first axis, 0 to 1."""
    return np.asarray(np.sqrt(0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2, axis=0)))


def spectral_distance(true: Sequence[Array], generated: Sequence[Array], smoothing: float) -> float:
    """D_H: mean over channels of the Hellinger distance of power spectra.

    Lengths must match, so that both smoothings have the same width in Hz. A channel that is
    constant in one of the two has distance 1, in both 0.

    Raises
    ------
    ValueError
        When the longest pieces differ in length.
    """
    return distance_of_spectra(
        power_spectrum(true, smoothing), power_spectrum(generated, smoothing)
    )


def distance_of_spectra(p: Array, q: Array) -> float:
    """D_H of two results of `power_spectrum`."""
    if p.shape != q.shape:
        raise ValueError(f"spectra of different lengths: {p.shape} and {q.shape}")
    one_constant = (p.sum(axis=0) > 0) != (q.sum(axis=0) > 0)
    return float(np.mean(np.where(one_constant, 1.0, hellinger(p, q))))
