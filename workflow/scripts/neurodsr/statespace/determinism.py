"""A test of nonlinearity: is a series predictable, or directed in time, as no linear one is?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.statespace.forecast import forecast
from neurodsr.statespace.innovations import shuffled, sign_flipped
from neurodsr.statespace.surrogates import gaussian_p, iaaft, matched_ends, normal_scores

Array = NDArray[np.float64]

STATISTICS = ("prediction error", "gain of local maps", "time asymmetry")
PREDICTIVE = (0, 1)
"""Statistics that speak for determinism; asymmetry alone does not."""
GAUSSIAN_LEVEL = 0.05


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
    p_driven
        That it is no more predictable than linear processes of its own innovations, see
        `driven_p`; NaN where that was not asked.
    """

    data: Array
    surrogates: Array
    p: Array
    p_statistic: Array
    p_predictive: float
    p_all: float
    samples: int
    p_driven: float = np.nan


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
    plain = (x - x.mean(axis=0)) / x.std(axis=0)
    x = np.where(distorted, normal_scores(x), plain)
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
    standard = standardised(extremes)
    p_predictive = float(rank_p(standard[..., PREDICTIVE].max(axis=(1, 2))))
    return NonlinearityTest(
        data=values[0],
        surrogates=values[1:],
        p=rank_p(extremes),
        p_statistic=rank_p(standard.max(axis=1)),
        p_predictive=p_predictive,
        p_all=float(rank_p(standard.max(axis=(1, 2)))),
        samples=len(x),
    )


def driven_p(
    x: Array,
    delays: list[int],
    dimension: int,
    number: int,
    rng: np.random.Generator,
    theiler: int = 0,
) -> float:
    """p that all channels are as predictable as linear processes of their own innovations.

    A linear process that changes, or that is driven by noise of heavy tails, of skewed values, or
    of a strength that fluctuates or drifts, is no static function of a stationary Gaussian one, and
    `nonlinearity_test` finds it unlike its surrogates without any determinism. Here the surrogates
    are such processes (`sign_flipped` and `shuffled` innovations), and data must be more
    predictable than both kinds.

    Parameters
    ----------
    x, delays, dimension, number, rng, theiler
        As of `nonlinearity_test`.

    Returns
    -------
    float
        The larger of two rank p, each corrected for channels and statistics.
    """
    x = x[matched_ends(x)]
    x = x - x.mean(axis=0)
    distorted = gaussian_p(x) < GAUSSIAN_LEVEL
    reach = 2 * theiler
    ensembles = [
        [np.vstack([c, sign_flipped(c, number, rng)]) for c in x.T],
        [np.vstack([c, shuffled(c, number, reach, rng)]) for c in x.T],
    ]
    p = []
    for channels in ensembles:
        ensemble = np.stack(channels, axis=-1)
        values = np.empty((number + 1, x.shape[1], len(PREDICTIVE)))
        for member, row in zip(ensemble, values, strict=True):
            scores = np.where(distorted, normal_scores(member), member / member.std(axis=0))
            for c, lag in enumerate(delays):
                error, gain = forecast(scores[:, c].copy(), dimension, lag, lag, theiler)
                row[c] = -error, gain
        p.append(float(rank_p(standardised(values).max(axis=(1, 2)))))
    return max(p)


def standardised(ensemble: Array) -> Array:
    """Statistics ``(member, ...)`` in standard deviations of the ensemble."""
    deviation = ensemble.std(axis=0)
    scores: Array = (ensemble - ensemble.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return scores


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
