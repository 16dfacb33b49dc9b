"""The series of a recording: what a model sees."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess import clock, splits
from neurodsr.preprocess.channels import (
    Columns,
    choose_modalities,
    leading,
    make_columns,
    usable,
    varies,
)
from neurodsr.preprocess.embedding import embedded

Array = NDArray[np.float64]

MEANINGS = "guard train validation test"
LONGEST_GUARD = 0.05


def make_series(recording: xr.DataTree, settings: Mapping[str, Any]) -> xr.Dataset:
    """Model-ready series of a recording.

    All modalities are put on one clock, and train, validation and test intervals are laid out in
    time order with guards between, before anything is estimated. Channels are then chosen, and
    scaled, by their training samples alone. NaN stays NaN (missing); stretches in which nothing at
    all was recorded are cut out and end a segment.

    Parameters
    ----------
    recording
        Contents of ``recording.nc``.
    settings
        Complete settings, see ``preprocess.schema.yaml``.

    Returns
    -------
    xr.Dataset
        ``observation(time, channel)``, standardised, with the coordinates ``modality``,
        ``likelihood``, ``kernel`` (s), ``offset`` and ``scale`` over channels
        (original = observation * scale + offset); ``input(time, input)`` where a modality has that
        role; ``segment(time)`` and ``split(time)``.

    Raises
    ------
    RecordingError
        When the recording lacks what the settings ask for, or is too short.
    """
    used = choose_modalities(recording, settings["modalities"])
    data = {name: modality for name, (modality, _) in used.items()}
    interval = sampling_interval(data, settings["sampling_interval"])
    intervals = clock.chosen_intervals(recording, settings)
    time, segment = clock.make_clock(data, intervals, interval, settings["maximum_duration"])
    gap = settings["maximum_gap"]
    columns = [
        make_columns(name, modality, options, time, segment, interval, gap)
        for name, (modality, options) in used.items()
    ]
    kept, segment = without_gaps(columns, segment, gap)
    time = time[kept]
    columns = [replace(c, raw=c.raw[kept], values=c.values[kept]) for c in columns]
    split, guard = lay_out_splits(recording, time, segment, columns, interval, settings)
    observed, dropped = select(columns, split, segment, interval, "observation")
    inputs, dropped_inputs = select(columns, split, segment, interval, "input")
    if not observed:
        raise RecordingError(
            f"observation: no channel is left (constant, missing or below the minimum rate in the "
            f"training split: {', '.join(dropped)[:500]}); check preprocess.modalities"
        )
    series = xr.Dataset(
        {
            "observation": standardised(observed, split, "channel"),
            "segment": ("time", segment),
            "split": ("time", split, {"flag_values": [-1, 0, 1, 2], "flag_meanings": MEANINGS}),
        },
        coords={"time": ("time", time, {"units": "s", "long_name": "time"})},
        attrs={
            "recording": str(recording.attrs["recording"]),
            "sampling_interval": interval,
            "guard": guard,
            "dropped_channels": json.dumps(empty_channels(data) + dropped + dropped_inputs),
            "warnings": json.dumps([w for c in columns for w in c.warnings]),
        },
    )
    if inputs:
        series["input"] = standardised(inputs, split, "input")
        if not np.isfinite(series["input"].values).all():
            raise RecordingError(
                "input: has missing samples, which a model cannot be driven by; choose `epochs` "
                "without gaps or raise maximum_gap"
            )
    series["observation"].attrs["long_name"] = "standardised observation"
    if settings["embedding"] is not None:
        return embedded(
            series, **settings["embedding"], minimum=settings["splits"]["minimum_samples"]
        )
    return series


def empty_channels(data: Mapping[str, xr.Dataset]) -> list[str]:
    """Channels that ingestion left out: without a value, or marked as bad in the dataset."""
    return [
        channel
        for modality in data.values()
        for reason in ("dropped_channels", "bad_channels")
        for channel in json.loads(modality.attrs.get(reason, "[]"))
    ]


def segments(series: xr.Dataset, split: str) -> list[Array]:
    """Contiguous stretches ``(time, channel)`` of one split, in time order.

    Parameters
    ----------
    series
        Contents of ``series.nc``.
    split
        "train", "validation" or "test".
    """
    observation = series["observation"].transpose("time", "channel").values
    return [observation[where] for where in slices(series, split)]


def slices(series: xr.Dataset, split: str) -> list[slice]:
    """Where the contiguous stretches of one split lie along time (see `segments`)."""
    pieces = splits.pieces_of(series["segment"].values, series["split"].values)
    return [where for code, where in pieces if code == splits.CODES[split]]


def sampling_interval(data: Mapping[str, xr.Dataset], wanted: float | None) -> float:
    """The interval asked for, or else that of the first continuous modality."""
    if wanted is not None:
        return float(wanted)
    for name, modality in data.items():
        if modality.attrs["kind"] == "continuous":
            try:
                return clock.native_interval(modality)
            except RecordingError as error:
                raise RecordingError(f"{name}: {error}") from error
    raise RecordingError(
        "sampling_interval: spikes alone have none; set preprocess.sampling_interval (s)"
    )


def without_gaps(
    columns: list[Columns], segment: NDArray[np.int32], maximum_gap: float
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Cut out stretches longer than `maximum_gap` samples in which every channel is missing.

    Returns
    -------
    tuple
        Which samples to keep, and the new segment of each of those.
    """
    present = np.any([np.isfinite(c.values).any(axis=1) for c in columns], axis=0)
    keep = np.ones(len(segment), dtype=bool)
    for code, where in splits.pieces_of(segment, present.astype(np.int8)):
        if code == 0 and where.stop - where.start > maximum_gap:
            keep[where] = False
    if not keep.any():
        raise RecordingError("signal: every sample is missing; check the recording")
    index = np.flatnonzero(keep)
    new = (np.diff(index) > 1) | (np.diff(segment[index]) != 0)
    return keep, np.concatenate([[0], np.cumsum(new)]).astype(np.int32)


def lay_out_splits(
    recording: xr.DataTree,
    time: Array,
    segment: NDArray[np.int32],
    columns: list[Columns],
    interval: float,
    settings: Mapping[str, Any],
) -> tuple[splits.Codes, float]:
    """Split code of each sample, and the guard (s)."""
    wanted = settings["splits"]
    trials = settings["trials"]
    if wanted["column"] is not None:
        starts, labels = clock.labelled_trials(recording, trials, wanted["column"])
        codes = splits.labelled_codes(time, starts, labels, wanted["validation"])
    else:
        shares = wanted["validation"], wanted["test"]
        bounds = splits.boundaries(segment, *shares, whole_segments=trials is not None)
        codes = splits.codes_of(len(time), bounds)
    guard = wanted["guard"]
    if guard is None:
        values = np.concatenate([c.values for c in columns], axis=1)
        pieces = splits.pieces_of(segment, codes)
        guard = splits.automatic_guard(
            [values[where] for code, where in pieces if code == splits.CODES["train"]],
            interval,
            longest=LONGEST_GUARD * len(time) * interval,
            at_least=2.0 * max(c.reach for c in columns),
        )
    return splits.with_guards(time, codes, guard, wanted["minimum_samples"]), float(guard)


def select(
    columns: list[Columns],
    split: splits.Codes,
    segment: NDArray[np.int32],
    interval: float,
    role: str,
) -> tuple[list[Columns], list[str]]:
    """Modalities of one role with their channels to keep, detrended, and names of unusable ones."""
    train = split == splits.CODES["train"]
    several = len(columns) > 1
    kept, dropped = [], []
    for block in columns:
        if block.options["role"] != role:
            continue
        names = [f"{block.modality}.{name}" if several else name for name in block.names]
        good = usable(block, train, interval)
        dropped += [name for i, name in enumerate(names) if i not in good]
        if good.size:
            chosen = leading(replace(block, names=names).take(good), train)
            values = detrended(chosen.values, segment, split, str(block.options["detrend"]))
            moving = varies(values[train])
            dropped += [name for name, moves in zip(chosen.names, moving, strict=True) if not moves]
            if moving.any():
                kept.append(replace(chosen, values=values).take(np.flatnonzero(moving)))
    return kept, dropped


def detrended(values: Array, segment: NDArray[np.int32], split: splits.Codes, degree: str) -> Array:
    """Take the mean (``constant``) or a least-squares line (``linear``) out of each stretch.

    Every contiguous stretch of each split gets its own, so that no sample of one split shapes
    another and nothing is extrapolated; the price is that levels and drifts slower than a stretch
    are gone from validation and test too. The mean of the training samples is put back everywhere.
    """
    if degree == "none":
        return values
    result = values.copy()
    for _, where in splits.pieces_of(segment, split):
        for channel in range(values.shape[1]):
            present = np.flatnonzero(np.isfinite(values[where, channel]))
            if present.size == 0:
                continue
            x = present - present.mean()
            y = values[where, channel][present]
            slope = x @ y / (x @ x) if degree == "linear" and present.size > 1 else 0.0
            result[where.start + present, channel] -= y.mean() + slope * x
    level: Array = np.nanmean(values[split == splits.CODES["train"]], axis=0)
    return result + level


def standardised(columns: list[Columns], split: splits.Codes, dimension: str) -> xr.DataArray:
    """Zero mean and unit variance over the training samples."""
    values = np.concatenate([c.values for c in columns], axis=1)
    train = values[split == splits.CODES["train"]]
    offset, scale = np.nanmean(train, axis=0), np.nanstd(train, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    coordinates = {
        "": [name for c in columns for name in c.names],
        "modality": [c.modality for c in columns for _ in c.names],
        "likelihood": ["gaussian" for c in columns for _ in c.names],
        "kernel": [float(c.options["kernel"]) for c in columns for _ in c.names],
        "offset": offset,
        "scale": scale,
    }
    prefix = "input_" if dimension == "input" else ""
    return xr.DataArray(
        (values - offset) / scale,
        dims=("time", dimension),
        coords={
            (prefix + name if name else dimension): (dimension, values)
            for name, values in coordinates.items()
            if name != "likelihood" or dimension == "channel"
        },
    )
