"""What was recorded: traces and rasters of all modalities with the intervals."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, new_figure

PANELS = 6
CHANNELS = 12
SAMPLES = 500
SPIKES = 20000
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
    also = f" (also recorded: {', '.join(left_out)})" if left_out else ""
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
    first = f"first {CHANNELS} of {count} channels" if count > CHANNELS else f"{count} channels"
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
    times, units = data["spike_time"].values, data["spike_unit"].values
    step = -(-len(times) // SPIKES)
    axis.scatter(times[::step], units[::step], s=6, marker="|", lw=0.4, color=DATA, rasterized=True)
    axis.set_ylim(data.sizes["unit"] - 0.5, -0.5)
    axis.set_ylabel("unit")
    length = data.attrs["stop"] - data.attrs["start"]
    rate = len(times) / length / data.sizes["unit"]
    part = f", every {step}th shown" if step > 1 else ""
    axis.set_title(
        f"{name}: {data.sizes['unit']} units, {len(times)} spikes{part}, {rate:.3g} Hz on average",
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


def _short(name: str) -> str:
    return name if len(name) <= 24 else name[:23] + "…"
