"""Surrogate series: linear, with everything else as in the data."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, prev_fast_len, rfft

Array = NDArray[np.float64]

NOTHING = 1e-300


def iaaft(x: Array, number: int, iterations: int, rng: np.random.Generator) -> Array:
    """Iterated amplitude-adjusted Fourier surrogates of one or several channels together.

    Each surrogate has exactly the values of the data, channel by channel, and closely their power
    spectra and cross-spectra (Schreiber and Schmitz 1996; several channels: 2000, section 4.3).

    Parameters
    ----------
    x : (time, channel)
        Without missing values. Choose it by `matched_ends`.
    number
        Number of surrogates.
    iterations
        Most iterations; fewer if no order changes any more.
    rng
        Source of the random starting orders.

    Returns
    -------
    Array
        ``(surrogate, time, channel)``.
    """
    data = np.ascontiguousarray(x.T)
    sorted_values = np.sort(data, axis=1)
    spectrum = rfft(data, axis=1)
    amplitude = np.abs(spectrum)
    direction = spectrum / np.maximum(amplitude, NOTHING)
    surrogates = np.empty((number, *data.shape))
    for surrogate in surrogates:
        current = data[:, rng.permutation(data.shape[1])]
        order = np.argsort(current, axis=1)
        for _ in range(iterations):
            # one rotation for all channels keeps the phases between them
            rotation = rfft(current, axis=1)
            rotation /= np.maximum(np.abs(rotation), NOTHING)
            common = np.sum(rotation * direction.conj(), axis=0)
            common /= np.maximum(np.abs(common), NOTHING)
            linear = irfft(amplitude * direction * common, data.shape[1], axis=1)
            before, order = order, np.argsort(linear, axis=1)
            np.put_along_axis(current, order, sorted_values, axis=1)
            if np.array_equal(before, order):
                break
        surrogate[:] = current
    return surrogates.transpose(0, 2, 1)


def matched_ends(x: Array, maximum_trim: float = 0.1) -> slice:
    """Longest stretch whose ends fit together, so that it is nearly periodic.

    A jump between the last and the first sample is a broad-band artefact that surrogates would
    spread over all time. Ends are compared by value and slope, each in units of its variance,
    summed over channels.

    Parameters
    ----------
    x : (time, channel)
        Without missing values.
    maximum_trim
        Share of the samples that may be given up at each end.

    Returns
    -------
    slice
        Of a length that the Fourier transform is fast at.
    """
    samples = len(x)
    slope = np.diff(x, axis=0)
    units = np.maximum(x.var(axis=0), NOTHING), np.maximum(slope.var(axis=0), NOTHING)
    trim = int(maximum_trim * samples)
    starts = np.arange(0, max(1, trim), max(1, trim // 100))
    best, best_cost = slice(0, prev_fast_len(samples, real=True)), np.inf
    for stop in range(samples, samples - trim - 1, -max(1, trim // 20)):
        for start in starts:
            length = prev_fast_len(int(stop - start), real=True)
            end = start + length
            if end < samples - trim:
                continue
            jump = (x[start] - x[end - 1]) ** 2 / units[0]
            bend = (slope[start] - slope[end - 2]) ** 2 / units[1]
            cost = float(np.sum(jump + bend))
            if cost < best_cost:
                best, best_cost = slice(int(start), int(end)), cost
    return best
