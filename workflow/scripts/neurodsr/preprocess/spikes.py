"""Spike trains on a clock: counts, and smoothing of them."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Array = NDArray[np.float64]

TRUNCATE = 4.0


def bin_counts(
    spike_time: Array, spike_unit: NDArray[np.integer], units: int, edges: Array
) -> Array:
    """Numbers of spikes of each unit in half-open bins.

    Parameters
    ----------
    spike_time, spike_unit : (spike,)
        Times (s), in any order, and the index of the unit that fired.
    units
        Number of units.
    edges : (bin + 1,)
        Ascending edges (s); a spike at an edge belongs to the bin that begins there.

    Returns
    -------
    Array
        Counts ``(bin, unit)``.
    """
    bins = len(edges) - 1
    index = np.searchsorted(edges, spike_time, side="right") - 1
    inside = (index >= 0) & (index < bins)
    flat = index[inside] * units + spike_unit[inside]
    return np.bincount(flat, minlength=bins * units).reshape(bins, units).astype(float)


def smooth(values: Array, standard_deviation: float) -> Array:
    """Gaussian smoothing along time of one contiguous stretch ``(time, channel)``.

    The kernel (sd in samples, cut at 4 sd) is renormalised over the samples that exist, so that
    ends and missing values (NaN, which stay NaN) pull nothing towards zero.
    """
    if standard_deviation == 0.0:
        return values
    present = np.isfinite(values)

    def convolve(x: Array) -> Array:
        result: Array = gaussian_filter1d(
            x, standard_deviation, axis=0, mode="constant", truncate=TRUNCATE
        )
        return result

    smoothed = np.full_like(values, np.nan)
    weight = convolve(present.astype(float))
    np.divide(convolve(np.where(present, values, 0.0)), weight, out=smoothed, where=present)
    return smoothed
