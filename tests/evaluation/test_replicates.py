import numpy as np
import pytest

from neurodsr.evaluation.replicates import Bootstrap, mean_skill, of_run, quantiles


def bootstrap(scores, forecast: bool = False) -> Bootstrap:
    return Bootstrap(np.array(scores, dtype=float), forecast, np.random.default_rng(0))


def test_missing_scores_are_the_worst() -> None:
    spread = bootstrap([[1.0], [2.0], [np.nan]]).score()
    assert (spread.middle, spread.low, spread.high) == (2.0, 1.0, np.inf)
    same = bootstrap(np.full((5, 2), 3.0)).score()
    assert (same.middle, same.low, same.high) == (3.0, 3.0, 3.0)
    assert bootstrap([[np.nan], [np.nan], [1.0]]).score().middle == np.inf


def test_the_interval_counts_starts_as_well_as_runs() -> None:
    one_start = bootstrap([[2.0], [2.0], [2.0]]).score()
    many = bootstrap([[1.0, 2.0, 3.0]] * 3).score()
    assert one_start.low == one_start.high == 2.0
    assert many.middle == 2.0 and many.low < 2.0 < many.high


def test_the_interval_covers_the_median_as_often_as_it_says() -> None:
    """Median of exponential waiting times is ln 2; 21 runs, 200 trials."""
    rng = np.random.default_rng(1)
    trials = [bootstrap(rng.exponential(size=(21, 1))).score() for _ in range(200)]
    inside = np.mean([one.low <= np.log(2) <= one.high for one in trials])
    assert 0.90 <= inside <= 0.99


def test_skill_is_the_place_between_null_and_floor() -> None:
    spread, draws = bootstrap([[2.0]] * 3).skill(np.ones(4), np.full(4, 5.0))
    assert (spread.middle, spread.low, spread.high) == (0.75, 0.75, 0.75)
    assert mean_skill([draws, draws - 0.5], [0.75, 0.25]).middle == 0.5
    assert np.isnan(bootstrap([[2.0]]).skill(np.full(4, 5.0), np.full(4, 5.0))[0].middle)
    assert np.isnan(mean_skill([], []).middle)


def test_skill_is_less_certain_when_floor_and_null_are() -> None:
    rng = np.random.default_rng(0)
    sure = bootstrap([[2.0]] * 3).skill(np.ones(4), np.full(4, 5.0))[0]
    unsure = bootstrap([[2.0]] * 3).skill(rng.normal(1, 0.2, 5), rng.normal(5, 0.5, 10))[0]
    assert sure.high - sure.low == 0 and unsure.high - unsure.low > 0.02


def test_runs_that_diverge_have_skill_without_bound() -> None:
    assert bootstrap([[np.nan]] * 3).skill(np.ones(4), np.full(4, 5.0))[0].middle == -np.inf


def test_forecasts_are_averaged_with_an_interval() -> None:
    blocks = np.random.default_rng(0).normal(1.0, 0.1, 10)
    spread = of_run(blocks, forecast=True)
    assert spread.middle == pytest.approx(blocks.mean())
    half = 2.262 * blocks.std(ddof=1) / np.sqrt(10)
    assert spread.high - spread.middle == pytest.approx(half, rel=1e-3)
    starts = of_run(np.array([3.0, 1.0, 2.0]), forecast=False)
    assert (starts.middle, starts.low, starts.high) == (2.0, 1.0, 3.0)


def test_quantiles_of_values_that_may_be_infinite() -> None:
    assert quantiles(np.array([1.0, np.inf, 2.0])) == (2.0, 1.0, np.inf)
    assert quantiles(np.arange(101.0)) == (50.0, 5.0, 95.0)
