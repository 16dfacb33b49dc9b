"""Continuous signals on another clock, without aliases."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from neurodsr.errors import RecordingError
from neurodsr.preprocess import clock

Array = NDArray[np.float64]

HALF_WIDTH = 16
ATTENUATION = 60.0
# Kaiser's design rules: shape, and width of the transition (cycles per sample of the slower clock)
BETA = 0.1102 * (ATTENUATION - 8.7)
TRANSITION = (ATTENUATION - 8.0) / (2.285 * 2 * np.pi * 2 * HALF_WIDTH)
BLOCK = 4096
LEAST_WEIGHT = 1e-3


def resample(
    signal: Array, start: float, interval: float, target: Array, target_interval: float
) -> Array:
    """Evaluate a regularly sampled signal at other instants by band-limited interpolation.

    A Kaiser-windowed sinc of 16 samples of the slower clock on each side does it for every ratio
    of clocks (Smith and Gossett 1984). When the target is slower, everything from its Nyquist
    frequency on is 60 dB down, and what lies below 77 % of that passes.

    Parameters
    ----------
    signal : (time, channel)
        NaN = missing: left out of the weighted mean; a target whose nearest sample is missing is
        missing.
    start, interval
        First instant and sampling interval of `signal` (s).
    target : (target,)
        Instants to evaluate (s).
    target_interval
        Sampling interval of the target (s).

    Returns
    -------
    Array
        ``(target, channel)``; NaN outside the signal's support.
    """
    position = (target - start) / interval
    nearest = np.round(position).astype(int)
    inside = (nearest >= 0) & (nearest < len(signal))
    resampled = np.full((len(target), signal.shape[1]), np.nan)
    if is_aligned(position, interval, target_interval):
        resampled[inside] = signal[nearest[inside]]
        return resampled
    present = np.isfinite(signal)
    filled = np.where(present, signal, 0.0)
    whole = bool(present.all())
    for begin in range(0, len(target), BLOCK):
        rows = slice(begin, begin + BLOCK)
        weights = interpolation_weights(position[rows], len(signal), target_interval / interval)
        norm = weights @ (np.ones((len(signal), 1)) if whole else present.astype(float))
        np.divide(weights @ filled, norm, out=resampled[rows], where=np.abs(norm) > LEAST_WEIGHT)
    resampled[~inside] = np.nan
    resampled[inside] = np.where(present[nearest[inside]], resampled[inside], np.nan)
    return resampled


def is_aligned(position: Array, interval: float, target_interval: float) -> bool:
    """Whether the targets are samples of the signal itself at the signal's own rate."""
    same_rate = abs(target_interval / interval - 1.0) < 1e-6
    return same_rate and bool(np.all(np.abs(position - np.round(position)) < 1e-3))


def reach(interval: float, target_interval: float) -> float:
    """How far in time (s) a sample of the signal can influence the resampled one."""
    return HALF_WIDTH * max(interval, target_interval)


def interpolation_weights(position: Array, samples: int, ratio: float) -> csr_array:
    """Weights ``(target, sample)`` of the windowed sinc.

    Parameters
    ----------
    position
        Targets in units of samples of the signal.
    samples
        Length of the signal.
    ratio
        Interval of the target over that of the signal.
    """
    slower = max(ratio, 1.0)
    cutoff = 0.5 if ratio <= 1.0 + 1e-9 else 0.5 - TRANSITION / 2.0
    taps = int(np.ceil(HALF_WIDTH * slower))
    index = np.round(position).astype(int)[:, None] + np.arange(-taps, taps + 1)
    u = (position[:, None] - index) / slower
    window = np.i0(BETA * np.sqrt(np.clip(1.0 - (u / HALF_WIDTH) ** 2, 0.0, None))) / np.i0(BETA)
    weights = np.sinc(2.0 * cutoff * u) * window * (np.abs(u) <= HALF_WIDTH)
    weights[(index < 0) | (index >= samples)] = 0.0
    columns = np.clip(index, 0, samples - 1)
    rows = np.arange(0, columns.size + 1, columns.shape[1])
    return csr_array((weights.ravel(), columns.ravel(), rows), shape=(len(position), samples))


def regularise(time: Array, signal: Array, maximum_gap: float) -> tuple[Array, float]:
    """Put irregularly sampled channels on a regular grid from their first to their last instant.

    Parameters
    ----------
    time
        Instants ``(time,)`` (s), strictly increasing.
    signal
        ``(time, channel)``; NaN = missing.
    maximum_gap
        Longest distance between two samples of a channel, in median intervals, over which to
        interpolate linearly; the inside of a longer gap becomes NaN.

    Returns
    -------
    tuple
        Signal on the grid ``time[0] + k interval``, and that interval: the median one (s).

    Raises
    ------
    RecordingError
        When the instants do not increase.
    """
    if len(time) < 2 or np.any(np.diff(time) <= 0):
        raise RecordingError(
            "time: fewer than two instants, or not increasing; sort them and remove duplicates"
        )
    interval = float(np.median(np.diff(time)))
    grid = time[0] + interval * np.arange(int((time[-1] - time[0]) / interval + 1e-6) + 1)
    regular = np.full((len(grid), signal.shape[1]), np.nan)
    for channel, values in enumerate(signal.T):
        known = np.isfinite(values)
        if known.sum() < 2:
            continue
        instants = time[known]
        near = clock.gap_around(grid, instants) <= maximum_gap * interval
        covered = (grid >= instants[0]) & (grid <= instants[-1]) & near
        regular[covered, channel] = np.interp(grid[covered], instants, values[known])
    return regular, interval
