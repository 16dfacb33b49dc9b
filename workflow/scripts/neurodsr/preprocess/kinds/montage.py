"""Which channels are good, and against what they are measured."""

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.signal import Signal, anything, robust, runs

Array = NDArray[np.float64]

FEWEST = 8
SMALLEST_SPREAD = 0.1
QUIET = 1e-3


def bad_channels(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Leave out channels that are missing, flat, too loud, too quiet or full of line noise.

    All is told from the training samples. Loudness (interquartile range) and line noise (power
    around the mains frequency over all power) are compared among channels, by the robust z of
    their logarithm, when there are eight channels or more.
    """
    train = signal.values[signal.train]
    reasons: dict[str, str] = {}
    present = np.isfinite(train)
    for name, share in zip(signal.channels, 1.0 - present.mean(axis=0), strict=True):
        if share > options["missing"]:
            reasons[name] = f"missing in {share:.0%} of the training samples"
    quartiles = np.full((2, train.shape[1]), np.nan)
    for channel in np.flatnonzero(present.any(axis=0)):
        values = train[present[:, channel], channel]
        quartiles[:, channel] = np.quantile(values, [0.25, 0.75])
        still = np.mean(np.diff(values) == 0.0) if len(values) > 1 else 1.0
        if still > options["flat"]:
            reasons.setdefault(signal.channels[channel], f"flat in {still:.0%} of the time")
    spread = quartiles[1] - quartiles[0]
    typical = np.nanmedian(spread)
    for name, value in zip(signal.channels, spread, strict=True):
        if value < QUIET * typical:
            reasons.setdefault(name, f"flat: {value / typical:.1e} of the median spread")
    noise = line_noise(signal, options["line"])
    for measure, word in ((spread, "spread"), (noise, "line noise")):
        for name, z in outliers(signal.channels, measure, set(reasons)).items():
            if abs(z) > options["deviation"] and (z > 0 or word == "spread"):
                reasons.setdefault(name, f"{word}: robust z {z:+.1f} among channels")
    result = signal.without(reasons).then(f"bad channels ({len(reasons)})")
    kept = noise[[name not in reasons for name in signal.channels]]
    known = kept[np.isfinite(kept)]
    if not known.size:
        return result
    facts = {**result.facts, "line": options["line"], "line_noise": float(np.median(known))}
    return replace(result, facts=facts)


def outliers(names: list[str], measure: Array, apart: set[str]) -> dict[str, float]:
    """Robust z of the logarithm of a measure among channels that are not bad already."""
    index = [
        i for i, name in enumerate(names) if name not in apart and measure[i] > 0
    ]  # NaN compares as false
    if len(index) < FEWEST:
        return {}
    logarithm = np.log(measure[index])
    centre, spread = robust(logarithm)
    z = (logarithm - centre) / max(float(spread), SMALLEST_SPREAD)
    return {names[i]: float(value) for i, value in zip(index, z, strict=True)}


def line_noise(signal: Signal, line: float | None) -> Array:
    """Share of the power within 1 Hz of the mains frequency, over the longest training stretch."""
    nothing = np.full(len(signal.channels), np.nan)
    if line is None or line + 1.0 >= 0.5 / signal.interval:
        return nothing
    stretches = runs(anything(signal.values) & signal.train)
    if not stretches:
        return nothing
    longest = max(stretches, key=lambda where: where.stop - where.start)
    values = signal.values[longest]
    values = np.where(np.isfinite(values), values, 0.0)
    window = np.hanning(len(values))[:, None]
    power = np.abs(np.fft.rfft((values - values.mean(axis=0)) * window, axis=0)) ** 2
    frequency = np.fft.rfftfreq(len(values), signal.interval)
    near = np.abs(frequency - line) <= 1.0
    total = power.sum(axis=0)
    share = nothing.copy()
    np.divide(power[near].sum(axis=0), total, out=share, where=total > 0)
    return share


def rereference(
    signal: Signal, wanted: str | list[str] | Mapping[str, Any], recording: xr.DataTree
) -> Signal:
    """Measure channels against their mean or median, against named ones, or against neighbours.

    Parameters
    ----------
    signal
        Volts against whatever the laboratory used.
    wanted
        "average", "median" (of the channels left, at each instant), "bipolar" (contacts of one
        shaft or strip with successive numbers: LA1-LA2), a list of channels whose mean is the
        reference (recorded ones, whether or not they were chosen), or ``{"pairs": [[a, b], ...]}``.
    recording
        Holds the named channels.

    Raises
    ------
    RecordingError
        A channel named is not there, or nothing is left to tell apart.
    """
    if isinstance(wanted, str) and wanted != "bipolar":
        if len(signal.channels) < 2:
            raise RecordingError(
                f"{signal.modality}: reference: {wanted} of a single channel leaves nothing; "
                "set reference: null"
            )
        centre = np.nanmean if wanted == "average" else np.nanmedian
        any_there = anything(signal.values)
        reference = np.full((len(signal.values), 1), np.nan)
        reference[any_there, 0] = centre(signal.values[any_there], axis=1)
        return signal.then(f"{wanted} reference", values=signal.values - reference)
    if isinstance(wanted, list):
        values = signal.values - named(signal, wanted, recording).mean(axis=1, keepdims=True)
        return signal.then(f"reference {'+'.join(wanted)}", values=values)
    pairs = (
        neighbours(signal.channels)
        if isinstance(wanted, str)
        else [(str(a), str(b)) for a, b in wanted["pairs"]]
    )
    if not pairs:
        raise RecordingError(
            f"{signal.modality}: reference: bipolar: no two channels are neighbours by name "
            f"(LA1, LA2 ...): {', '.join(signal.channels[:20])}; give pairs"
        )
    first = named(signal, [a for a, _ in pairs], recording)
    second = named(signal, [b for _, b in pairs], recording)
    return replace(
        signal.then(f"bipolar ({len(pairs)})", values=first - second),
        channels=[f"{a}-{b}" for a, b in pairs],
    )


def neighbours(names: list[str]) -> list[tuple[str, str]]:
    """Pairs of successively numbered contacts, in the order of the channels."""
    known = {}
    for name in names:
        match = re.fullmatch(r"(.*?)(\d+)", name)
        if match:
            known[match[1], int(match[2])] = name
    ordered = sorted(known, key=lambda key: names.index(known[key[0], key[1]]))
    by_shaft: dict[str, list[int]] = {}
    for shaft, number in ordered:
        by_shaft.setdefault(shaft, []).append(number)
    return [
        (known[shaft, a], known[shaft, b])
        for shaft, numbers in by_shaft.items()
        for a, b in pairwise(sorted(numbers))
        if b == a + 1
    ]


def named(signal: Signal, wanted: list[str], recording: xr.DataTree) -> Array:
    """Columns of channels by name: those of the signal, or else as recorded."""
    return np.stack([one_named(signal, name, recording) for name in wanted], axis=1)


def one_named(signal: Signal, name: str, recording: xr.DataTree) -> Array:
    if name in signal.channels:
        return signal.values[:, signal.channels.index(name)]
    recorded = recording[signal.modality].to_dataset()
    labels = [str(label) for label in recorded["channel"].values]
    regular = float(recorded.attrs["sampling_rate"]) > 0
    if name not in labels or name in signal.left_out or not regular:
        why = f" (left out: {signal.left_out[name]})" if name in signal.left_out else ""
        raise RecordingError(
            f"{signal.modality}: reference: no channel {name}{why}; it has {', '.join(labels[:30])}"
        )
    first = int(np.searchsorted(recorded["time"].values, signal.start - signal.interval / 2))
    raw = recorded["signal"].sel(channel=name).values[first : first + len(signal.values)]
    return np.where(anything(signal.values), raw.astype(float), np.nan)
