"""Largest Lyapunov exponent and correlation dimension, of model and data in the same way.

Both come from the observations alone, so that what an estimator gets wrong, it gets wrong on both
sides. The exponents of a model's own equations are another matter (see `neurodsr.dynamics`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neurodsr.evaluation.measures.correlation import autocorrelations
from neurodsr.models.piecewise_linear import Array
from neurodsr.statespace.correlation_dimension import correlation_dimension
from neurodsr.statespace.divergence import divergence
from neurodsr.statespace.embedding.coordinates import Coordinate

MOST_SAMPLES, MOST_QUERIES = 10_000, 500
MOST_CHANNELS = 3
FULL = range(3, 11)
"""Numbers of channels that are coordinates of the state; otherwise one channel's delays are."""


@dataclass(frozen=True)
class Embedding:
    """Of a recording, see ``statespace.nc``: dimension and delay (samples)."""

    dimension: int
    delay: int


class InvariantReference:
    """Both numbers of the true trajectory, to be compared with those of generated ones.

    Attributes
    ----------
    exponent
        Largest Lyapunov exponent (1/s), NaN where distances do not grow exponentially.
    dimension
        Correlation dimension, NaN where there is no scaling region.
    """

    def __init__(self, pieces: Sequence[Array], embedding: Embedding, interval: float) -> None:
        self.embedding, self.interval = embedding, interval
        lags = np.arange(max(2, max(map(len, pieces)) // 2))
        fallen = autocorrelations(pieces, lags) < np.exp(-1)
        decay = np.where(fallen.any(axis=0), fallen.argmax(axis=0), len(lags))
        self.theiler = int(max(np.median(decay), embedding.delay))
        number = pieces[0].shape[1]
        self.coordinates = (
            [Coordinate(c, 0) for c in range(number)]
            if number in FULL
            else [Coordinate(0, i * embedding.delay) for i in range(embedding.dimension)]
        )
        candidates = range(min(number, MOST_CHANNELS))
        self.channels = [c for c in candidates if np.isfinite(self._growth(pieces, c))]
        self.exponent = self._exponent(pieces) if self.channels else np.nan
        self.dimension = self._dimension(pieces)

    def _growth(self, pieces: Sequence[Array], channel: int) -> float:
        columns = [np.ascontiguousarray(piece[:MOST_SAMPLES, channel]) for piece in pieces]
        dimension, delay = self.embedding.dimension, self.embedding.delay
        return divergence(columns, dimension, delay, self.theiler).exponent / self.interval

    def _exponent(self, pieces: Sequence[Array]) -> float:
        """Median over channels in which the data have one; 0 in a channel without growth."""
        found = [self._growth(pieces, channel) for channel in self.channels]
        return float(np.median(np.nan_to_num(found)))

    def _dimension(self, pieces: Sequence[Array]) -> float:
        """0 where all points are alike; NaN where no region scales."""
        if np.concatenate(pieces).std(axis=0).max() < 1e-6:
            return 0.0
        some = [piece[:MOST_SAMPLES] for piece in pieces]
        found = correlation_dimension(
            some, self.coordinates, self.theiler, MOST_SAMPLES, MOST_QUERIES
        )
        return found.dimension

    def exponent_error(self, generated: Sequence[Array]) -> float:
        """Difference of largest Lyapunov exponents (1/s)."""
        return abs(self._exponent(generated) - self.exponent)

    def dimension_error(self, generated: Sequence[Array]) -> float:
        """Difference of correlation dimensions; that from 0 where the generated have none."""
        return abs(float(np.nan_to_num(self._dimension(generated))) - self.dimension)

    @property
    def own(self) -> tuple[float, float]:
        """Exponent (1/s) and dimension of the true trajectory."""
        return self.exponent, self.dimension

    def values(self, generated: Sequence[Array]) -> tuple[float, float]:
        """Exponent (1/s) and dimension of a generated trajectory."""
        exponent = self._exponent(generated) if self.channels else np.nan
        return exponent, self._dimension(generated)
