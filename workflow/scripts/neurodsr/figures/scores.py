"""Figure of the scores: data beside the free-running model, and each score on its scale."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator
from numpy.typing import NDArray

from neurodsr.evaluation.verdict import WORDS
from neurodsr.figures.style import DATA, FLOOR, MODEL, NULL, new_figure

NULL_MARKS = {"VAR": "s", "phase surrogate": "D", "persistence": "^"}
MEASURE_LABELS = {
    "D_stsp": "D_stsp (nats)",
    "D_H": "D_H (Hellinger)",
    "PE": "PE (sd²)",
}


def draw_scores(scores: xr.Dataset, **inputs: xr.Dataset) -> Figure:
    """State space, traces, spectra, and scores of all runs with floor and nulls."""
    figure = new_figure(9.0, 5.4)
    figure.suptitle(WORDS[scores.attrs["verdict_code"]], fontsize=10)
    parts = np.asarray(figure.subfigures(2, 1, height_ratios=[1.15, 1]))
    upper, lower = parts[0], parts[1]
    left, middle, right = upper.subplots(1, 3, width_ratios=[1, 1.5, 1.2])
    _draw_space(left, scores)
    _draw_traces(middle, scores)
    _draw_spectra(right, scores)
    for axes, measure in zip(lower.subplots(1, 3), MEASURE_LABELS, strict=True):
        _draw_scale(axes, scores, measure)
    lower.legend(
        *_scale_legend(), loc="outside lower center", ncols=6, handletextpad=0.3, columnspacing=1.2
    )
    return figure


def _draw_space(axes: Axes, scores: xr.Dataset) -> None:
    """Plane of the first two principal components of the data (two channels: themselves)."""
    data, model = scores["held_out"].values, scores["generated"].values
    mean = data.mean(axis=0)
    if data.shape[1] == 1:
        lag = max(1, len(data) // 200)
        planes = [np.hstack([x[:-lag], x[lag:]]) for x in (data, model)]
        labels = (str(scores["channel"].values[0]), f"{lag} samples later")
    elif data.shape[1] == 2:
        planes = [data, model]
        labels = (str(scores["channel"].values[0]), str(scores["channel"].values[1]))
    else:
        axes_of_data = np.linalg.svd(data - mean, full_matrices=False)[2][:2].T
        planes = [(x - mean) @ axes_of_data for x in (data, model)]
        labels = ("first component (sd)", "second component (sd)")
    for plane, colour, label in zip(planes, (DATA, MODEL), ("data", "model"), strict=True):
        axes.plot(
            *plane.T, ".", markersize=1.2, color=colour, alpha=0.6, label=label, rasterized=True
        )
    low, high = planes[0].min(axis=0), planes[0].max(axis=0)
    margin = 0.3 * (high - low)
    axes.set(
        xlabel=labels[0],
        ylabel=labels[1],
        xlim=(low[0] - margin[0], high[0] + margin[0]),
        ylim=(low[1] - margin[1], high[1] + margin[1]),
        title="State space",
    )
    axes.legend(markerscale=6, loc="upper right")


def _draw_traces(axes: Axes, scores: xr.Dataset) -> None:
    shown = min(len(scores["time"]), 400)
    time = scores["time"].values[:shown]
    channels = min(scores.sizes["channel"], 3)
    for c in range(channels):
        for name, colour in (("held_out", DATA), ("generated", MODEL)):
            axes.plot(time, scores[name].values[:shown, c] - 5.0 * c, color=colour, linewidth=0.7)
    axes.set(xlabel="time (s)", title="Held-out data and free run", xlim=(time[0], time[-1]))
    axes.set_yticks([-5.0 * c for c in range(channels)], scores["channel"].values[:channels])


def _draw_spectra(axes: Axes, scores: xr.Dataset) -> None:
    spectra = scores["spectrum"].mean("channel")
    for source, colour in (("VAR", NULL), ("data", DATA), ("model", MODEL)):
        power = spectra.sel(source=source).values
        if np.isfinite(power).all() and power.sum() > 0:
            axes.plot(spectra["frequency"].values[1:], power[1:], color=colour, label=source)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="frequency (Hz)",
        ylabel="share of power",
        title=f"Spectra (smoothing {scores.attrs['smoothing_hz']:.2g} Hz)",
    )
    highest = float(spectra.sel(source="data").max())
    axes.set_ylim(1e-7 * highest, 3 * highest)
    axes.minorticks_off()
    axes.legend(loc="lower left")


def _draw_scale(axes: Axes, scores: xr.Dataset, measure: str) -> None:
    """One measure on a logarithmic axis: runs, floor, nulls."""
    one = scores.sel(measure=measure)
    values = one["score"].values
    _log_limits(axes, np.append(values, [one["floor"], *one["null_score"].values]))
    runs = np.arange(len(values))
    axes.errorbar(
        values,
        runs,
        xerr=np.fmax([values - one["score_low"].values, one["score_high"].values - values], 0),
        fmt="o",
        markersize=4,
        color=MODEL,
    )
    if one["floor"] > 0:
        axes.axvspan(float(one["floor_low"]), float(one["floor_high"]), color=FLOOR, alpha=0.15)
        axes.axvline(float(one["floor"]), color=FLOOR)
    for null, mark in NULL_MARKS.items():
        level = float(one["null_score"].sel(null=null))
        if np.isfinite(level):
            level = float(np.clip(level, *axes.get_xlim()))
            axes.axvline(level, color=NULL, linestyle=":")
            axes.plot(level, len(runs), mark, color=NULL, clip_on=False, markersize=5)
    for run, state in zip(runs, scores["run_state"].values, strict=True):
        if state != "ok":
            axes.annotate(
                str(state)[:40],
                (0.98, run),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=6,
                in_layout=False,
            )
    axes.set_yticks(runs, [f"run {run}" for run in scores["run"].values])
    axes.set_ylim(-0.7, len(runs) + 0.3)
    steps = f"({scores.attrs['prediction_steps']})" if measure == "PE" else ""
    axes.set_xlabel(MEASURE_LABELS[measure])
    axes.set_title(f"{measure}{steps}: {str(one['comparison'].values).replace('_', ' ')}")


def _log_limits(axes: Axes, values: NDArray[np.float64]) -> None:
    positive = values[np.isfinite(values) & (values > 0)]
    if len(positive):
        axes.set_xscale("log")
        low, high = positive.min() / 2, min(positive.max() * 2, positive.min() * 1e8)
        axes.set_xlim(low, high)
        axes.minorticks_off()
        if high < 100 * low:
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))


def _scale_legend() -> tuple[list[object], list[str]]:
    figure = new_figure()
    axes = figure.add_subplot()
    handles: list[object] = [
        axes.plot([], [], "o", color=MODEL)[0],
        axes.plot([], [], color=FLOOR)[0],
        *(axes.plot([], [], mark, color=NULL)[0] for mark in NULL_MARKS.values()),
    ]
    return handles, ["run (range over starts)", "floor: training data", *NULL_MARKS]
