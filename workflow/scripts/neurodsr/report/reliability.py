"""The part of the page that comes before any comparison: which features can be trusted."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from neurodsr.group.features.catalogue import DATA, DYNAMICS, FEATURES, label
from neurodsr.group.variance import variance_statement
from neurodsr.report.page import Picture, Section, Table
from neurodsr.report.study import GroupResults, Study
from neurodsr.report.text import counted, interval, listed, number, plain

SHARES = ["share_subject", "share_session", "share_run"]
NAMED = 8


def reliability_section(study: Study, group: GroupResults) -> Section:
    """Which features come out again when a model is trained again, and on another day."""
    threshold = study.settings["group"]["minimum_reliability"]
    paragraphs = [
        *reliability_sentences(group.reliability, threshold),
        *session_sentences(group, threshold),
    ]
    return Section(
        "reliability",
        "What can be trusted",
        paragraphs,
        [_table(group)],
        [
            Picture(
                "Reliability over runs",
                "Bars reach to ICC(1,k), lines show its confidence interval, the dashed line the "
                "threshold. Grey features fall short of it.",
                group.pictures["reliability"],
            )
        ],
    )


def reliability_sentences(reliability: pd.DataFrame, threshold: float) -> Iterator[str]:
    """Which features of the dynamics are reliable over runs, which are not, by model.

    Parameters
    ----------
    reliability
        Rows of reliability.tsv.
    threshold
        From which ICC(1,k) on a feature counts as reliable.
    """
    yield (
        "Before anything is compared: a feature says something about a person only if it comes out "
        "again when the same model is trained again on the same recording. ICC(1,k) is the share "
        "of its variance between recordings, not between trainings, in the mean over trainings; "
        f"features of the dynamics below {threshold:g} are shown but not tested."
    )
    counts = reliability_counts(reliability)
    for model, part in _dynamics(reliability).groupby("model", sort=False):
        known = part.dropna(subset=["icc"]).sort_values("icc", ascending=False)
        good, bad = (known[known["reliable"] == flag] for flag in (1, 0))
        said = f"{counts[str(model)]}{_named(good)}."
        if len(bad):
            worst = bad.iloc[0]
            said += (
                f" Not reliable{_named(bad)}; the best of them, {plain(worst['feature'])}, has "
                f"ICC {number(worst['icc'], 2)} ({_cut(worst)})."
            )
        constant = len(part) - len(known)
        if constant:
            said += (
                f" {counted(constant, 'further feature')} never vary, or are known in too few "
                "recordings."
            )
        yield said


def reliability_counts(reliability: pd.DataFrame) -> dict[str, str]:
    """How many features of the dynamics are reliable, for each model."""
    said = {}
    for model, part in _dynamics(reliability).groupby("model", sort=False):
        known = part.dropna(subset=["icc"])
        said[str(model)] = (
            f"{model}: {int(known['reliable'].sum())} of {counted(len(known), 'feature')} of the "
            "dynamics come out again when the model is trained again (are reliable)"
            if len(known)
            else f"{model}: nothing is known of the reliability of its features"
        )
    return said


def _dynamics(reliability: pd.DataFrame) -> pd.DataFrame:
    family = reliability["feature"].map(lambda name: FEATURES[name].family)
    return reliability[family == DYNAMICS]


def _cut(row: "pd.Series[Any]") -> str:
    return interval(max(row["icc_low"], -1), row["icc_high"])


def _named(rows: pd.DataFrame) -> str:
    if rows.empty:
        return ""
    names = [plain(name) for name in rows["feature"][:NAMED]]
    rest = len(rows) - len(names)
    return f": {listed([*names, *([f'{rest} more'] if rest else [])])}"


def session_sentences(group: GroupResults, threshold: float) -> Iterator[str]:
    """What is known of stability from session to session."""
    nested = group.reliability.dropna(subset=SHARES)
    if len(nested):
        yield variance_statement(nested[SHARES], nested["icc_subject"], threshold)
    elif len(group.subjects):
        yield (
            "No subject has several recordings that count: whether features are the same on "
            "another day is not known, and reliability over trainings alone does not show it."
        )


def _table(group: GroupResults) -> Table:
    columns = ["model", "feature", "subjects", "median", "range"]
    columns += ["one training: ICC(1,1)", "mean: ICC(1,k)", "interval"]
    nested = bool(len(group.reliability.dropna(subset=SHARES)))
    columns += ["subject / session / training", "subject's mean"] if nested else []
    known = group.reliability.set_index(["model", "feature"])
    rows = [
        [
            *(str(model), label(str(feature)), str(len(part))),
            number(part["value"].median()),
            interval(part["value"].min(), part["value"].max()),
            *_of_runs(known, (model, feature), nested),
        ]
        for (model, feature), part in _in_order(group.subjects)
    ]
    note = "Definitions, units and sources: features.json. Intervals are cut at -1."
    if nested:
        note += (
            " Subject / session / training: shares of the variance; subject's mean: reliability of "
            "its mean over sessions and trainings."
        )
    return Table(columns, rows, frozenset(columns[2:]), note)


def _in_order(subjects: pd.DataFrame) -> list[tuple[Any, pd.DataFrame]]:
    """Models, then the recordings themselves; dynamics before quality."""
    order = {family: i for i, family in enumerate((DYNAMICS, "quality", DATA))}
    groups = list(subjects.groupby(["model", "feature"], sort=False))
    return sorted(groups, key=lambda one: order[FEATURES[str(one[0][1])].family])


def _of_runs(known: pd.DataFrame, key: tuple[Any, Any], nested: bool) -> list[str]:
    if key not in known.index:
        return ["–"] * (5 if nested else 3)
    row: Mapping[Any, Any] = known.loc[key].to_dict()
    low = max(row["icc_low"], -1) if not pd.isna(row["icc_low"]) else row["icc_low"]
    cells = [number(row["icc_run"], 2), number(row["icc"], 2), interval(low, row["icc_high"])]
    if nested:
        shares = [row[name] for name in SHARES]
        missing = any(pd.isna(share) for share in shares)
        cells.append("–" if missing else " / ".join(f"{share:.0%}" for share in shares))
        cells.append(number(row["icc_subject"], 2))
    return cells
