"""How a training went, and what the best run generates."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, MODEL, new_figure
from neurodsr.models.reconstruction import load_runs

CHANNELS = 3
SAMPLES = 400


def draw_fit(result: xr.Dataset, series: xr.Dataset, **_: Any) -> Figure:
    """Loss, validation criterion and forcing of all runs; data against the best run's free run.

    Parameters
    ----------
    result
        A fit (``fit.nc``).
    series
        The series that it was trained on.
    """
    figure = new_figure(9.0, 3.4)
    parts: Any = figure.subfigures(1, 2, width_ratios=[1.0, 1.25])
    curves, traces = parts
    loss, criterion = curves.subplots(2, 1, sharex=True)
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
    draw_traces(traces, result, series)
    return figure


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
    inside = np.flatnonzero((series["split"].values == 1) & np.isfinite(observation).all(1))
    segment = series["segment"].values
    first = int(inside[0])
    stretch = inside[(segment[inside] == segment[first]) & (inside < first + SAMPLES)]
    stretch = np.arange(first, int(stretch[-1]) + 1)
    inputs = series["input"].values[stretch] if "input" in series.variables else None
    generated = best.free_run(observation[first], len(stretch), inputs)
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
