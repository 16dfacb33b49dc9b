"""A test of nonlinearity: is a series predictable, or directed in time, as no linear one is?"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from neurodsr.statespace.dimension import embed
from neurodsr.statespace.surrogates import iaaft, matched_ends

Array = NDArray[np.float64]

STATISTICS = ("prediction error", "time asymmetry")
TINY = 1e-12


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
    p_all
        Rank p corrected for the number of channels and statistics.
    """

    data: Array
    surrogates: Array
    p: Array
    p_statistic: Array
    p_all: float


def prediction_error(x: Array, dimension: int, delay: int, horizon: int) -> float:
    """Nonlinear prediction error of one channel, in units of its standard deviation.

    Simplex projection (Sugihara and May 1990): the future of a delay vector is the weighted mean
    of the futures of its dimension + 1 nearest neighbours. Each of up to five blocks is predicted
    from all others, so that no neighbour is near in time.

    Parameters
    ----------
    x : (time,)
        Without missing values.
    dimension, delay
        Of the embedding.
    horizon
        How far ahead to predict (samples).

    Returns
    -------
    float
        Root mean squared error; 1 is no better than the mean.
    """
    span = (dimension - 1) * delay + horizon
    blocks = int(np.clip(len(x) // (4 * span), 2, 5))
    edges = np.linspace(0, len(x), blocks + 1).astype(int)
    squares = []
    for start, stop in pairwise(edges):
        rest = [part for part in (x[:start], x[stop:]) if len(part) > span]
        library, futures, _ = embed(rest, dimension, delay, horizon)
        points, truth, _ = embed([x[start:stop]], dimension, delay, horizon)
        found = cKDTree(library).query(points, k=np.arange(1, dimension + 2))
        distance, near = np.asarray(found[0]), np.asarray(found[1])
        weight = np.exp(-distance / np.maximum(distance[:, :1], TINY))
        guess = np.sum(weight * futures[near], axis=1) / weight.sum(axis=1)
        squares.append((guess - truth) ** 2)
    return float(np.sqrt(np.mean(np.concatenate(squares))) / x.std())


def time_asymmetry(x: Array, lag: int) -> float:
    """Skewness of the increments over some samples: zero for every reversible process."""
    step = x[lag:] - x[:-lag]
    scale = np.mean(step**2)
    return float(np.mean(step**3) / scale**1.5) if scale > 0 else 0.0


def shortest(dimension: int, delay: int) -> int:
    """Fewest samples for the test: a dozen delay vectors in each half of the series."""
    return 2 * (dimension * delay + 12 + dimension)


def nonlinearity_test(
    x: Array,
    delays: list[int],
    dimension: int,
    number: int,
    iterations: int,
    rng: np.random.Generator,
) -> NonlinearityTest:
    """Compare all channels together with surrogates that share their linear structure.

    The null hypothesis is a stationary linear Gaussian process, seen through a static monotone
    function of each channel. Delays and dimension must not be tuned to the nonlinear structure of
    the data, for then the surrogates would be at a disadvantage: take the delays from the
    autocorrelation, which is the surrogates' own. The corrected p values use the largest of the
    standardised statistics in each member of the ensemble (Westfall and Young 1993), which needs
    no more surrogates for more channels.

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
    """
    x = x[matched_ends(x)]
    ensemble = np.concatenate([x[None], iaaft(x, number, iterations, rng)])
    values = np.array(
        [
            [
                (prediction_error(channel, dimension, lag, lag), time_asymmetry(channel, lag))
                for channel, lag in zip(member.T, delays, strict=True)
            ]
            for member in ensemble
        ]
    )
    extremes = np.stack([-values[..., 0], np.abs(values[..., 1])], axis=-1)
    deviation = extremes.std(axis=0)
    standard = (extremes - extremes.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return NonlinearityTest(
        data=values[0],
        surrogates=values[1:],
        p=rank_p(extremes),
        p_statistic=rank_p(standard.max(axis=1)),
        p_all=float(rank_p(standard.max(axis=(1, 2)))),
    )


def rank_p(ensemble: Array) -> Array:
    """Share of the ensemble, first member included, that is at least as large as the first."""
    p: Array = np.mean(ensemble >= ensemble[0], axis=0)
    return p
