"""Surrogate series: linear, with everything else as in the data."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft, ifft, irfft, prev_fast_len, rfft
from scipy.special import chdtrc, ndtri
from scipy.stats import rankdata

Array = NDArray[np.float64]

NOTHING = 1e-300


def normal_scores(x: Array) -> Array:
    """Values with the ranks of the data and a Gaussian distribution, each channel by itself.

    Undoes every monotone distortion of a Gaussian process. Equal values stay equal.

    Parameters
    ----------
    x : (time, ...)
        Without missing values.
    """
    scores: Array = ndtri((rankdata(x, axis=0) - 0.5) / len(x))
    return scores


def gaussian_p(x: Array) -> Array:
    """p that a stationary process with such skewness and kurtosis is Gaussian.

    The test of Lobato and Velasco (2004, Econometric Theory 20:671): both moments, each over its
    variance in a Gaussian process with the autocovariance of the data, however slow or oscillating.

    Parameters
    ----------
    x : (time, channel)
        Without missing values.

    Returns
    -------
    Array
        ``(channel,)``; 1 for a constant.
    """
    centred = x - x.mean(axis=0)
    samples = len(centred)
    second, third, fourth = (np.mean(centred**k, axis=0) for k in (2, 3, 4))
    moving = second > NOTHING
    # circular autocovariance: at each lag the sum of the two that share its Fourier phases
    covariance = ifft(np.abs(fft(centred, axis=0)) ** 2, axis=0).real / samples
    skewness = samples * third**2 / np.where(moving, 6.0 * np.sum(covariance**3, axis=0), 1.0)
    kurtosis = (
        samples
        * (fourth - 3.0 * second**2) ** 2
        / np.where(moving, 24.0 * np.sum(covariance**4, axis=0), 1.0)
    )
    p: Array = np.where(moving, chdtrc(2.0, np.maximum(skewness + kurtosis, 0.0)), 1.0)
    return p


def iaaft(
    x: Array,
    number: int,
    iterations: int,
    rng: np.random.Generator,
    constrained: NDArray[np.bool_] | None = None,
) -> Array:
    """Iterated amplitude-adjusted Fourier surrogates of one or several channels together.

    Each surrogate has closely the power spectra and cross-spectra of the data and, in constrained
    channels, exactly their values (Schreiber & Schmitz 1996; several channels: 2000, section 4.3).
    Without any constrained channel these are the Fourier surrogates of Theiler et al. (1992) and
    Prichard & Theiler (1994), whose spectra are exact.

    Parameters
    ----------
    x : (time, channel)
        Without missing values. Choose it by `matched_ends`.
    number
        Number of surrogates.
    iterations
        Most iterations; fewer if no order changes any more.
    rng
        Source of the random phases from which the iteration starts.
    constrained : (channel,)
        Channels whose values are kept; by default all.

    Returns
    -------
    Array
        ``(surrogate, time, channel)``.
    """
    data = np.ascontiguousarray(x.T)
    samples = data.shape[1]
    held = np.arange(len(data)) if constrained is None else np.flatnonzero(constrained)
    sorted_values = np.sort(data[held], axis=1)
    spectrum = rfft(data, axis=1)
    amplitude = np.abs(spectrum)
    direction = spectrum / np.maximum(amplitude, NOTHING)
    turn = np.exp(2j * np.pi * rng.random((number, 1, spectrum.shape[1])))
    turn[..., 0] = 1.0
    if samples % 2 == 0:
        turn[..., -1] = np.where(turn[..., -1].real < 0, -1.0, 1.0)
    current = irfft(spectrum * turn, samples, axis=2)
    if not held.size:
        return current.transpose(0, 2, 1)
    order = np.full((number, len(held), samples), -1)
    active = np.arange(number)
    for iteration in range(iterations):
        linear = current[active]
        if iteration:
            # one rotation for all channels keeps the phases between them
            rotation = rfft(linear, axis=2)
            rotation /= np.maximum(np.abs(rotation), NOTHING)
            common = np.sum(rotation * direction.conj(), axis=1, keepdims=True)
            common /= np.maximum(np.abs(common), NOTHING)
            linear = irfft(spectrum * common, samples, axis=2)
        new = np.argsort(linear[:, held], axis=2)
        values = np.empty(new.shape)
        np.put_along_axis(values, new, np.broadcast_to(sorted_values, new.shape), axis=2)
        linear[:, held] = values
        current[active] = linear
        moved = np.any(new != order[active], axis=(1, 2))
        order[active] = new
        active = active[moved]
        if not active.size:
            break
    return current.transpose(0, 2, 1)


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
        lengths = np.array([prev_fast_len(int(stop - start), real=True) for start in starts])
        ends = starts + lengths
        near = ends >= samples - trim
        if not near.any():
            continue
        first, last = starts[near], ends[near]
        jump = (x[first] - x[last - 1]) ** 2 / units[0]
        bend = (slope[first] - slope[last - 2]) ** 2 / units[1]
        cost = np.sum(jump + bend, axis=1)
        least = int(np.argmin(cost))
        if cost[least] < best_cost:
            best_cost = float(cost[least])
            best = slice(int(first[least]), int(last[least]))
    return best
