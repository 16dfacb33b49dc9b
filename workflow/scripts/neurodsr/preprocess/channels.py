"""Each modality of a recording as columns on the common clock."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess import clock, resample, spikes

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Columns:
    """One modality on the clock.

    Attributes
    ----------
    modality
        Its name.
    kind
        "spikes" or "continuous".
    options
        Its options of the settings.
    names
        Of the channels.
    raw : (time, channel)
        Counts, or the resampled signal.
    values : (time, channel)
        What the model sees, before detrending and standardisation.
    reach
        How far (s) a sample of the recording spreads by the filters.
    warnings
        What a reader should know.
    """

    modality: str
    kind: str
    options: Mapping[str, Any]
    names: list[str]
    raw: Array
    values: Array
    reach: float
    warnings: list[str]

    def take(self, chosen: NDArray[np.intp]) -> "Columns":
        """Only some of the channels."""
        return replace(
            self,
            names=[self.names[i] for i in chosen],
            raw=self.raw[:, chosen],
            values=self.values[:, chosen],
        )


def choose_modalities(
    recording: xr.DataTree, options: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[xr.Dataset, Mapping[str, Any]]]:
    """The modalities to use, each with its options: its own, or else those of its kind.

    Raises
    ------
    RecordingError
        When the recording lacks one that the settings name and need, or none is left.
    """
    recorded = {
        name: node.to_dataset() for name, node in recording.children.items() if name != "intervals"
    }
    named = [
        name
        for name, o in options.items()
        if name not in ("spikes", "continuous") and o["use"] and not o["optional"]
    ]
    missing = [name for name in named if name not in recorded]
    if missing:
        raise RecordingError(
            f"modalities: {', '.join(missing)} not in the recording, which has "
            f"{', '.join(recorded) or 'none'}; correct preprocess.modalities"
        )
    chosen = {
        name: (data, options.get(name, options[data.attrs["kind"]]))
        for name, data in recorded.items()
    }
    used = {name: pair for name, pair in chosen.items() if pair[1]["use"]}
    if not used:
        raise RecordingError(
            f"modalities: none of {', '.join(recorded) or '(none recorded)'} is to be used; "
            "change preprocess.modalities"
        )
    return used


def make_columns(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    time: Array,
    segment: NDArray[np.int32],
    sampling_interval: float,
    maximum_gap: float,
) -> Columns:
    """Put one modality on the clock, transform and smooth it.

    Raises
    ------
    RecordingError
        When none of its channels is chosen, or the square root of a negative value is asked for.
    """
    kind = str(modality.attrs["kind"])
    if kind == "spikes":
        names, raw = binned(name, modality, options, time, segment, sampling_interval)
        spread = 0.0
        warnings: list[str] = []
    else:
        names, raw, spread, warnings = resampled(
            name, modality, options, time, sampling_interval, maximum_gap
        )
    values = raw
    if options["transform"] == "sqrt":
        if np.nanmin(values, initial=0.0) < 0:
            raise RecordingError(f"{name}: transform: sqrt of negative values; use transform: none")
        values = np.sqrt(values)
    width = options["kernel"] / sampling_interval
    values = by_segment(values, segment, lambda stretch: spikes.smooth(stretch, width))
    spread += spikes.TRUNCATE * options["kernel"]
    return Columns(name, kind, options, names, raw, values, spread, warnings)


def binned(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    time: Array,
    segment: NDArray[np.int32],
    sampling_interval: float,
) -> tuple[list[str], Array]:
    """Spike counts in bins centred on the instants of the clock."""
    units = [str(unit) for unit in modality["unit"].values]
    chosen = chosen_channels(name, units, options["channels"])
    counts = by_segment(
        time,
        segment,
        lambda instants: spikes.bin_counts(
            modality["spike_time"].values.astype(float),
            modality["spike_unit"].values.astype(int),
            len(units),
            np.append(instants - sampling_interval / 2, instants[-1] + sampling_interval / 2),
        ),
    )
    return [units[i] for i in chosen], counts[:, chosen]


def resampled(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    time: Array,
    sampling_interval: float,
    maximum_gap: float,
) -> tuple[list[str], Array, float, list[str]]:
    """A continuous signal at the instants of the clock, with the reach of the filter (s)."""
    labels = [str(channel) for channel in modality["channel"].values]
    chosen = chosen_channels(name, labels, options["channels"])
    names = [labels[i] for i in chosen]
    signal = modality["signal"].transpose("time", "channel").values[:, chosen].astype(float)
    if options["circular"]:
        names, signal = on_circle(names, signal, str(modality.attrs.get("units", "")))
    instants = modality["time"].values.astype(float)
    interval = clock.native_interval(modality)
    if float(modality.attrs["sampling_rate"]) <= 0:
        signal, interval = resample.regularise(instants, signal, maximum_gap)
    warnings = []
    if sampling_interval < 0.999 * interval:
        warnings.append(
            f"{name} was sampled every {interval:.4g} s and is interpolated to "
            f"{sampling_interval:.4g} s: neighbouring samples are not independent"
        )
    aligned = resample.is_aligned((time - instants[0]) / interval, interval, sampling_interval)
    spread = 0.0 if aligned else resample.reach(interval, sampling_interval)
    values = resample.resample(signal, instants[0], interval, time, sampling_interval)
    return names, values, spread, warnings


def on_circle(names: list[str], angles: Array, units: str) -> tuple[list[str], Array]:
    """Angles become their cosine and sine, which do not jump where the angle wraps."""
    angles = np.deg2rad(angles) if units.lower().startswith("deg") else angles
    both = np.stack([np.cos(angles), np.sin(angles)], axis=2).reshape(len(angles), -1)
    return [f"{name}_{part}" for name in names for part in ("cos", "sin")], both


def chosen_channels(name: str, labels: list[str], wanted: Any) -> NDArray[np.intp]:
    """Channels given by name (a list) or by regular expression (a string); otherwise all."""
    if isinstance(wanted, list):
        unknown = sorted(set(map(str, wanted)) - set(labels))
        if unknown:
            raise RecordingError(f"{name}: no channel {', '.join(unknown)}; it has {labels[:30]}")
        return np.array([labels.index(str(channel)) for channel in wanted], dtype=np.intp)
    if isinstance(wanted, str):
        found = [i for i, label in enumerate(labels) if re.search(wanted, label)]
        if not found:
            raise RecordingError(f"{name}: no channel matches {wanted!r}; it has {labels[:30]}")
        return np.array(found, dtype=np.intp)
    return np.arange(len(labels))


def by_segment(
    values: Array, segment: NDArray[np.int32], function: Callable[[Array], Array]
) -> Array:
    """Apply a function of time to each segment on its own."""
    change = np.flatnonzero(np.diff(segment)) + 1
    return np.concatenate([function(stretch) for stretch in np.split(values, change)])


def usable(
    columns: Columns, train: NDArray[np.bool_], sampling_interval: float
) -> NDArray[np.intp]:
    """Channels that vary in the training split and, if units, fire at `minimum_rate` or more."""
    good = varies(columns.values[train])
    if columns.kind == "spikes":
        rate = np.mean(columns.raw[train], axis=0) / sampling_interval
        good &= rate >= columns.options["minimum_rate"]
    return np.flatnonzero(good)


def leading(columns: Columns, train: NDArray[np.bool_]) -> Columns:
    """Where `channels` is a number, so many of them, in their original order.

    Those with the highest rate (spikes) or the largest variance (continuous) in the training split.
    """
    limit = columns.options["channels"]
    if not isinstance(limit, int) or len(columns.names) <= limit:
        return columns
    raw = columns.raw[train]
    strength = np.nanmean(raw, axis=0) if columns.kind == "spikes" else np.nanvar(raw, axis=0)
    return columns.take(np.sort(np.argsort(-strength, kind="stable")[:limit]))


def varies(values: Array) -> NDArray[np.bool_]:
    """Which channels ``(time, channel)`` hold more than one value, rounding errors aside."""
    present = np.isfinite(values)
    low = np.min(values, axis=0, where=present, initial=np.inf)
    high = np.max(values, axis=0, where=present, initial=-np.inf)
    extent = np.max(np.abs(values), axis=0, where=present, initial=0.0)
    result: NDArray[np.bool_] = present.any(axis=0) & (high - low > 1e-10 * extent)
    return result
