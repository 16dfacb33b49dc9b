"""Signals at a lower rate, read in pieces, so that a file larger than memory can be used."""

import math
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
    position: float = 0.0,
    out: Array | None = None,
    block: int | None = None,
) -> tuple[Array, float]:
    """Bring a signal to another rate without ever holding the whole of it.

    A polyphase filter (Kaiser window, 16 samples of the slower clock on each side) takes out
    everything from the Nyquist frequency of the slower clock on by 60 dB and passes what lies
    below 77 % of it, without delay. Each sample is read once, in order. At the same rate nothing
    is taken out.

    Parameters
    ----------
    read
        ``read(start, stop)`` gives the samples ``(time, channel)`` from start to before stop.
    samples
        Length of the signal.
    rate, target
        Sampling rates (Hz) that it has and is to get.
    position
        Where its first sample lies on the clock of the result: samples after instant 0 of that
        clock, fractions included.
    out
        Result ``(time, channel)`` to write into, as far as the signal covers it (see `covered`);
        by default a new one that ends with the signal.
    block
        Samples to read at a time; by default about two million values.

    Returns
    -------
    tuple
        The signal ``(time, channel)``, whose sample k lies k / rate after instant 0 (the first
        sample of the original, unless `position` says otherwise), and its rate (Hz): `target`
        within 0.01 % (see `ratio`).

    Notes
    -----
    A missing sample (NaN) is left out of the weighted mean, and so is what lies beyond the ends;
    where less than half of the filter's weight remains, the result is missing.
    """
    from scipy.signal import upfirdn

    change = ratio(rate, target)
    up, down = change.numerator, change.denominator
    start, stop = covered(position, samples, change)
    tick = _nearest(position * up)
    taps = kernel(up, down, tick - position * up)
    half = len(taps) // 2
    channels = read(0, min(1, samples)).shape[1]
    result = np.full((stop, channels), np.nan) if out is None else out
    step = max(1, (block or max(BLOCK // max(channels, 1), 4 * half // up)) * up // down)
    held = np.empty((0, channels))
    first = 0
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        low = max(0, -((half + tick - begin * down) // up))
        high = min(samples, ((end - 1) * down - tick + half) // up + 1)
        fresh = np.asarray(read(first + len(held), high), dtype=float)
        held = np.concatenate([held[low - first :], fresh])
        first = low
        present = np.isfinite(held)
        whole = bool(present.all())
        weight = np.ones((len(held), 1)) if whole else present.astype(float)
        filled = held if whole else np.where(present, held, 0.0)
        lag = begin * down - tick + half - first * up
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


def covered(position: float, samples: int, change: Fraction) -> tuple[int, int]:
    """Instants of the result's clock that a signal covers, from the first to before the second.

    A sample stands for the time until the next one, both taken to the nearest tick of the clock
    that holds old and new samples. Instants are counted from the one to which `position` refers
    (see `resample_in_chunks`); `change` is the new rate over the old one.
    """
    begin = _nearest(position * change.numerator)
    end = begin + samples * change.numerator
    return -(-begin // change.denominator), -(-end // change.denominator)


def _nearest(ticks: float) -> int:
    return math.floor(ticks + 0.5)


def kernel(up: int, down: int, shift: float = 0.0) -> Array:
    """Taps of the filter on the clock that is `up` times as fast as the original one.

    The filter is sampled `shift` steps of that clock later, which delays by a part of a step.
    """
    slow = max(up, down)
    reach = HALF_WIDTH * slow
    position = np.arange(-reach, reach + 1) + shift
    window = np.i0(BETA * np.sqrt(np.clip(1.0 - (position / reach) ** 2, 0.0, None)))
    cutoff = 0.5 if up == down else (0.5 - TRANSITION / 2.0) / slow
    taps = np.sinc(2.0 * cutoff * position) * window
    scaled: Array = taps * (up / taps.sum())
    return scaled
