"""Detrending and scaling of channels on the clock, from the training samples."""

import numpy as np
from numpy.typing import NDArray

from neurodsr.preprocess import splits

Array = NDArray[np.float64]


def detrended(values: Array, segment: NDArray[np.int32], split: splits.Codes, degree: str) -> Array:
    """Take the mean (``constant``) or a least-squares line (``linear``) out of each stretch.

    Every contiguous stretch of each split gets its own, so that no sample of one split shapes
    another and nothing is extrapolated; the price is that levels and drifts slower than a stretch
    are gone from validation and test too. The mean of the training samples is put back everywhere.
    """
    if degree == "none":
        return values
    result = values.copy()
    for _, where in splits.pieces_of(segment, split):
        for channel in range(values.shape[1]):
            present = np.flatnonzero(np.isfinite(values[where, channel]))
            if present.size == 0:
                continue
            x = present - present.mean()
            y = values[where, channel][present]
            slope = x @ y / (x @ x) if degree == "linear" and present.size > 1 else 0.0
            result[where.start + present, channel] -= y.mean() + slope * x
    level: Array = np.nanmean(values[split == splits.CODES["train"]], axis=0)
    return result + level


def offset_and_scale(train: Array, scaling: str) -> tuple[Array, Array]:
    """Location and spread ``(channel,)`` of training samples ``(time, channel)``.

    Parameters
    ----------
    train
        NaN = missing.
    scaling
        "standard": mean and standard deviation; "robust": median and scaled median absolute
        deviation (the standard deviation where that is 0); "none": 0 and 1.
    """
    channels = train.shape[1]
    if scaling == "none":
        return np.zeros(channels), np.ones(channels)
    offset, scale = np.nanmean(train, axis=0), np.nanstd(train, axis=0)
    if scaling == "robust":
        offset = np.nanmedian(train, axis=0)
        spread = 1.4826 * np.nanmedian(np.abs(train - offset), axis=0)
        scale = np.where(spread > 0, spread, scale)
    return offset, np.where(scale > 0, scale, 1.0)
