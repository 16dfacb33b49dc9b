"""Can a property of people be told from their reconstructed dynamics? Better than without them?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurodsr.errors import ConfigError
from neurodsr.group.prediction.accuracy import resampled_scores, scores
from neurodsr.group.prediction.crossvalidation import (
    cross_validate,
    exchange,
    partition,
    varies_within,
)
from neurodsr.group.prediction.feature_sets import (
    COVARIATES,
    FeatureSet,
    covariate_set,
    feature_sets,
)
from neurodsr.group.prediction.table import PREDICTION, Result, prediction_table

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prediction:
    """What predicts a target how well.

    Attributes
    ----------
    table
        Columns of `PREDICTION`; empty when nothing could be predicted.
    statement
        What was predicted and from whom, or why nothing was.
    """

    table: pd.DataFrame
    statement: str
    target: str
    classes: tuple[str, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Everything but the table, as JSON takes it."""
        return {
            "target": self.target, "classes": list(self.classes), "statement": self.statement
        }  # fmt: skip


def predict_target(
    features: pd.DataFrame,
    cohort: pd.DataFrame,
    connections: pd.DataFrame,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> Prediction:
    """Predict a column of the cohort from each kind of features.

    Parameters
    ----------
    features
        Rows of features.tsv.
    cohort
        Rows of cohort.tsv.
    connections
        From `neurodsr.group.prediction.connectivity.connectivity_table`.
    settings
        Of group.schema.yaml, with ``predict``.
    rng
        Source of folds, permutations and resamples.

    Raises
    ------
    ConfigError
        A column is not there.
    """
    wanted = settings["predict"]
    name = wanted["target"]
    people = _people(cohort, settings)
    sets = feature_sets(features, people["recording"].tolist(), connections)
    if wanted["covariates"]:
        sets = {COVARIATES: covariate_set(people[wanted["covariates"]]), **sets}
    usable = np.ones(len(people), dtype=bool)
    for one in sets.values():
        usable &= np.isfinite(one.values).any(axis=1)
    people = people[usable].reset_index(drop=True)
    sets = {key: one.at(usable) for key, one in sets.items()}
    target, classes = _target(people[name], wanted["kind"])
    participant = pd.factorize(people["participant"])[0].astype(np.intp)
    empty = pd.DataFrame(columns=list(PREDICTION))
    why = _obstacle(target, classes, participant, settings["minimum_subjects"])
    if why or not sets:
        reason = why or "no recording gave features"
        return Prediction(empty, f"{name} is not predicted: {reason}.", name, classes)
    if wanted["covariates"]:
        both = {
            f"{key} + {COVARIATES}": one.joined(sets[COVARIATES])
            for key, one in sets.items()
            if key != COVARIATES
        }
        sets |= both
    blocks = None
    if settings["blocks"] is not None:
        blocks = pd.factorize(people[settings["blocks"]].astype(str))[0].astype(np.intp)
    results = _results(sets, target, classes, participant, blocks, settings, rng)
    return Prediction(
        prediction_table(results, settings["confidence"]),
        _statement(name, target, classes, participant, wanted),
        name,
        classes,
    )


def _people(cohort: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    """Recordings with target and covariates; participants of different datasets are different."""
    wanted = settings["predict"]
    for name in (wanted["target"], *wanted["covariates"]):
        if name not in cohort:
            raise ConfigError(
                f"group.predict: {name!r} is no column of the cohort; there are"
                f" {', '.join(map(str, cohort.columns))}"
            )
    needed = list(dict.fromkeys(["recording", wanted["target"], *wanted["covariates"]]))
    people = cohort.dropna(subset=needed).reset_index(drop=True)
    own = people["participant"].fillna(people["recording"])
    people["participant"] = people["dataset"].astype(str) + " " + own.astype(str)
    if wanted["target"] == "group" and settings["compare"]:
        people = people[people["group"].isin(settings["compare"])].reset_index(drop=True)
    return people


def _target(column: pd.Series, kind: str) -> tuple[Array, tuple[str, ...]]:
    """Numbers, or numbers of classes and their names (text, or two different numbers)."""
    numeric = pd.api.types.is_numeric_dtype(column)
    if kind == "number" and not numeric:
        raise ConfigError(
            f"group.predict: {column.name!r} is not a number everywhere; use kind: categories"
        )
    if kind == "number" or (kind == "auto" and numeric and column.nunique() != 2):
        return column.to_numpy(float), ()
    levels, codes = np.unique(column.astype(str), return_inverse=True)
    return codes.astype(float), tuple(str(level) for level in levels)


def _obstacle(
    target: Array, classes: Sequence[str], participant: NDArray[np.intp], minimum: int
) -> str:
    """Why nothing can be predicted; empty when something can."""
    if classes:
        counts = [np.unique(participant[target == k]).size for k in range(len(classes))]
        said = ", ".join(f"{name} ({n})" for name, n in zip(classes, counts, strict=True))
        if len(classes) < 2:
            return f"only one class has results ({said})"
        if min(counts) < minimum:
            return f"each class needs at least {minimum} participants with results ({said})"
    elif np.unique(participant).size < 2 * minimum:
        return f"it takes at least {2 * minimum} participants with results"
    elif np.ptp(target) == 0:
        return "it is the same in all recordings"
    return ""


def _results(
    sets: Mapping[str, FeatureSet],
    target: Array,
    classes: Sequence[str],
    participant: NDArray[np.intp],
    blocks: NDArray[np.intp] | None,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> dict[str, Result]:
    """Scores of all sets on the same folds, permutations and resamples."""
    wanted = settings["predict"]
    targets = exchange(target, participant, blocks, wanted["permutations"], rng)
    # a participant counts once, unless the target differs between its recordings
    units = np.arange(target.size) if varies_within(target, participant) else participant
    first = np.unique(units, return_index=True)[1]
    mean = (units[None, :] == np.arange(first.size)[:, None]).astype(float)
    mean /= mean.sum(axis=1, keepdims=True)
    results = {name: Result() for name in sets}
    for _ in range(wanted["repeats"]):
        folds = partition(participant, wanted["folds"], rng)
        seed = int(rng.integers(2**63))
        for name, one in sets.items():
            output, used = cross_validate(
                one.values, targets, participant, len(classes), folds,
                one.selector(settings["minimum_reliability"]), np.random.default_rng(seed),
            )  # fmt: skip
            result = results[name]
            output = np.tensordot(mean, output, 1)
            result.outputs.append(output[:, 0])
            result.used.append(used)
            for metric, values in scores(output, targets[first], len(classes)).items():
                result.scores.setdefault(metric, []).append(values)
    number = int(participant.max()) + 1
    drawn = rng.multinomial(number, np.full(number, 1 / number), size=settings["bootstrap"])
    weights = drawn[:, participant[first]].astype(float)
    for result in results.values():
        result.resampled = resampled_scores(
            np.stack(result.outputs), target[first], len(classes), weights
        )
    return results


def _statement(
    name: str,
    target: Array,
    classes: Sequence[str],
    participant: NDArray[np.intp],
    wanted: Mapping[str, Any],
) -> str:
    people = np.unique(participant).size
    said = f"{target.size} recordings of {people} participants"
    if classes:
        counts = [np.unique(participant[target == k]).size for k in range(len(classes))]
        named = ", ".join(f"{one} ({n})" for one, n in zip(classes, counts, strict=True))
        said += f"; participants: {named}"
    within = (
        "shuffled within participants, in which it varies"
        if varies_within(target, participant)
        else "exchanged between participants"
    )
    return (
        f"{name} was predicted for participants that the models had not seen ({said}): nested"
        f" cross-validation by participant, {wanted['repeats']} times {wanted['folds']} folds;"
        f" chance is the score with {name} {within} ({wanted['permutations']} permutations)."
    )
