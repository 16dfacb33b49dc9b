"""Does a feature come out again when a recording is trained again? Intraclass correlation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Intraclass:
    """An intraclass correlation with its confidence interval."""

    value: float
    low: float
    high: float


UNKNOWN = Intraclass(float("nan"), float("nan"), float("nan"))


def intraclass(ratings: Array, confidence: float = 0.95) -> dict[str, Intraclass]:
    """All six intraclass correlations of a complete table.

    Parameters
    ----------
    ratings : (target, rater)
        At least two of each, nothing missing.
    confidence
        Of the intervals.

    Returns
    -------
    dict
        Keys ``ICC(1,1)``, ``ICC(2,1)``, ``ICC(3,1)`` for a single rating, ``ICC(1,k)``,
        ``ICC(2,k)``, ``ICC(3,k)`` for the mean over raters. Runs (seeds) have no meaning across
        recordings, so for them form 1 is the right one.

    References
    ----------
    Shrout & Fleiss 1979, Psychol. Bull. 86:420; intervals of McGraw & Wong 1996, Psychol.
    Methods 1:30.
    """
    n, k = ratings.shape
    mean = ratings.mean()
    between = k * np.sum((ratings.mean(axis=1) - mean) ** 2) / (n - 1)
    raters = n * np.sum((ratings.mean(axis=0) - mean) ** 2) / (k - 1)
    total = np.sum((ratings - mean) ** 2)
    within = (total - (n - 1) * between) / (n * (k - 1))
    error = (total - (n - 1) * between - (k - 1) * raters) / ((n - 1) * (k - 1))

    random = (between - error) / (between + (k - 1) * error + k * (raters - error) / n)
    random_mean = (between - error) / (between + (raters - error) / n)
    low, high = _interval_random(random, between, raters, error, n, k, confidence)
    return {
        "ICC(1,1)": _from_ratio(between / within, n - 1, n * (k - 1), k, 1, confidence),
        "ICC(2,1)": Intraclass(random, low, high),
        "ICC(3,1)": _from_ratio(between / error, n - 1, (n - 1) * (k - 1), k, 1, confidence),
        "ICC(1,k)": _from_ratio(between / within, n - 1, n * (k - 1), k, k, confidence),
        "ICC(2,k)": Intraclass(random_mean, _step_up(low, k), _step_up(high, k)),
        "ICC(3,k)": _from_ratio(between / error, n - 1, (n - 1) * (k - 1), k, k, confidence),
    }


def one_way(ratings: Array, confidence: float = 0.95) -> tuple[Intraclass, Intraclass]:
    """ICC(1,1) and ICC(1,k) when targets may have different numbers of ratings.

    Parameters
    ----------
    ratings : (target, rater)
        NaN where a rating is missing; targets with fewer than two ratings do not count.
    confidence
        Of the intervals.

    Returns
    -------
    tuple
        Reliability of one rating, and of the mean over k, where k is the effective number of
        ratings a target. Unknown (NaN) with fewer than two targets or no variance at all.

    References
    ----------
    Analysis of variance with unequal groups (Donner 1986, Int. Stat. Rev. 54:67); for a
    complete table it is exactly `intraclass`.
    """
    present = np.isfinite(ratings)
    kept = present.sum(axis=1) >= 2
    n = int(kept.sum())
    if n < 2:
        return UNKNOWN, UNKNOWN
    values, present = np.where(present, ratings, 0.0)[kept], present[kept]
    counts = present.sum(axis=1)
    total = int(counts.sum())
    means = values.sum(axis=1) / counts
    within = np.sum(present * (values - means[:, None]) ** 2) / (total - n)
    between = np.sum(counts * (means - values.sum() / total) ** 2) / (n - 1)
    scale = np.finfo(float).eps * np.sum(values**2) / total
    if within + between <= scale:
        return UNKNOWN, UNKNOWN
    k = float((total - np.sum(counts**2) / total) / (n - 1))
    ratio = between / within if within > 0 else np.inf
    single, mean = (_from_ratio(ratio, n - 1, total - n, k, m, confidence) for m in (1.0, k))
    return single, mean


def _from_ratio(
    ratio: float, df_between: int, df_within: int, k: float, averaged: float, confidence: float
) -> Intraclass:
    """Forms 1 and 3: a monotone function of the F ratio, hence also the interval."""
    tail = (1 + confidence) / 2
    low = ratio / stats.f.ppf(tail, df_between, df_within)
    high = ratio * stats.f.ppf(tail, df_within, df_between)
    value, low, high = (_of_ratio(f, k, averaged) for f in (ratio, low, high))
    return Intraclass(value, low, high)


def _of_ratio(ratio: float, k: float, averaged: float) -> float:
    if np.isinf(ratio):
        return 1.0
    single = (ratio - 1) / (ratio + k - 1)
    return float(_step_up(single, averaged))


def _step_up(single: float, k: float) -> float:
    """Spearman-Brown: reliability of a mean over k from that of one rating."""
    denominator = 1 + (k - 1) * single
    return float(k * single / denominator) if denominator > 0 else float("-inf")


def _interval_random(
    value: float,
    between: float,
    raters: float,
    error: float,
    n: int,
    k: int,
    confidence: float,
) -> tuple[float, float]:
    """Interval of ICC(2,1) with Satterthwaite degrees of freedom."""
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    df = (a * raters + b * error) ** 2 / (
        (a * raters) ** 2 / (k - 1) + (b * error) ** 2 / ((n - 1) * (k - 1))
    )
    tail = (1 + confidence) / 2
    f_low = stats.f.ppf(tail, n - 1, df)
    f_high = stats.f.ppf(tail, df, n - 1)
    spread = k * raters + (k * n - k - n) * error
    low = n * (between - f_low * error) / (f_low * spread + n * between)
    high = n * (f_high * between - error) / (spread + n * f_high * between)
    return float(low), float(high)
