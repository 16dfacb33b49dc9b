"""The table of what predicts a target how well, and how much better than something simpler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurodsr.group.features.catalogue import DATA
from neurodsr.group.prediction.feature_sets import CONNECTIVITY, COVARIATES
from neurodsr.tables import Dictionary

Array = NDArray[np.float64]

PREDICTION: Dictionary = {
    "features": {
        "Description": (
            "What predicts: a model's features of the dynamics, `data` (classical features of the"
            " recording), `connectivity` (correlations between channels), `covariates`, or one of"
            " these with the covariates"
        )
    },
    "against": {"Description": "What `value` is the difference to; n/a for the score itself"},
    "metric": {
        "Description": "Score of predictions for participants that the model has not seen",
        "Levels": {
            "balanced_accuracy": "Mean share of right answers over classes",
            "auc": "Chance that one of a class ranks above one of the others, mean over classes",
            "r2": "1 - squared error / variance: 0 is no better than the mean",
        },
    },
    "value": {"Description": "Mean over repetitions of the cross-validation"},
    "repeat_low": {"Description": "Lower end of the range that holds most repetitions"},
    "repeat_high": {"Description": "Upper end of it: how much the choice of folds matters"},
    "low": {"Description": "Lower end of the bootstrap interval over participants"},
    "high": {"Description": "Upper end of it"},
    "chance": {"Description": "Mean score with permuted targets"},
    "chance_high": {"Description": "Score that one in twenty permutations exceeds"},
    "p": {"Description": "Share of permutations that score as high"},
    "used": {"Description": "Mean number of features used (the reliable ones of each fold)"},
}


@dataclass
class Result:
    """How well one set of features predicts.

    Attributes
    ----------
    scores
        For each metric and repetition the scores of all permutations, the first of the target.
    outputs
        For each repetition the predictions ``(unit, output)`` of the target itself.
    resampled
        For each metric the scores of resamples of participants.
    used
        For each repetition the mean number of features used.
    """

    scores: dict[str, list[Array]] = field(default_factory=dict)
    outputs: list[Array] = field(default_factory=list)
    resampled: dict[str, Array] = field(default_factory=dict)
    used: list[float] = field(default_factory=list)


def prediction_table(results: Mapping[str, Result], confidence: float) -> pd.DataFrame:
    """Scores of all sets, then differences to the covariates and to classical features.

    Columns of `PREDICTION`; intervals hold ``confidence``.
    """
    tail = np.array([(1 - confidence) / 2, (1 + confidence) / 2])
    rows = []
    for name, result in results.items():
        for metric, repeated in result.scores.items():
            mean = np.mean(repeated, axis=0)
            null = mean[1:]
            spread = np.quantile([one[0] for one in repeated], tail)
            interval = np.nanquantile(result.resampled[metric], tail)
            beaten = np.round(null, 9) >= np.round(mean[0], 9)
            rows.append(
                {
                    "features": name, "metric": metric, "value": mean[0],
                    "repeat_low": spread[0], "repeat_high": spread[1],
                    "low": interval[0], "high": interval[1], "chance": null.mean(),
                    "chance_high": np.quantile(null, 0.95),
                    "p": (1 + beaten.sum()) / (1 + null.size), "used": np.mean(result.used),
                }
            )  # fmt: skip
    for name, against in _pairs(list(results)):
        for metric in results[name].scores:
            first, second = (
                np.array([one[0] for one in results[key].scores[metric]]) for key in (name, against)
            )
            spread = np.quantile(first - second, tail)
            drawn = results[name].resampled[metric] - results[against].resampled[metric]
            interval = np.nanquantile(drawn, tail)
            rows.append(
                {
                    "features": name, "against": against, "metric": metric,
                    "value": np.mean(first - second),
                    "repeat_low": spread[0], "repeat_high": spread[1],
                    "low": interval[0], "high": interval[1],
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(PREDICTION))


def _pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Sets with the covariates against the covariates alone, models against classical features."""
    classical = [name for name in (DATA, CONNECTIVITY) if name in names]
    pairs = [(name, COVARIATES) for name in names if name.endswith(f" + {COVARIATES}")]
    models = [name for name in names if name not in (COVARIATES, *classical) and " + " not in name]
    return pairs + [(model, rival) for model in models for rival in classical]
