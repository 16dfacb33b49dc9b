"""Recovered features against known answers."""

import numpy as np
import pandas as pd
import pytest

from neurodsr.group.truth import compare_with_truth, no_pairs, pair_with_truth

TRUTH = pd.DataFrame(
    {
        "participant_id": ["sub-01", "sub-02", "sub-03"],
        "regime": ["fixed point", "limit cycle", "limit cycle"],
        "growth_rate": [-10.0, 5.0, 20.0],
        "period": [np.nan, 0.03, 0.04],
        "drive": [1.0, 2.0, 3.0],
    }
)


def subjects(feature: str, values: list[float], model: str = "m") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "dataset": "d",
            "participant": ["01", "02", "03"],
            "group": ["a", "b", "b"],
            "model": model,
            "feature": feature,
            "value": values,
            "mad": 0.0,
            "recordings": 1,
        }
    )


def test_bias_error_and_correlation() -> None:
    pairs = pair_with_truth(subjects("growth_rate", [-8.0, 7.0, 18.0]), TRUTH)
    (row,) = compare_with_truth(pairs).to_dict("records")
    assert row["n"] == 3 and row["spearman"] == pytest.approx(1.0)
    assert row["bias"] == 2.0 and row["error"] == 2.0
    assert row["pearson"] == pytest.approx(np.corrcoef([-8, 7, 18], [-10, 5, 20])[0, 1])


def test_agreement_of_regimes() -> None:
    pairs = pair_with_truth(subjects("oscillates", [0.0, 1.0, 0.0]), TRUTH)
    (row,) = compare_with_truth(pairs).to_dict("records")
    assert row["agreement"] == pytest.approx(2 / 3)


def test_only_subjects_with_both_values_count() -> None:
    table = compare_with_truth(pair_with_truth(subjects("period", [0.5, 0.03, 0.05]), TRUTH))
    assert table.loc[0, "n"] == 2 and np.isnan(table.loc[0, "spearman"])


def test_features_of_the_data_and_unknown_ones_are_left_out() -> None:
    assert pair_with_truth(subjects("growth_rate", [1.0, 2.0, 3.0], "data"), TRUTH).empty
    assert pair_with_truth(subjects("kaplan_yorke", [1.0, 2.0, 3.0]), TRUTH).empty
    assert compare_with_truth(no_pairs()).empty


def test_repeated_participant_is_an_error() -> None:
    with pytest.raises(ValueError, match="'01' occurs more than once"):
        pair_with_truth(subjects("period", [1.0, 2.0, 3.0]), pd.concat([TRUTH, TRUTH]))
