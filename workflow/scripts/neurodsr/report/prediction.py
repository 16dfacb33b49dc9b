"""The part of the page that says what predicts a property of people."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from neurodsr.group.features.catalogue import HIERARCHICAL
from neurodsr.report.page import Picture, Section, Table
from neurodsr.report.study import Study
from neurodsr.report.text import interval, number
from neurodsr.tables import read_table

NAMES = {"balanced_accuracy": "balanced accuracy", "auc": "AUC", "r2": "R²"}
LEADING, COMPARED = ("balanced_accuracy", "r2"), ("auc", "r2")
LEVEL = 0.05


def prediction_sentences(table: pd.DataFrame, summary: Mapping[str, Any]) -> Iterator[str]:
    """What was predicted, what predicts it, and what adds nothing.

    Only what is itself better than chance is called better than something else.

    Parameters
    ----------
    table
        Columns of `neurodsr.group.prediction.table.PREDICTION`.
    summary
        From `neurodsr.group.prediction.predict.Prediction.summary`.
    """
    yield summary["statement"]
    scores = table[table["against"].isna() & table["metric"].isin(LEADING)]
    for row in scores.to_dict("records"):
        verdict = "" if row["p"] < LEVEL else "no better than chance: "
        yield (
            f"{row['features']}: {verdict}{NAMES[row['metric']]} {number(row['value'], 2)}"
            f" ({interval(row['low'], row['high'])}), chance {number(row['chance'], 2)},"
            f" p = {number(row['p'], 2)}."
        )
    p = table[table["against"].isna()].set_index(["features", "metric"])["p"].to_dict()
    gains = table[table["against"].notna() & table["metric"].isin(COMPARED)]
    for row in gains.to_dict("records"):
        verdict = "no better than"
        if row["low"] > 0 and p[row["features"], row["metric"]] < LEVEL:
            verdict = "better than"
        elif row["high"] < 0:
            verdict = "worse than"
        alone = " alone" if row["features"].endswith(f"+ {row['against']}") else ""
        yield (
            f"{row['features']} is {verdict} {row['against']}{alone} ({NAMES[row['metric']]}"
            f" differs by {number(row['value'], 2)}, {interval(row['low'], row['high'])})."
        )
    if table["features"].eq(HIERARCHICAL).any():
        yield (
            "The model of the whole cohort has seen the data of all participants, though not what"
            " is predicted: its vectors would be less good for new participants."
        )


def predictions(study: Study) -> list[Section]:
    """The section of a cohort, if it asks for a prediction."""
    if study.settings["group"]["predict"] is None:
        return []
    folder = study.root / "group"
    summary = json.loads((folder / "prediction_summary.json").read_text(encoding="utf-8"))
    picture = (folder / "prediction.svg").read_bytes()
    return [prediction_section(read_table(folder / "prediction.tsv"), summary, picture)]


def prediction_section(table: pd.DataFrame, summary: Mapping[str, Any], picture: bytes) -> Section:
    """Scores of all sets of features, with chance and differences."""
    columns = ["features", "against", "score", "value", "interval", "over repetitions"]
    columns += ["chance", "p", "features used"]
    rows = [
        [
            row["features"],
            "" if pd.isna(row["against"]) else row["against"],
            NAMES[row["metric"]],
            number(row["value"]),
            interval(row["low"], row["high"]),
            interval(row["repeat_low"], row["repeat_high"]),
            number(row["chance"]),
            number(row["p"], 2),
            number(row["used"]),
        ]
        for row in table.to_dict("records")
    ]
    note = (
        "Rows with “against” are differences on the same folds. Intervals are over resamples of"
        " participants (of the predictions, not of the training), ranges over repetitions over the"
        " choice of folds. p is that of the score among permuted targets, not adjusted for the"
        " number of rows. Definitions: prediction.json."
    )
    return Section(
        "prediction",
        "Prediction",
        list(prediction_sentences(table, summary)),
        [Table(columns, rows, frozenset(columns[3:]), note)] if rows else [],
        [
            Picture(
                f"Prediction of {summary['target']}",
                "Dots are scores for participants that the models had not seen, lines their"
                " intervals, grey bars reach from the mean score of chance to that which one in"
                " twenty permutations exceeds. Below: differences to covariates and to classical"
                " features.",
                picture,
            )
        ],
    )
