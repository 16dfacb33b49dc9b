"""D_H: the Hellinger distance of power spectra (Mikhaeil et al. 2022; Hess et al. 2023)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from scipy.fft import rfft

from neurodsr.errors import ConfigError
from neurodsr.models.piecewise_linear import Array

PADDING: dict[str, Any] = {"mirror": "reflect", "symmetric": "symmetric", "zero": "constant"}


@dataclass(frozen=True)
class Spectrum:
    """A convention for D_H.

    Attributes
    ----------
    smoothing
        Standard deviation of the smoothing Gaussian in frequency bins of the longest piece.
    border
        What the Gaussian sees beyond the ends: the spectrum mirrored without (``"mirror"``) or
        with (``"symmetric"``) its last bin repeated, or ``"zero"``.
    radius
        Reach of the Gaussian in standard deviations.
    cut
        Only so many lowest frequencies are compared.
    apart
        Each piece is z-scored by itself, and power is left as it is, about 1 in sum; else power
        sums to 1 and pieces are z-scored together.
    """

    smoothing: float
    border: Literal["mirror", "symmetric", "zero"] = "symmetric"
    radius: int = 4
    cut: int | None = None
    apart: bool = False


SPECTRA = {
    "gtf": Spectrum(20.0, "mirror"),
    "hierarchical": Spectrum(15.0),
    "fmri": Spectrum(1.0, "mirror"),
    "mtf": Spectrum(1.0, "zero", 5, 100, apart=True),
    "chaosrnn": Spectrum(2.0, "zero", 5, 500, apart=True),
}
"""By the code that uses it; DynaMix smooths as ``gtf``."""


def choose_spectrum(name: str, length: int) -> Spectrum:
    """Convention by name for a series of so many samples.

    ``"auto"`` keeps at least 360 samples for each bin of the width: that is the width of
    ``"fmri"`` at its 360 samples and of ``"gtf"`` from 7200 samples on.
    """
    if name == "auto":
        narrow, wide = SPECTRA["fmri"].smoothing, SPECTRA["gtf"].smoothing
        return Spectrum(float(np.clip(length / 360, narrow, wide)))
    if name not in SPECTRA:
        raise ConfigError(f"spectrum: {name!r} is none of auto, {', '.join(SPECTRA)}")
    return SPECTRA[name]


def power_spectrum(pieces: Sequence[Array], convention: Spectrum) -> Array:
    """Smoothed power of each channel.

    The pieces' periodograms, on the frequency grid of the longest one, add up; a Gaussian smooths
    them. No detrending, no taper.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time, channel)``.
    convention
        How they are scaled and smoothed.

    Returns
    -------
    Array
        ``(frequency, channel)``; all 0 for a constant channel.
    """
    length = max(len(piece) for piece in pieces)
    if convention.apart:
        length -= length % 2
        power = np.mean([periodogram(zscored([piece]), length) for piece in pieces], axis=0)
        return smoothed(2 / length**2 * power, convention)[: convention.cut]
    power = smoothed(periodogram(zscored(pieces), length), convention)[: convention.cut]
    total = power.sum(axis=0)
    return np.asarray(power / np.where(total > 0, total, 1.0))


def zscored(pieces: Sequence[Array]) -> list[Array]:
    """By the mean and deviation of all of them together; a constant channel becomes 0.

    Pieces are ``(time, channel)``, but lie in memory channel by channel, as they are used.
    """
    columns = [np.ascontiguousarray(piece.T) for piece in pieces]
    pooled = np.concatenate(columns, axis=1) if len(columns) > 1 else columns[0]
    mean, deviation = pooled.mean(axis=1, keepdims=True), pooled.std(axis=1, keepdims=True)
    varies = deviation > 1e-12 * np.maximum(np.abs(mean), 1.0)
    scale = varies / np.where(varies, deviation, 1.0)
    return [((column - mean) * scale).T for column in columns]


def periodogram(pieces: Sequence[Array], length: int) -> Array:
    """Sum over pieces of squared Fourier amplitudes ``(frequency, channel)``."""
    power = np.zeros((pieces[0].shape[1], length // 2 + 1))
    for piece in pieces:
        amplitude = rfft(piece[:length].T, n=length, axis=1)
        power += amplitude.real**2 + amplitude.imag**2
    return np.asarray(power.T)


def smoothed(power: Array, convention: Spectrum) -> Array:
    """Along frequency, the first axis."""
    reach = int(convention.radius * convention.smoothing + 0.5)
    if not reach:
        return power
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / convention.smoothing) ** 2)
    kernel /= kernel.sum()
    mode = PADDING[convention.border]
    columns = [filtered(np.pad(column, reach, mode=mode), kernel[reach:]) for column in power.T]
    return np.stack(columns, axis=1)


@njit(cache=True, nogil=True, fastmath={"contract"})
def filtered(padded: Any, half: Any) -> Any:
    """Convolution ``(bin,)`` of a padded series with a symmetric kernel, given from its middle."""
    reach = len(half) - 1
    size = len(padded) - 2 * reach
    result = half[0] * padded[reach : reach + size]
    for lag in range(1, reach + 1):
        weight, left, right = half[lag], padded[reach - lag :], padded[reach + lag :]
        for i in range(size):
            result[i] += weight * (left[i] + right[i])
    return result


def hellinger(p: Array, q: Array) -> Array:
    """Hellinger distance of distributions along the first axis, 0 to 1."""
    return np.asarray(np.sqrt(0.5 * np.sum((np.sqrt(p) - np.sqrt(q)) ** 2, axis=0)))


def spectral_distance(
    true: Sequence[Array], generated: Sequence[Array], convention: Spectrum
) -> float:
    """D_H: mean over channels of the Hellinger distance of power spectra.

    Lengths must match, so that both smoothings have the same width in Hz. A channel that is
    constant in one of the two has distance 1, in both 0.

    Raises
    ------
    ValueError
        When the longest pieces differ in length.
    """
    spectrum = power_spectrum(true, convention)
    return distance_of_spectra(spectrum, power_spectrum(generated, convention), convention)


def distance_of_spectra(p: Array, q: Array, convention: Spectrum) -> float:
    """D_H of two results of `power_spectrum`."""
    if p.shape != q.shape:
        raise ValueError(f"spectra of different lengths: {p.shape} and {q.shape}")
    if convention.apart:
        # the trapezoid sum of power of about 1 can pass 1, of which the codes make NaN
        overlap = np.trapezoid(np.sqrt(p * q), axis=0)
        distance = np.sqrt(np.maximum(1 - overlap, 0.0))
    else:
        distance = hellinger(p, q)
    one_constant = (p.sum(axis=0) > 0) != (q.sum(axis=0) > 0)
    both_constant = (p.sum(axis=0) == 0) & (q.sum(axis=0) == 0)
    return float(np.mean(np.where(one_constant, 1.0, np.where(both_constant, 0.0, distance))))


def spectral_correlation(
    true: Sequence[Array], generated: Sequence[Array], smoothing: float, cut: int | None = None
) -> float:
    """Power-spectrum correlation of dendPLRNN (Brenner et al. 2022): 1 is best.

    Absolute correlation, mean over channels, of spectra in decibels, each piece z-scored by itself
    and smoothed (radius 5 sd, zeros beyond the ends), mean over pieces, up to a frequency.

    Parameters
    ----------
    true, generated
        Pieces ``(time, channel)`` of equal length.
    smoothing
        Width of the Gaussian in frequency bins: 20 for Lorenz-63, 10 for Lorenz-96, 1 for EEG,
        100 for ECG.
    cut
        Number of lowest frequencies: 1500 for EEG, 10 000 for ECG.
    """
    means = []
    for pieces in (true, generated):
        length = len(pieces[0]) - len(pieces[0]) % 2
        power = [periodogram(zscored([piece]), length) for piece in pieces]
        levels = [
            smoothed(10 * np.log10(np.maximum(4 * one, 1e-300)), Spectrum(smoothing, "zero", 5))
            for one in power
        ]
        means.append(np.mean(levels, axis=0)[:cut])
    pairs = zip(*(mean.T for mean in means), strict=True)
    return float(np.mean([abs(np.corrcoef(p, q)[0, 1]) for p, q in pairs]))
