"""Sampled signals that are still in their file, and their loading in pieces."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from neurodsr.errors import RecordingError
from neurodsr.recordings.gaps import between_gaps
from neurodsr.recordings.recording import JITTER, make_continuous
from neurodsr.recordings.resampling import covered, ratio, resample_in_chunks
from neurodsr.recordings.timestamps import Stretch, steady_stretches

Array = NDArray[np.float64]

log = logging.getLogger("neurodsr")

LARGEST = 2**31
BLOCK = 2**21
SHORTEST = 5
"""Samples of the result that a stretch has to hold."""
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
    whole
        Whether no sample can be missing, as among integers.
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
    whole: bool = False


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

    Notes
    -----
    Timestamps may have pauses, and signals gaps: more missing samples than one of the result
    stands for, in all chosen channels at once. Each stretch between them is resampled on its own,
    with its own phase, to one clock on which they are missing samples, so that nothing reaches
    over them; the clock counts from the first sample of the file. Fewer missing samples, and a
    channel that is missing alone, are left out of the weighted mean (see `resample_in_chunks`).
    Stretches of fewer than `SHORTEST` new samples, of which none is known better than the first one
    of a long stretch, are left out; the attribute ``short_stretches`` says so.
    To find the gaps the signal is read once more, unless it is `whole`.
    """
    if target is None:
        return _as_recorded(signals, chosen, signals.rate)
    stretches, rate = _stretches(signals, 1.0 / target)
    if not rate:
        raise RecordingError(
            f"{signals.where}: resample: its timestamps are irregular; leave `resample` out,"
            " preprocessing puts it on the common clock"
        )
    if target > rate * (1 + JITTER):
        raise RecordingError(
            f"{signals.where}: resample: {target:g} Hz is more than the {rate:g} Hz recorded; lower"
            " it or leave it out"
        )
    change = ratio(rate, target)
    if change == 1 and len(stretches) == 1 and stretches[0].samples == signals.samples:
        return _as_recorded(signals, chosen, rate)
    _require_room(signals.where, int(signals.samples * change), chosen)
    origin, block = stretches[0].start, _block(signals, chosen)

    def read(begin: int, end: int) -> NDArray[np.generic]:
        return signals.read(begin, end, chosen)

    if not signals.whole:
        parts = [between_gaps(one, read, rate, float(1 / change), block) for one in stretches]
        stretches = list(chain(*parts)) or stretches
    kept, said = _long_enough(signals.where, stretches, rate, change)
    got = rate * change.numerator / change.denominator
    first, _ = covered((kept[0].start - origin) * rate, 1, change)
    start = origin + first / got
    places = [(one.start - start) * rate for one in kept]
    _, samples = covered(places[-1], kept[-1].samples, change)
    _require_room(signals.where, samples, chosen)
    result = np.full((samples, len(chosen)), np.nan)
    for stretch, place in zip(kept, places, strict=True):
        resample_in_chunks(
            partial(stretch.read, read),
            stretch.samples,
            rate,
            target,
            position=place,
            out=result,
            block=block,
        )
    return _labelled(signals, chosen, _line(start, got, samples), result, got, said)


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


def _stretches(signals: Signals, shortest: float) -> tuple[list[Stretch], float]:
    """Stretches between pauses, with their rate (Hz); see `steady_stretches`."""
    if signals.timestamps is not None and not signals.rate:
        return steady_stretches(signals.where, signals.timestamps, signals.samples, shortest)
    begin = np.zeros(1, dtype=np.intp)
    return [Stretch(signals.start, signals.samples, begin, begin)], signals.rate


def _long_enough(
    where: str, stretches: Sequence[Stretch], rate: float, change: Fraction
) -> tuple[list[Stretch], dict[str, str]]:
    """Stretches that can be resampled, and what is to be said of others; a single one always."""
    least = SHORTEST / min(1.0, float(change))
    kept = [one for one in stretches if one.samples >= least or len(stretches) == 1]
    count = len(stretches) - len(kept)
    if not count:
        return kept, {}
    if not kept:
        raise RecordingError(
            f"{where}: resample: none of the {count} stretches between gaps lasts the"
            f" {least / rate:g} s that resampling needs; raise it or leave it out"
        )
    seconds = (sum(one.samples for one in stretches) - sum(one.samples for one in kept)) / rate
    said = (
        f"{count} of {len(stretches)} stretches between gaps ({seconds:.3g} s together) left"
        f" out, each shorter than the {least / rate:.3g} s that resampling needs"
    )
    log.warning("%s: %s", where, said)
    return kept, {"short_stretches": said}


def _as_recorded(signals: Signals, chosen: NDArray[np.intp], rate: float) -> xr.Dataset:
    samples, step = signals.samples, _block(signals, chosen)
    _require_room(signals.where, samples, chosen)
    signal = np.empty((samples, len(chosen)))
    for begin in range(0, samples, step):
        end = min(begin + step, samples)
        signal[begin:end] = signals.read(begin, end, chosen)
    stamps = signals.timestamps
    time = _line(signals.start, rate, samples) if stamps is None else stamps(0, samples)
    return _labelled(signals, chosen, time, signal, rate, {})


def _labelled(
    signals: Signals,
    chosen: NDArray[np.intp],
    time: Array,
    signal: Array,
    rate: float,
    said: Mapping[str, str],
) -> xr.Dataset:
    data = make_continuous(
        signals.where,
        time,
        signal,
        [signals.channels[i] for i in chosen],
        rate if rate else None,
        **signals.attributes,
        **said,
    )
    columns = {k: ("channel", np.asarray(v)[chosen]) for k, v in signals.columns.items()}
    return data.assign_coords({_apart(name): column for name, column in columns.items()})


def _require_room(where: str, samples: int, chosen: NDArray[np.intp]) -> None:
    size = 8 * samples * len(chosen)
    if size > LARGEST:
        raise RecordingError(
            f"{where}: data: {size / 2**30:.1f} GiB as float64, at most"
            f" {LARGEST / 2**30:g} can be used; lower its rate by `resample` or choose channels"
            " under `modalities`"
        )


def _block(signals: Signals, chosen: NDArray[np.intp]) -> int:
    """Samples to read at a time: whole rows of pieces of the file."""
    return max(1, BLOCK // (max(len(chosen), 1) * signals.rows)) * signals.rows


def _line(start: float, rate: float, samples: int) -> Array:
    return start + np.arange(samples) / rate


def _apart(name: str) -> str:
    """A name of a coordinate that is none of the modality's own."""
    return f"{name}_" if name in RESERVED else name
