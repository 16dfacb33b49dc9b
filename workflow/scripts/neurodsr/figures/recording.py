"""What was recorded: traces and rasters of all modalities with the intervals."""

import json

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, new_figure

PANELS = 6
CHANNELS = 12
SAMPLES = 500
SPIKES = 20000
REGIONS = 8
ALIKE = 10.0
TRACES = 2.2


def draw_recording(recording: xr.DataTree, **_: object) -> Figure:
    """One panel per modality on a common time axis, over a strip of the intervals."""
    modalities = {name: node for name, node in recording.children.items() if name != "intervals"}
    shown = dict(list(modalities.items())[:PANELS])
    tables = dict(recording["intervals"].children) if "intervals" in recording else {}
    heights = [2.2] * len(shown) + ([0.3 + 0.2 * len(tables)] if tables else [])
    figure = new_figure(height=0.5 + sum(heights))
    axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axis, (name, node) in zip(axes, shown.items(), strict=False):
        draw = _draw_spikes if node.attrs["kind"] == "spikes" else _draw_continuous
        draw(axis, name, node.to_dataset())
    if tables:
        _draw_intervals(axes[-1], {name: node.to_dataset() for name, node in tables.items()})
    axes[-1].set_xlabel("time (s)")
    left_out = list(modalities)[PANELS:]
    also = f" (also recorded: {_short(', '.join(left_out), 60)})" if left_out else ""
    unusable = ", ".join(json.loads(recording.attrs.get("left_out", "{}")))
    also += f" (cannot be used: {_short(unusable, 60)})" if unusable else ""
    figure.suptitle(f"{recording.attrs.get('recording', '')}{also}", fontsize=9)
    return figure


def _draw_continuous(axis: Axes, name: str, data: xr.Dataset) -> None:
    """Channels above each other, on one scale unless they are of different orders of magnitude."""
    count = data.sizes["channel"]
    shown = data.isel(channel=slice(CHANNELS))
    time, signal = shown["time"].values, shown["signal"].values
    low, high = np.nanpercentile(signal, [0.5, 99.5], axis=0)
    spread = np.where(high > low, high - low, 1.0)
    alike = spread.max() < ALIKE * spread.min()
    scaled = (signal - (low + high) / 2) / (spread.max() if alike else spread)
    dense = len(time) > 2 * SAMPLES
    rows = -1.1 * np.arange(signal.shape[1])
    for i, row in enumerate(rows):
        shape = _envelope(time, scaled[:, i] + row)
        axis.plot(*shape, color=CYCLE[i % len(CYCLE)], lw=0.6, antialiased=not dense)
    if dense:
        axis.set_rasterization_zorder(TRACES)
    axis.set_yticks(rows, [_short(str(label)) for label in shown["channel"].values])
    axis.set_ylim(rows[-1] - 0.8, 0.8)
    rate = data.attrs["sampling_rate"]
    clock = f"{rate:.4g} Hz" if rate else "irregular"
    units = str(data.attrs.get("units", ""))[:20]
    scale = f"one step = {1.1 * spread.max():.3g} {units}".rstrip() if alike else "own scales"
    first = _counted(count, "channel")
    if count > CHANNELS:
        first = f"first {CHANNELS} of {first}"
    axis.set_title(f"{name}: {first}, {len(time)} samples, {clock}, {scale}", loc="left")


def _envelope(time: np.ndarray, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """At most about ``2 * SAMPLES`` points that keep the extremes of the signal."""
    if len(time) <= 2 * SAMPLES:
        return time, signal
    stretch = -(-len(time) // SAMPLES)
    used = len(time) // stretch * stretch
    blocks = signal[:used].reshape(-1, stretch)
    missing = np.isnan(blocks).all(axis=1)
    filled = np.where(missing[:, None], 0.0, blocks)
    ends = np.stack([np.nanmin(filled, axis=1), np.nanmax(filled, axis=1)], axis=1)
    ends[missing] = np.nan
    starts = time[:used].reshape(-1, stretch)
    return starts[:, [0, stretch // 2]].ravel(), ends.ravel()


def _draw_spikes(axis: Axes, name: str, data: xr.Dataset) -> None:
    """Units above each other, those of one region together and in one colour."""
    count = data.sizes["unit"]
    places = data["location"].values.astype(str) if "location" in data.coords else [""] * count
    regions = sorted(set(places))
    order = np.argsort(places, kind="stable")
    row = np.empty(count, dtype=int)
    row[order] = np.arange(count)
    times, units = data["spike_time"].values, data["spike_unit"].values
    step = -(-len(times) // SPIKES)
    times_shown, units_shown = times[::step], units[::step]
    several = 1 < len(regions) <= REGIONS
    for i, region in enumerate(regions if several else [None]):
        mine = np.array([region in (None, place) for place in places])
        kept = mine[units_shown]
        color = CYCLE[i % len(CYCLE)] if several else DATA
        x, y = times_shown[kept], row[units_shown[kept]]
        axis.scatter(x, y, s=6, marker="|", lw=0.4, color=color, rasterized=True)
        if several:
            at = (1.005, float(row[mine].mean()))
            label = _short(str(region) or "no region")
            frame = ("axes fraction", "data")
            axis.annotate(label, at, xycoords=frame, color=color, fontsize=7, va="center")
    axis.set_ylim(count - 0.5, -0.5)
    axis.set_ylabel("unit, by region" if several else "unit")
    length = data.attrs["stop"] - data.attrs["start"]
    rate = len(times) / length / count
    part = f", every {step}th shown" if step > 1 else ""
    axis.set_title(
        f"{name}: {_counted(count, 'unit')}, {len(times)} spikes{part}, {rate:.3g} Hz on average",
        loc="left",
    )


def _draw_intervals(axis: Axes, tables: dict[str, xr.Dataset]) -> None:
    for row, table in enumerate(tables.values()):
        start, stop = table["start"].values, table["stop"].values
        known = np.isfinite(start) & np.isfinite(stop)
        spans = np.c_[start, stop - start][known]
        colors = [CYCLE[i % 2] for i in range(len(spans))]
        axis.broken_barh(spans, (row - 0.35, 0.7), color=colors, alpha=0.5, rasterized=True)
        if len(spans) <= 8:
            for (begin, length), label in zip(spans, table["label"].values[known], strict=True):
                axis.text(begin + length / 2, row, str(label), ha="center", va="center", fontsize=7)
    axis.set_yticks(range(len(tables)), [_short(name) for name in tables])
    axis.set_ylim(len(tables) - 0.5, -0.5)
    axis.set_title("intervals", loc="left")


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _short(name: str, longest: int = 24) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"
