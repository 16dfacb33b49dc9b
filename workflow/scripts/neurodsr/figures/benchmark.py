"""Figure of a benchmark: every run of every model beside floor, nulls, truth and publications."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from neurodsr.benchmark.runs import spectrum_of
from neurodsr.figures.style import CYCLE, DATA, FLOOR, MODEL, NULL, message_figure, new_figure

PANELS = {
    "D_stsp": "D_stsp (nat)",
    "D_H": "D_H",
    "PE": "prediction error (sd²)",
    "lyapunov_max": "largest exponent (1/s)",
}
PUBLISHED = CYCLE[2]


def draw_benchmark(summary: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    """One row of panels a recording, one line a model.

    Parameters
    ----------
    summary, runs
        See `neurodsr.benchmark.summary.SUMMARY` and `neurodsr.benchmark.runs.RUNS`.
    """
    recordings = list(dict.fromkeys(summary["recording"]))
    if not recordings:
        return message_figure("No recording was compared.")
    leading = [max(spectrum_of(text), default=np.nan) for text in runs["lyapunov"]]
    runs = runs.assign(lyapunov_max=leading)
    parts = {name: summary[summary["recording"] == name] for name in recordings}
    heights = [0.9 + 0.22 * len(shown(part)) for part in parts.values()]
    figure = new_figure(9.0, sum(heights) + 0.3)
    panels = figure.subplots(
        len(recordings), len(PANELS), squeeze=False, gridspec_kw={"height_ratios": heights}
    )
    for row, (name, part) in zip(panels, parts.items(), strict=True):
        for axes, (measure, label) in zip(row, PANELS.items(), strict=True):
            _measure(axes, part, runs[runs["recording"] == name], measure)
            axes.set_xlabel(label)
        row[0].set_yticks(range(len(shown(part))), [one["name"] for one in shown(part)])
        row[0].set_title(name, loc="left")
        for axes in row[1:]:
            axes.set_yticks(range(len(shown(part))), [])
    figure.legend(handles=_legend(), loc="outside lower center", ncols=6)
    return figure


def _legend() -> list[Line2D]:
    def dot(colour: str, label: str) -> Line2D:
        return Line2D([], [], color=colour, ls="", marker="o", ms=4, mew=0, label=label)

    return [
        dot(MODEL, "run"),
        dot(DATA, "run that failed"),
        Line2D([], [], color=MODEL, ls="", marker="|", ms=9, mew=1.8, label="median over runs"),
        Line2D([], [], color=FLOOR, label="floor, or truth"),
        Line2D([], [], color=NULL, ls=":", label="nulls"),
        Line2D(
            [], [], color=PUBLISHED, ls="", marker="D", ms=4, mfc="white", label="numbers of others"
        ),
    ]


def shown(part: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Rows of the summary that get a line of their own."""
    return [row for row in part.to_dict("records") if row["kind"] in ("model", "published")]


def _measure(axes: Axes, part: pd.DataFrame, runs: pd.DataFrame, measure: str) -> None:
    for y, row in enumerate(shown(part)):
        value, spread = (_number(row[name]) for name in (measure, f"{measure}_mad"))
        if row["kind"] == "published":
            axes.errorbar(value, y, xerr=spread, fmt="D", ms=4, color=PUBLISHED, mfc="white")
            continue
        mine = runs[runs["model"] == row["name"]]
        sound = mine["state"] == "ok"
        for chosen, colour in ((sound, MODEL), (~sound, DATA)):
            x = mine.loc[chosen, measure].to_numpy(float)
            axes.plot(x, np.full(len(x), y), "o", ms=3, alpha=0.5, mew=0, color=colour)
        axes.plot(value, y, "|", ms=11, mew=1.8, color=MODEL)
    for kind, style in (("floor", "-"), ("null", ":"), ("truth", "-")):
        for value in part.loc[part["kind"] == kind, measure].dropna():
            axes.axvline(value, color=NULL if kind == "null" else FLOOR, ls=style, lw=1, zorder=0)
    if measure != "lyapunov_max":
        _logarithmic(axes)
    axes.set_ylim(len(shown(part)) - 0.5, -0.5)


def _logarithmic(axes: Axes) -> None:
    """A logarithmic axis with plain numbers, where there are positive values to show."""
    values = np.concatenate([np.asarray(line.get_xdata(), dtype=float) for line in axes.lines])
    positive = values[np.isfinite(values) & (values > 0)]
    if not positive.size:
        return
    low, high = positive.min(), positive.max()
    axes.set_xscale("log")
    axes.set_xlim(low / 1.3, high * 1.3)
    wide = high / low > 100.0
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=6))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan
