"""Stationarity: do windows resemble those near in time more than those far away?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from neurodsr.statespace.embedding.coordinates import Coordinate, complete_stretches, delay_vectors
from neurodsr.statespace.surrogates import normal_scores

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

KINDS = ("mean", "variance", "spectrum", "cross-prediction")
MOST_WINDOWS = 16
FEWEST_WINDOWS = 6
LEAST_TIMES = 10
"""Length of a window in autocorrelation times, so that windows are hardly correlated."""
LEAST_SAMPLES = 24
MOST_SAMPLES = 400
"""Of each window in cross-prediction, the first ones."""
BANDS = 6
PERMUTATIONS = 999


@dataclass(frozen=True)
class Stationarity:
    """Windows against each other.

    Attributes
    ----------
    start, stop : (window,)
        First sample of each window and the one after its last, counted over present samples.
    mean, deviation : (window, channel)
        In the units of the series.
    cross_prediction : (window, window)
        Error of forecasts of one window (second axis) from the states of another (first axis), in
        standard deviations of the channel, mean over the channels; within a window NaN.
    drift : (kind,)
        Share of the differences between windows that slow functions of time explain.
    p : (kind,)
        Of each of `KINDS` alone.
    p_all
        Corrected for their number; NaN where there are too few windows.
    reason
        Why nothing was tested, or "".
    """

    start: Indices
    stop: Indices
    mean: Array
    deviation: Array
    cross_prediction: Array
    drift: Array
    p: Array
    p_all: float
    reason: str


def stationarity(
    pieces: Sequence[Array],
    delays: Sequence[int],
    dimension: int,
    correlation_time: int,
    rng: np.random.Generator,
) -> Stationarity:
    """Test several channels together for drifts.

    The data are cut into windows of at least ten autocorrelation times. In a stationary series
    their order means nothing; where a property drifts, windows near in time resemble each other
    more. Windows are compared by their means, by the logarithm of their variances, by their
    spectra (logarithm of the power in six bands of equal power) and by cross-prediction: how badly
    the states of one window tell the futures of another (Schreiber 1997, Phys. Rev. Lett. 78:843).
    The share of these differences that slow functions of time explain is compared with that under
    permutations of the windows; the largest of the four, standardised, gives one p.

    Fluctuations slower than the windows (1/f noise) are drifts to this test, and so is the slow
    beat of a phase-coherent oscillation with the sampling (one in four clean Roessler series).

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time, channel)``; NaN = missing. No window spans two of them.
    delays
        Of each channel's embedding (samples), and its horizon.
    dimension
        Of the embedding.
    correlation_time
        Of the slowest channel (samples).
    rng
        Source of the permutations.

    Returns
    -------
    Stationarity
    """
    stretches = complete_stretches(pieces)
    channels = pieces[0].shape[1]
    least = max(LEAST_TIMES * correlation_time, LEAST_SAMPLES, 3 * dimension * max(delays))
    total = sum(map(len, stretches))
    length = max(least, total // MOST_WINDOWS)
    windows, start = [], []
    offset = 0
    for stretch in stretches:
        number = len(stretch) // length
        # windows share what is left over, so that none is thrown away at the end
        bounds = [k * len(stretch) // number for k in range(number + 1)] if number else []
        for first, last in pairwise(bounds):
            windows.append(stretch[first:last])
            start.append(offset + first)
        offset += len(stretch)
    starts = np.array(start, dtype=np.intp)
    stops = starts + np.array([len(window) for window in windows], dtype=np.intp)
    mean = np.array([window.mean(axis=0) for window in windows]).reshape(-1, channels)
    deviation = np.array([window.std(axis=0) for window in windows]).reshape(-1, channels)
    unknown = np.full(len(KINDS), np.nan)
    if len(windows) < FEWEST_WINDOWS or np.any(deviation == 0):
        reason = (
            "a channel is constant for a while"
            if len(windows) >= FEWEST_WINDOWS
            else f"fewer than {FEWEST_WINDOWS} windows of {least} samples"
        )
        crossed = np.full((len(windows), len(windows)), np.nan)
        return Stationarity(
            starts, stops, mean, deviation, crossed, unknown, unknown, np.nan, reason
        )
    crossed = cross_prediction(windows, delays, dimension)
    differences = [
        distances(mean),
        distances(2.0 * np.log(deviation)),
        distances(band_power(windows)),
        np.where(np.isnan(crossed), 0.0, 0.5 * (crossed + crossed.T)),
    ]
    share, p, p_all = explained(differences, rng)
    return Stationarity(starts, stops, mean, deviation, crossed, share, p, p_all, "")


def distances(features: Array) -> Array:
    """Euclidean distances between windows, features ``(window, feature)`` in units of their sd."""
    scale = features.std(axis=0)
    scaled = features / np.where(scale > 0, scale, 1.0)
    gaps: Array = np.linalg.norm(scaled[:, None] - scaled[None], axis=2)
    return gaps


def band_power(windows: Sequence[Array]) -> Array:
    """Logarithm of the share of power ``(window, channel * band)`` in bands of equal power."""
    shortest = min(map(len, windows))
    taper = np.hanning(shortest)[:, None]
    power = np.array(
        [np.abs(np.fft.rfft((w[:shortest] - w.mean(axis=0)) * taper, axis=0)) ** 2 for w in windows]
    )[:, 1:]
    columns = []
    for channel in range(power.shape[2]):
        share = np.cumsum(power[..., channel].sum(axis=0))
        edges = np.searchsorted(share, share[-1] * np.arange(1, BANDS) / BANDS) + 1
        edges = np.unique(np.clip(edges, 1, power.shape[1] - 1))
        bands = np.add.reduceat(power[..., channel], np.concatenate([[0], edges]), axis=1)
        columns.append(np.log(bands / bands.sum(axis=1, keepdims=True) + 1e-12))
    return np.concatenate(columns, axis=1)


def cross_prediction(windows: Sequence[Array], delays: Sequence[int], dimension: int) -> Array:
    """Errors ``(from window, of window)``, see `Stationarity`."""
    number, channels = len(windows), windows[0].shape[1]
    squares = np.zeros((number, number))
    for channel, delay in zip(range(channels), delays, strict=True):
        coordinates = [Coordinate(0, k * delay) for k in range(dimension)]
        columns = np.concatenate([window[:, channel] for window in windows])
        bounds = np.cumsum([0, *map(len, windows)])
        scores = normal_scores(columns)
        states, futures = [], []
        for a, b in pairwise(bounds):
            vectors = delay_vectors([scores[a:b][:MOST_SAMPLES]], coordinates, delay)
            states.append(vectors.points)
            futures.append(vectors.ahead(delay)[:, 0])
        for i in range(number):
            tree = cKDTree(states[i])
            for j in range(number):
                if i != j:
                    _, near = tree.query(states[j], k=dimension + 1)
                    guess = futures[i][near].mean(axis=1)
                    squares[i, j] += np.mean((guess - futures[j]) ** 2) / channels
    np.fill_diagonal(squares, np.nan)
    error: Array = np.sqrt(squares)
    return error


def explained(differences: Sequence[Array], rng: np.random.Generator) -> tuple[Array, Array, float]:
    """Share of the windows' variety that two slow functions of time explain, and its p values.

    Distances between windows are turned into scalar products (Gower 1966), and the share is that of
    a regression on half a period and one period of a cosine over all windows (McArdle & Anderson
    2001, Ecology 82:290).
    """
    number = len(differences[0])
    phase = np.pi * (np.arange(number) + 0.5) / number
    slow = np.stack([np.cos(phase), np.cos(2.0 * phase)], axis=1)
    slow /= np.linalg.norm(slow, axis=0)
    orders = [np.arange(number)] + [rng.permutation(number) for _ in range(PERMUTATIONS)]
    basis = slow[np.array(orders)]
    found = np.empty((len(orders), len(differences)))
    for k, difference in enumerate(differences):
        products = -0.5 * difference**2
        products -= products.mean(axis=0)
        products -= products.mean(axis=1, keepdims=True)
        found[:, k] = np.einsum("pik,ij,pjk->p", basis, products, basis, optimize=True)
        found[:, k] /= max(float(np.trace(products)), 1e-300)
    scaled = (found - found.mean(axis=0)) / found.std(axis=0)
    largest = scaled.max(axis=1)
    return found[0], np.mean(found >= found[0], axis=0), float(np.mean(largest >= largest[0]))
