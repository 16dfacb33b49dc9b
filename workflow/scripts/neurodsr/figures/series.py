"""Figure of a series: its traces with the splits, distributions and spectra."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from neurodsr.figures.quality import draw_quality, rejected_spans, shade_rejected
from neurodsr.figures.style import CYCLE, DATA, NULL, new_figure

SPLITS = {1: ("validation", "#edae49"), 2: ("test", "#d1495b"), -1: ("guard", "#9aa5ab")}
MOST_TRACES = 8
MOST_STRETCHES = 100
FEW = 3
MOST_MODALITIES = 3
ROW = 1.9
SPREAD = 6.0


def draw_series(result: xr.Dataset, recording: xr.DataTree | None = None, **_: Any) -> Figure:
    """Traces (splits and rejected times shaded), amplitude histograms and power spectra.

    Of more than eight channels, eight spread over all of them are traced. With the recording, up to
    three modalities get a row of their own: before and after, and what was done (see `quality`).
    """
    number = result.sizes["channel"]
    shown = np.unique(np.linspace(0, number - 1, min(number, MOST_TRACES)).astype(int))
    modalities = list(json.loads(result.attrs["quality"])) if recording is not None else []
    modalities = modalities[:MOST_MODALITIES]
    top = 1.4 + 0.25 * max(len(shown), 6)
    figure = new_figure(height=top + ROW * len(modalities))
    rows = figure.add_gridspec(
        1 + len(modalities), 1, height_ratios=[top, *(ROW for _ in modalities)]
    )
    grid = rows[0].subgridspec(2, 2, width_ratios=[2.6, 1.0])
    if recording is not None:
        for row, modality in enumerate(modalities, start=1):
            draw_quality(figure, rows[row], result, recording, modality)
    traces(figure.add_subplot(grid[:, 0]), result, shown)
    histograms(figure.add_subplot(grid[0, 1]), result)
    spectra(figure.add_subplot(grid[1, 1]), result)
    interval = float(result.attrs["sampling_interval"])
    figure.suptitle(
        f"{number} channels, {result.sizes['time']} samples every {interval:.4g} s, "
        f"{int(result['segment'][-1]) + 1} segment(s), guard {float(result.attrs['guard']):.3g} s",
        fontsize=9,
    )
    return figure


def traces(axes: Axes, series: xr.Dataset, shown: NDArray[np.intp]) -> None:
    time = series["time"].values
    segment, split = series["segment"].values, series["split"].values
    edges = np.flatnonzero((np.diff(segment) != 0) | (np.diff(split) != 0)) + 1
    named: set[int] = set()
    for begin, end in zip([0, *edges], [*edges, len(time)], strict=True):
        code = int(split[begin])
        if code in SPLITS:
            name, colour = SPLITS[code]
            label = name if code not in named else None
            axes.axvspan(time[begin], time[end - 1], color=colour, alpha=0.22, lw=0, label=label)
            named.add(code)
    for row, channel in enumerate(shown):
        values = series["observation"].values[:, channel]
        chosen = extremes(values)
        breaks = np.flatnonzero(np.diff(segment[chosen])) + 1
        lifted = np.clip(values[chosen], -SPREAD, SPREAD) - SPREAD * row
        axes.plot(
            np.insert(time[chosen], breaks, np.nan),
            np.insert(lifted, breaks, np.nan),
            color=CYCLE[row % len(CYCLE)],
            lw=0.5,
        )
    names = series["channel"].values[shown]
    axes.set_yticks(-SPREAD * np.arange(len(shown)), [str(name)[:24] for name in names])
    axes.set_ylim(-SPREAD * (len(shown) - 0.3), SPREAD * 1.6)
    axes.set_xlim(time[0], time[-1])
    rejected = rejected_spans(series, None)
    shade_rejected(axes, rejected, time[0], time[-1])
    axes.set_xlabel("time (s)")
    axes.set_title("Standardised observation")
    if named or rejected:
        axes.legend(loc="upper left", ncols=4)


def extremes(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Indices of the least and the largest value of each of some hundred stretches."""
    edges = np.linspace(0, len(values), min(MOST_STRETCHES, len(values)) + 1).astype(int)
    filled = np.where(np.isfinite(values), values, 0.0)
    both = [(a + filled[a:b].argmin(), a + filled[a:b].argmax()) for a, b in pairwise(edges)]
    return np.unique(np.array(both, dtype=np.intp))


def histograms(axes: Axes, series: xr.Dataset) -> None:
    train = series["observation"].values[series["split"].values == 0]
    bins = np.linspace(-4.0, 4.0, 33)
    present = np.maximum(np.isfinite(train).sum(axis=0), 1)
    counts = np.array([np.histogram(x[np.isfinite(x)], bins)[0] for x in train.T])
    centre = (bins[1:] + bins[:-1]) / 2.0
    bands(axes, centre, counts / present[:, None] / (bins[1] - bins[0]))
    axes.plot(centre, np.exp(-(centre**2) / 2.0) / np.sqrt(2.0 * np.pi), "k:", label="normal")
    axes.set(title="Distribution (train)", xlabel="observation (sd)", ylabel="density")
    axes.legend(loc="upper left", handlelength=1.0)


def spectra(axes: Axes, series: xr.Dataset) -> None:
    """Periodograms of the longest training stretch, averaged in bands of equal log-width."""
    interval = float(series.attrs["sampling_interval"])
    piece = series["observation"].values[longest_train(series)]
    piece = np.where(np.isfinite(piece), piece, 0.0)
    window = np.hanning(len(piece))[:, None]
    power = np.abs(np.fft.rfft(piece * window, axis=0)) ** 2 * interval * 2.0 / np.sum(window**2)
    frequency = np.fft.rfftfreq(len(piece), interval)
    edges = np.geomspace(frequency[1] * 0.99, frequency[-1] * 1.01, 60)
    band = np.digitize(frequency, edges)
    filled = [b for b in range(1, len(edges)) if np.any(band == b)]
    centre = np.array([frequency[band == b].mean() for b in filled])
    bands(axes, centre, np.array([power[band == b].mean(axis=0) for b in filled]).T)
    axes.set(xscale="log", yscale="log")
    axes.minorticks_off()
    axes.set(title="Spectrum (train)", xlabel="frequency (Hz)", ylabel="power (1/Hz)")


def bands(axes: Axes, x: NDArray[np.float64], curves: NDArray[np.float64]) -> None:
    """A few curves as they are; many as their median with the range from 10 to 90 %."""
    if len(curves) <= FEW:
        for row, curve in enumerate(curves):
            axes.plot(x, curve, color=CYCLE[row % len(CYCLE)], lw=0.8)
        return
    low, middle, high = np.quantile(curves, [0.1, 0.5, 0.9], axis=0)
    axes.fill_between(x, low, high, color=NULL, alpha=0.4, lw=0, label="10-90 %")
    axes.plot(x, middle, color=DATA, label="median")


def longest_train(series: xr.Dataset) -> slice:
    """The longest contiguous stretch of the training split."""
    segment, split = series["segment"].values, series["split"].values
    edges = np.flatnonzero((np.diff(segment) != 0) | (np.diff(split) != 0)) + 1
    pieces = zip([0, *edges.tolist()], [*edges.tolist(), len(segment)], strict=True)
    begin, end = max(((a, b) for a, b in pieces if split[a] == 0), key=lambda ab: ab[1] - ab[0])
    return slice(begin, end)
