"""Largest Lyapunov exponent of a series: how fast neighbouring states drift apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import t as student

from neurodsr.statespace.channels import first_samples
from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors
from neurodsr.statespace.embedding.neighbours import nearest_outside

Array = NDArray[np.float64]

MOST_SAMPLES = 30_000
MOST_STEPS = 2500
HORIZON = 0.25
"""Neighbours are followed for that share of the longest stretch, and no more than `MOST_STEPS`."""
BELOW_PLATEAU = 1.0
LEAST_GROWTH = 1.0
STRAIGHT = 0.45
"""Steepness of the later half of the growth, relative to the earlier half. Diffusion, half the
logarithm of time, has at most 0.39 after growth by a factor e."""
LEAST_STEPS = 4
LEAST_PAIRS = 40
BLOCKS = 10


@dataclass(frozen=True)
class Divergence:
    """Growth of the distance between neighbours.

    Attributes
    ----------
    curve : (step,)
        Mean logarithm of the distance.
    first, last
        Region of the fit (steps, both included).
    exponent, low, high
        Slope (1 / step) with its 95 % interval; NaN where there is no exponential growth.
    reason
        Why there is none, or "".
    """

    curve: Array
    first: int
    last: int
    exponent: float
    low: float
    high: float
    reason: str


def divergence(pieces: Sequence[Array], dimension: int, delay: int, theiler: int) -> Divergence:
    """Largest Lyapunov exponent by the method of Rosenstein et al. (1993).

    The nearest neighbour of each delay vector is followed, and the mean logarithm of the distance
    rises linearly with the exponent as its slope. Only the closer half of the pairs is used: the
    others are no infinitesimal neighbours. The fit

    - starts one embedding window after the neighbours were chosen, when none of the samples that
      made them neighbours (noise included) is left in the delay vectors;
    - ends when the curve comes within 1 (a factor e) of its plateau, the mean over the later half
      of the time that neighbours are followed.

    Growth is exponential when the distance grows at least by a factor e within that region, does
    not flatten as under diffusion, and is larger than chance makes it. Of 100 time units of
    Lorenz-63 (0.906) it is within 10 % from x, and a quarter too low from z, which shows the
    attractor folded; Roessler's (0.071) is a fifth too low, since some pairs are far apart before
    others; an attractor of more than about four dimensions leaves no growth to be seen. Noise in
    the observations lowers the exponent by up to 20 % (Lorenz-63, 5 % of the standard deviation).

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` of one channel without missing values.
    dimension, delay
        Of the embedding; the delay in samples.
    theiler
        Neighbours are further apart in time than that (samples).

    Returns
    -------
    Divergence
        The interval is Student's, from 10 blocks of consecutive pairs.
    """
    pieces = first_samples(pieces, MOST_SAMPLES)
    window = (dimension - 1) * delay
    horizon = min(MOST_STEPS, int(HORIZON * max(map(len, pieces), default=0)))
    long = [piece for piece in pieces if len(piece) > window + horizon]
    if horizon < 2 * (window + LEAST_STEPS) or not long:
        return nothing(np.empty(0), "the series is too short to follow neighbours")
    coordinates = [Coordinate(0, k * delay) for k in range(dimension)]
    vectors = delay_vectors(long, coordinates, horizon)
    position, everything = vectors.position, np.arange(len(vectors.points))
    distance, near = nearest_outside(vectors.points, position, everything, theiler, 2.0)
    have = distance[near >= 0]
    close = np.flatnonzero(distance <= (np.median(have) if len(have) else np.nan))
    if len(close) < LEAST_PAIRS:
        return nothing(np.empty(0), "too few states have a neighbour")
    blocks = log_distances(
        vectors.values[:, 0], position[close], position[near[close]], dimension, delay, horizon
    )
    return fit(blocks, window)


def fit(blocks: Array, first: int) -> Divergence:
    """Slope of the mean of curves ``(block, step)`` from a first step on, see `divergence`."""
    curve = blocks.mean(axis=0)
    plateau = curve[len(curve) // 2 :].mean()
    reached = np.flatnonzero(curve[first:] >= plateau - BELOW_PLATEAU)
    last = first + int(reached[0])
    if last - first < LEAST_STEPS - 1 or curve[last] - curve[first] < LEAST_GROWTH:
        return nothing(curve, "distances between neighbours do not grow by a factor e")
    step = np.arange(first, last + 1)
    middle = (last - first) // 2
    if steepness(curve, step[middle:]) < STRAIGHT * steepness(curve, step[: middle + 1]):
        return nothing(curve, "distances between neighbours grow as by diffusion")
    slopes = np.polyfit(step, blocks[:, step].T, 1)[0]
    error = slopes.std(ddof=1) / np.sqrt(len(slopes)) * student.ppf(0.975, len(slopes) - 1)
    exponent = float(slopes.mean())
    if exponent <= error:
        return nothing(curve, "growth of the distances between neighbours may be chance")
    return Divergence(curve, first, last, exponent, exponent - error, exponent + error, "")


def predictability(
    channels: Sequence[Divergence], interval: float, otherwise: int
) -> dict[str, float | int | str]:
    """Largest exponent of a recording and how far ahead it can be predicted, as attributes.

    Parameters
    ----------
    channels
        Of the tested channels; none where the series is not known to be deterministic.
    interval
        Between two samples (s).
    otherwise
        Predictability time (samples) where there is no exponent.

    Returns
    -------
    dict
        Median over the channels that have an exponent, if at least half of them do, and of their
        limits (1/s), NaN otherwise; the time ``ln 2 / exponent`` in which errors double (samples,
        Mikhaeil et al. 2022); and in words where both come from.
    """
    grown = [one for one in channels if not one.reason]
    if not channels or 2 * len(grown) < len(channels):
        reasons = [one.reason for one in channels if one.reason]
        reason = reasons[0] if reasons else "nonlinear determinism was not detected"
        return {
            "largest_exponent": np.nan,
            "largest_exponent_low": np.nan,
            "largest_exponent_high": np.nan,
            "predictability_time": otherwise,
            "predictability": f"no exponent ({reason}): the automatic forcing interval",
        }
    exponent, low, high = np.median([(one.exponent, one.low, one.high) for one in grown], axis=0)
    return {
        "largest_exponent": float(exponent / interval),
        "largest_exponent_low": float(low / interval),
        "largest_exponent_high": float(high / interval),
        "predictability_time": max(1, round(float(np.log(2) / exponent))),
        "predictability": f"ln 2 / largest exponent of {len(grown)} of {len(channels)} channels",
    }


def nothing(curve: Array, reason: str) -> Divergence:
    return Divergence(curve, 0, 0, np.nan, np.nan, np.nan, reason)


def steepness(curve: Array, step: NDArray[np.intp]) -> float:
    """Slope of a curve over some steps."""
    return float(np.polyfit(step, curve[step], 1)[0])


@njit(cache=True, nogil=True)
def log_distances(
    values: Any, first: Any, second: Any, dimension: int, delay: int, horizon: int
) -> Any:
    """Mean logarithm ``(block, step)`` of the distances between pairs of delay vectors.

    Parameters
    ----------
    values
        The series ``(time,)``.
    first, second
        Where the two vectors begin ``(pair,)``; pairs in time order are split into blocks of
        equal size.
    dimension, delay, horizon
        Of the embedding, and how long to follow (samples).
    """
    pairs = len(first)
    sums = np.zeros((BLOCKS, horizon + 1))
    counts = np.zeros((BLOCKS, horizon + 1))
    for pair in range(pairs):
        block = pair * BLOCKS // pairs
        for step in range(horizon + 1):
            i, j = first[pair] + step, second[pair] + step
            square = 0.0
            for m in range(dimension):
                square += (values[i + m * delay] - values[j + m * delay]) ** 2
            if square > 0.0:
                sums[block, step] += 0.5 * np.log(square)
                counts[block, step] += 1.0
    return sums / np.maximum(counts, 1.0)
