"""What preprocessing did to one modality: before and after, and what it took out."""

import json
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import NDArray

from neurodsr.figures.style import FLOOR, MODEL, NULL

Array = NDArray[np.float64]

SHOWN = 200
MOST_POINTS = 300
MOST_SPANS = 200
BANDS = 60
LINES = 13
WIDTH = 54
REASONS = ["#8d5a97", "#bc6c25", "#577590", "#6a994e"]


@dataclass(frozen=True)
class Traces:
    """One channel of a modality before and after.

    Attributes
    ----------
    name
        Of the channel.
    raw_time, raw
        As recorded, or counted (s, values); empty where no recorded channel belongs to it.
    time, processed
        In the series.
    """

    name: str
    raw_time: Array
    raw: Array
    time: Array
    processed: Array


def draw_quality(
    figure: Figure,
    place: SubplotSpec,
    series: xr.Dataset,
    recording: xr.DataTree,
    modality: str,
) -> None:
    """A row of three panels: traces and spectra before and after, and the facts in words."""
    quality = json.loads(series.attrs["quality"])[modality]
    grid = place.subgridspec(1, 3, width_ratios=[2.0, 1.0, 1.25])
    left, middle, right = (figure.add_subplot(grid[0, column]) for column in range(3))
    traces = one_channel(series, recording, modality, quality)
    spans = rejected_spans(series, modality)
    if traces is None:
        left.set_axis_off()
        middle.set_axis_off()
    else:
        draw_traces(left, traces, spans, series, modality)
        draw_spectra(middle, traces, quality)
    draw_facts(right, quality)


def one_channel(
    series: xr.Dataset, recording: xr.DataTree, modality: str, quality: dict[str, Any]
) -> Traces | None:
    """The first channel of a modality that was kept, as recorded and as processed."""
    variable, names, owners = "observation", "channel", "modality"
    if quality["role"] == "input":
        variable, names, owners = "input", "input_name", "input_modality"
    elif "unreduced" in series:
        variable, names, owners = "unreduced", "channel_full", "full_modality"
    own = np.flatnonzero(series[owners].values.astype(str) == modality)
    if not own.size:
        return None
    column = int(own[0])
    name = str(series[names].values[column])
    processed = series[variable].values[:, column]
    raw_time, raw = recorded(recording[modality].to_dataset(), name, modality, series)
    return Traces(name, raw_time, raw, series["time"].values, processed)


def recorded(data: xr.Dataset, name: str, modality: str, series: xr.Dataset) -> tuple[Array, Array]:
    """A channel as recorded, or the counts of a unit in bins of the series."""
    spikes = data.attrs["kind"] == "spikes"
    labels = [str(label) for label in data["unit" if spikes else "channel"].values]
    plain = name.removeprefix(f"{modality}.")
    related = [label for label in labels if plain == label or plain.startswith(label)]
    if not related:
        return np.zeros(0), np.zeros(0)
    index = labels.index(max(related, key=len))
    if not spikes:
        signal = data["signal"].transpose("time", "channel").values[:, index].astype(float)
        part = plain.removeprefix(labels[index])
        if part in ("_cos", "_sin"):
            degrees = str(data.attrs.get("units", "")).lower().startswith("deg")
            angle = np.deg2rad(signal) if degrees else signal
            signal = np.cos(angle) if part == "_cos" else np.sin(angle)
        return data["time"].values.astype(float), signal
    time, interval = series["time"].values, float(series.attrs["sampling_interval"])
    edges = np.append(time - interval / 2, time[-1] + interval / 2)
    own = data["spike_time"].values[data["spike_unit"].values == index]
    return time, np.histogram(own, edges)[0].astype(float)


def rejected_spans(series: xr.Dataset, modality: str | None) -> dict[str, list[list[float]]]:
    """Stretches made missing, by reason; of one modality, or of all."""
    spans: dict[str, list[list[float]]] = {}
    for owner, start, stop, reason in json.loads(series.attrs.get("rejected", "[]")):
        if modality in (None, owner):
            spans.setdefault(reason, []).append([start, stop])
    return spans


def shade_rejected(
    axes: Axes, spans: dict[str, list[list[float]]], first: float, last: float
) -> None:
    """Shade what was rejected between two instants, one colour for each reason."""
    for number, (reason, stretches) in enumerate(spans.items()):
        inside = [(a, b) for a, b in stretches if b >= first and a <= last]
        step = -(-len(inside) // MOST_SPANS) or 1
        if inside:
            bars = [(a, max(b - a, 1e-3 * (last - first))) for a, b in inside[::step]]
            axes.broken_barh(
                bars,
                (0.0, 1.0),
                transform=axes.get_xaxis_transform(),
                color=REASONS[number % len(REASONS)],
                alpha=0.3,
                lw=0,
                label=reason,
            )


def draw_traces(
    axes: Axes,
    traces: Traces,
    spans: dict[str, list[list[float]]],
    series: xr.Dataset,
    modality: str,
) -> None:
    """A stretch of the training split, around the first rejection if there is one."""
    interval = float(series.attrs["sampling_interval"])
    first, last = window(traces, spans, series["split"].values == 0, SHOWN * interval)
    before = (traces.raw_time >= first) & (traces.raw_time <= last)
    inside = (traces.time >= first) & (traces.time <= last)
    kept = np.isfinite(traces.processed)
    if before.any():
        time, raw = traces.raw_time[before], standard(traces.raw)[before]
        step = -(-len(raw) // MOST_POINTS)
        axes.plot(time[::step], raw[::step], color=NULL, lw=0.7, label="recorded")
    shown = np.where(kept, traces.processed, np.nan)[inside]
    breaks = np.flatnonzero(np.diff(traces.time[inside]) > 1.5 * interval) + 1
    axes.plot(
        np.insert(traces.time[inside], breaks, np.nan),
        np.insert(shown, breaks, np.nan),
        color=FLOOR,
        lw=0.8,
        label="processed",
    )
    limit = max(4.0, 1.2 * float(np.nanmax(np.abs(shown), initial=0.0)))
    axes.set_ylim(-limit, limit)
    axes.set_xlim(first, last)
    shade_rejected(axes, spans, first, last)
    axes.set(xlabel="time (s)", ylabel="standard deviations")
    axes.set_title(f"{modality}: {traces.name[:30]}", loc="left")
    axes.legend(loc="upper left", ncols=4, handlelength=1.0)


def window(
    traces: Traces, spans: dict[str, list[list[float]]], train: NDArray[np.bool_], length: float
) -> tuple[float, float]:
    """From when to when (s) to show: around a rejection if most of that is left, or the middle."""
    time = traces.time[train & np.isfinite(traces.processed)]
    first, last = float(time[0]), float(time[-1])
    length = min(length, last - first)
    rejections = [a for stretches in spans.values() for a, _ in stretches if first < a < last]
    windows = [
        float(np.clip(at - length / 2, first, last - length))
        for at in [*rejections[:MOST_SPANS], float(np.median(time))]
    ]
    left = [np.sum((time >= start) & (time <= start + length)) for start in windows]
    best = windows[int(np.argmax(np.minimum(left, 0.7 * max(left))))]
    return best, best + length


def draw_spectra(axes: Axes, traces: Traces, quality: dict[str, Any]) -> None:
    """Power spectra before and after, with the filter's band and what was notched out."""
    for time, values, colour, label in (
        (traces.raw_time, traces.raw, NULL, "recorded"),
        (traces.time, traces.processed, FLOOR, "processed"),
    ):
        frequency, power = spectrum(time, values)
        if frequency.size:
            axes.plot(frequency, power, color=colour, lw=0.9, label=label)
    axes.set(xscale="log", yscale="log", xlabel="frequency (Hz)", ylabel="power (sd²/Hz)")
    band = quality.get("envelope") or quality.get("band")
    if band and band != [None, None]:
        low, high = axes.get_xlim()
        edges = band[0] or low, band[1] or high
        axes.axvspan(*edges, color=FLOOR, alpha=0.12, lw=0, label="pass band")
        axes.set_xlim(low, high)
    for frequency in quality.get("notch", []):
        axes.axvline(frequency, color=MODEL, lw=0.6, ls=":")
    axes.minorticks_off()
    axes.set_title("Before and after", loc="left")
    axes.legend(loc="lower left", handlelength=1.0)


def spectrum(time: Array, values: Array) -> tuple[Array, Array]:
    """Periodogram of the longest stretch without gaps, averaged in bands of equal log-width."""
    nothing = np.zeros(0), np.zeros(0)
    if len(time) < 16:
        return nothing
    interval = float(np.median(np.diff(time)))
    missing = ~np.isfinite(values)
    jump = np.append(np.diff(time) > 1.5 * interval, True)
    ends = np.flatnonzero(jump | missing) + 1
    begins = np.concatenate([[0], ends[:-1]])
    longest = int(np.argmax(ends - begins))
    piece = values[begins[longest] : ends[longest] - int(missing[ends[longest] - 1])]
    if len(piece) < 16 or np.ptp(piece) == 0.0:
        return nothing
    piece = (piece - piece.mean()) / piece.std()
    window = np.hanning(len(piece))
    power = np.abs(np.fft.rfft(piece * window)) ** 2 * interval * 2.0 / np.sum(window**2)
    frequency = np.fft.rfftfreq(len(piece), interval)
    edges = np.geomspace(frequency[1] * 0.99, frequency[-1] * 1.01, BANDS)
    band = np.digitize(frequency, edges)
    filled = [b for b in range(1, len(edges)) if np.any(band == b)]
    centre = np.array([frequency[band == b].mean() for b in filled])
    return centre, np.array([power[band == b].mean() for b in filled])


def standard(values: Array) -> Array:
    """By median and interquartile range, so that artefacts do not set the scale."""
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75]) if known.size else (0.0, 0.0, 1.0)
    scale = (high - low) / 1.349 or float(np.std(known)) or 1.0
    return np.asarray((values - middle) / scale)


def draw_facts(axes: Axes, quality: dict[str, Any]) -> None:
    """Steps in their order, channels kept and left out, shares rejected."""
    axes.set_axis_off()
    left = quality["left_out"]
    lines = [f"{number}. {step}" for number, step in enumerate(quality["order"], start=1)]
    lines.append(f"{len(quality['kept'])} of {quality['channels']} channels kept")
    lines += [f"left out: {name}: {reason}" for name, reason in left.items()]
    lines += [f"rejected: {share:.1%} {reason}" for reason, share in quality["rejected"].items()]
    lines.append(f"missing {quality['missing']:.1%}, filters reach {quality['reach']:.3g} s")
    wrapped = [part for line in lines for part in textwrap.wrap(line, WIDTH)[:2]]
    if len(wrapped) > LINES:
        wrapped = [*wrapped[: LINES - 2], "...", wrapped[-1]]
    text = "\n".join(wrapped).replace("$", r"\$")
    axes.text(0.0, 1.0, text, va="top", ha="left", fontsize=6.5, transform=axes.transAxes)
