"""Signals at a lower rate, read in pieces, so that a file larger than memory can be used."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

HALF_WIDTH = 16
ATTENUATION = 60.0
# Kaiser's design rules: shape, and width of the transition (cycles per sample of the slower clock)
BETA = 0.1102 * (ATTENUATION - 8.7)
TRANSITION = (ATTENUATION - 8.0) / (2.285 * 2 * np.pi * 2 * HALF_WIDTH)
LARGEST_TERM = 5000
RATE_TOLERANCE = 1e-4
BLOCK = 2**21
LEAST_WEIGHT = 0.5


def resample_in_chunks(
    read: Callable[[int, int], NDArray[np.generic]],
    samples: int,
    rate: float,
    target: float,
    *,
    block: int | None = None,
) -> tuple[Array, float]:
    """Bring a signal to another rate without ever holding the whole of it.

    A polyphase filter (Kaiser window, 16 samples of the slower clock on each side) takes out
    everything from the Nyquist frequency of the slower clock on by 60 dB and passes what lies
    below 77 % of it, without delay. Each sample is read once, in order.

    Parameters
    ----------
    read
        ``read(start, stop)`` gives the samples ``(time, channel)`` from start to before stop.
    samples
        Length of the signal.
    rate, target
        Sampling rates (Hz) that it has and is to get.
    block
        Samples to read at a time; by default about two million values.

    Returns
    -------
    tuple
        The signal ``(time, channel)``, whose sample k lies k / rate after the first one of the
        original, and its rate (Hz): `target` within 0.01 % (see `ratio`).

    Notes
    -----
    A missing sample (NaN) is left out of the weighted mean, and so is what lies beyond the ends;
    where less than half of the filter's weight remains, the result is missing.
    """
    from scipy.signal import upfirdn

    change = ratio(rate, target)
    up, down = change.numerator, change.denominator
    taps = kernel(up, down)
    half = len(taps) // 2
    count = -(-samples * up // down)
    channels = read(0, min(1, samples)).shape[1]
    result = np.empty((count, channels))
    step = max(1, (block or max(BLOCK // max(channels, 1), 4 * half // up)) * up // down)
    held = np.empty((0, channels))
    first = 0
    for begin in range(0, count, step):
        end = min(begin + step, count)
        low = max(0, -((half - begin * down) // up))
        high = min(samples, ((end - 1) * down + half) // up + 1)
        fresh = np.asarray(read(first + len(held), high), dtype=float)
        held = np.concatenate([held[low - first :], fresh])
        first = low
        present = np.isfinite(held)
        whole = bool(present.all())
        weight = np.ones((len(held), 1)) if whole else present.astype(float)
        filled = held if whole else np.where(present, held, 0.0)
        lag = begin * down + half - first * up
        pad = -lag % down
        padded = np.concatenate([np.zeros(pad), taps])
        rows = slice((lag + pad) // down, (lag + pad) // down + end - begin)
        norm = upfirdn(padded, weight, up, down, axis=0)[rows]
        values = upfirdn(padded, filled, up, down, axis=0)[rows]
        with np.errstate(divide="ignore", invalid="ignore"):
            result[begin:end] = np.where(norm > LEAST_WEIGHT, values / norm, np.nan)
    return result, rate * up / down


def ratio(rate: float, target: float) -> Fraction:
    """Target over rate as a ratio of whole numbers.

    The exact one when both are round numbers, else the simplest within 0.01 %, since the clock of
    an amplifier may say 29999.954 Hz.
    """
    exact = Fraction(target).limit_denominator(10**6) / Fraction(rate).limit_denominator(10**6)
    if max(exact.numerator, exact.denominator) <= LARGEST_TERM:
        return exact
    wanted = target / rate
    candidates = (Fraction(round(wanted * below), below) for below in range(1, 10**6))
    return next(c for c in candidates if abs(float(c) / wanted - 1.0) <= RATE_TOLERANCE)


def kernel(up: int, down: int) -> Array:
    """Taps of the filter on the clock that is `up` times as fast as the original one."""
    slow = max(up, down)
    position = np.arange(-HALF_WIDTH * slow, HALF_WIDTH * slow + 1)
    cutoff = (0.5 - TRANSITION / 2.0) / slow
    taps = np.sinc(2.0 * cutoff * position) * np.kaiser(len(position), BETA)
    scaled: Array = taps * (up / taps.sum())
    return scaled
