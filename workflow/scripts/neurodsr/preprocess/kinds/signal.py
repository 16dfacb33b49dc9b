"""A continuous modality on its own clock, on its way to the series."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.preprocess.splits import CODES

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Signal:
    """What the steps hand from one to the next.

    Attributes
    ----------
    modality
        Its name.
    channels
        Names, one for each column of `values`.
    values : (time, channel)
        NaN = missing.
    start, interval
        First instant and sampling interval (s).
    split : (time,)
        Code of the split of each sample, -1 for those that no part of the series covers.
    attributes
        Of the modality, as recorded.
    edges
        After a filter, samples so near (s) to the end of a stretch are missing; None for its reach.
    reach
        How far (s) a sample has been spread by filters.
    apart
        Whether a step took each split for itself, so that no later one may mix them.
    done
        The steps so far, in words.
    left_out
        Channels taken out, each with the reason.
    rejected
        For each reason, which samples were made missing ``(time,)``.
    facts
        Numbers and settings that a reader should see (frequency bands, shares, parameters).
    """

    modality: str
    channels: list[str]
    values: Array
    start: float
    interval: float
    split: NDArray[np.int8]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    edges: float | None = None
    reach: float = 0.0
    apart: bool = False
    done: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    rejected: Mapping[str, Mask] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def train(self) -> Mask:
        """Samples of the training split ``(time,)``, the only ones that anything is fitted to."""
        mask: Mask = self.split == CODES["train"]
        return mask

    @property
    def time(self) -> Array:
        """Instants (s)."""
        instants: Array = self.start + self.interval * np.arange(len(self.values), dtype=float)
        return instants

    def then(self, step: str, **changes: Any) -> "Signal":
        """After one more step; ``facts`` are added to those there are."""
        facts = {**self.facts, **changes.pop("facts", {})}
        return replace(self, done=(*self.done, step), facts=facts, **changes)

    def without(self, reasons: Mapping[str, str]) -> "Signal":
        """Without some channels, each with the reason."""
        keep = [i for i, name in enumerate(self.channels) if name not in reasons]
        return replace(
            self,
            channels=[self.channels[i] for i in keep],
            values=self.values[:, keep],
            left_out={**self.left_out, **reasons},
        )

    def reject(self, samples: Mask, reason: str, step: str, **changes: Any) -> "Signal":
        """With some samples ``(time,)`` missing in every channel."""
        values = changes.pop("values", self.values).copy()
        values[samples] = np.nan
        earlier = self.rejected.get(reason, np.zeros(len(samples), dtype=bool))
        rejected = {**self.rejected, reason: earlier | samples}
        return self.then(step, values=values, rejected=rejected, **changes)


def anything(values: Array) -> Mask:
    """Which rows ``(time, channel)`` have a value in any channel."""
    return np.asarray(np.isfinite(values).any(axis=1))


def runs(present: Mask) -> list[slice]:
    """Contiguous stretches of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def by_stretch(values: Array, function: Callable[[Array], Array]) -> Array:
    """Apply a function of time to each stretch without missing values, none across a gap.

    Channels that miss the same samples ``(time, channel)`` are handed over together.
    """
    result = np.full_like(values, np.nan)
    for rows, columns in patterns(np.isfinite(values)):
        for where in runs(rows):
            result[where, columns] = function(values[where][:, columns])
    return result


def patterns(present: Mask) -> list[tuple[Mask, NDArray[np.intp]]]:
    """Rows ``(time,)`` that are there, with the channels of ``(time, channel)`` that share them."""
    first = present[:, :1]
    if present.shape[1] and (present == first).all():
        return [(first[:, 0], np.arange(present.shape[1]))]
    packed = np.packbits(present, axis=0)
    _, one, which = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    return [(present[:, i], np.flatnonzero(which.ravel() == k)) for k, i in enumerate(one)]


def pieces(signal: Signal) -> list[tuple[int, slice]]:
    """Stretches of one split each, as (code, slice): what must not look at one another."""
    change = np.flatnonzero(np.diff(signal.split)) + 1
    edges = [0, *change.tolist(), len(signal.split)]
    return [(int(signal.split[a]), slice(a, b)) for a, b in pairwise(edges)]


def robust(values: Array, axis: int = 0) -> tuple[Array, Array]:
    """Median and scaled median absolute deviation (the sd, if normal), missing values aside."""
    centre = np.nanmedian(values, axis=axis, keepdims=True)
    spread = 1.4826 * np.nanmedian(np.abs(values - centre), axis=axis)
    return np.squeeze(centre, axis=axis), spread


def padded(mask: Mask, samples: int) -> Mask:
    """Widen the true stretches of a mask on both sides."""
    if samples <= 0 or not mask.any():
        return mask
    result = mask.copy()
    for where in runs(mask):
        result[max(0, where.start - samples) : where.stop + samples] = True
    return result
