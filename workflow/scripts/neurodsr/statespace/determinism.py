"""A test of nonlinearity: is a series predictable, or directed in time, as no linear one is?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.statespace.surrogates import gaussian_p, iaaft, matched_ends, normal_scores

Array = NDArray[np.float64]

STATISTICS = ("prediction error", "gain of local maps", "time asymmetry")
PREDICTIVE = (0, 1)
"""Statistics that speak for determinism; asymmetry alone does not."""
GAUSSIAN_LEVEL = 0.05
QUERIES = 250
REACH = 0.2
"""Squared radius of local maps, in units of the mean squared distance from a state."""
RIDGE = 1e-3
LARGE = 1e300


@dataclass(frozen=True)
class NonlinearityTest:
    """Statistics of data and surrogates, and what follows.

    Attributes
    ----------
    data : (channel, statistic)
        `STATISTICS` of the data.
    surrogates : (surrogate, channel, statistic)
        The same of the surrogates.
    p : (channel, statistic)
        Rank p of each statistic alone.
    p_statistic : (statistic,)
        Rank p of each statistic, corrected for the number of channels.
    p_predictive
        Rank p of the statistics that speak for determinism, corrected for both.
    p_all
        Rank p corrected for the number of channels and statistics.
    samples
        Length of the stretch that was compared, after its ends were matched.
    """

    data: Array
    surrogates: Array
    p: Array
    p_statistic: Array
    p_predictive: float
    p_all: float
    samples: int


def shortest(dimension: int, delay: int) -> int:
    """Fewest samples for the test: two dozen delay vectors and more."""
    return 2 * (dimension * delay + 12 + dimension)


def nonlinearity_test(
    x: Array,
    delays: list[int],
    dimension: int,
    number: int,
    iterations: int,
    rng: np.random.Generator,
    theiler: int = 0,
) -> NonlinearityTest:
    """Compare all channels together with surrogates that share their linear structure.

    The null hypothesis is a stationary linear Gaussian process, seen through a static monotone
    function of each channel. Channels whose values are not Gaussian (`gaussian_p`) are replaced by
    their normal scores, and only their surrogates are held to a distribution. Holding all channels
    to the values of one realisation would put a broad-band error into the surrogates of short or
    narrow-band series, which makes them less predictable than data that are as linear: an
    oscillating AR(2) process with 20 effective samples was then called nonlinear in 13 % of cases.

    Delays and dimension must not be tuned to the nonlinear structure of the data, for then the
    surrogates would be at a disadvantage: take the delays from the autocorrelation, which is the
    surrogates' own. The corrected p values use the largest of the standardised statistics in each
    member of the ensemble (Westfall & Young 1993), which needs no more surrogates for more
    channels.

    Parameters
    ----------
    x : (time, channel)
        One contiguous stretch without missing values.
    delays
        Of each channel (samples): of the embedding, of the increments, and the horizon. Half of
        the autocorrelation's 1/e time has the most power on Lorenz-63.
    dimension
        Of the embedding.
    number, iterations
        Surrogates, and most iterations for each.
    rng
        Source of randomness.
    theiler
        Neighbours in state space are further apart in time than that (samples), at least two
        delays.
    """
    x = x[matched_ends(x)]
    distorted = gaussian_p(x) < GAUSSIAN_LEVEL
    x = np.where(distorted, normal_scores(x), (x - x.mean(axis=0)) / x.std(axis=0))
    ensemble = np.concatenate([x[None], iaaft(x, number, iterations, rng, distorted)])
    values = np.array(
        [
            [
                (*forecast(channel, dimension, lag, lag, theiler), time_asymmetry(channel, lag))
                for channel, lag in zip(np.ascontiguousarray(member.T), delays, strict=True)
            ]
            for member in ensemble
        ]
    )
    extremes = np.stack([-values[..., 0], values[..., 1], np.abs(values[..., 2])], axis=-1)
    deviation = extremes.std(axis=0)
    standard = (extremes - extremes.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return NonlinearityTest(
        data=values[0],
        surrogates=values[1:],
        p=rank_p(extremes),
        p_statistic=rank_p(standard.max(axis=1)),
        p_predictive=float(rank_p(standard[..., PREDICTIVE].max(axis=(1, 2)))),
        p_all=float(rank_p(standard.max(axis=(1, 2)))),
        samples=len(x),
    )


def rank_p(ensemble: Array) -> Array:
    """Share of the ensemble, first member included, that is at least as large as the first."""
    p: Array = np.mean(ensemble >= ensemble[0], axis=0)
    return p


def time_asymmetry(x: Array, lag: int) -> float:
    """Skewness of the increments over some samples: zero for every reversible process."""
    step = x[lag:] - x[:-lag]
    square = step * step
    scale = np.mean(square)
    return float(np.mean(square * step) / scale**1.5) if scale > 0 else 0.0


def forecast(
    x: Array, dimension: int, delay: int, horizon: int, theiler: int = 0
) -> tuple[float, float]:
    """How well the past of a channel tells its future, and how much better locally.

    Simplex projection (Sugihara & May 1990): the future of a delay vector is the weighted mean of
    the futures of its dimension + 1 nearest neighbours. Local maps: the linear map fitted to the
    surroundings of each delay vector (Casdagli 1991; with weights that end at a radius, where those
    of the S-map, Sugihara 1994, fall exponentially), against one linear map for all.

    Parameters
    ----------
    x : (time,)
        Without missing values, at least `shortest`.
    dimension, delay
        Of the embedding.
    horizon
        How far ahead to predict (samples).
    theiler
        Neighbours are further apart in time than that (samples), at least two delays, at most a
        quarter of the series.

    Returns
    -------
    tuple
        Root mean squared error of the simplex projection, in standard deviations of the channel (1
        is no better than the mean), and the logarithm of the error of the one linear map over that
        of the local maps (positive where local ones are better).
    """
    points = len(x) - (dimension - 1) * delay - horizon
    apart = min(max(theiler, 2 * delay), points // 4)
    queries = np.unique(np.linspace(0, points - 1, QUERIES).astype(np.int64))
    simplex, local, linear = _errors(x, dimension, delay, horizon, queries, apart)
    tiny = np.finfo(float).tiny
    gain = 0.5 * np.log(max(linear, tiny) / max(local, tiny))
    return float(np.sqrt(simplex) / x.std()), float(gain)


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc", "nsz"})
def _errors(
    x: Any, dimension: int, delay: int, horizon: int, queries: Any, theiler: int
) -> tuple[float, float, float]:
    """Mean squared errors of simplex projection, local linear maps and one linear map."""
    points = len(x) - (dimension - 1) * delay - horizon
    ahead = (dimension - 1) * delay + horizon
    unknowns = dimension + 1
    row = np.ones(unknowns)
    equations = np.zeros((unknowns, unknowns + 1))
    for j in range(points):
        for a in range(dimension):
            row[a + 1] = x[j + a * delay]
        accumulate(equations, row, 1.0, x[j + ahead])
    everywhere = solve(equations, 0.0)
    square = np.empty(points)
    nearest = np.empty(unknowns)
    who = np.empty(unknowns, np.int64)
    sums = np.zeros(3)
    for centre in queries:
        square[:] = 0.0
        for a in range(dimension):
            here = x[centre + a * delay]
            for j in range(points):
                step = x[j + a * delay] - here
                square[j] += step * step
        total = 0.0
        for j in range(points):
            total += square[j]
        radius = REACH * total / points
        for j in range(max(0, centre - theiler), min(points, centre + theiler + 1)):
            square[j] = LARGE
        nearest[:] = LARGE
        who[:] = 0
        equations[:] = 0.0
        for j in range(points):
            far = square[j]
            if far < nearest[dimension]:
                slot = dimension
                while slot > 0 and nearest[slot - 1] > far:
                    nearest[slot], who[slot] = nearest[slot - 1], who[slot - 1]
                    slot -= 1
                nearest[slot], who[slot] = far, j
            if far < radius:
                weight = 1.0 - far / radius
                for a in range(dimension):
                    row[a + 1] = x[j + a * delay] - x[centre + a * delay]
                accumulate(equations, row, weight * weight, x[j + ahead])
        truth = x[centre + ahead]
        unit = max(np.sqrt(nearest[0]), 1e-12)
        weights = guess = 0.0
        for a in range(unknowns):
            weight = np.exp(-np.sqrt(nearest[a]) / unit)
            weights += weight
            guess += weight * x[who[a] + ahead]
        guess /= weights
        sums[0] += (guess - truth) ** 2
        # where a state has too few companions for a map, their mean stands in
        if equations[0, 0] > unknowns:
            guess = solve(equations, RIDGE)[0]
        sums[1] += (guess - truth) ** 2
        guess = everywhere[0]
        for a in range(dimension):
            guess += everywhere[a + 1] * x[centre + a * delay]
        sums[2] += (guess - truth) ** 2
    sums /= len(queries)
    return sums[0], sums[1], sums[2]


@njit(cache=True, nogil=True, inline="always")
def accumulate(equations: Any, row: Any, weight: float, target: float) -> None:
    """Add one weighted sample to the upper half of the normal equations and their right side."""
    unknowns = len(row)
    for a in range(unknowns):
        scaled = weight * row[a]
        for b in range(a, unknowns):
            equations[a, b] += scaled * row[b]
        equations[a, unknowns] += scaled * target


@njit(cache=True, nogil=True)
def solve(equations: Any, ridge: float) -> Any:
    """Solution of symmetric equations, of which the upper half and the right side are given.

    The ridge is a share of the diagonal, added to all of it but the first entry.
    """
    unknowns = len(equations)
    full = equations.copy()
    for a in range(unknowns):
        for b in range(a):
            full[a, b] = full[b, a]
        if a > 0:
            full[a, a] += ridge * full[a, a] + 1e-12
    for a in range(unknowns):
        for b in range(a + 1, unknowns):
            factor = full[b, a] / full[a, a]
            for c in range(a, unknowns + 1):
                full[b, c] -= factor * full[a, c]
    solution = np.zeros(unknowns)
    for a in range(unknowns - 1, -1, -1):
        rest = full[a, unknowns]
        for b in range(a + 1, unknowns):
            rest -= full[a, b] * solution[b]
        solution[a] = rest / full[a, a]
    return solution
