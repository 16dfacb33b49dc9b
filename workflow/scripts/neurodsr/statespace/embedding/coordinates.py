"""Delay vectors with any choice of channels and delays, in pieces that may have gaps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]


class Coordinate(NamedTuple):
    """One coordinate of a delay vector: the value of a channel some samples after its start."""

    channel: int
    delay: int


@dataclass(frozen=True)
class DelayVectors:
    """Delay vectors, and where in the data they are.

    Attributes
    ----------
    points : (point, coordinate)
        The vectors.
    coordinates
        Channel and delay (samples) of each coordinate.
    position : (point,)
        Sample at which each vector starts, counted over `values`.
    values : (time, channel)
        All samples without missing values, in one array.
    """

    points: Array
    coordinates: tuple[Coordinate, ...]
    position: Indices
    values: Array

    @property
    def span(self) -> int:
        """Samples from the start of a vector to its last coordinate."""
        return max(delay for _, delay in self.coordinates)

    def having(self, coordinates: Sequence[Coordinate]) -> "DelayVectors":
        """Vectors with other coordinates that start at the same samples."""
        points = gathered(self.values, self.position, coordinates)
        return DelayVectors(points, tuple(coordinates), self.position, self.values)

    def ahead(self, horizon: int) -> Array:
        """All channels ``(point, channel)`` so many samples after the last coordinate."""
        following: Array = self.values[self.position + self.span + horizon]
        return following


def complete_stretches(pieces: Sequence[Array]) -> list[Array]:
    """Stretches ``(time, channel)`` without any missing value, of ``(time,)`` or more channels."""
    stretches = []
    for piece in pieces:
        piece = piece.reshape(len(piece), -1)
        present = np.isfinite(piece).all(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(int)))
        stretches += [piece[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return stretches


def delay_vectors(
    pieces: Sequence[Array],
    coordinates: Sequence[Coordinate],
    ahead: int = 0,
    most: int | None = None,
) -> DelayVectors:
    """Delay vectors ``x_c(t + tau)`` for some pairs of channel c and delay tau.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing. No vector spans two
        of them, nor a sample at which any channel is missing.
    coordinates
        Channel and delay (samples, not negative) of each coordinate.
    ahead
        Samples after the last coordinate that must belong to the same stretch.
    most
        No more vectors than that, evenly spread over all; None for all.

    Returns
    -------
    DelayVectors
        Without points where no stretch is long enough.
    """
    stretches = complete_stretches(pieces)
    channels = pieces[0].reshape(len(pieces[0]), -1).shape[1]
    values = np.concatenate([np.empty((0, channels)), *stretches])
    span = max(delay for _, delay in coordinates)
    offsets = np.cumsum([0, *map(len, stretches)])
    position = np.concatenate(
        [np.empty(0, dtype=np.intp)]
        + [
            np.arange(offset, offset + len(stretch) - span - ahead)
            for offset, stretch in zip(offsets[:-1], stretches, strict=True)
        ]
    )
    position = position[evenly(len(position), most)]
    points = gathered(values, position, coordinates)
    return DelayVectors(points, tuple(coordinates), position, values)


def gathered(values: Array, position: Indices, coordinates: Sequence[Coordinate]) -> Array:
    """Delay vectors ``(point, coordinate)`` that start at some samples of ``(time, channel)``."""
    return np.stack([values[position + delay, channel] for channel, delay in coordinates], axis=1)


def evenly(number: int, most: int | None) -> Indices:
    """Indices of at most so many of a number of points, evenly spread."""
    if most is None or number <= most:
        return np.arange(number)
    return np.unique(np.linspace(0, number - 1, most).astype(np.intp))
