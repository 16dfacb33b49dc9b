"""Invariants of the data that free runs are compared with: distribution and spectrum.

The distance is the sliced Wasserstein distance between the distributions of pairs
``(x_t, x_{t+lag})``, in standard deviations of the training data, plus the Hellinger distance
between smoothed power spectra. Both are cheap, need no bins, and stay informative (unlike a
divergence of histograms) for few samples and many channels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DRAWS = 20
"""Samples of the data's own stretches that say how much the distance varies."""
PROJECTIONS = 32
POINTS = 2000
LEVELS = (np.arange(200) + 0.5) / 200


@dataclass(frozen=True)
class Invariants:
    """What the data look like in the long run.

    Attributes
    ----------
    directions : (2 * channel, direction)
    quantiles : (level, direction)
        Of pairs of samples along the directions.
    spectrum : (frequency, channel)
        Normalised smoothed power spectrum.
    lag, period
        Steps between the members of a pair; samples of a periodogram.
    """

    directions: Floats
    quantiles: Floats
    spectrum: Floats
    lag: int
    period: int

    def distance(self, parts: list[Floats]) -> float:
        """Of stretches ``(step, channel)`` from the data."""
        here = sliced_quantiles(parts, self.directions, self.lag)
        wasserstein = float(np.abs(here - self.quantiles).mean())
        return wasserstein + hellinger(self.spectrum, mean_spectrum(parts, self.period))

    def outlier(self, first: list[Floats], last: list[Floats]) -> tuple[float, float]:
        """Largest distance of a single stretch's spectrum from the mean of the first ones.

        Of those at first, and of those at last.
        """
        common = mean_spectrum(first, self.period)
        before, after = (
            max(hellinger(common, mean_spectrum([one], self.period)) for one in parts)
            for parts in (first, last)
        )
        return before, after


def invariants_of(
    parts: list[Floats], lag: int, period: int, rng: np.random.Generator
) -> Invariants:
    """Invariants of stretches ``(step, channel)``, along random directions."""
    directions = rng.standard_normal((2 * parts[0].shape[1], PROJECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    quantiles = sliced_quantiles(parts, directions, lag)
    return Invariants(directions, quantiles, mean_spectrum(parts, period), lag, period)


def spread_of_stretches(
    invariants: Invariants, parts: list[Floats], length: int, lanes: int, rng: np.random.Generator
) -> float:
    """How much larger than usual the distance of a perfect model may come out by chance.

    As many random stretches of the data as there are free runs, of their length, are compared with
    all data, `DRAWS` times: largest distance less median. 0 where the data have no such stretch.
    """
    room = np.array([max(len(part) - length + 1, 0) for part in parts])
    if not room.any():
        return 0.0
    distances = []
    for _ in range(DRAWS):
        chosen = rng.choice(len(parts), lanes, p=room / room.sum())
        starts = rng.integers(room[chosen])
        pieces = zip(chosen, starts, strict=True)
        distances.append(invariants.distance([parts[k][at : at + length] for k, at in pieces]))
    return float(np.max(distances) - np.median(distances))


def distance_of_halves(parts: list[Floats], directions: Floats, lag: int, period: int) -> float:
    """Distance of the second half of the data from the first; 0 where one has no pair."""
    middle = sum(map(len, parts)) // 2
    halves: tuple[list[Floats], list[Floats]] = ([], [])
    begin = 0
    for part in parts:
        cut = min(max(middle - begin, 0), len(part))
        halves[0].append(part[:cut])
        halves[1].append(part[cut:])
        begin += len(part)
    shortest = min(max(map(len, half)) for half in halves)
    if shortest <= max(lag, 2):
        return 0.0
    first, second = (sliced_quantiles(half, directions, lag) for half in halves)
    spectra = (mean_spectrum(half, min(period, shortest)) for half in halves)
    return float(np.abs(first - second).mean()) + hellinger(*spectra)


def sliced_quantiles(parts: list[Floats], directions: Floats, lag: int) -> Floats:
    """Quantiles ``(level, direction)`` of pairs of samples, projected on directions."""
    pairs = np.concatenate(
        [np.hstack([part[:-lag], part[lag:]]) for part in parts if len(part) > lag]
    )
    pairs = pairs[:: max(1, len(pairs) // POINTS)]
    ordered = np.sort(pairs @ directions, axis=0)
    quantiles: Floats = ordered[(LEVELS * len(ordered)).astype(int)]
    return quantiles


def hellinger(one: Floats, other: Floats) -> float:
    """Distance of power spectra ``(frequency, channel)``, mean over channels."""
    return float(np.sqrt(np.clip(1 - np.sqrt(one * other).sum(0), 0, None)).mean())


def mean_spectrum(parts: list[Floats], period: int) -> Floats:
    """Mean power spectrum ``(frequency, channel)``: tapered, smoothed, each channel sums to 1."""
    taper = np.hanning(period + 2)[1:-1, None]
    pieces = [
        part[first : first + period]
        for part in parts
        for first in range(0, len(part) - period + 1, max(1, period // 2))
    ]
    power = np.zeros((period // 2 + 1, parts[0].shape[1]))
    for piece in pieces:
        power += np.abs(np.fft.rfft(taper * (piece - piece.mean(0)), axis=0)) ** 2
    width = max(1, len(power) // 50)
    window = np.hanning(2 * width + 1)
    smooth = np.stack([np.convolve(channel, window, "same") for channel in power.T], 1)
    flat = np.finfo(float).tiny
    spectrum: Floats = (smooth + flat) / (smooth + flat).sum(0)
    return spectrum
