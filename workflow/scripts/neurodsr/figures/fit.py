"""How a training went, and what the best run generates."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator

from neurodsr.figures.style import CYCLE, DATA, MODEL, new_figure
from neurodsr.models.reconstruction import load_runs

CHANNELS = 3
SAMPLES = 400


def draw_fit(result: xr.Dataset, series: xr.Dataset, **_: Any) -> Figure:
    """How training or a search went; data against the best run's free run.

    Parameters
    ----------
    result
        A fit (``fit.nc``).
    series
        The series that it was trained on.
    """
    figure = new_figure(9.0, 3.4)
    parts: Any = figure.subfigures(1, 2, width_ratios=[1.0, 1.25])
    course, traces = parts
    if "epoch" in result.dims:
        draw_training(course, result)
    elif "trial" in result.dims:
        draw_search(course, result)
    else:
        course.text(0.05, 0.5, f"{result.attrs['family']}: {result.attrs['selection']}", wrap=True)
    draw_traces(traces, result, series)
    return figure


def draw_training(figure: Any, result: xr.Dataset) -> None:
    """Loss, validation criterion and forcing of all runs over epochs."""
    loss, criterion = figure.subplots(2, 1, sharex=True)
    draw_curves(loss, result, "loss", "Loss")
    axes = loss.twinx()
    axes.plot(result["epoch"], result["forcing_strength"].mean("run"), color=DATA, ls=":")
    axes.set_ylabel("forcing strength (dotted)")
    axes.set_ylim(0, None)
    axes.spines["right"].set_visible(True)
    loss.set_title(f"Training of {result.sizes['run']} runs, {result.attrs['family']}")
    draw_curves(criterion, result, "validation", "Validation")
    for run, epoch in enumerate(result["chosen_epoch"].values):
        if epoch > 0:
            value = result["validation"].values[run, epoch - 1]
            criterion.plot(epoch, value, "o", ms=4, color=CYCLE[run % len(CYCLE)])
    criterion.set_xlabel("epoch (dots: chosen)")


def draw_search(figure: Any, result: xr.Dataset) -> None:
    """Validation criterion against forecast error of all settings that were tried."""
    axes = figure.subplots()
    error, value = result["trial_forecast_error"].values, result["trial_validation"].values
    bounded = np.isfinite(error) & np.isfinite(value)
    axes.loglog(error[bounded], value[bounded], "o", ms=3.5, color=CYCLE[0])
    chosen = result.attrs["chosen_trial"]
    axes.loglog(error[chosen], value[chosen], "o", ms=9, mfc="none", color=MODEL)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FormatStrFormatter("%g"))
    axes.minorticks_off()
    axes.set(
        xlabel="forecast error on validation data (sd²)",
        ylabel="Validation",
        title=f"{result.attrs['family']}: {len(error)} trials, {int((~bounded).sum())} unbounded "
        "(circle: chosen)",
    )


def draw_curves(axes: Any, result: xr.Dataset, name: str, label: str) -> None:
    """One curve for each run on a log axis; the best run is drawn strongest."""
    for run in range(result.sizes["run"]):
        values = result[name].values[run]
        shown = np.isfinite(values)
        best = run == result.attrs["best_run"]
        axes.plot(
            result["epoch"].values[shown],
            values[shown],
            color=CYCLE[run % len(CYCLE)],
            lw=1.6 if best else 0.8,
            alpha=1.0 if best else 0.7,
        )
    axes.set_yscale("log")
    axes.set_ylabel(label)


def draw_traces(figure: Any, result: xr.Dataset, series: xr.Dataset) -> None:
    """Validation data and the best run's free run from their first complete sample."""
    best = next(one for one in load_runs(result) if one.run == result.attrs["best_run"])
    observation = series["observation"].values
    segment = series["segment"].values
    first, past = start_of_run(series, best.warm_up)
    inside = (series["split"].values == 1) & np.isfinite(observation).all(1)
    inside &= (segment == segment[first]) & (np.arange(len(inside)) < first + SAMPLES)
    stretch = np.arange(first, np.flatnonzero(inside)[-1] + 1)
    inputs = series["input"].values[first - past + 1 :] if "input" in series.variables else None
    generated = best.free_run(observation[first - past + 1 : first + 1], len(stretch), inputs)
    time = (stretch - first) * series.attrs["sampling_interval"]
    shown = min(CHANNELS, observation.shape[1])
    axes = figure.subplots(shown, 1, sharex=True, squeeze=False)[:, 0]
    for channel, row in enumerate(axes):
        row.plot(time, observation[stretch, channel], color=DATA, label="validation data")
        row.plot(time, generated[:, channel], color=MODEL, label="free run")
        row.set_ylabel(f"{series['channel'].values[channel]} (sd)")
    axes[0].set_title(f"Best run ({best.run})", loc="left")
    axes[0].legend(loc="lower right", bbox_to_anchor=(1.0, 0.95), ncols=2)
    axes[-1].set_xlabel("time from the start (s)")


def start_of_run(series: xr.Dataset, warm_up: int) -> tuple[int, int]:
    """First validation sample with a complete history before it, and the length of that history.

    The sample itself counts; a history is shorter where none is as long.
    """
    complete = np.isfinite(series["observation"].values).all(1)
    inside = np.flatnonzero((series["split"].values == 1) & complete)
    broken = (np.diff(inside) != 1) | (np.diff(series["segment"].values[inside]) != 0)
    places = np.arange(len(inside))
    began = np.maximum.accumulate(np.where(np.r_[True, broken], places, 0))
    length = places - began + 1
    past = min(warm_up, int(length.max()))
    return int(inside[np.argmax(length >= past)]), past
