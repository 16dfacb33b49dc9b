"""Figure of the state-space checks: delay, dimension, embedding, surrogates, verdict."""

import textwrap
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.series import longest_train
from neurodsr.figures.style import CYCLE, DATA, FLOOR, MODEL, NULL, new_figure

MOST_POINTS = 1500


def draw_statespace(result: xr.Dataset, series: xr.Dataset, **_: Any) -> Figure:
    """Four panels with the verdict above them.

    Parameters
    ----------
    result
        Contents of ``statespace.nc``.
    series
        The series it was made of.
    """
    figure = new_figure(width=9.0, height=3.3)
    grid = figure.add_gridspec(2, 4, width_ratios=[1.15, 1.0, 1.0, 1.0])
    draw_delay(figure.add_subplot(grid[:, 0]), result)
    draw_dimension(figure.add_subplot(grid[:, 1]), result)
    draw_embedding(figure.add_subplot(grid[:, 2]), result, series)
    for row in range(2):
        draw_surrogates(figure.add_subplot(grid[row, 3]), result, row)
    verdict = str(result.attrs["verdict"])
    figure.suptitle(
        "\n".join(textwrap.wrap(verdict[0].upper() + verdict[1:], 100)),
        fontsize=9,
        fontweight="bold",
    )
    return figure


def draw_delay(axes: Axes, result: xr.Dataset) -> None:
    interval = float(result.attrs["sampling_interval"])
    lag = result["lag"].values * interval
    tested = result.sel(channel=result["tested"].values)
    delay = int(result.attrs["delay"])
    slowest = max(delay, float(result["correlation_time"].median()))
    extent = int(np.clip(4 * slowest, 10, len(lag) - 1))
    shown = slice(0, extent + 1)
    other = axes.twinx()
    other.spines["right"].set_visible(True)
    for correlation, information in zip(
        tested["autocorrelation"].values, tested["mutual_information"].values, strict=True
    ):
        axes.plot(lag[shown], correlation[shown], color=FLOOR, lw=0.8)
        other.plot(lag[1 : extent + 1], information[1 : extent + 1], color=MODEL, lw=0.8)
    axes.axhline(np.exp(-1.0), color=NULL, ls=":", lw=0.8)
    axes.axvline(delay * interval, color=DATA, ls="--", lw=1.0)
    axes.set_title(f"Delay {delay} samples ({delay * interval:.3g} s)")
    axes.set_xlabel("lag (s)")
    axes.set_ylabel("autocorrelation (dotted: 1/e)", color=FLOOR)
    other.set_ylabel("mutual information (nat)", color=MODEL)


def draw_dimension(axes: Axes, result: xr.Dataset) -> None:
    m = result["dimension"].values
    for row in range(result.sizes["tested"]):
        label = row == 0
        share = result["false_neighbours"].values[row]
        axes.plot(m, share, lw=1.4, color=DATA, label="false neighbours" if label else None)
        for name, colour, text in (("cao_e1", FLOOR, "E1"), ("cao_e2", MODEL, "E2")):
            curve = result[name].values[row]
            axes.plot(m, curve, color=colour, lw=0.7, label=text if label else None)
    axes.axhline(1.0, color=NULL, ls=":", lw=0.8)
    dimension = int(result.attrs["embedding_dimension"])
    if result.attrs["dimension_found"]:
        axes.axvline(dimension, color=DATA, ls="--", lw=1.0)
        axes.set_title(f"Dimension {dimension}")
    else:
        axes.set_title(f"Dimension above {m[-1]}?")
    axes.set(xlabel="dimension m", ylabel="share; E1, E2", ylim=(-0.03, 1.6))
    axes.legend(loc="upper right")


def draw_embedding(axes: Axes, result: xr.Dataset, series: xr.Dataset) -> None:
    """Longest training stretch of the first tested channel against itself one delay later."""
    channel = str(result["tested"].values[0])
    delay = int(result["channel_delay"].sel(channel=channel))
    values = series["observation"].sel(channel=channel).values[longest_train(series)]
    values = values[: MOST_POINTS + delay]
    axes.plot(values[:-delay], values[delay:], color=DATA, lw=0.4, alpha=0.8, rasterized=True)
    axes.set_title(f"Embedding of {channel[:16]}")
    axes.set(xlabel="x(t) (sd)", ylabel=f"x(t + {delay}) (sd)")
    axes.set_aspect("equal", adjustable="datalim")


def draw_surrogates(axes: Axes, result: xr.Dataset, row: int) -> None:
    """One statistic: surrogates as histograms, data as lines, a colour for each tested channel."""
    name = str(result["statistic"].values[row])
    data = result["statistic_value"].values[:, row]
    surrogates = result["surrogate_value"].values[:, :, row]
    if surrogates.size:
        bins = np.histogram_bin_edges(np.append(surrogates, data), 24)
        for channel, value in enumerate(data):
            colour = CYCLE[channel % len(CYCLE)]
            counts = np.histogram(surrogates[:, channel], bins)[0]
            axes.stairs(counts, bins, fill=True, color=colour, alpha=0.4)
            axes.axvline(value, color=colour, lw=1.6)
        axes.set_title(f"p = {float(result['p_statistic'][row]):.3g} (line: data)")
    else:
        axes.text(0.5, 0.5, "not tested", ha="center", transform=axes.transAxes)
    axes.set(xlabel=name, ylabel="surrogates")
