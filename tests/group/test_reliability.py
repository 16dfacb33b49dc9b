"""Intraclass correlations against the published table and simulated variance components."""

from dataclasses import astuple

import numpy as np
import pytest

from neurodsr.group.reliability import intraclass, one_way

SHROUT_FLEISS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [
        ("ICC(1,1)", 0.1657, -0.13, 0.72),
        ("ICC(2,1)", 0.2898, 0.02, 0.76),
        ("ICC(3,1)", 0.7148, 0.34, 0.95),
        ("ICC(1,k)", 0.4428, -0.88, 0.91),
        ("ICC(2,k)", 0.6201, 0.07, 0.93),
        ("ICC(3,k)", 0.9093, 0.68, 0.99),
    ],
)
def test_shrout_fleiss_table(form: str, value: float, low: float, high: float) -> None:
    """Values of Shrout & Fleiss 1979; intervals to the two digits that R's psych::ICC prints."""
    found = intraclass(SHROUT_FLEISS)[form]
    assert found.value == pytest.approx(value, abs=5e-5)
    assert found.low == pytest.approx(low, abs=6e-3)
    assert found.high == pytest.approx(high, abs=6e-3)


def test_one_way_of_a_complete_table_is_form_one() -> None:
    single, mean = one_way(SHROUT_FLEISS)
    complete = intraclass(SHROUT_FLEISS)["ICC(1,1)"]
    assert astuple(single) == pytest.approx(astuple(complete))
    assert mean.value == pytest.approx(intraclass(SHROUT_FLEISS)["ICC(1,k)"].value)


def test_targets_with_one_rating_do_not_count() -> None:
    lone = np.full((1, 4), np.nan)
    lone[0, 0] = 100.0
    assert one_way(np.vstack([SHROUT_FLEISS, lone])) == one_way(SHROUT_FLEISS)


def test_recovers_variance_components_with_missing_ratings() -> None:
    rng = np.random.default_rng(1)
    ratings = 3 * rng.normal(size=(4000, 1)) + rng.normal(size=(4000, 5))
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    single, mean = one_way(ratings)
    assert single.value == pytest.approx(0.9, abs=0.01)
    assert single.low < 0.9 < single.high
    assert mean.value == pytest.approx(9 / (9 + 1 / 4), abs=0.01)


def test_interval_covers() -> None:
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        single, _ = one_way(rng.normal(size=(12, 1)) + rng.normal(size=(12, 5)))
        inside += single.low <= 0.5 <= single.high
    assert 0.92 <= inside / 400 <= 0.98


def test_perfect_agreement_and_no_variance() -> None:
    same = np.repeat(np.arange(4.0)[:, None], 3, axis=1)
    assert one_way(same)[0].value == 1.0
    assert np.isnan(one_way(np.ones((4, 3)))[0].value)
    assert np.isnan(one_way(np.full((4, 3), np.nan))[0].value)
