"""Autocorrelation of series that come in pieces and have missing values."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

Array = NDArray[np.float64]


def autocorrelation(pieces: Sequence[Array], maximum_lag: int) -> Array:
    """Autocorrelation function of one channel, pairs pooled over its pieces.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)``; NaN = missing. No pair spans two of them.
    maximum_lag
        Largest lag (samples).

    Returns
    -------
    Array
        ``(maximum_lag + 1,)``: sum of products over number of pairs, divided by the variance (the
        unbiased estimate); NaN where no pair is left, all NaN for a constant channel.
    """
    pooled = np.concatenate(pieces)
    mean = np.nanmean(pooled) if np.isfinite(pooled).any() else np.nan
    products = np.zeros(maximum_lag + 1)
    pairs = np.zeros(maximum_lag + 1)
    for piece in pieces:
        present = np.isfinite(piece)
        products += lagged_products(np.where(present, piece - mean, 0.0), maximum_lag)
        pairs += np.round(lagged_products(present.astype(float), maximum_lag))
    covariance = np.full(maximum_lag + 1, np.nan)
    np.divide(products, pairs, out=covariance, where=pairs > 0)
    return covariance / covariance[0] if covariance[0] > 0 else np.full_like(covariance, np.nan)


def lagged_products(x: Array, maximum_lag: int) -> Array:
    """``sum_t x(t) x(t + lag)`` for all lags, by the Wiener-Khinchin theorem."""
    size = next_fast_len(len(x) + maximum_lag, real=True)
    sums: Array = irfft(np.abs(rfft(x, size)) ** 2, size)[: maximum_lag + 1]
    return sums


def decay_time(correlation: Array) -> int | None:
    """First lag at which an autocorrelation has fallen below 1/e; None if it never does."""
    below = np.flatnonzero(correlation < np.exp(-1.0))
    return int(below[0]) if below.size else None
