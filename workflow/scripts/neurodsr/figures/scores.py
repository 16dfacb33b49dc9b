"""Figure of the scores: data beside the free-running model, each score between null and floor."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neurodsr.evaluation.verdict import WORDS, limited, number
from neurodsr.figures.style import DATA, FLOOR, MODEL, NULL, new_figure

WORST, BEST = -1.05, 1.5
"""Range of skills that is shown; runs below are drawn at its edge."""


def draw_scores(scores: xr.Dataset, **inputs: xr.Dataset) -> Figure:
    """State space, traces, spectra; skill of all runs by measure, and errors of forecasts."""
    rows = scores.sizes["measure"]
    figure = new_figure(9.0, 4.3 + 0.27 * rows)
    figure.suptitle(_title(scores), fontsize=10)
    parts = np.asarray(figure.subfigures(2, 1, height_ratios=[2.9, 1.2 + 0.27 * rows]))
    left, middle, right = parts[0].subplots(1, 3, width_ratios=[1, 1.5, 1.2])
    _draw_space(left, scores)
    _draw_traces(middle, scores)
    _draw_spectra(right, scores)
    skills, errors = parts[1].subplots(1, 2, width_ratios=[2.6, 1])
    _draw_skills(skills, scores)
    _draw_errors(errors, scores)
    return figure


def _title(scores: xr.Dataset) -> str:
    """Verdict in words, with the overall skill where there is one."""
    words = WORDS[scores.attrs["verdict_code"]]
    skill = scores.attrs["overall_skill"]
    if not np.isfinite(skill):
        return words
    low, high = (scores.attrs[f"overall_skill_{end}"] for end in ("low", "high"))
    return f"{words}: overall skill {limited(skill)} ({limited(low)} to {limited(high)})"


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
    if scores.attrs.get("new_trials") and data.shape[1] > 1:
        starts = scores["trial_start"].values
        if data.shape[1] > 2:
            starts = (starts - mean) @ axes_of_data
        _draw_starts(axes, scores, starts)
        planes[0] = np.vstack([planes[0], starts])
    low, high = planes[0].min(axis=0), planes[0].max(axis=0)
    margin = 0.3 * (high - low)
    axes.set(
        xlabel=labels[0],
        ylabel=labels[1],
        xlim=(low[0] - margin[0], high[0] + margin[0]),
        ylim=(low[1] - margin[1], high[1] + margin[1]),
        title="State space",
    )
    legend = axes.legend(loc="upper right")
    for handle in legend.legend_handles[:2]:
        handle.set_markersize(6)  # type: ignore[union-attr]


def _draw_starts(axes: Axes, scores: xr.Dataset, starts: NDArray[np.float64]) -> None:
    """Where trials start, and whether most runs reach the right set from there."""
    wrong = scores["hausdorff_distance"] >= scores.attrs["domain_radius"]
    wrong = (wrong.mean("run") > 0.5).values
    new = scores["trial_domain"].values == "new"
    for group, mark, words in ((~new, "o", "trained"), (new, "^", "new")):
        for bad, fill in ((False, MODEL), (True, "none")):
            chosen = starts[group & (wrong == bad)]
            if len(chosen):
                label = f"{words} basin: {'wrong' if bad else 'right'} set"
                axes.plot(*chosen.T, mark, markersize=4, markerfacecolor=fill,
                          markeredgecolor=MODEL, label=label)  # fmt: skip


def _draw_traces(axes: Axes, scores: xr.Dataset) -> None:
    shown = min(len(scores["time"]), 300)
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


def _draw_skills(axes: Axes, scores: xr.Dataset) -> None:
    """Each measure a row, from the best null (0) to the floor (1), with its numbers in words."""
    measures = [str(name) for name in scores["measure"].values]
    axes.axvspan(1.0, BEST, color=FLOOR, alpha=0.12, linewidth=0)
    axes.axvspan(WORST, 0.0, color=NULL, alpha=0.25, linewidth=0)
    axes.axvline(0.0, color=NULL)
    axes.axvline(1.0, color=FLOOR)
    for row, name in enumerate(measures):
        one = scores.sel(measure=name)
        axes.text(1.01, row, _numbers(one), transform=axes.get_yaxis_transform(), fontsize=6,
                  va="center")  # fmt: skip
        low, middle, high = (float(one["skill_median" + end]) for end in ("_low", "", "_high"))
        if np.isnan(middle):
            axes.text(0.5, row, _why(one), fontsize=6.5, va="center", ha="center", color=DATA)
            continue
        runs = np.clip(one["skill"].values, WORST, BEST)
        axes.plot(runs, np.full(len(runs), row), "o", color=MODEL, markersize=3, alpha=0.45)
        axes.plot(np.clip([low, high], WORST, BEST), [row, row], color=MODEL, linewidth=1.4)
        mark = "<" if middle < WORST else "|"
        axes.plot(np.clip(middle, WORST, BEST), row, mark, color=MODEL, markersize=11,
                  markeredgewidth=2)  # fmt: skip
    axes.set(xlim=(WORST, BEST), ylim=(len(measures) - 0.4, -1.1))
    axes.set_yticks(range(len(measures)), [_named(scores, name) for name in measures])
    axes.set_xlabel("skill (dots: runs; line: 95 % interval of their median)")
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.text(0.0, -0.62, "best null", ha="center", va="center", fontsize=7)
    axes.text(1.0, -0.62, "floor: the system itself", ha="center", va="center", fontsize=7)
    axes.text(1.01, -0.62, "median (floor / best null): reads", fontsize=6.5,
              fontweight="bold", transform=axes.get_yaxis_transform(), va="center")  # fmt: skip


def _named(scores: xr.Dataset, name: str) -> str:
    units = {
        "D_stsp": " (nats)",
        "PE": f"({scores.attrs['prediction_steps']})",
        "VPT": f" ({scores.attrs['valid_time_unit']})",
        "W1": " (sd)",
        "LLE": " (1/s)",
    }
    return name.replace("event_", "event ") + units.get(name, "")


def _numbers(one: xr.Dataset) -> str:
    null = str(one["best_null"].values)
    floor = "none" if np.isnan(one["floor"]) else number(float(one["floor"]))
    level = number(float(one["null_score"].sel(null=null)))
    reads = str(one["comparison"].values).replace("similar", "not better")
    return f"{number(float(one['median']))} ({floor} / {null} {level}): {reads}"


def _why(one: xr.Dataset) -> str:
    """Why there is no skill."""
    if np.isnan(one["floor"]):
        return "no floor; larger is better"
    return "no skill: floor not below null"


def _draw_errors(axes: Axes, scores: xr.Dataset) -> None:
    """Error of forecasts against the number of steps."""
    steps = scores["step"].values
    curves = scores["prediction_error"].values
    for curve in curves:
        if np.isfinite(curve).all() and curve.max() < 1e3:
            axes.plot(steps, curve, color=MODEL, alpha=0.6, linewidth=0.8)
    styles = {"VAR": "-", "persistence": ":"}
    for null, style in styles.items():
        curve = scores["null_prediction_error"].sel(null=null).values
        axes.plot(steps, curve, style, color=NULL, label=null)
    axes.plot([], [], color=MODEL, label="runs")
    axes.set(xlabel="steps", ylabel="squared error (sd²)", title="Forecasts")
    highest = float(np.nanmax(scores["null_prediction_error"].values))
    axes.set_ylim(0, 1.5 * highest)
    axes.legend(loc="upper left")
    states = [f"run {run}: {state}"[:44] for run, state in
              zip(scores["run"].values, scores["run_state"].values, strict=True)
              if state != "ok"]  # fmt: skip
    if states:
        axes.text(0.98, 0.02, "\n".join(states[:5]), transform=axes.transAxes, fontsize=5.5,
                  ha="right", va="bottom")  # fmt: skip
