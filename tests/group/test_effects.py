"""A design over a whole table of features."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurodsr.errors import ConfigError
from neurodsr.group.effects import EFFECTS, design_effects, others
from neurodsr.group.trust import reliability_table
from neurodsr.report.findings import design_sentences
from orchestration.config import complete


@pytest.fixture
def settings() -> dict[str, Any]:
    return complete(
        {"design": "feature ~ group + session + age + (1 | subject)", "permutations": 300,
         "bootstrap": 200},
        "group.schema.yaml",
    )  # fmt: skip


def tables(effect: float, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """24 subjects, two sessions, three runs: `frequency` differs, `amplitude` is noise."""
    rng = np.random.default_rng(seed)
    people, rows = [], []
    for s in range(24):
        group, age, own = ("control", "patient")[s % 2], rng.uniform(20, 60), rng.standard_normal()
        for session in ("1", "2"):
            name = f"sub-{s}_ses-{session}"
            people.append((name, "d", f"{s}", session, group, age))
            base = own + effect * (group == "patient") + 0.05 * age + 0.3 * rng.standard_normal()
            for run in range(3):
                rows.append((name, "m", run, 1, "frequency", base + 0.1 * rng.standard_normal()))
                rows.append((name, "m", run, 1, "amplitude", rng.standard_normal()))
            rows.append((name, "data", None, 1, "peak_frequency", rng.standard_normal()))
    cohort = pd.DataFrame(
        people, columns=["recording", "dataset", "participant", "session", "group", "age"]
    )
    names = ["recording", "model", "run", "acceptable", "feature", "value"]
    return pd.DataFrame(rows, columns=names).astype({"run": "Int64"}), cohort


def test_an_effect_is_found_with_its_size_and_covariates_are_told_apart(
    settings: dict[str, Any],
) -> None:
    features, cohort = tables(2.0)
    table = design_effects(
        features, cohort, reliability_table(features, settings), settings, np.random.default_rng(0)
    )
    assert list(table.columns) == list(EFFECTS)
    one = table[table["feature"] == "frequency"].set_index("term")
    group = one.loc["group"]
    assert group["effect"] == "group[patient]"
    assert group["low"] < 2.0 < group["high"]
    assert group["q"] < 0.02
    assert group["standardised"] == pytest.approx(2.0 / np.hypot(1, 0.3), rel=0.35)
    assert group["standardised_low"] < group["standardised"] < group["standardised_high"]
    assert one.loc["age"]["low"] < 0.05 < one.loc["age"]["high"]
    assert one.loc["session"]["p"] > 0.05
    assert group["icc_subject"] > 0.8
    assert (group["rows"], group["subjects"]) == (48, 24)
    said = " ".join(design_sentences(table, settings["design"], 0.05))
    assert "group: 1 of 1 feature" in said
    assert "session: no effect" in said


def test_an_unreliable_feature_is_shown_but_not_tested(settings: dict[str, Any]) -> None:
    features, cohort = tables(0.0)
    table = design_effects(
        features, cohort, reliability_table(features, settings), settings, np.random.default_rng(0)
    )
    noise = table[table["feature"] == "amplitude"]
    assert noise["tested"].eq(0).all()
    assert noise["q"].isna().all()
    assert noise["p"].notna().all()


def test_a_feature_that_one_group_lacks_says_so(settings: dict[str, Any]) -> None:
    features, cohort = tables(0.0)
    patients = cohort.loc[cohort["group"] == "patient", "recording"]
    gone = (features["feature"] == "frequency") & features["recording"].isin(patients)
    features = features[~gone]
    table = design_effects(
        features, cohort, reliability_table(features, settings), settings, np.random.default_rng(0)
    )
    row = table[table["feature"] == "frequency"].iloc[0]
    assert "only one level (control)" in row["note"]
    assert row["tested"] == 0


def test_subjects_that_differ_from_the_commonest_value_are_counted() -> None:
    subject = np.array([0, 0, 1, 1, 2, 2])
    assert others(np.full(6, 0.3), subject) == 0
    assert others(np.array([0.0, 0, 0, 1, 0, 0]), subject) == 1
    assert others(np.array([0.0, 2, 0, 1, 0, 1]), subject) == 3
    assert others(np.arange(6.0), subject) == 3


def test_what_one_subject_alone_shows_once_is_no_difference(settings: dict[str, Any]) -> None:
    """With more sessions of patients its F is the largest of all exchanges: p was 0.002."""
    features, cohort = tables(0.0)
    late = (cohort["group"] == "control") & (cohort["session"] == "2")
    cohort = cohort[~late].reset_index(drop=True)
    features = features[features["recording"].isin(cohort["recording"])]
    once = (features["feature"] == "peak_frequency") & (features["recording"] == "sub-1_ses-1")
    features.loc[features["feature"] == "peak_frequency", "value"] = once.astype(float)
    table = design_effects(
        features, cohort, reliability_table(features, settings), settings, np.random.default_rng(0)
    )
    one = table[table["feature"] == "peak_frequency"].set_index("term").loc["group"]
    assert one["tested"] == 0
    assert np.isnan(one["p"])
    assert one["note"].startswith("the same value in all subjects but 1; they have unequally many")


def test_what_two_subjects_alone_show_is_tested_where_exchanges_are_exact() -> None:
    """Both of the two patients among 12: one of 66 pairs, so p = 1 / 66."""
    people = [(f"sub-{s}", "d", f"{s}", ("control", "patient")[s < 2]) for s in range(12)]
    cohort = pd.DataFrame(people, columns=["recording", "dataset", "participant", "group"])
    rows = [(f"sub-{s}", "data", None, 1, "peak_frequency", float(s < 2)) for s in range(12)]
    names = ["recording", "model", "run", "acceptable", "feature", "value"]
    features = pd.DataFrame(rows, columns=names).astype({"run": "Int64"})
    settings = complete({"design": "feature ~ group", "permutations": 5000}, "group.schema.yaml")
    table = design_effects(
        features, cohort, reliability_table(features, settings), settings, np.random.default_rng(0)
    )
    assert table["p"].item() == pytest.approx(1 / 66, abs=0.006)


def test_a_column_that_is_not_there_is_named(settings: dict[str, Any]) -> None:
    features, cohort = tables(0.0)
    with pytest.raises(ConfigError, match="'diagnosis' is no column"):
        design_effects(
            features, cohort, reliability_table(features, settings),
            {**settings, "design": "feature ~ diagnosis"}, np.random.default_rng(0),
        )  # fmt: skip


def test_effects_are_against_the_reference(settings: dict[str, Any]) -> None:
    """The difference of the other way round has the other sign, and the same p."""
    features, cohort = tables(5.0)
    reliability = reliability_table(features, settings)

    def effect(**references: str) -> Any:
        table = design_effects(
            features, cohort, reliability, {**settings, "references": references},
            np.random.default_rng(0),
        )  # fmt: skip
        rows = table[(table["feature"] == "frequency") & (table["term"] == "group")]
        return rows.iloc[0]

    forth, back = effect(), effect(group="patient")
    assert (forth["effect"], back["effect"]) == ("group[patient]", "group[control]")
    assert forth["estimate"] == pytest.approx(-back["estimate"])
    assert forth["p"] == back["p"]
    with pytest.raises(ConfigError, match="group: 'patients' is none of its levels"):
        effect(group="patients")
