"""Figure of the state-space checks: delay, dimension, surrogates, drifts, embedding, verdict."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.series import longest_train
from neurodsr.figures.style import CYCLE, DATA, FLOOR, MODEL, NULL, new_figure

MOST_POINTS = 1500
MOST_TARGETS = 64
GOOD, WARN, UNKNOWN = "#6a994e", "#edae49", "#9aa5ab"


def draw_statespace(result: xr.Dataset, series: xr.Dataset, **_: Any) -> Figure:
    """Eight panels with the verdict above them.

    Parameters
    ----------
    result
        Contents of ``statespace.nc``.
    series
        The series it was made of.
    """
    figure = new_figure(width=10.5, height=5.4)
    axes = figure.subplots(2, 4, width_ratios=[1.1, 1.0, 1.0, 1.25])
    draw_delay(axes[0, 0], result)
    draw_dimension(axes[0, 1], result)
    draw_embedding(axes[0, 2], result, series)
    draw_surrogates(axes[0, 3], result)
    draw_windows(axes[1, 0], result, series)
    draw_cross_prediction(axes[1, 1], result)
    draw_skill(axes[1, 2], result)
    draw_summary(axes[1, 3], result)
    verdict = str(result.attrs["verdict"])
    figure.suptitle(
        "\n".join(textwrap.wrap(verdict[0].upper() + verdict[1:], 120)),
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
    extent = int(np.clip(4 * slowest, min(10, len(lag) - 1), len(lag) - 1))
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


def draw_surrogates(axes: Axes, result: xr.Dataset) -> None:
    """Each statistic in standard deviations of the surrogates; to the right: unlike linear data."""
    names = [str(name) for name in result["statistic"].values]
    signs = {"prediction error": -1.0}
    tested = result.sizes["tested"]
    axes.set_title("Data against linear surrogates")
    axes.set_yticks(range(len(names)), [name.replace(" ", "\n", 1) for name in names])
    axes.set(xlabel="further from linear →  (sd of surrogates)", ylim=(len(names) - 0.4, -0.6))
    if not result.sizes["surrogate"]:
        axes.text(0.5, 0.5, "not tested", ha="center", transform=axes.transAxes)
        return
    for row, name in enumerate(names):
        values = result["surrogate_value"].values[:, :, row]
        data = result["statistic_value"].values[:, row]
        if name in signs:
            values, data = signs[name] * values, signs[name] * data
        else:
            values, data = (np.abs(values), np.abs(data)) if row == 2 else (values, data)
        centre, spread = values.mean(axis=0), values.std(axis=0)
        spread = np.where(spread > 0, spread, 1.0)
        for channel in range(tested):
            height = row + 0.5 * ((channel + 0.5) / tested - 0.5)
            cloud = (values[:, channel] - centre[channel]) / spread[channel]
            dots = np.full(len(cloud), height)
            axes.plot(cloud, dots, ".", color=NULL, ms=2.5, alpha=0.6, rasterized=True)
            axes.plot(
                (data[channel] - centre[channel]) / spread[channel],
                height,
                "D",
                color=CYCLE[channel % len(CYCLE)],
                ms=4.5,
            )
        p = float(result["p_statistic"][row])
        axes.text(
            1.0, row - 0.3, f"p = {p:.3g}", ha="right", transform=axes.get_yaxis_transform(),
            fontsize=7,
        )  # fmt: skip
    axes.set_xscale("symlog", linthresh=4.0, linscale=1.5)
    axes.set_xticks([-2, 0, 2, 4, 10, 30], ["-2", "0", "2", "4", "10", "30"])
    axes.minorticks_off()


def draw_windows(axes: Axes, result: xr.Dataset, series: xr.Dataset) -> None:
    """Mean and standard deviation of the windows, over the training samples."""
    interval = float(result.attrs["sampling_interval"])
    middle = 0.5 * (result["window_start"].values + result["window_stop"].values) * interval
    for channel in range(result.sizes["tested"]):
        mean = result["window_mean"].values[:, channel]
        deviation = result["window_deviation"].values[:, channel]
        colour = CYCLE[channel % len(CYCLE)]
        axes.plot(middle, mean, ".-", color=colour, ms=3)
        axes.plot(middle, deviation, ".:", color=colour, ms=3)
    p = float(result.attrs["stationarity_p"])
    drifts = json.loads(result.attrs["drifts"])
    said = "Too few windows" if np.isnan(p) else "Drifts" if drifts else "No drift found"
    axes.set_title(said if np.isnan(p) else f"{said} (p = {p:.3g})")
    axes.set(xlabel="training time (s)", ylabel="mean (solid), sd (dotted)")


def draw_cross_prediction(axes: Axes, result: xr.Dataset) -> None:
    errors = result["cross_prediction"].values
    if errors.shape[0] < 2 or np.isnan(errors).all():
        axes.text(0.5, 0.5, "too few windows", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    image = axes.imshow(errors, cmap="magma", origin="lower", interpolation="nearest")
    axes.figure.colorbar(image, ax=axes, shrink=0.7, label="forecast error (sd)")
    axes.set_title("Windows forecast windows", pad=8)
    ticks = np.arange(0, len(errors), 5)
    axes.set(xlabel="of window", ylabel="from window", xticks=ticks, yticks=ticks)


def draw_skill(axes: Axes, result: xr.Dataset) -> None:
    """Forecast skill of each channel of the reference: from what is observed, and from itself."""
    observed, reference = result["skill"].values, result["reference_skill"].values
    shown = slice(0, MOST_TARGETS)
    axes.plot([0, 1], [0, 1], color=NULL, lw=0.8, ls=":")
    axes.plot(reference[shown], observed[shown], "o", color=MODEL, ms=4, mec="none", alpha=0.8)
    words = {"embedding": "Observed set: an embedding", "not_embedding": "Not an embedding"}
    axes.set_title(words.get(str(result.attrs["is_embedding_code"]), "Embedding: not known"))
    low = np.nanmin([0.0, *observed, *reference])
    axes.set(
        xlabel="forecast skill, with delays", ylabel="forecast skill, as observed",
        xlim=(low - 0.04, 1.04), ylim=(low - 0.04, 1.04),
    )  # fmt: skip
    if np.isnan(reference).all():
        axes.text(0.5, 0.5, "not known", ha="center", transform=axes.transAxes)


def draw_summary(axes: Axes, result: xr.Dataset) -> None:
    """What follows, in lines with a coloured mark: good, caution, not known."""
    axes.set_axis_off()
    axes.set_title("What follows", loc="left")
    for line, (colour, title, text) in enumerate(findings(result.attrs)):
        height = 0.95 - 0.155 * line
        axes.plot(0.02, height, "o", color=colour, ms=6, transform=axes.transAxes, clip_on=False)
        axes.text(0.07, height, title, va="center", fontweight="bold", transform=axes.transAxes)
        axes.text(0.07, height - 0.065, text, va="center", fontsize=7, transform=axes.transAxes)
    axes.set(xlim=(0, 1), ylim=(0, 1))


def findings(attributes: dict[Any, Any]) -> Iterator[tuple[str, str, str]]:
    """Colour, title and text of each line of the summary."""
    code = attributes["verdict_code"]
    p = float(attributes["nonlinearity_p"])
    titles = {
        "nonlinear": "Nonlinear",
        "undetermined": "Unlike linear, not shown deterministic",
        "linear": "Not unlike linear noise",
    }
    title = titles.get(code, "Too short")
    power = f"power {100 * attributes['power']:.0f} % at this length"
    text = power if np.isnan(p) else f"p = {p:.3g}; {power}"
    yield {"nonlinear": GOOD, "undetermined": WARN, "linear": WARN}.get(code, UNKNOWN), title, text
    noise = float(attributes["noise_level"])
    yield (
        UNKNOWN if np.isnan(noise) else WARN if noise > 0.3 else GOOD,
        "Noise not known" if np.isnan(noise) else f"Noise {100 * noise:.0f} % of the signal's sd",
        f"dynamics show up to {100 * attributes['detectable_noise']:.0f} % at this length",
    )
    drifts = json.loads(attributes["drifts"])
    p = float(attributes["stationarity_p"])
    yield (
        UNKNOWN if np.isnan(p) else WARN if drifts else GOOD,
        "Stationarity not known" if np.isnan(p) else "Drifts" if drifts else "Stationary",
        ", ".join(drifts) or "mean, variance, spectrum, dynamics",
    )
    number = int(attributes["delay_coordinates"])
    yield {
        "embedding": (GOOD, "Channels are an embedding", "no delay coordinates needed"),
        "not_embedding": (
            WARN,
            "Channels are no embedding",
            f"use {number} delay coordinates, {attributes['delay']} samples apart"
            if number
            else "delays do not mend it: observe other channels",
        ),
    }.get(
        str(attributes["is_embedding_code"]),
        (UNKNOWN, "Embedding: not known", "forecasts fail from any space"),
    )
    dimension = float(attributes["attractor_dimension"])
    known = np.isfinite(dimension)
    yield (
        (GOOD if attributes["data_enough"] else WARN) if known else UNKNOWN,
        f"Attractor of dimension {dimension:.1f}" if known else "Dimension of attractor not known",
        f"{attributes['train_samples']} samples show up to "
        f"{2 * np.log10(attributes['train_samples']):.1f}",
    )
    yield (
        DATA,
        f"Forcing every {attributes['forcing_interval']} samples",
        f"sequences of {attributes['sequence_length']} samples",
    )
