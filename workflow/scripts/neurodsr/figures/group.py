"""Figures of a cohort: what differs, what is reliable, what was recovered."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, MODEL, NULL, message_figure, new_figure
from neurodsr.group.comparison import Comparison
from neurodsr.group.features.catalogue import label


def draw_differences(subjects: pd.DataFrame, comparison: Comparison, most: int = 8) -> Figure:
    """Every subject's value of the features with the clearest differences.

    Parameters
    ----------
    subjects
        From `neurodsr.group.values.subject_values`.
    comparison
        From `neurodsr.group.comparison.compare_groups`.
    most
        Number of features shown: tested features of the dynamics first, by p.
    """
    if not comparison.groups:
        return message_figure(comparison.statement)
    table = comparison.table[comparison.table["family"] == "dynamics"]
    table = table[table["p"].notna()].assign(size=table["hedges_g"].abs())
    table = table.sort_values(["tested", "p", "size"], ascending=[False, True, False])
    if table.empty:
        return message_figure("No feature of the dynamics has values in enough subjects.")
    shown = table.head(most)
    columns = min(4, len(shown))
    rows = -(-len(shown) // columns)
    figure = new_figure(9.0, 2.5 * rows)
    for axes, row in zip(
        figure.subplots(rows, columns, squeeze=False).flat, shown.to_dict("records"), strict=False
    ):
        part = subjects[
            (subjects["model"] == row["model"]) & (subjects["feature"] == row["feature"])
        ]
        for position, group in enumerate(comparison.groups):
            _strip(axes, position, part.loc[part["group"] == group, "value"].to_numpy(float))
        axes.set_xticks(range(2), comparison.groups)
        axes.set_xlim(-0.6, 1.6)
        axes.set_ylabel(label(row["feature"]))
        effect = f"g = {row['hedges_g']:.2g} [{row['g_low']:.2g}, {row['g_high']:.2g}]"
        if pd.isna(row["hedges_g"]):
            effect = "no spread within groups"
        judged = f"q = {row['q']:.2g}" if row["tested"] else "not tested: unreliable"
        axes.set_title(
            f"{row['model']}\n{effect}\n{judged}",
            color=DATA if row["tested"] else NULL,
            fontsize=8,
        )
    for axes in figure.axes[len(shown) :]:
        axes.remove()
    return figure


def _strip(axes: Axes, position: int, values: np.ndarray) -> None:
    offsets = np.linspace(-0.18, 0.18, values.size) if values.size > 1 else np.zeros(values.size)
    order = np.argsort(np.argsort(values))
    spread = offsets[np.random.default_rng(0).permutation(values.size)][order]
    axes.plot(position + spread, values, "o", ms=4, alpha=0.75, color=CYCLE[position], mew=0)
    if values.size:
        axes.hlines(np.median(values), position - 0.28, position + 0.28, color=DATA, lw=1.5)


def draw_reliability(reliability: pd.DataFrame, threshold: float) -> Figure:
    """Reliability of every feature over runs, with its interval and the threshold."""
    known = reliability.dropna(subset=["icc"])
    if known.empty:
        return message_figure(
            "Reliability is not known: it takes at least two recordings with two acceptable runs."
        )
    models = list(dict.fromkeys(known["model"]))
    features = list(dict.fromkeys(known["feature"]))
    figure = new_figure(9.0, 1.0 + 0.22 * len(features))
    panels = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axes, model in zip(panels, models, strict=True):
        part = known[known["model"] == model]
        y = np.array([features.index(name) for name in part["feature"]])
        icc = part["icc"].clip(lower=-0.5).to_numpy(float)
        low, high = (part[name].clip(-0.5, 1).to_numpy(float) for name in ("icc_low", "icc_high"))
        colours = [CYCLE[0] if reliable else NULL for reliable in part["reliable"]]
        axes.barh(y, icc, height=0.62, color=colours)
        axes.hlines(y, low, high, color=DATA, lw=1)
        axes.axvline(threshold, color=MODEL, ls="--", lw=1)
        axes.axvline(0, color=DATA, lw=0.6)
        axes.set_xlim(-0.5, 1.02)
        axes.set_xlabel("ICC(1,k) over runs")
        axes.set_title(model)
    panels[0].set_yticks(range(len(features)), [label(name) for name in features])
    panels[0].invert_yaxis()
    return figure


def draw_truth(pairs: pd.DataFrame) -> Figure:
    """Recovered values against the known ones, with the identity."""
    shown = pairs[pairs["feature"] != "oscillates"]
    if shown.empty:
        return message_figure("There are no known answers to compare with in this cohort.")
    features = list(dict.fromkeys(shown["feature"]))
    models = list(dict.fromkeys(shown["model"]))
    figure = new_figure(9.0, 2.6 * len(models))
    for row, model in zip(
        figure.subplots(len(models), len(features), squeeze=False), models, strict=True
    ):
        for axes, feature in zip(row, features, strict=True):
            part = shown[(shown["model"] == model) & (shown["feature"] == feature)]
            _recovered(axes, part, sorted(shown["group"].dropna().unique()))
            axes.set_title(label(feature))
        row[0].set_ylabel(f"{model}\nrecovered")
        for axes in row:
            axes.set_xlabel("true")
    figure.axes[0].legend()
    return figure


def _recovered(axes: Axes, part: pd.DataFrame, groups: Sequence[str]) -> None:
    for number, group in enumerate(groups):
        one = part[part["group"] == group]
        axes.plot(
            one["true"], one["recovered"], "o", ms=4, alpha=0.75, color=CYCLE[number], label=group
        )
    ends = part["true"].agg(["min", "max"]).to_numpy(float)
    axes.plot(ends, ends, color=NULL, lw=1, zorder=0)
