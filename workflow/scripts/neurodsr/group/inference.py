"""What differs between two groups: effect sizes, permutation by subject, false discoveries."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Effect:
    """Standardised difference between two groups with its bootstrap interval."""

    hedges_g: float
    low: float
    high: float
    rank_biserial: float


def effect_size(
    first: Array,
    second: Array,
    resamples: int,
    confidence: float,
    rng: np.random.Generator,
) -> Effect:
    """How far ``second`` lies above ``first``.

    Parameters
    ----------
    first, second : (subject,)
        Values of the two groups, at least two each, nothing missing.
    resamples
        Bootstrap resamples, drawn within each group.
    confidence
        Of the interval.
    rng
        Source of the resamples.

    Returns
    -------
    Effect
        Hedges' g (difference over pooled standard deviation, bias-corrected; Hedges 1981, J. Educ.
        Stat. 6:107) and the rank-biserial correlation P(second > first) - P(second < first).
        g is NaN when neither group varies. The interval is narrow for small groups with large
        effects (measured coverage of 95 %: 6 subjects a group, g = 0.8: 94 %, g = 3: 81 %; 20
        subjects: 95 % and 92 %).
    """
    drawn = [
        values[rng.integers(values.size, size=(resamples, values.size))]
        for values in (first, second)
    ]
    g = float(_hedges(first, second))
    low, high = _corrected_interval(
        g, _hedges(drawn[0], drawn[1]), _leave_one_out(first, second), confidence
    )
    pairs = np.sign(second[:, None] - first[None, :])
    return Effect(g, low, high, float(pairs.mean()))


def _leave_one_out(first: Array, second: Array) -> Array:
    """Hedges' g without each subject in turn."""

    def without(values: Array) -> Array:
        n = values.size
        return np.array([np.delete(values, i) for i in range(n)])

    n, m = first.size, second.size
    return np.concatenate(
        [
            _hedges(without(first), np.tile(second, (n, 1))),
            _hedges(np.tile(first, (m, 1)), without(second)),
        ]
    )


def _corrected_interval(
    value: float, resampled: Array, left_out: Array, confidence: float
) -> tuple[float, float]:
    """Bias-corrected and accelerated interval (Efron 1987, J. Am. Stat. Assoc. 82:171)."""
    resampled = resampled[np.isfinite(resampled)]
    if not resampled.size or not np.isfinite(value):
        return float("nan"), float("nan")
    share = np.mean(resampled < value) + np.mean(resampled == value) / 2
    bias = special.ndtri(np.clip(share, 1 / resampled.size, 1 - 1 / resampled.size))
    influence = np.nanmean(left_out) - left_out[np.isfinite(left_out)]
    spread = np.sum(influence**2) ** 1.5
    acceleration = np.sum(influence**3) / (6 * spread) if spread > 0 else 0.0
    z = bias + special.ndtri((1 + np.array([-confidence, confidence])) / 2)
    low, high = np.quantile(resampled, special.ndtr(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def _hedges(first: Array, second: Array) -> Array:
    """Hedges' g along the last axis."""
    n, m = first.shape[-1], second.shape[-1]
    df = n + m - 2
    spread = (n - 1) * first.var(axis=-1, ddof=1) + (m - 1) * second.var(axis=-1, ddof=1)
    correction = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    difference = second.mean(axis=-1) - first.mean(axis=-1)
    pooled = np.sqrt(spread / df)
    return np.asarray(
        correction
        * np.divide(difference, pooled, out=np.full_like(pooled, np.nan), where=pooled > 0)
    )


def relabelings(labels: Labels, limit: int, rng: np.random.Generator) -> Labels:
    """Ways to give the same group sizes to the same subjects.

    Parameters
    ----------
    labels : (subject,)
        True for the second group.
    limit
        All ways are returned when there are at most so many, otherwise so many random ones.
    rng
        Source of the random ones.

    Returns
    -------
    Labels
        ``(relabeling, subject)``; the first row is ``labels`` itself.
    """
    n, chosen = labels.size, int(labels.sum())
    if special.comb(n, chosen) <= limit:
        every = np.zeros((int(special.comb(n, chosen, exact=True)), n), dtype=bool)
        for row, members in zip(every, combinations(range(n), chosen), strict=True):
            row[list(members)] = True
        own = np.flatnonzero((every == labels).all(axis=1))[0]
        every[[0, own]] = every[[own, 0]]
        return every
    shuffled = rng.permuted(np.tile(labels, (limit, 1)), axis=1)
    shuffled[0] = labels
    return shuffled


def permutation_p(values: Array, ways: Labels) -> Array:
    """Two-sided p of each relabeling, by the rank of its Student t among all relabelings.

    Parameters
    ----------
    values : (subject, feature)
        NaN where a subject has no value.
    ways : (relabeling, subject)
        From `relabelings`.

    Returns
    -------
    Array
        ``(relabeling, feature)``. Row 0 holds the p-values of the data. The other rows are what
        a study of shuffled labels would have reported: under the null hypothesis every row is
        alike, so they calibrate whatever is decided from row 0 (see `shuffled_control`). Never
        below 1 / number of relabelings.
    """
    t = np.abs(student(values, ways))
    t = np.where(np.isnan(t), np.inf, np.round(t, 9))
    return np.asarray(stats.rankdata(-t, method="max", axis=0) / len(ways))


def student(values: Array, ways: Labels) -> Array:
    """Pooled t of every relabeling and feature; NaN where a group has under two values."""
    present = np.isfinite(values)
    centred = np.where(present, values - np.nanmean(values, axis=0), 0.0)
    scale = np.sqrt((centred**2).sum(axis=0) / present.sum(axis=0))
    centred /= np.where(scale > 0, scale, 1.0)
    member = ways.astype(float)
    count, total, square = (x.sum(axis=0) for x in (present, centred, centred**2))
    n2, s2, q2 = member @ present, member @ centred, member @ centred**2
    n1, s1, q1 = count - n2, total - s2, square - q2
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.maximum(q1 - s1**2 / n1 + q2 - s2**2 / n2, 0.0)
        residual[residual < 1e-12 * count] = 0.0
        difference = s2 / n2 - s1 / n1
        t = difference / np.sqrt(residual / (n1 + n2 - 2) * (1 / n1 + 1 / n2))
    t = np.where((residual == 0) & (np.abs(difference) < 1e-9), 0.0, t)
    return np.where((n1 < 2) | (n2 < 2), np.nan, t)


def false_discovery(p: Array) -> Array:
    """q-values of Benjamini & Hochberg 1995 along the last axis; NaN does not count."""
    q = np.full(p.shape, np.nan)
    if not p.shape[-1]:
        return q
    tested = np.isfinite(p).reshape(-1, p.shape[-1])[0]
    if tested.any():
        q[..., tested] = stats.false_discovery_control(p[..., tested], axis=-1)
    return q


def shuffled_control(p: Array, threshold: float) -> float:
    """Share of label shuffles in which anything at all is found at q below ``threshold``.

    Parameters
    ----------
    p : (relabeling, feature)
        From `permutation_p`. With shuffled labels no difference is real, so the share should not
        exceed ``threshold``.
    threshold
        For the false discovery rate.
    """
    found = (false_discovery(p) < threshold).any(axis=-1)
    return float(found.mean())
