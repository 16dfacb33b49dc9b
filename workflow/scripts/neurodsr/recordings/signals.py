"""Sampled signals that are still in their file, and their loading in pieces."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.recording import JITTER, make_continuous
from neurodsr.recordings.resampling import ratio, resample_in_chunks

Array = NDArray[np.float64]

LARGEST = 2**31
BLOCK = 2**21
RESERVED = {"time", "channel", "signal"}


@dataclass(frozen=True)
class Signals:
    """Signals of one clock, not read yet.

    Attributes
    ----------
    where
        File and field, named in errors.
    channels
        Names.
    samples
        Length.
    read
        ``read(start, stop, channels)``: samples ``(time, channel)`` from start to before stop of
        the channels with these indices, in their unit.
    rate, start
        Sampling rate (Hz) and first instant (s); the rate is 0 when only timestamps say it.
    timestamps
        ``timestamps(start, stop)``: the instants (s) of samples, for signals that come with them.
    columns
        What is known of the channels, one value each.
    attributes
        Of the modality, such as ``units``.
    rows
        Samples that the file keeps together; pieces are read in multiples.
    """

    where: str
    channels: Sequence[str]
    samples: int
    read: Callable[[int, int, NDArray[np.intp]], NDArray[np.generic]]
    rate: float = 0.0
    start: float = 0.0
    timestamps: Callable[[int, int], Array] | None = None
    columns: Mapping[str, ArrayLike] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    rows: int = 1


def load(signals: Signals, chosen: NDArray[np.intp], target: float | None = None) -> xr.Dataset:
    """Read some channels, at another rate if asked.

    Parameters
    ----------
    signals
        What there is.
    chosen
        Indices of the channels, in the order wanted.
    target
        Sampling rate (Hz) to have; None for the recorded one.

    Returns
    -------
    xarray.Dataset
        A continuous modality (see `make_continuous`); `columns` are coordinates over channels.

    Raises
    ------
    RecordingError
        The result would be larger than memory, or its clock cannot be resampled.
    """
    rate, start = signals.rate, signals.start
    if signals.timestamps is not None and not rate and target is not None:
        start, rate = regular_clock(signals.where, signals.timestamps, signals.samples)
        if not rate:
            raise RecordingError(
                f"{signals.where}: resample: its timestamps are irregular; leave `resample` out,"
                " preprocessing puts it on the common clock"
            )
    if target is not None and target > rate * (1 + JITTER):
        raise RecordingError(
            f"{signals.where}: resample: {target:g} Hz is more than the {rate:g} Hz recorded; lower"
            " it or leave it out"
        )
    change = 1.0 if target is None else float(ratio(rate, target))
    size = 8 * signals.samples * change * len(chosen)
    if size > LARGEST:
        raise RecordingError(
            f"{signals.where}: data: {size / 2**30:.1f} GiB as float64, at most"
            f" {LARGEST / 2**30:g} can be used; lower its rate by `resample` or choose channels"
            " under `modalities`"
        )
    step = max(1, BLOCK // (max(len(chosen), 1) * signals.rows)) * signals.rows
    if change == 1.0:
        signal = np.empty((signals.samples, len(chosen)))
        for begin in range(0, signals.samples, step):
            end = min(begin + step, signals.samples)
            signal[begin:end] = signals.read(begin, end, chosen)
        stamps = signals.timestamps
        time = _line(start, rate, len(signal)) if stamps is None else stamps(0, len(signal))
    else:

        def read(begin: int, end: int) -> NDArray[np.generic]:
            return signals.read(begin, end, chosen)

        signal, rate = resample_in_chunks(
            read, signals.samples, rate, float(target or 0), block=step
        )
        time = _line(start, rate, len(signal))
    data = make_continuous(
        signals.where,
        time,
        signal,
        [signals.channels[i] for i in chosen],
        rate if rate else None,
        **signals.attributes,
    )
    columns = {k: ("channel", np.asarray(v)[chosen]) for k, v in signals.columns.items()}
    return data.assign_coords({_apart(name): column for name, column in columns.items()})


def as_signals(where: str, data: xr.Dataset) -> Signals:
    """A continuous modality in memory, to be treated like one in a file."""
    signal, time = data["signal"].values, data["time"].values
    rate = float(data.attrs["sampling_rate"])
    return Signals(
        where,
        [str(name) for name in data["channel"].values],
        len(time),
        lambda start, stop, chosen: signal[start:stop, chosen],
        rate,
        float(time[0]),
        lambda start, stop: time[start:stop],
        columns_of(data, "channel"),
        {k: v for k, v in data.attrs.items() if k not in ("kind", "sampling_rate")},
    )


def columns_of(data: xr.Dataset, dimension: str) -> dict[str, NDArray[Any]]:
    """Coordinates over channels or units, without their names."""
    return {
        str(name): coordinate.values
        for name, coordinate in data.coords.items()
        if coordinate.dims == (dimension,) and name != dimension
    }


def regular_clock(
    where: str, timestamps: Callable[[int, int], Array], samples: int
) -> tuple[float, float]:
    """First instant (s) and rate (Hz) of timestamps, read in pieces; 0 Hz if they are irregular.

    They are regular when each step is within 2 % of the mean one and none is farther than half a
    step from a straight line (see `regular_rate`).

    Raises
    ------
    RecordingError
        They do not increase.
    """
    first, last = float(timestamps(0, 1)[0]), float(timestamps(samples - 1, samples)[0])
    step = (last - first) / (samples - 1) if samples > 1 else np.nan
    regular = True
    for begin in range(0, samples - 1, BLOCK):
        stamps = timestamps(begin, min(begin + BLOCK + 1, samples))
        steps = np.diff(stamps)
        if not (steps > 0).all():
            at = int(np.argmax(~(steps > 0)))
            raise RecordingError(
                f"{where}: timestamps: not increasing at sample {begin + at + 1} ({stamps[at]:g} s,"
                f" then {stamps[at + 1]:g} s); sort them or remove the repeated samples"
            )
        line = first + step * np.arange(begin, begin + len(stamps))
        regular = regular and bool(
            np.abs(steps / step - 1).max() < JITTER and np.abs(stamps - line).max() < step / 2
        )
    return first, float(1.0 / step) if regular and step > 0 else 0.0


def _line(start: float, rate: float, samples: int) -> Array:
    return start + np.arange(samples) / rate


def _apart(name: str) -> str:
    """A name of a coordinate that is none of the modality's own."""
    return f"{name}_" if name in RESERVED else name
