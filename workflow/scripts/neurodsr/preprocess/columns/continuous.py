"""Continuous signals: from their own clock through the steps of their kind to the common one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess import clock
from neurodsr.preprocess.channels import chosen_channels
from neurodsr.preprocess.columns import resample
from neurodsr.preprocess.columns.columns import Columns, Timeline
from neurodsr.preprocess.kinds import behaviour, steps
from neurodsr.preprocess.kinds.signal import Signal, anything, runs
from neurodsr.preprocess.splits import GUARD

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

MARGIN = 0.1
# share of the power at the mains frequency
LOUD = 0.2
POLICIES = {"hold": "last sample held", "linear": "straight lines", "none": "nearest sample"}


def continuous_columns(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    timeline: Timeline,
    recording: xr.DataTree,
) -> Columns:
    """A continuous signal through its steps and at the instants of the clock."""
    labels = [str(channel) for channel in modality["channel"].values]
    chosen = chosen_channels(name, labels, options["channels"])
    names = [labels[i] for i in chosen]
    values = modality["signal"].transpose("time", "channel").values[:, chosen].astype(float)
    if options["circular"]:
        names, values = on_circle(names, values, str(modality.attrs.get("units", "")))
    names, values, stepwise = behaviour.coded(
        name, names, values, modality.attrs, options["coding"]
    )
    smooth = np.array(
        [options["interpolation"] == "band-limited" and not step for step in stepwise]
    )
    wanted = steps.resolved(name, modality, options, recording)
    if not smooth.any():
        asked = [step for step in steps.STEPS if options[step] not in (None, "auto")]
        if asked:
            raise RecordingError(
                f"{name}: {', '.join(asked)}: only for signals with interpolation: band-limited"
            )
        return stepped(name, modality, options, names, values, timeline)
    signal = native_signal(name, modality, options, names, values, smooth, timeline)
    signal = steps.processed(signal, wanted, recording)
    columns = on_clock(signal, modality, options, timeline)
    if smooth.all():
        return columns
    others = np.flatnonzero(~smooth)
    rest = stepped(name, modality, options, [names[i] for i in others], values[:, others], timeline)
    return replace(
        columns,
        names=columns.names + rest.names,
        raw=np.concatenate([columns.raw, rest.raw], axis=1),
        values=np.concatenate([columns.values, rest.values], axis=1),
        done=columns.done + rest.done,
    )


def native_signal(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    names: list[str],
    values: Array,
    which: Mask,
    timeline: Timeline,
) -> Signal:
    """The channels to be treated, on a regular clock of their own, invalid times missing."""
    instants = modality["time"].values.astype(float)
    interval = clock.native_interval(modality)
    columns = np.flatnonzero(which)
    values = values[:, columns]
    if float(modality.attrs["sampling_rate"]) <= 0:
        values, interval = resample.regularise(instants, values, timeline.maximum_gap)
    time = instants[0] + interval * np.arange(len(values))
    span = timeline.time[-1] - timeline.time[0]
    margin = max(MARGIN * span, 2.0 * resample.reach(interval, timeline.interval))
    used = np.flatnonzero(
        (time >= timeline.time[0] - margin) & (time <= timeline.time[-1] + margin)
    )
    values, time = values[used].copy(), time[used]
    values[clock.touched(time, interval, timeline.invalid)] = np.nan
    return Signal(
        name,
        [names[i] for i in columns],
        values,
        float(time[0]),
        interval,
        timeline.split_at(time, interval),
        dict(modality.attrs),
        options["edges"],
    )


def on_clock(
    signal: Signal, modality: xr.Dataset, options: Mapping[str, Any], timeline: Timeline
) -> Columns:
    """A treated signal at the instants of the clock; nothing is interpolated across a long gap."""
    interval = timeline.interval
    warnings = []
    if interval < 0.999 * signal.interval:
        warnings.append(
            f"{signal.modality} was sampled every {signal.interval:.4g} s and is interpolated to "
            f"{interval:.4g} s: neighbouring samples are not independent"
        )
    warnings += loud_mains(signal, interval)
    if "short_stretches" in modality.attrs:
        warnings.append(f"{signal.modality}: {modality.attrs['short_stretches']}")
    position = (timeline.time - signal.start) / signal.interval
    aligned = resample.is_aligned(position, signal.interval, interval)
    spread = 0.0 if aligned else resample.reach(signal.interval, interval)
    missing = ~anything(signal.values)
    rejected = np.zeros(len(missing), dtype=bool)
    for mask in signal.rejected.values():
        rejected |= mask
    values = np.full((len(timeline.time), len(signal.channels)), np.nan)
    nearest = np.round(position).astype(int)
    gaps = [
        where
        for where in runs(missing)
        if where.stop - where.start > timeline.maximum_gap or rejected[where].any()
    ]
    edges = {0, len(missing), *(edge for gap in gaps for edge in (gap.start, gap.stop))}
    if signal.apart:
        edges.update((np.flatnonzero(np.diff(signal.split)) + 1).tolist())
    for begin, end in pairwise(sorted(edges)):
        targets = np.flatnonzero((nearest >= begin) & (nearest < end))
        if targets.size and not missing[begin:end].all():
            values[targets] = resample.resample(
                signal.values[begin:end],
                signal.start + begin * signal.interval,
                signal.interval,
                timeline.time[targets],
                interval,
            )
    done = [*signal.done]
    if not aligned:
        done.append(f"{1 / signal.interval:.4g} Hz resampled to {1 / interval:.4g} Hz")
    times = signal.time
    half = signal.interval / 2
    stretches = [
        (float(times[where.start] - half), float(times[where.stop - 1] + half), reason)
        for reason, mask in signal.rejected.items()
        for where in runs(mask)
    ]
    within = signal.split != GUARD
    shares = {
        reason: float(np.mean(mask[within])) if within.any() else 0.0
        for reason, mask in signal.rejected.items()
    }
    return Columns(
        signal.modality,
        "continuous",
        options,
        signal.channels,
        values,
        values,
        np.full(len(signal.channels), np.nan),
        signal.reach + spread,
        done,
        signal.apart,
        dict(signal.left_out),
        stretches,
        {**signal.facts, "rejected": shares},
        warnings,
    )


def loud_mains(signal: Signal, interval: float) -> list[str]:
    """A warning when mains noise that was found reaches the clock (s between its instants)."""
    line, share = signal.facts.get("line", np.inf), signal.facts.get("line_noise", 0.0)
    lowpass = (signal.facts.get("envelope") or signal.facts.get("band") or [None, None])[1]
    gone = "notch" in signal.facts or (lowpass is not None and lowpass < line)
    if share <= LOUD or line >= 0.5 / interval or gone:
        return []
    return [
        f"{signal.modality}: {share:.0%} of the power lies at {line:g} Hz; set notch for "
        "preprocess.modalities"
    ]


def stepped(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    names: list[str],
    values: Array,
    timeline: Timeline,
) -> Columns:
    """Channels that are held, joined by lines or taken as they come, by ``interpolation``."""
    instants = modality["time"].values.astype(float)
    interval = clock.native_interval(modality)
    longest = timeline.maximum_gap * interval
    policy = options["interpolation"]
    policy = "hold" if policy == "band-limited" else policy
    target = timeline.time
    on: dict[str, Callable[[], Array]] = {
        "hold": lambda: behaviour.held(
            instants, values, target, longest, options["missing"] == "hold"
        ),
        "linear": lambda: behaviour.linear(instants, values, target, longest),
        "none": lambda: behaviour.nearest(
            instants, values, target, min(interval, timeline.interval)
        ),
    }
    spread = {"hold": 0.0, "linear": interval, "none": interval / 2}[policy]
    columns = on[policy]()
    nothing = np.full(len(names), np.nan)
    return Columns(
        name, "continuous", options, names, columns, columns, nothing, spread, [POLICIES[policy]]
    )


def on_circle(names: list[str], angles: Array, units: str) -> tuple[list[str], Array]:
    """Angles become their cosine and sine, which do not jump where the angle wraps."""
    angles = np.deg2rad(angles) if units.lower().startswith("deg") else angles
    both = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(angles), -1)
    return [f"{name}_{part}" for name in names for part in ("cos", "sin")], both
