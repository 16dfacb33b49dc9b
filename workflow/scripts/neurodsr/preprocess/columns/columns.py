"""The clock of a series, and a modality on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.preprocess.clock import Interval
from neurodsr.preprocess.splits import CODES, GUARD

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Timeline:
    """The clock of a series, with its splits as they were laid out before anything was fitted.

    Attributes
    ----------
    time : (time,)
        Instants (s).
    segment : (time,)
        Contiguous stretch of each.
    split : (time,)
        Code of the split of each, without guards.
    interval
        Between instants (s).
    maximum_gap
        Longest stretch without data (samples) that does not end a segment.
    invalid
        Intervals (start, stop) in s whose data must not be used.
    """

    time: Array
    segment: NDArray[np.int32]
    split: NDArray[np.int8]
    interval: float
    maximum_gap: float
    invalid: list[Interval]

    @property
    def train(self) -> Mask:
        """Samples of the training split."""
        mask: Mask = self.split == CODES["train"]
        return mask

    def split_at(self, instants: Array, interval: float) -> NDArray[np.int8]:
        """Split of each sample of another clock, -1 where the series has none nearby."""
        after = np.clip(np.searchsorted(self.time, instants), 0, len(self.time) - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(self.time[before] - instants) < np.abs(self.time[after] - instants)
        nearest = np.where(nearer, before, after)
        far = np.abs(self.time[nearest] - instants) > max(self.interval, interval) / 2 + 1e-9
        return np.where(far, GUARD, self.split[nearest]).astype(np.int8)


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
    exponents : (channel,)
        Of the transform of Box and Cox.
    reach
        How far (s) a sample of the recording spreads by the filters.
    done
        What was done to it, in words, in order.
    apart
        Whether each split was treated for itself, so that nothing may mix them any more.
    left_out
        Channels taken out, each with the reason.
    rejected
        Stretches made missing: (start, stop, reason), in s.
    facts
        Numbers and settings for the reader.
    warnings
        What a reader should know.
    """

    modality: str
    kind: str
    options: Mapping[str, Any]
    names: list[str]
    raw: Array
    values: Array
    exponents: Array
    reach: float
    done: list[str]
    apart: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    rejected: list[tuple[float, float, str]] = field(default_factory=list)
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def take(self, chosen: NDArray[np.intp]) -> "Columns":
        """Only some of the channels."""
        return replace(
            self,
            names=[self.names[i] for i in chosen],
            raw=self.raw[:, chosen],
            values=self.values[:, chosen],
            exponents=self.exponents[chosen],
        )

    def at(self, kept: Mask) -> "Columns":
        """Only some of the instants."""
        return replace(self, raw=self.raw[kept], values=self.values[kept])
