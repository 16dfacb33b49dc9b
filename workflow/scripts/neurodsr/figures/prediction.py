"""What predicts a property of people, beside chance."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, NULL, message_figure, new_figure
from neurodsr.group.prediction.predict import Prediction

TITLES = {"balanced_accuracy": "balanced accuracy", "auc": "AUC", "r2": "R²"}


def draw_prediction(prediction: Prediction) -> Figure:
    """Scores of each set of features with chance, and differences to simpler sets.

    Parameters
    ----------
    prediction
        From `neurodsr.group.prediction.predict.predict_target`.
    """
    table = prediction.table
    if table.empty:
        return message_figure(prediction.statement)
    metrics = list(dict.fromkeys(table["metric"]))
    scores, gains = table[table["against"].isna()], table[table["against"].notna()]
    heights = [scores["features"].nunique(), len(gains) // len(metrics)]
    rows = 2 if len(gains) else 1
    figure = new_figure(9.0, 1.1 * rows + 0.24 * sum(heights))
    panels = figure.subplots(
        rows, len(metrics), squeeze=False, height_ratios=[h + 1 for h in heights[:rows]]
    )
    for column, metric in enumerate(metrics):
        _scores(panels[0, column], scores[scores["metric"] == metric])
        panels[0, column].set_xlabel(f"{TITLES[metric]} (1)")
        if len(gains):
            _differences(panels[1, column], gains[gains["metric"] == metric])
            panels[1, column].set_xlabel(f"difference in {TITLES[metric]} (1)")
    for axes in panels[:, 1:].flat:
        axes.tick_params(labelleft=False)
    panels[0, 0].set_title(f"Prediction of {prediction.target}", loc="left")
    if len(gains):
        panels[1, 0].set_title("Better than without?", loc="left")
    panels[0, -1].legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return figure


def _scores(axes: Axes, part: pd.DataFrame) -> None:
    y = np.arange(len(part))
    axes.barh(
        y, part["chance_high"] - part["chance"], left=part["chance"], height=0.7, color=NULL,
        alpha=0.5, lw=0, label="chance (mean to 95 %)",
    )  # fmt: skip
    axes.hlines(y, part["low"], part["high"], color=DATA, lw=1.2)
    axes.plot(part["value"], y, "o", ms=4.5, color=CYCLE[1], label="value, interval")
    for place, (high, p) in enumerate(zip(part["high"], part["p"], strict=True)):
        axes.annotate(
            f"p = {p:.2g}", (high, place), (3, 0), textcoords="offset points", va="center",
            fontsize=6.5, color=DATA,
        )  # fmt: skip
    axes.set_yticks(y, part["features"])
    axes.invert_yaxis()
    axes.margins(x=0.16)


def _differences(axes: Axes, part: pd.DataFrame) -> None:
    y = np.arange(len(part))
    axes.axvline(0, color=NULL, lw=1)
    axes.hlines(y, part["low"], part["high"], color=DATA, lw=1.2)
    axes.plot(part["value"], y, "o", ms=4.5, color=CYCLE[0])
    names = zip(part["features"], part["against"], strict=True)
    axes.set_yticks(y, [f"{one} − {against}" for one, against in names])
    axes.set_ylim(len(part) - 0.5, -0.5)
