"""Effects of a design on every feature: mixed models, permutation, false discoveries."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodsr.errors import ConfigError
from neurodsr.group.design import Design, make_design
from neurodsr.group.features.catalogue import FEATURES
from neurodsr.group.formula import parse_formula
from neurodsr.group.inference import false_discovery
from neurodsr.group.mixed import Model, exchanges, interval
from neurodsr.group.values import FEATURE, recording_values
from neurodsr.tables import Dictionary

EFFECTS: Dictionary = {
    "model": {"Description": "Model, or `data` for features of the recording itself"},
    "feature": {"Description": "Feature, see features.json"},
    "family": {"Description": "Tests among which false discoveries are controlled together"},
    "term": {"Description": "Term of the design"},
    "effect": {"Description": "Effect of the term: a level against the first, or a slope"},
    "estimate": {"Description": "In units of the feature (for a covariate: per its unit)"},
    "low": {"Description": "Lower end of the confidence interval of the estimate"},
    "high": {"Description": "Upper end of it"},
    "standardised": {"Description": "Estimate over the standard deviation that the design leaves"},
    "standardised_low": {"Description": "Lower end of its bootstrap interval (over subjects)"},
    "standardised_high": {"Description": "Upper end of it"},
    "F": {"Description": "F of the term"},
    "p": {"Description": "p of the term by permutation (Freedman-Lane, within blocks)"},
    "q": {"Description": "p adjusted for false discoveries over features of the family"},
    "rows": {"Description": "Recordings with a value"},
    "subjects": {"Description": "Subjects with a value"},
    "icc_subject": {"Description": "Share of the residual variance that lies between subjects"},
    "tested": {"Description": "Whether it counts in q: features of dynamics only when reliable"},
    "note": {"Description": "Why there is no test"},
}
FEWEST = 3
"""Subjects with a value other than the commonest, below which there is no test where exchanges are
not exact (see `Model.exact`): of a value that one subject alone has, F may be the largest."""


def design_effects(
    features: pd.DataFrame,
    cohort: pd.DataFrame,
    reliability: pd.DataFrame,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Fit and test the design for every feature, columns of `EFFECTS`.

    Parameters
    ----------
    features
        Rows of features.tsv.
    cohort
        Rows of cohort.tsv; ``subject`` is the participant (of its dataset).
    reliability
        From `neurodsr.group.trust.reliability_table`.
    settings
        Of group.schema.yaml, with a ``design``.
    rng
        Source of permutations and resamples.

    Raises
    ------
    ConfigError
        The design does not fit the columns of the cohort.
    """
    formula = parse_formula(settings["design"])
    people = cohort.dropna(subset=["recording"]).reset_index(drop=True)
    own = people["participant"].fillna(people["recording"])
    people = people.assign(subject=people["dataset"].astype(str) + " " + own.astype(str))
    values = recording_values(features)
    known = people[people["recording"].isin(values["recording"])]
    whole = make_design(formula, known, settings["references"])
    wide = values.pivot(index="recording", columns=FEATURE, values="value")
    wide = wide.reindex(people["recording"])
    icc = reliability.set_index(FEATURE)["icc"].to_dict()
    prepared: dict[bytes, tuple[Model, dict[str, Any], np.ndarray] | str] = {}
    rows = []
    for key in wide.columns.to_list():
        model, feature = cast(tuple[str, str], key)
        column = wide[key].to_numpy(float)
        present = np.isfinite(column)
        if present.tobytes() not in prepared:
            prepared[present.tobytes()] = _prepare(people, present, formula, settings, rng)
        ready = prepared[present.tobytes()]
        about: dict[str, Any] = {
            "model": model, "feature": feature, "family": FEATURES[feature].family
        }  # fmt: skip
        reliable = icc.get((model, feature), np.nan) >= settings["minimum_reliability"]
        about["tested"] = int(reliable or about["family"] != "dynamics")
        if isinstance(ready, str):
            rows += [{**about, "term": term, "tested": 0, "note": ready} for term in whole.terms]
            continue
        rows += _rows(about, column[present], *ready, whole, settings, rng)
    table = pd.DataFrame(rows, columns=list(EFFECTS))
    for _, part in table[table["tested"] == 1].groupby(["family", "term"]):
        once = part.drop_duplicates(FEATURE)
        q = dict(
            zip(
                once[FEATURE].itertuples(index=False, name=None),
                false_discovery(once["p"].to_numpy(float)),
                strict=True,
            )
        )
        table.loc[part.index, "q"] = [
            q[k] for k in part[FEATURE].itertuples(index=False, name=None)
        ]
    return table


def _prepare(
    people: pd.DataFrame,
    present: np.ndarray,
    formula: Any,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> tuple[Model, dict[str, Any], np.ndarray] | str:
    """Model, permutations of each term and rows of the design, or why there is none."""
    table = people[present].reset_index(drop=True)
    try:
        design: Design = make_design(formula, table, settings["references"])
    except ConfigError as error:
        return str(error)
    model = Model(design)
    blocks = None
    if settings["blocks"] is not None:
        named = table[settings["blocks"]].iloc[design.rows].astype(str)
        blocks = pd.factorize(named)[0].astype(np.intp)
    number = settings["permutations"]
    orders = {term: exchanges(model, term, number, blocks, rng) for term in design.terms}
    return model, {"orders": orders, "columns": design.columns}, design.rows


def _rows(
    about: Mapping[str, Any],
    column: np.ndarray,
    model: Model,
    ready: Mapping[str, Any],
    kept: np.ndarray,
    whole: Design,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    """Rows of one feature: an effect each."""
    y = column[kept]
    other = others(y, model.subject)
    if not other:
        note = "the same value in all recordings"
        return [{**about, "term": term, "tested": 0, "note": note} for term in whole.terms]
    fit = model.fit(y)
    low, high = interval(fit, settings["confidence"])
    subjects = len(model.counts)
    weights = rng.multinomial(
        subjects, np.full(subjects, 1 / subjects), size=settings["bootstrap"]
    ).astype(float)
    ratio = fit.between / fit.within if fit.within > 0 else 0.0
    tail = (1 - settings["confidence"]) / 2
    drawn = np.quantile(model.resampled(y, ratio, weights), [tail, 1 - tail], axis=0) / fit.spread
    rows = []
    for term, places in model.terms.items():
        if other < FEWEST and not model.exact(term):
            note = (
                f"the same value in all subjects but {other}; they have unequally many recordings"
            )
            rows.append({**about, "term": term, "tested": 0, "note": note})
            continue
        F, p = model.permuted(y, term, ready["orders"][term])
        for place in places:
            rows.append(
                {
                    **about, "term": term, "effect": ready["columns"][place],
                    "estimate": fit.estimate[place], "low": low[place], "high": high[place],
                    "standardised": fit.estimate[place] / fit.spread,
                    "standardised_low": drawn[0, place], "standardised_high": drawn[1, place],
                    "F": F, "p": p, "rows": len(y), "subjects": subjects,
                    "icc_subject": fit.reliability if model.repeated else np.nan,
                }
            )  # fmt: skip
    return rows


def others(y: np.ndarray, subject: np.ndarray) -> int:
    """Number of subjects with any value that is not the commonest one.

    Parameters
    ----------
    y, subject : (row,)
        Values, and whose they are.
    """
    ordered = np.sort(y)
    new = np.diff(ordered, prepend=-np.inf) > 1e-12 * max(1.0, float(np.abs(y).max()))
    value = np.searchsorted(ordered[new], y, "right")
    return len(np.unique(subject[value != np.bincount(value).argmax()]))
