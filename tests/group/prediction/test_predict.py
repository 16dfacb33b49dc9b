"""What predicts a target, from tables of features to a verdict in words."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from neurodsr.errors import ConfigError
from neurodsr.figures.prediction import draw_prediction
from neurodsr.group.prediction.feature_sets import feature_sets
from neurodsr.group.prediction.predict import Prediction, predict_target
from neurodsr.group.prediction.table import PREDICTION
from neurodsr.report.prediction import prediction_sentences
from orchestration.config import complete

NONE = pd.DataFrame()


def settings(**predict: Any) -> dict[str, Any]:
    wanted = {"target": "group", "repeats": 3, "permutations": 199, **predict}
    return complete({"predict": wanted, "bootstrap": 300}, "group.schema.yaml")


def tables(
    dynamics: float = 0.0, classical: float = 0.0, confound: float = 0.0, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """20 + 20 subjects, two sessions, three runs; `amplitude` does not agree between runs.

    Effects are in standard deviations of subjects: of the group on `frequency` and on
    `peak_frequency`; ``confound`` is how far the groups' ages are apart, with which `frequency`
    goes as well.
    """
    rng = np.random.default_rng(seed)
    people, rows = [], []
    for s in range(40):
        group = ("control", "patient")[s % 2]
        age = 40 + 10 * (rng.standard_normal() + confound * (s % 2))
        own = dynamics * (s % 2) + rng.standard_normal() + (confound > 0) * (age - 40) / 10
        peak = classical * (s % 2) + rng.standard_normal()
        for session in ("1", "2"):
            name = f"sub-{s}_ses-{session}"
            people.append((name, "d", f"{s}", session, group, age, own))
            for run in range(3):
                rows.append((name, "m", run, 1, "frequency", own + 0.2 * rng.standard_normal()))
                rows.append((name, "m", run, 1, "amplitude", rng.standard_normal()))
                rows.append((name, "m", run, 1, "D_stsp", 5.0 * (s % 2)))
            rows.append((name, "data", None, 1, "peak_frequency", peak))
    names = ["recording", "dataset", "participant", "session", "group", "age", "score"]
    cohort = pd.DataFrame(people, columns=names)
    names = ["recording", "model", "run", "acceptable", "feature", "value"]
    return pd.DataFrame(rows, columns=names).astype({"run": "Int64"}), cohort


def row(result: Prediction, features: str, metric: str, against: str | None = None) -> pd.Series:
    table = result.table
    same = table["against"].isna() if against is None else table["against"] == against
    return table[same & (table["features"] == features) & (table["metric"] == metric)].iloc[0]


def test_an_effect_on_the_dynamics_is_found_beyond_covariates_and_classical_features() -> None:
    features, cohort = tables(dynamics=2.5)
    result = predict_target(
        features, cohort, NONE, settings(covariates=["age"]), np.random.default_rng(0)
    )
    assert list(result.table.columns) == list(PREDICTION)
    assert set(result.table["features"]) == {
        "covariates", "data", "m", "data + covariates", "m + covariates"
    }  # fmt: skip
    found = row(result, "m", "balanced_accuracy")
    # two normal distributions 2.5 sd apart are told apart in 89.4 % of cases; 3 errors of 40
    assert found["value"] == pytest.approx(0.894, abs=3 * np.sqrt(0.894 * 0.106 / 40))
    assert found["p"] == 1 / 200
    assert found["low"] < found["value"] < found["high"]
    assert found["repeat_low"] <= found["value"] <= found["repeat_high"]
    assert found["used"] == 1  # of two features of the dynamics one is reliable
    assert row(result, "data", "balanced_accuracy")["p"] > 0.05
    assert row(result, "covariates", "balanced_accuracy")["p"] > 0.05
    assert row(result, "covariates", "auc")["chance"] == pytest.approx(0.5, abs=0.08)
    assert row(result, "m", "auc", "data")["low"] > 0
    assert row(result, "m + covariates", "auc", "covariates")["low"] > 0
    said = " ".join(prediction_sentences(result.table, result.summary()))
    assert "group was predicted for participants that the models had not seen" in said
    assert "m: balanced accuracy" in said
    assert "better than covariates alone" in said
    assert "better than data" in said
    figure = draw_prediction(result)
    assert len(figure.axes) == 4


def test_dynamics_that_only_mirror_a_covariate_are_no_better_than_it() -> None:
    features, cohort = tables(confound=2.0)
    result = predict_target(
        features, cohort, NONE, settings(covariates=["age"]), np.random.default_rng(0)
    )
    assert row(result, "m", "auc")["p"] < 0.05  # taken alone they do predict
    gain = row(result, "m + covariates", "auc", "covariates")
    assert gain["low"] < 0.02
    assert abs(gain["value"]) < 0.05
    said = " ".join(prediction_sentences(result.table, result.summary()))
    assert "m + covariates is no better than covariates alone" in said


def test_what_is_no_better_than_chance_is_not_called_better_than_something_worse() -> None:
    row = {"features": "m", "metric": "auc", "value": 0.6, "low": 0.4, "high": 0.7, "chance": 0.5}
    gain = {"features": "m", "against": "data", "metric": "auc", "value": 0.2, "low": 0.1}
    said = []
    for p in (0.3, 0.01):
        table = pd.DataFrame([{**row, "p": p}, gain], columns=list(PREDICTION))
        said.append(list(prediction_sentences(table, {"statement": ""}))[-1])
    assert said[0].startswith("m is no better than data")
    assert said[1].startswith("m is better than data")


def test_quality_of_the_fit_is_no_feature_of_the_dynamics() -> None:
    """D_stsp gives the group away in these tables; nothing may use it."""
    features, cohort = tables()
    result = predict_target(features, cohort, NONE, settings(), np.random.default_rng(1))
    assert row(result, "m", "balanced_accuracy")["value"] < 0.7
    assert "no better than chance" in " ".join(prediction_sentences(result.table, result.summary()))


def test_features_are_chosen_by_reliability_in_training_recordings_alone() -> None:
    features, cohort = tables()
    names = cohort["recording"].tolist()
    one = feature_sets(features, names, NONE)["m"]
    train = np.arange(80) < 64
    assert one.selector(0.75)(train).tolist() == [False, True]  # amplitude, frequency
    spoiled = features.copy()
    late = spoiled["recording"].isin(names[64:]) & (spoiled["feature"] == "frequency")
    spoiled.loc[late, "value"] = np.random.default_rng(0).standard_normal(late.sum()) * 50
    other = feature_sets(spoiled, names, NONE)["m"]
    assert other.selector(0.75)(train).tolist() == [False, True]
    assert other.selector(0.75)(~train).tolist() == [False, False]


def test_a_number_is_predicted_with_its_share_of_variance() -> None:
    features, cohort = tables()
    result = predict_target(
        features, cohort, NONE, settings(target="score"), np.random.default_rng(0)
    )
    # mean of three runs and two sessions of noise 0.2: R2 = 1 - 0.04 * (pi / 2) / 6, about 0.99
    assert row(result, "m", "r2")["value"] > 0.9
    assert row(result, "data", "r2")["value"] < 0.1
    assert result.classes == ()


def test_a_target_that_varies_within_participants_is_permuted_there() -> None:
    features, cohort = tables()
    cohort["task"] = np.where(cohort["session"] == "1", "rest", "count")
    busy = features["recording"].isin(cohort.loc[cohort["task"] == "count", "recording"])
    features.loc[busy & (features["feature"] == "frequency"), "value"] += 2.0
    result = predict_target(
        features, cohort, NONE, settings(target="task"), np.random.default_rng(0)
    )
    assert "shuffled within participants" in result.statement
    assert row(result, "m", "balanced_accuracy")["p"] == 1 / 200
    assert row(result, "data", "balanced_accuracy")["value"] == pytest.approx(0.5, abs=0.1)


def test_what_cannot_be_predicted_is_said() -> None:
    features, cohort = tables()
    few = cohort[(cohort["group"] == "control") | cohort["participant"].isin(["1", "3"])]
    result = predict_target(features, few, NONE, settings(), np.random.default_rng(0))
    assert result.table.empty
    assert "at least 3 participants" in result.statement
    assert "patient (2)" in result.statement
    assert list(prediction_sentences(result.table, result.summary())) == [result.statement]
    assert len(draw_prediction(result).texts) == 1
    with pytest.raises(ConfigError, match="'diagnosis' is no column of the cohort"):
        predict_target(
            features, cohort, NONE, settings(target="diagnosis"), np.random.default_rng(0)
        )


def test_connectivity_is_a_rival_of_the_models() -> None:
    features, cohort = tables(dynamics=1.0)
    rng = np.random.default_rng(0)
    side = np.where(cohort["group"] == "patient", 3.0, 0.0)
    links = pd.DataFrame(
        rng.standard_normal((80, 60)),
        index=cohort["recording"],
        columns=[f"{i}" for i in range(60)],
    )
    links["0"] += side
    links["1"] += side
    result = predict_target(features, cohort, links, settings(), np.random.default_rng(0))
    assert row(result, "connectivity", "auc")["value"] > 0.85
    assert row(result, "m", "auc", "connectivity")["value"] < 0
    said = " ".join(prediction_sentences(result.table, result.summary()))
    assert "m is worse than connectivity" in said
