"""Delays for an embedding: from the autocorrelation and from the mutual information."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.statespace.embedding.coordinates import complete_stretches
from neurodsr.statespace.embedding.information import neighbour_information

Array = NDArray[np.float64]

MOST_BINS = 64
MOST_PAIRS = 50_000
CLOSE = 0.2
"""Delays agree that differ by no more than that share of the larger, or by two samples."""


@dataclass(frozen=True)
class DelayEstimates:
    """Delays (samples) of one channel by several rules; None where a curve has no such point.

    Attributes
    ----------
    decay
        The autocorrelation's first value below 1/e.
    zero
        Its first value that is not positive.
    minimum
        Its first local minimum.
    histogram
        First local minimum of the mutual information, estimated by a histogram.
    neighbours
        The same, estimated from nearest neighbours.
    """

    decay: int | None
    zero: int | None
    minimum: int | None
    histogram: int | None
    neighbours: int | None

    @property
    def agree(self) -> bool:
        """Whether both estimates of the mutual information have their minimum at one delay."""
        if self.histogram is None or self.neighbours is None:
            return False
        apart = abs(self.histogram - self.neighbours)
        return apart <= max(2, CLOSE * max(self.histogram, self.neighbours))


def delay_estimates(
    pieces: Sequence[Array], maximum_lag: int, theiler: int | None = None
) -> DelayEstimates:
    """Delays of one channel by all rules.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)``; NaN = missing.
    maximum_lag
        Largest lag looked at (samples).
    theiler
        Neighbours in the mutual information are further apart in time than that (samples); by
        default the autocorrelation's 1/e time.
    """
    correlation = autocorrelation(pieces, maximum_lag)
    decay = decay_time(correlation)
    window = theiler if theiler is not None else (decay or maximum_lag)
    return DelayEstimates(
        decay,
        first_zero(correlation),
        first_minimum(correlation),
        first_minimum(mutual_information(pieces, maximum_lag)),
        first_minimum(neighbour_information(pieces, maximum_lag, window)),
    )


def mutual_information(
    pieces: Sequence[Array],
    maximum_lag: int,
    bins: int | None = None,
    most_pairs: int = MOST_PAIRS,
) -> Array:
    """Mutual information (nat) between a channel and itself some samples later.

    Histogram estimate of Fraser and Swinney (1986) with equal bins between the extremes.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)``; NaN = missing. No pair spans two of them.
    maximum_lag
        Largest lag (samples).
    bins
        Number of bins; by default sqrt(pairs / 5), at most 64.
    most_pairs
        Of more pairs of values every second, third ... enters.

    Returns
    -------
    Array
        ``(maximum_lag + 1,)``; at lag 0 the entropy. NaN where no pair is left.
    """
    stretches = [stretch[:, 0] for stretch in complete_stretches(pieces)]
    if not stretches:
        return np.full(maximum_lag + 1, np.nan)
    pooled = np.concatenate(stretches)
    stride = -(-len(pooled) // most_pairs)
    bins = bins or int(np.clip(np.sqrt(len(pooled) / stride / 5.0), 4, MOST_BINS))
    low, high = pooled.min(), pooled.max()
    width = (high - low) / bins if high > low else 1.0
    codes = np.minimum(((pooled - low) / width).astype(np.int64), bins - 1)
    ends = np.cumsum([len(stretch) for stretch in stretches])
    information: Array = _histogram_information(codes, ends, maximum_lag, bins, stride)
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


@njit(cache=True, nogil=True)
def _histogram_information(codes: Any, ends: Any, maximum_lag: int, bins: int, stride: int) -> Any:
    information = np.full(maximum_lag + 1, np.nan)
    for lag in range(maximum_lag + 1):
        joint = np.zeros((bins, bins))
        total = 0
        first = 0
        for end in ends:
            for t in range(first, end - lag, stride):
                joint[codes[t], codes[t + lag]] += 1.0
                total += 1
            first = end
        if total == 0:
            continue
        before, after = joint.sum(axis=1), joint.sum(axis=0)
        value = 0.0
        for i in range(bins):
            for j in range(bins):
                if joint[i, j] > 0.0:
                    value += joint[i, j] * np.log(joint[i, j] * total / (before[i] * after[j]))
        information[lag] = value / total
    return information
