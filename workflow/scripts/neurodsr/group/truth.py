"""Recovered features against the known answers of a simulated cohort."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from neurodsr.tables import Dictionary

COUNTERPARTS = {
    **{name: name for name in ("growth_rate", "frequency", "period", "amplitude")},
    "shared_growth_rate": "growth_rate",
}
"""Features, and columns of truth.tsv that they should come near."""
PAIRS = ["dataset", "participant", "group", "model", "feature", "recovered", "true"]
REGIME = "regime"
REST = "fixed point"

TRUTH: Dictionary = {
    "model": {"Description": "Model"},
    "feature": {"Description": "Recovered feature, see features.json"},
    "n": {"Description": "Subjects for which both truth and recovered value exist"},
    "spearman": {"Description": "Rank correlation of recovered and true values over subjects"},
    "pearson": {"Description": "Linear correlation of recovered and true values over subjects"},
    "bias": {
        "Description": ("Median over subjects of recovered minus true, in units of the feature")
    },
    "error": {"Description": "Median over subjects of |recovered - true|, in units of the feature"},
    "agreement": {
        "Description": (
            "Share of subjects for which it is true whether the limit set is a fixed point"
        )
    },
}


def pair_with_truth(subjects: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Recovered and true values side by side.

    Parameters
    ----------
    subjects
        From `neurodsr.group.values.subject_values`.
    truth
        Columns ``participant_id``, ``regime`` and any of `COUNTERPARTS`, in the units of their
        features.

    Returns
    -------
    DataFrame
        Columns of `PAIRS`; in the feature ``oscillates`` 0 stands for a fixed point, 1 for anything
        else.

    Raises
    ------
    ValueError
        When a participant occurs twice in the truth.
    """
    known = truth.assign(participant=truth["participant_id"].str.removeprefix("sub-"))
    twice = known.loc[known["participant"].duplicated(), "participant"].tolist()
    if twice:
        raise ValueError(f"truth.tsv: participant_id: {twice[0]!r} occurs more than once")
    answers = pd.DataFrame(
        {"participant": known["participant"]}
        | {feature: known[name] for feature, name in COUNTERPARTS.items() if name in known}
    )
    answers = answers.assign(oscillates=(known[REGIME] != REST).astype(float))
    long = answers.melt("participant", var_name="feature", value_name="true")
    pairs = subjects[subjects["model"] != "data"].rename(columns={"value": "recovered"})
    pairs = pairs.merge(long, on=["participant", "feature"]).dropna(subset=["true", "recovered"])
    return pairs[PAIRS].reset_index(drop=True)


def no_pairs() -> pd.DataFrame:
    """What `pair_with_truth` gives when nothing is known."""
    return pd.DataFrame(columns=PAIRS)


def compare_with_truth(pairs: pd.DataFrame) -> pd.DataFrame:
    """Correlation, bias and agreement a model and feature, columns of `TRUTH`."""
    return pd.DataFrame(list(_comparisons(pairs)), columns=list(TRUTH))


def _comparisons(pairs: pd.DataFrame) -> Iterator[dict[str, object]]:
    for (model, feature), part in pairs.groupby(["model", "feature"], sort=False):
        recovered, true = part["recovered"].to_numpy(float), part["true"].to_numpy(float)
        row = {"model": model, "feature": feature, "n": len(part)}
        if feature == "oscillates":
            yield row | {"agreement": float(np.mean((recovered >= 0.5) == (true >= 0.5)))}
            continue
        deviation = recovered - true
        row |= {"bias": np.median(deviation), "error": np.median(np.abs(deviation))}
        if len(part) >= 3 and np.ptp(recovered) > 0 and np.ptp(true) > 0:
            row |= {
                "spearman": stats.spearmanr(true, recovered).statistic,
                "pearson": stats.pearsonr(true, recovered).statistic,
            }
        yield row
