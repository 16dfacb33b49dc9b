"""Spike trains: which units, their counts on a clock, and smoothing of them."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from neurodsr.recordings.query import matching

Array = NDArray[np.float64]

# a kernel is cut after so many widths
REACH = {"gaussian": 4.0, "half-gaussian": 4.0, "exponential": 8.0}


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


def kernel_weights(shape: str, width: float) -> Array:
    """Weights of a smoothing kernel by lag, ``(2 half + 1,)``; the past is at positive lags.

    Parameters
    ----------
    shape
        "gaussian", "half-gaussian" (its causal half) or "exponential" (causal).
    width
        Standard deviation of the Gaussian, or time constant of the exponential (samples).
    """
    half = round(REACH[shape] * width)
    lag = np.arange(-half, half + 1)
    if shape == "exponential":
        weights = np.exp(-np.maximum(lag, 0) / width)
    else:
        weights = np.exp(-0.5 * (lag / width) ** 2)
    weights[lag < 0] *= shape == "gaussian"
    unit: Array = weights / weights.sum()
    return unit


def smooth(values: Array, width: float, shape: str = "gaussian") -> Array:
    """Smoothing along time of one contiguous stretch ``(time, channel)``.

    The kernel (see `kernel_weights`) is renormalised over the samples that exist, so that ends and
    missing values (NaN, which stay NaN) pull nothing towards zero. Causal kernels weigh the present
    and past samples alone.
    """
    if width == 0.0:
        return values
    weights = kernel_weights(shape, width)
    present = np.isfinite(values)
    smoothed = np.full_like(values, np.nan)
    weight = correlate1d(present.astype(float), weights[::-1], axis=0, mode="constant")
    total = correlate1d(np.where(present, values, 0.0), weights[::-1], axis=0, mode="constant")
    np.divide(total, weight, out=smoothed, where=present)
    return smoothed


def reach(width: float, shape: str) -> float:
    """How far a sample is spread, in the units of `width`."""
    return REACH[shape] * width


def chosen_units(name: str, modality: xr.Dataset, query: str | None) -> NDArray[np.intp]:
    """Units that fit a query over their columns, such as ``location == "CA1" and rate > 1``.

    Raises
    ------
    RecordingError
        The query names no column, or fits no unit.
    ConfigError
        It is no query, see `query.parse`.
    """
    if query is None:
        return np.arange(modality.sizes["unit"])
    columns = {
        str(key): column.values
        for key, column in modality.coords.items()
        if column.dims == ("unit",)
    }
    return np.array(matching(f"{name}: units", query, columns), dtype=np.intp)
