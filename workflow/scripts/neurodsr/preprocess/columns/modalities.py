"""Each modality of a recording as columns on the common clock."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess import clock
from neurodsr.preprocess.channels import chosen_channels
from neurodsr.preprocess.columns.columns import Columns, Timeline
from neurodsr.preprocess.columns.continuous import continuous_columns
from neurodsr.preprocess.columns.transforms import transformed
from neurodsr.preprocess.kinds import spikes
from neurodsr.preprocess.kinds.signal import anything, runs

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def presence(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    time: Array,
    maximum_gap: float,
) -> Mask:
    """At which instants anything was recorded, told from missing values alone ``(time,)``."""
    if modality.attrs["kind"] == "spikes":
        return np.ones(len(time), dtype=bool)
    labels = [str(channel) for channel in modality["channel"].values]
    chosen = chosen_channels(name, labels, options["channels"])
    signal = modality["signal"].transpose("time", "channel").values[:, chosen]
    known = np.isfinite(signal).any(axis=1)
    instants = modality["time"].values.astype(float)
    interval = clock.native_interval(modality)
    result: Mask
    if float(modality.attrs["sampling_rate"]) > 0:
        nearest = np.round((time - instants[0]) / interval).astype(int)
        inside = (nearest >= 0) & (nearest < len(known))
        result = inside & known[np.clip(nearest, 0, len(known) - 1)]
        return result
    when = instants[known]
    if len(when) < 2:
        return np.zeros(len(time), dtype=bool)
    near = clock.gap_around(time, when) <= maximum_gap * interval
    result = near & (time >= when[0]) & (time <= when[-1] + interval / 2)
    return result


def make_columns(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    timeline: Timeline,
    recording: xr.DataTree,
) -> Columns:
    """Put one modality on the clock, transform and smooth it.

    Raises
    ------
    RecordingError
        None of its channels is chosen, or what the settings ask for cannot be done to it.
    """
    make = spike_columns if modality.attrs["kind"] == "spikes" else continuous_columns
    columns = make(name, modality, options, timeline, recording)
    raw = columns.raw.copy()
    outside = [
        (start, stop, "invalid")
        for start, stop in timeline.invalid
        if stop >= timeline.time[0] and start <= timeline.time[-1]
    ]
    raw[clock.touched(timeline.time, timeline.interval, timeline.invalid)] = np.nan
    done = [*columns.done]
    values, exponents = transformed(name, raw, timeline.train, options["transform"])
    if options["transform"] != "none":
        done.append(str(options["transform"]))
    shape, width = options["kernel_shape"], options["kernel"]
    if width > 0:
        missing = ~anything(values)
        stretches = between_gaps(timeline.segment, missing, timeline.maximum_gap)
        if columns.apart:
            borders = np.diff(timeline.split, prepend=timeline.split[:1]) != 0
            stretches = stretches + np.cumsum(borders).astype(np.int32)
        values = by_segment(
            values, stretches, lambda part: spikes.smooth(part, width / timeline.interval, shape)
        )
        done.append(f"{shape} kernel of {width:g} s")
    return replace(
        columns,
        raw=raw,
        values=values,
        exponents=exponents,
        reach=columns.reach + spikes.reach(width, shape),
        done=done,
        rejected=[*outside, *columns.rejected],
    )


def between_gaps(
    segment: NDArray[np.int32], missing: Mask, maximum_gap: float
) -> NDArray[np.int32]:
    """Segments cut once more at both ends of each long stretch of missing samples."""
    breaks = np.diff(segment, prepend=segment[:1]) != 0
    for where in runs(missing):
        if where.stop - where.start > maximum_gap:
            breaks[where.start] = True
            if where.stop < len(breaks):
                breaks[where.stop] = True
    return np.cumsum(breaks).astype(np.int32)


def spike_columns(
    name: str,
    modality: xr.Dataset,
    options: Mapping[str, Any],
    timeline: Timeline,
    recording: xr.DataTree,
) -> Columns:
    """Spike counts in bins centred on the instants of the clock."""
    units = [str(unit) for unit in modality["unit"].values]
    chosen = np.intersect1d(
        chosen_channels(name, units, options["channels"]),
        spikes.chosen_units(name, modality, options["units"]),
    )
    if isinstance(options["channels"], list):
        order = [str(unit) for unit in options["channels"]]
        chosen = np.array(sorted(chosen, key=lambda i: order.index(units[i])), dtype=np.intp)
    half = timeline.interval / 2
    counts = by_segment(
        timeline.time,
        timeline.segment,
        lambda instants: spikes.bin_counts(
            modality["spike_time"].values.astype(float),
            modality["spike_unit"].values.astype(int),
            len(units),
            np.append(instants - half, instants[-1] + half),
        ),
    )[:, chosen]
    done = [f"counts in bins of {timeline.interval:g} s"]
    if options["units"] is not None:
        done.insert(0, f"units where {options['units']}")
    warnings = []
    if options["kernel"] == 0.0 and options["scaling"] != "none":
        warnings.append(
            f"{name}: counts without smoothing are far from Gaussian; set a kernel (s) and "
            "transform: sqrt for modalities.spikes"
        )
    names = [units[i] for i in chosen]
    nothing = np.full(len(names), np.nan)
    return Columns(
        name, "spikes", options, names, counts, counts, nothing, 0.0, done, warnings=warnings
    )


def by_segment(
    values: Array, segment: NDArray[np.int32], function: Callable[[Array], Array]
) -> Array:
    """Apply a function of time to each segment on its own."""
    change = np.flatnonzero(np.diff(segment)) + 1
    return np.concatenate([function(stretch) for stretch in np.split(values, change)])
