"""Random intercepts against statsmodels, permutation against what must come out."""

import warnings

import numpy as np
import pandas as pd
import pytest

from neurodsr.errors import ConfigError
from neurodsr.group.design import make_design
from neurodsr.group.formula import parse_formula
from neurodsr.group.mixed import Model, exchanges, interval

TEXT = "feature ~ group * session + age + (1 | subject)"


def cohort(
    rng: np.random.Generator, subjects: int = 30, effect: float = 0.0, lost: int = 0
) -> pd.DataFrame:
    """Two groups, two sessions, some sessions lost; age and a subject's own level matter."""
    rows = []
    for s in range(subjects):
        group, age, own = "ab"[s % 2], rng.uniform(20, 60), rng.standard_normal()
        for session in "12":
            noise = 0.7 * rng.standard_normal()
            value = effect * (group == "b") + 0.03 * age + own + 0.4 * (session == "2") + noise
            rows.append((f"s{s}", group, session, age, value))
    table = pd.DataFrame(rows, columns=["subject", "group", "session", "age", "feature"])
    return table.drop(index=table.index[:: len(table) // lost][:lost] if lost else [])


@pytest.mark.parametrize("lost", [0, 7])
def test_estimates_are_those_of_statsmodels(lost: int) -> None:
    import statsmodels.formula.api as smf

    table = cohort(np.random.default_rng(1), effect=0.5, lost=lost).reset_index(drop=True)
    model = Model(make_design(parse_formula(TEXT), table))
    mine = model.fit(table["feature"].to_numpy())
    centred = table.assign(
        age=table["age"] - table["age"].mean(),
        g=(table["group"] == "b") - 0.5,
        t=(table["session"] == "2") - 0.5,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = smf.mixedlm("feature ~ g * t + age", centred, groups="subject").fit(reml=True)
    order = ["Intercept", "g", "t", "age", "g:t"]
    np.testing.assert_allclose(mine.estimate, theirs.params[order], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(mine.error, theirs.bse[order], rtol=5e-3)  # it stops earlier
    np.testing.assert_allclose(mine.within, theirs.scale, rtol=5e-3)
    np.testing.assert_allclose(mine.between, theirs.cov_re.iloc[0, 0], rtol=1e-2)


def test_without_repetition_it_is_ordinary_least_squares() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"group": list("ab") * 10, "feature": rng.standard_normal(20)})
    fit = Model(make_design(parse_formula("feature ~ group"), table)).fit(
        table["feature"].to_numpy()
    )
    means = table.groupby("group")["feature"].mean()
    np.testing.assert_allclose(fit.estimate[1], means["b"] - means["a"])
    from scipy import stats

    a, b = (table.loc[table["group"] == g, "feature"] for g in "ab")
    known = stats.ttest_ind(b, a).confidence_interval(0.95)
    low, high = interval(fit, 0.95)
    np.testing.assert_allclose([low[1], high[1]], [known.low, known.high])


def test_balanced_variances_are_those_of_the_analysis_of_variance() -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((12, 1)) + rng.standard_normal((12, 3))
    table = pd.DataFrame({"subject": np.repeat(np.arange(12), 3).astype(str)})
    fit = Model(make_design(parse_formula("feature ~ (1 | subject)"), table)).fit(values.ravel())
    within = values.var(axis=1, ddof=1).mean()
    between = values.mean(1).var(ddof=1) - within / 3
    np.testing.assert_allclose([fit.within, fit.between], [within, between], rtol=1e-4)
    np.testing.assert_allclose(fit.reliability, between / (between + within), rtol=1e-4)


def test_whole_subjects_or_rows_of_a_subject_are_exchanged() -> None:
    table = cohort(np.random.default_rng(0), 8, lost=2).reset_index(drop=True)
    model = Model(make_design(parse_formula(TEXT), table))
    rng = np.random.default_rng(0)
    whole = exchanges(model, "group", 50, None, rng)
    assert whole.shape == (50, 8)
    assert (np.sort(whole, axis=1) == np.arange(8)).all()
    assert len(np.unique(whole, axis=0)) > 40  # also those of unequally many rows change places
    inside = exchanges(model, "session", 50, None, rng)
    subject = table["subject"].to_numpy()
    assert (subject[inside] == subject).all()
    assert len(np.unique(inside, axis=0)) > 10


def test_one_row_a_subject_permutes_like_ordinary_groups() -> None:
    """Every order of 6 subjects in two groups of 3: the exact test of the difference of means."""
    from itertools import permutations

    rng = np.random.default_rng(4)
    y = np.round(rng.standard_normal(6), 3) + [0, 0, 0, 1, 1, 1]
    table = pd.DataFrame({"subject": list("uvwxyz"), "group": list("aaabbb")})
    twice = pd.concat([table, table], ignore_index=True)
    model = Model(make_design(parse_formula("feature ~ group + (1 | subject)"), twice))
    every = np.array(list(permutations(range(6))))
    _, p = model.permuted(np.tile(y, 2) + np.repeat([0.01, -0.01], 6), "group", every)
    difference = [abs(y[list(o[:3])].mean() - y[list(o[3:])].mean()) for o in every.tolist()]
    known = np.mean(np.array(difference) >= abs(y[:3].mean() - y[3:].mean()) - 1e-9)
    assert p == pytest.approx(known, abs=1.1 / len(every))  # the data count as one more order


def test_blocks_are_respected() -> None:
    table = pd.DataFrame({"group": list("aabb") * 5})
    model = Model(make_design(parse_formula("feature ~ group"), table))
    site = np.arange(20) // 4
    orders = exchanges(model, "group", 30, site, np.random.default_rng(0))
    assert (site[orders] == site).all()


@pytest.mark.parametrize("term", ["group", "session", "unequal sessions"])
def test_false_positives_keep_to_the_level(term: str) -> None:
    """400 null cohorts with a covariate, subjects' levels and lost sessions.

    In the last case one group has lost the second session of most subjects, the other none.
    """
    rng = np.random.default_rng(5)
    found = []
    unequal = term == "unequal sessions"
    term = "group" if unequal else term
    for _ in range(400):
        table = cohort(rng, 20, lost=0 if unequal else 3).reset_index(drop=True)
        if unequal:
            gone = (table["group"] == "a") & (table["session"] == "2") & (table.index % 40 > 8)
            table = table[~gone].reset_index(drop=True)
        if term == "session":
            table["feature"] -= 0.4 * (table["session"] == "2")
        model = Model(
            make_design(parse_formula("feature ~ group + session + age + (1 | subject)"), table)
        )
        orders = exchanges(model, term, 199, None, rng)
        found.append(model.permuted(table["feature"].to_numpy(), term, orders)[1] <= 0.05)
    assert abs(np.mean(found) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 400)


def test_an_effect_is_found_and_a_confounder_does_not_leak() -> None:
    rng = np.random.default_rng(6)
    table = cohort(rng, 40, effect=2.0).reset_index(drop=True)
    model = Model(make_design(parse_formula(TEXT), table))
    y = table["feature"].to_numpy()
    assert model.permuted(y, "group", exchanges(model, "group", 499, None, rng))[1] < 0.01
    older = table.assign(age=table["age"] + 30 * (table["group"] == "b"))
    confounded = older["feature"] - 2.0 * (older["group"] == "b") + 0.9 * (older["group"] == "b")
    model = Model(make_design(parse_formula(TEXT), older))
    fit = model.fit(confounded.to_numpy())
    low, high = interval(fit, 0.95)
    assert low[1] < 0 < high[1]


def test_resampled_estimates_of_equal_weights_are_the_fit() -> None:
    table = cohort(np.random.default_rng(1), 20).reset_index(drop=True)
    model = Model(make_design(parse_formula(TEXT), table))
    y = table["feature"].to_numpy()
    once = model.resampled(y, model.ratio(y), np.ones((1, 20)))
    np.testing.assert_allclose(once[0], model.fit(y).estimate)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("feature ~ grup", r"'grup' is no column of the cohort, did you mean 'group'\?"),
        ("value ~ group", "must begin with 'feature ~'"),
        ("feature ~ group + (1 + age | subject)", "no random slopes"),
        ("feature ~ __import__('os')", "is not understood"),
        ("feature ~ group + age + group2", "effects cannot be told apart by"),
        ("feature ~ site", "only one level"),
    ],
)
def test_designs_that_cannot_be_used_say_why(text: str, message: str) -> None:
    table = cohort(np.random.default_rng(0), 8)
    table = table.assign(group2=table["group"].map({"a": "x", "b": "y"}), site="here")
    with pytest.raises(ConfigError, match=message):
        make_design(parse_formula(text), table)
