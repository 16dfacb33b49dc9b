"""What the unified methods choose from, and what they give."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from neurodsr.statespace.embedding.coordinates import (
    Coordinate,
    DelayVectors,
    complete_stretches,
    delay_vectors,
)

Array = NDArray[np.float64]


@dataclass(frozen=True)
class UnifiedEmbedding:
    """Coordinates chosen one after another.

    Attributes
    ----------
    coordinates
        Channel and delay (samples) of each; a single one says that no embedding was found.
    gain : (cycle,)
        What each further coordinate brought: the change of L (PECUZAL, negative is better), or the
        share of false neighbours left (MDOP).
    statistic
        ``(lag, candidate)`` for each cycle, the refused last one included: <eps*> or beta.
    candidates
        The channels that were tried.
    """

    coordinates: tuple[Coordinate, ...]
    gain: Array
    statistic: tuple[Array, ...]
    candidates: tuple[int, ...]


def candidates(
    pieces: Sequence[Array], most_channels: int, ahead: int, most_points: int
) -> tuple[list[int], DelayVectors]:
    """Candidate channels, and states of the first of them at which all can be looked at.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time,)`` or ``(time, channel)``; NaN = missing.
    most_channels
        Of more channels `representative_channels` are taken.
    ahead
        Samples after each state that belong to the same stretch.
    most_points
        No more states than that, spread over the data.

    Returns
    -------
    tuple
        Indices of the channels, and vectors of these, with mean 0 and standard deviation 1. No
        vector of the first channel where channels are never present together.
    """
    pieces = [piece.reshape(len(piece), -1) for piece in pieces]
    if not complete_stretches(pieces):
        return [0], delay_vectors([np.full((1, 1), np.nan)], [Coordinate(0, 0)])
    chosen = representative_channels(pieces, most_channels)
    vectors = delay_vectors(
        [piece[:, chosen] for piece in pieces], [Coordinate(0, 0)], ahead, most_points
    )
    deviation = vectors.values.std(axis=0)
    centred = vectors.values - vectors.values.mean(axis=0)
    vectors = replace(vectors, values=centred / np.where(deviation > 0, deviation, 1.0))
    return chosen, vectors.having(vectors.coordinates)


def representative_channels(pieces: Sequence[Array], most: int) -> list[int]:
    """The channels from which as many leading principal components are best recovered.

    QR with column pivoting of the components' loadings (Manohar et al. 2018, IEEE Control Systems
    38:63): different from each other, and with much in common with the rest.
    """
    values = np.concatenate(complete_stretches(pieces))
    if values.shape[1] <= most:
        return list(range(values.shape[1]))
    deviation = values.std(axis=0)
    scaled = (values - values.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf)
    loadings = np.linalg.eigh(scaled.T @ scaled)[1][:, -most:]
    order = qr(loadings.T, mode="r", pivoting=True)[1]
    return sorted(int(channel) for channel in order[:most])


def resolution(values: Array) -> Array:
    """Smallest difference between two values of each channel ``(time, channel)``; 1 if constant."""
    steps = [np.diff(np.unique(channel)) for channel in values.T]
    return np.array([step.min() if step.size else 1.0 for step in steps])
