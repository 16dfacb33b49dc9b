"""From many comparisons to one score: medians, intervals and skill, by bootstrap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from neurodsr.models.piecewise_linear import Array

DRAWS = 2000
LEVEL = 0.025, 0.975


@dataclass(frozen=True)
class Spread:
    """A number with its 95 % interval."""

    middle: float
    low: float
    high: float


NOTHING = Spread(np.nan, np.nan, np.nan)


def quantiles(values: Array) -> tuple[float, float, float]:
    """Median, 5 % and 95 % quantile, of order statistics where values are infinite."""
    method = "linear" if np.isfinite(values).all() else "inverted_cdf"
    middle, low, high = np.quantile(values, [0.5, 0.05, 0.95], method=method)  # type: ignore[call-overload]
    return float(middle), float(low), float(high)


def upper_median(values: Array, axis: int = -1) -> Array:
    """Order statistic, never a mean of two: inf - inf would be NaN."""
    return np.asarray(np.take(np.sort(values, axis=axis), values.shape[axis] // 2, axis=axis))


def of_run(each: Array, forecast: bool) -> Spread:
    """Score of one run.

    Parameters
    ----------
    each : (replicate,)
        Over starts of free runs: median and range. Of forecasts, over blocks of starts: mean and
        Student's interval.
    forecast
        Which of the two.
    """
    if not forecast:
        return Spread(float(np.median(each)), float(each.min()), float(each.max()))
    middle = float(each.mean())
    if not np.isfinite(middle) or len(each) < 2:
        return Spread(middle, middle, middle)
    error = each.std(ddof=1) / np.sqrt(len(each)) * student.ppf(LEVEL[1], len(each) - 1)
    return Spread(middle, middle - float(error), middle + float(error))


class Bootstrap:
    """Draws of a model's score, its floor and a null, with smaller values better.

    Parameters
    ----------
    scores : (run, replicate)
        Runs, and within each starts of free runs or blocks of forecasts, are drawn with
        replacement. Missing ones count as infinitely bad.
    forecast
        Whether replicates are averaged, otherwise the median is taken.
    rng
        Source of the draws.
    """

    def __init__(self, scores: Array, forecast: bool, rng: np.random.Generator) -> None:
        scores = np.where(np.isnan(scores), np.inf, scores)
        self.forecast, self.rng = forecast, rng
        self.middle = float(upper_median(self._reduced(scores)))
        runs, replicates = scores.shape
        run = rng.integers(runs, size=(DRAWS, runs, 1))
        replicate = rng.integers(replicates, size=(DRAWS, runs, replicates))
        self.draws = upper_median(self._reduced(scores[run, replicate]))

    def _reduced(self, values: Array) -> Array:
        return np.asarray(values.mean(axis=-1) if self.forecast else upper_median(values))

    def score(self) -> Spread:
        """Median over runs."""
        return Spread(self.middle, *ends(self.draws))

    def resampled(self, values: Array) -> tuple[float, Array]:
        """Middle of a reference's replicates ``(replicate,)``, and draws of it."""
        chosen = values[self.rng.integers(len(values), size=(DRAWS, len(values)))]
        return float(self._reduced(values)), self._reduced(chosen)

    def skill(self, floor: Array, null: Array) -> tuple[Spread, Array]:
        """Where the score lies between null (0) and floor (1), and the draws of that.

        Parameters
        ----------
        floor, null : (replicate,)
            Their comparisons, drawn with replacement, too. Without a floor (-inf), or with one that
            is not below the null, there is no skill (NaN).
        """
        best, best_draws = self.resampled(floor)
        level, level_draws = self.resampled(null)
        if not -np.inf < best < level:
            return NOTHING, np.full(DRAWS, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = (level_draws - self.draws) / (level_draws - best_draws)
        draws = np.where(level_draws > best_draws, draws, -np.inf)
        return Spread((level - self.middle) / (level - best), *ends(draws)), draws


def ends(draws: Array) -> tuple[float, float]:
    """95 % interval, order statistics."""
    ordered = np.sort(draws)
    low, high = (ordered[int(level * (len(draws) - 1) + 0.5)] for level in LEVEL)
    return float(low), float(high)


def mean_skill(draws: Sequence[Array], middles: Sequence[float]) -> Spread:
    """Mean over measures of skills and of their draws."""
    if not len(middles):
        return NOTHING
    return Spread(float(np.mean(middles)), *ends(np.mean(draws, axis=0)))
