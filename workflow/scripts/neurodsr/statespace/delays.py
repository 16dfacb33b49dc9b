"""Delays for an embedding: from the autocorrelation and from the mutual information."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurodsr.preprocess.correlation import decay_time

Array = NDArray[np.float64]

MOST_BINS = 64


def mutual_information(pieces: Sequence[Array], maximum_lag: int, bins: int | None = None) -> Array:
    """Mutual information (nat) between a channel and itself some samples later.

    Histogram estimate of Fraser and Swinney (1986) with equal bins between the extremes.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` without missing values; no pair spans two of them.
    maximum_lag
        Largest lag (samples).
    bins
        Number of bins; by default sqrt(n / 5), at most 64.

    Returns
    -------
    Array
        ``(maximum_lag + 1,)``; at lag 0 the entropy. NaN where no pair is left.
    """
    pooled = np.concatenate(pieces)
    bins = bins or int(np.clip(np.sqrt(len(pooled) / 5.0), 4, MOST_BINS))
    low, high = pooled.min(), pooled.max()
    width = (high - low) / bins if high > low else 1.0
    codes = [np.minimum(((piece - low) / width).astype(int), bins - 1) for piece in pieces]
    information = np.full(maximum_lag + 1, np.nan)
    for lag in range(maximum_lag + 1):
        pairs = [c[: len(c) - lag] * bins + c[lag:] for c in codes if len(c) > lag]
        if pairs:
            joint = np.bincount(np.concatenate(pairs), minlength=bins**2).reshape(bins, bins)
            p = joint / joint.sum()
            independent = p.sum(axis=1, keepdims=True) * p.sum(axis=0)
            some = p > 0
            information[lag] = np.sum(p[some] * np.log(p[some] / independent[some]))
    return information


def first_minimum(curve: Array) -> int | None:
    """Lag of the first local minimum after light smoothing (weights 1/4, 1/2, 1/4)."""
    smoothed = curve.copy()
    smoothed[1:-1] = (curve[:-2] + 2.0 * curve[1:-1] + curve[2:]) / 4.0
    inner = smoothed[1:-1]
    minima = np.flatnonzero((inner < smoothed[:-2]) & (inner <= smoothed[2:])) + 1
    return int(minima[0]) if minima.size else None


def first_zero(correlation: Array) -> int | None:
    """First lag at which an autocorrelation is not positive any more."""
    crossed = np.flatnonzero(correlation <= 0.0)
    return int(crossed[0]) if crossed.size else None


def correlation_delay(correlation: Array) -> int:
    """1/e decay time or first local minimum of an autocorrelation, whichever comes first."""
    found = [d for d in (decay_time(correlation), first_minimum(correlation)) if d is not None]
    return max(1, min(found)) if found else len(correlation) - 1


def embedding_delay(correlation: Array, information: Array) -> int:
    """First minimum of the mutual information or, where there is none, `correlation_delay`."""
    minimum = first_minimum(information)
    return minimum if minimum is not None else correlation_delay(correlation)
