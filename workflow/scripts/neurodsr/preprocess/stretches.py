"""Contiguous stretches of a series: what may be read in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess.splits import CODES, pieces_of

Array = NDArray[np.float64]

SPLITS = CODES


@dataclass(frozen=True)
class Stretch:
    """A contiguous piece of one split without missing values.

    Attributes
    ----------
    x : (time, channel)
    s : (time, input) or None
    """

    x: Array
    s: Array | None

    def __len__(self) -> int:
        return len(self.x)

    def history(self, index: int, length: int) -> Array:
        """``length`` samples up to and with one of them, ``(length, channel)``.

        A sample nearer to the beginning than that gives way to the first one that is not. In a
        stretch shorter than that the first sample is repeated before it.
        """
        stop = max(index + 1, min(length, len(self)))
        samples = self.x[max(stop - length, 0) : stop]
        return np.pad(samples, ((length - len(samples), 0), (0, 0)), mode="edge")


def stretches(series: xr.Dataset, split: str, minimum: int) -> list[Stretch]:
    """All stretches of a split with at least so many samples, in time order."""
    x = series["observation"].transpose("time", "channel").values.astype(float)
    s = (
        series["input"].transpose("time", "input").values.astype(float)
        if "input" in series
        else None
    )
    segment = series["segment"].values
    usable = (series["split"].values == SPLITS[split]) & np.isfinite(x).all(axis=1)
    if s is not None:
        usable &= np.isfinite(s).all(axis=1)
    breaks = np.diff(segment) != 0
    breaks |= usable[1:] != usable[:-1]
    borders = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(x)]])
    return [
        Stretch(x[start:stop], None if s is None else s[start:stop])
        for start, stop in pairwise(borders)
        if usable[start] and stop - start >= minimum
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
    pieces = pieces_of(series["segment"].values, series["split"].values)
    return [where for code, where in pieces if code == CODES[split]]


def histories(parts: Sequence[Stretch], indices: NDArray[np.integer], length: int) -> Array:
    """Samples up to and with some samples of the joined stretches, ``(length, sample, channel)``.

    None reaches back across a border (see `Stretch.history`).
    """
    stops = np.cumsum([len(part) for part in parts])
    lanes = []
    for index in indices:
        which = int(np.searchsorted(stops, index, side="right"))
        part = parts[which]
        lanes.append(part.history(int(index - stops[which] + len(part)), length))
    return np.stack(lanes, axis=1)


def windows(parts: Sequence[Stretch], length: int, maximum: int) -> tuple[Array, Array | None]:
    """Evenly spaced windows of data and inputs ``(length, window, ...)``, at most so many."""
    places = [(part, start) for part in parts for start in range(max(0, len(part) - length + 1))]
    count = min(maximum, len(places))
    chosen = [places[i] for i in np.linspace(0, len(places) - 1, count).astype(int)]
    x = np.stack([part.x[start : start + length] for part, start in chosen], axis=1)
    driven = [part.s[start : start + length] for part, start in chosen if part.s is not None]
    return x, np.stack(driven, axis=1) if driven else None
