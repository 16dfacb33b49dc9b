"""From features to subjects, reliability and group differences."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurodsr.group.comparison import compare_groups
from neurodsr.group.trust import reliability_table
from neurodsr.group.values import subject_values

SETTINGS: dict[str, Any] = {
    "compare": None,
    "minimum_subjects": 3,
    "permutations": 1000,
    "bootstrap": 200,
    "confidence": 0.95,
    "false_discovery_rate": 0.05,
    "minimum_reliability": 0.75,
}
NOISY = "lyapunov_exponent"


def study(
    shift: float, subjects: int = 12, runs: int = 5, sessions: int = 1, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Features of two groups: reliable ones that differ by `shift`, and one that is pure noise."""
    rng = np.random.default_rng(seed)
    cohort, rows = [], []
    for subject in range(subjects):
        group = "ab"[subject % 2]
        true = {name: rng.normal() + shift * (group == "b") for name in ("growth_rate", "period")}
        for session in range(sessions):
            recording = f"sub-{subject}_ses-{session}"
            cohort.append((recording, "set", str(subject), group))
            for run in range(runs):
                values = {name: value + rng.normal(0, 0.1) for name, value in true.items()}
                values[NOISY] = rng.normal()
                rows += [(recording, "m", run, 1, name, v) for name, v in values.items()]
    columns = ["recording", "model", "run", "acceptable", "feature", "value"]
    features = pd.DataFrame(rows, columns=columns)
    return features, pd.DataFrame(cohort, columns=["recording", "dataset", "participant", "group"])


def compare(features: pd.DataFrame, cohort: pd.DataFrame, **changed: Any) -> Any:
    settings = SETTINGS | changed
    reliability = reliability_table(features, settings)
    subjects = subject_values(features, cohort)
    return compare_groups(subjects, reliability, settings, np.random.default_rng(1))


def test_subject_value_is_mean_over_sessions_of_median_over_acceptable_runs() -> None:
    rows = [("r1", 0, 1, 1.0), ("r1", 1, 1, 2.0), ("r1", 2, 1, 9.0), ("r1", 3, 0, 1e9)]
    rows += [("r2", 0, 1, 4.0), ("r2", 1, 1, np.nan)]
    features = pd.DataFrame(rows, columns=["recording", "run", "acceptable", "value"])
    features = features.assign(model="m", feature="period")
    cohort = pd.DataFrame(
        {"recording": ["r1", "r2"], "dataset": "d", "participant": "01", "group": "a"}
    )
    (row,) = subject_values(features, cohort).to_dict("records")
    assert row["value"] == 3.0  # (median(1, 2, 9) + 4) / 2
    assert row["mad"] == 0.5  # (median(1, 0, 7) + 0) / 2
    assert row["recordings"] == 2


def test_recordings_of_unknown_participants_stay_apart() -> None:
    features, cohort = study(0.0, subjects=4)
    unknown = cohort.assign(participant=None, group=None)
    assert len(subject_values(features, unknown)["participant"].unique()) == 4


def test_reliability_separates_signal_from_noise() -> None:
    table = reliability_table(study(0.0)[0], SETTINGS).set_index("feature")
    assert table.loc["growth_rate", "icc"] > 0.98 and table.loc["growth_rate", "reliable"] == 1
    assert table.loc[NOISY, "icc"] < 0.75 and table.loc[NOISY, "reliable"] == 0
    assert table.loc["growth_rate", "runs"] == 5


def test_known_difference_is_found_and_unreliable_features_are_not_tested() -> None:
    comparison = compare(*study(5.0))
    table = comparison.table.set_index("feature")
    assert comparison.groups == ("a", "b")
    assert (table.loc[["growth_rate", "period"], "q"] < 0.05).all()
    assert (table.loc[["growth_rate", "period"], "hedges_g"] > 2).all()
    assert table.loc[NOISY, "tested"] == 0 and np.isnan(table.loc[NOISY, "q"])
    assert comparison.shuffled_share <= 0.05
    assert comparison.relabelings == 924


def test_nothing_is_found_with_shuffled_labels() -> None:
    """The issue's control: same features, labels given out anew."""
    found = 0
    for seed in range(20):
        features, cohort = study(5.0)
        labels = np.random.default_rng(seed).permutation(cohort["group"])
        comparison = compare(features, cohort.assign(group=labels), bootstrap=100)
        found += bool((comparison.table["q"] < 0.05).any())
    assert found <= 3


def test_sessions_do_not_count_as_subjects() -> None:
    features, cohort = study(0.0, subjects=6, sessions=4)
    table = compare(features, cohort).table
    assert set(table["n_first"]) == set(table["n_second"]) == {3}
    assert (table["p"] >= 2 / 20 - 1e-12).all()


def test_too_few_subjects_is_a_statement_and_no_test() -> None:
    comparison = compare(*study(5.0, subjects=5))
    assert comparison.table.empty and comparison.groups == ()
    assert "b would need at least 3 subjects" in comparison.statement


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        (["a"] * 12, "all participants are of one group, a"),
        (["a", "b", "c"] * 4, r"there are 3 (a (4), b (4), c (4))"),
    ],
)
def test_other_than_two_groups_need_a_choice(groups: list[str], said: str) -> None:
    features, cohort = study(1.0)
    comparison = compare(features, cohort.assign(group=groups))
    assert comparison.groups == () and said in comparison.statement


def test_chosen_groups_in_the_given_order() -> None:
    features, cohort = study(5.0)
    comparison = compare(features, cohort, compare=["b", "a"])
    assert comparison.groups == ("b", "a")
    assert (comparison.table.set_index("feature").loc["period", "hedges_g"]) < -2


def test_no_group_labels_at_all() -> None:
    features, cohort = study(1.0)
    comparison = compare(features, cohort.assign(group=np.nan))
    assert comparison.groups == () and "no participant has a group" in comparison.statement


def test_participant_in_two_groups_is_refused() -> None:
    features, cohort = study(1.0, sessions=2)
    cohort = cohort.assign(group=["a", "b"] * 12)
    assert "more than one group" in compare(features, cohort).statement


def test_feature_defined_in_one_group_only_is_described_but_not_tested() -> None:
    features, cohort = study(5.0)
    in_a = features["recording"].isin(cohort.loc[cohort["group"] == "a", "recording"])
    features.loc[in_a & (features["feature"] == "period"), "value"] = np.nan
    row = compare(features, cohort).table.set_index("feature").loc["period"]
    assert row["n_first"] == 0 and row["n_second"] == 6
    assert row["tested"] == 0 and np.isnan(row["p"])


def test_a_family_without_any_tested_feature() -> None:
    """No feature of the dynamics is reliable: a statement, no test and no error."""
    features, cohort = study(5.0)
    comparison = compare(features[features["feature"] == NOISY], cohort)
    assert (comparison.table["tested"] == 0).all() and comparison.table["q"].isna().all()
    assert np.isnan(comparison.shuffled_share)
