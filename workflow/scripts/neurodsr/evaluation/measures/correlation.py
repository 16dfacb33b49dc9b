"""Temporal and spatial order: autocorrelation of channels, cross-correlation between them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from neurodsr.evaluation.measures.spectra import zscored
from neurodsr.models.piecewise_linear import Array

LEAST_LAGS, MOST_LAGS = 20, 500
DECAYS = 5
"""Lags reach to so many times the time in which the autocorrelation falls to 1/e."""
CROSS_LAGS = 6


def autocorrelations(pieces: Sequence[Array], lags: NDArray[np.integer]) -> Array:
    """Autocorrelation ``(lag, channel)`` over all pieces, none across a border.

    Sums of products of z-scores over pieces, divided by the number of products. 0 for a constant
    channel, and at lags that no piece has.
    """
    total = np.zeros((len(lags), pieces[0].shape[1]))
    count = np.zeros(len(lags))
    for piece in zscored(pieces):
        size = next_fast_len(len(piece) + int(lags[-1]), real=True)
        power = np.abs(rfft(np.ascontiguousarray(piece.T), size, axis=1)) ** 2
        within = lags < len(piece)
        total[within] += irfft(power, size, axis=1)[:, lags[within]].T
        count += np.maximum(len(piece) - lags, 0)
    return total / np.maximum(count, 1)[:, None]


def cross_correlations(pieces: Sequence[Array], lags: NDArray[np.integer]) -> Array:
    """Cross-correlation ``(lag, channel, later channel)`` over pieces, as `autocorrelations`."""
    channels = pieces[0].shape[1]
    total, count = np.zeros((len(lags), channels, channels)), np.zeros(len(lags))
    for piece in zscored(pieces):
        for i, lag in enumerate(lags):
            if lag < len(piece):
                total[i] += piece[: len(piece) - lag].T @ piece[lag:]
                count[i] += len(piece) - lag
    return total / np.maximum(count, 1)[:, None, None]


class CorrelationReference:
    """Correlations of the true trajectory, to be compared with those of many generated ones.

    Attributes
    ----------
    lags, cross_lags
        Lags of the autocorrelation (samples), every one up to `DECAYS` times the median over
        channels of its 1/e time or evenly spaced ones, and the few at which channels are compared
        with each other.
    """

    def __init__(self, pieces: Sequence[Array]) -> None:
        longest = max(len(piece) for piece in pieces)
        every = np.arange(max(2, longest // 2))
        curve = autocorrelations(pieces, every)
        fallen = curve < np.exp(-1)
        decay = np.where(fallen.any(axis=0), fallen.argmax(axis=0), len(every))
        last = int(min(max(DECAYS * np.median(decay), LEAST_LAGS), len(every) - 1))
        self.lags = np.unique(np.linspace(1, last, min(last, MOST_LAGS)).astype(int))
        self.cross_lags = np.unique(np.linspace(0, last, CROSS_LAGS).astype(int))
        self.auto = curve[self.lags]
        self.cross = cross_correlations(pieces, self.cross_lags)

    def autocorrelation_error(self, generated: Sequence[Array]) -> float:
        """Root mean square, over lags and channels, of the difference of autocorrelations."""
        return rms(autocorrelations(generated, self.lags) - self.auto)

    def cross_correlation_error(self, generated: Sequence[Array]) -> float:
        """Likewise for correlations between different channels; NaN for one channel alone."""
        different = ~np.eye(self.cross.shape[1], dtype=bool)
        if not different.any():
            return np.nan
        difference = cross_correlations(generated, self.cross_lags) - self.cross
        return rms(difference[:, different])


def rms(values: Array) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(values**2)))
