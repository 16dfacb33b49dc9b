"""Variance components of nested designs, against closed forms and a mixed model."""

import numpy as np
import pandas as pd
import pytest

from neurodsr.group.trust import RELIABILITY, reliability_table
from neurodsr.group.variance import components, variance_statement

SD = np.array([2.0, 1.0, 0.5])
TRUE = SD**2 / np.sum(SD**2)


def nested(
    subjects: int, sessions: int, runs: int, seed: int, sd: np.ndarray = SD
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    values = (
        5.0
        + sd[0] * rng.standard_normal((subjects, 1, 1))
        + sd[1] * rng.standard_normal((subjects, sessions, 1))
        + sd[2] * rng.standard_normal((subjects, sessions, runs))
    )
    person, visit, _ = np.indices(values.shape)
    return values.ravel(), person.ravel(), visit.ravel()


def test_balanced_design_has_the_closed_form() -> None:
    a, b, n = 7, 3, 4
    y, person, visit = nested(a, b, n, 1)
    table = y.reshape(a, b, n)
    ms_run = table.var(axis=2, ddof=1).mean()
    ms_session = n * table.mean(axis=2).var(axis=1, ddof=1).mean()
    ms_subject = b * n * table.mean(axis=(1, 2)).var(ddof=1)
    expected = [(ms_subject - ms_session) / (b * n), (ms_session - ms_run) / n, ms_run]
    found = components(y, person, visit)
    np.testing.assert_allclose(found.values, expected, rtol=1e-10)
    assert found.counts == (a, a * b, a * b * n) and found.negative == ()
    np.testing.assert_allclose(found.reliability(b, n), 1 - ms_session / ms_subject, rtol=1e-10)


def test_without_repeated_runs_it_is_the_one_way_intraclass_correlation() -> None:
    """Ratings of Shrout & Fleiss 1979: ICC(1,1) = .1657, ICC(1,4) = .4428."""
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    person, visit = np.indices(ratings.shape)
    found = components(ratings.ravel(), person.ravel(), visit.ravel())
    assert np.isnan(found.values[2])
    assert found.reliability(1, 1) == pytest.approx(0.1657, abs=5e-5)
    assert found.reliability(4, 1) == pytest.approx(0.4428, abs=5e-5)


def test_unbalanced_design_agrees_with_restricted_likelihood() -> None:
    """Independent implementation: MixedLM of statsmodels on a table with a third missing."""
    sm = pytest.importorskip("statsmodels.formula.api")
    y, person, visit = nested(60, 4, 3, 2)
    kept = np.random.default_rng(0).random(len(y)) > 0.33
    table = pd.DataFrame({"y": y, "person": person, "visit": visit})[kept]
    found = components(table["y"], table["person"], table["visit"])
    fit = sm.mixedlm(
        "y ~ 1", table, groups="person", re_formula="1", vc_formula={"visit": "0 + C(visit)"}
    ).fit()
    other = [fit.cov_re.iloc[0, 0], fit.vcomp[0], fit.scale]
    np.testing.assert_allclose(found.values, other, rtol=0.06)


def test_unbalanced_estimates_are_unbiased_and_intervals_cover() -> None:
    estimates, covered = [], []
    for seed in range(200):
        y, person, visit = nested(24, 3, 3, seed)
        rng = np.random.default_rng(seed)
        kept = rng.random(len(y)) > 0.3
        found = components(y[kept], person[kept], visit[kept], rng, 300)
        estimates.append(found.values)
        low, high = found.shares_interval(0.95)
        covered.append((low <= TRUE) & (high >= TRUE))
    error = np.std(estimates, axis=0) / np.sqrt(len(estimates))
    assert (np.abs(np.mean(estimates, axis=0) - SD**2) < 3.5 * error).all()
    assert (np.mean(covered, axis=0) > 0.85).all()


def test_a_negative_component_is_cut_and_said() -> None:
    y = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])  # subjects have equal means, sessions differ
    found = components(y, [0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1])
    assert found.negative == ("subject",)
    assert found.values[0] == 0 and found.reliability(2, 1) == 0


def test_unknown_levels_and_constants() -> None:
    y, person, _ = nested(5, 1, 3, 0)
    found = components(y, person, np.zeros(15))
    assert np.isnan(found.values[1]) and np.isfinite(found.values[[0, 2]]).all()
    constant = components(np.full(15, 0.1), person, np.zeros(15))
    assert np.isnan(constant.shares).all()
    with pytest.raises(ValueError, match="two subjects"):
        components([1.0, 2.0], ["a", "a"], [0, 1])


def test_scale_and_offset_do_not_matter_to_shares() -> None:
    y, person, visit = nested(9, 2, 3, 3)
    shares = components(y, person, visit).shares
    np.testing.assert_allclose(components(1e6 + 1e-3 * y, person, visit).shares, shares, rtol=1e-5)


def test_reliability_table_with_several_sessions() -> None:
    y, person, visit = nested(12, 3, 4, 5)
    table = pd.DataFrame({"value": y, "participant": person, "session": visit})
    table["recording"] = "r" + table["participant"].astype(str) + "_" + table["session"].astype(str)
    table["run"] = np.tile(np.arange(4), 36)
    features = table.assign(model="m", feature="period", acceptable=1)
    cohort = table.drop_duplicates("recording").assign(dataset="d")
    settings = {"confidence": 0.95, "minimum_reliability": 0.75}
    (row,) = reliability_table(features, settings, cohort).to_dict("records")
    expected = components(y, person, visit)
    names = ["share_subject", "share_session", "share_run"]
    np.testing.assert_allclose([row[name] for name in names], expected.shares)
    assert row["icc_subject"] == pytest.approx(expected.reliability(3, 4))
    (once,) = reliability_table(features[features["session"] == 0], settings, cohort).to_dict(
        "records"
    )
    assert np.isnan(once["share_subject"]) and once["icc"] > 0
    assert set(row) == set(RELIABILITY)


def test_statement_gives_medians_and_counts() -> None:
    shares = [[0.5, 0.3, 0.2], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]
    said = variance_statement(shares, [0.7, 0.9, 0.2], 0.75)
    assert "50% is between subjects, 10% between sessions" in said and "20% between runs" in said
    assert said.endswith("in 1 of 3 features.")
