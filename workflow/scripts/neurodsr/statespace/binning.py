"""D_stsp by binning: Kullback-Leibler divergence of two trajectories' occupation of bins."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.errors import ConfigError

Array = NDArray[np.float64]
MOST_DENSE = 2**18
"""Bins up to which counts are kept in one array; above, only visited bins are."""
BLOCK, TOGETHER = 256, 64
"""Samples that compiled loops look at together."""


@dataclass(frozen=True)
class Binning:
    """A convention for the binned divergence.

    Attributes
    ----------
    bins
        Bins in each dimension.
    box
        Of the true data: ``"margin"`` is [min - 0.1 sd, max + 0.1 sd], ``"range"`` [min, max],
        ``"two sd"`` [-2 sd, 2 sd] around zero; sd with divisor n - 1.
    first_bin
        Lowest bin that counts; 1 in the codes that require a coordinate above 0.
    outside
        Points outside the box are dropped, or kept in the total number of points.
    standardise
        Whether both trajectories are z-scored, each by itself (blind to shift and scale).
    alpha
        Added to every bin (Laplace smoothing).
    """

    bins: int
    box: Literal["margin", "range", "two sd"]
    first_bin: int = 0
    outside: Literal["drop", "keep"] = "drop"
    standardise: bool = False
    alpha: float = 1e-5


class BinnedReference:
    """Occupation of bins by the true trajectory, to be compared with many generated ones.

    Attributes
    ----------
    low, high : (channel,)
        The box.
    cells, counts
        Visited bins in ascending order, and points in each.
    total
        Points that count.
    """

    def __init__(self, true: Array, convention: Binning) -> None:
        require_finite(true)
        self.convention = convention
        channels = true.shape[1]
        if convention.bins**channels > 2**53:
            raise ConfigError(
                f"divergence: {convention.bins} bins in {channels} channels are too many to "
                "count; use a gmm preset"
            )
        true = self._prepared(true)
        deviation, low, high = extent(true)
        if convention.box == "two sd":
            self.low, self.high = -2 * deviation, 2 * deviation
        else:
            margin = 0.1 * deviation if convention.box == "margin" else 0.0
            self.low, self.high = low - margin, high + margin
        self.cells, self.counts, self.total = self._occupation(true)

    def _prepared(self, x: Array) -> Array:
        x = np.ascontiguousarray(x, dtype=float)
        if self.convention.standardise:
            deviation = x.std(axis=0, ddof=min(1, len(x) - 1))
            x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
        return x

    def _occupation(self, x: Array) -> tuple[Any, Any, int]:
        bins = self.convention.bins
        width = np.where(self.high > self.low, self.high - self.low, 1.0)
        cells = cells_of(x, self.low, width, bins, self.convention.first_bin)
        if bins ** x.shape[1] <= MOST_DENSE:
            visited, counts, inside = counted(cells, bins ** x.shape[1])
        else:
            visited, counts = np.unique(cells[cells >= 0], return_counts=True)
            inside = int(counts.sum())
        return visited, counts, len(x) if self.convention.outside == "keep" else inside

    def outside(self, generated: Array) -> float:
        """Share of a generated trajectory ``(time, channel)`` that the bins do not hold."""
        counts = self._occupation(self._prepared(generated))[1]
        return float(1 - counts.sum() / len(generated))

    def divergence(self, generated: Array) -> float:
        """KL(true || generated) in nats, generated ``(time, channel)``.

        Infinite when the box holds not one of the points that the convention drops (the codes of
        the literature return NaN then).
        """
        require_finite(generated)
        cells, counts, total = self._occupation(self._prepared(generated))
        if total == 0 or self.total == 0:
            return np.inf
        alpha = self.convention.alpha
        bins = float(self.convention.bins) ** generated.shape[1]
        p_scale, q_scale = self.total + alpha * bins, total + alpha * bins
        visited, p_sum, either = merged(self.cells, self.counts, cells, counts, alpha)
        share = (p_sum + (bins - either) * alpha) / p_scale
        return float(visited / p_scale + share * np.log(q_scale / p_scale))


def require_finite(x: Array) -> None:
    """Refuse an empty trajectory, or one that is not finite, with `ValueError`."""
    if len(x) == 0 or not (np.isfinite(np.vdot(x, x)) or np.isfinite(x).all()):
        raise ValueError("a trajectory must have points, all of them finite")


@njit(cache=True, nogil=True, fastmath={"nnan", "nsz", "contract"})
def extent(x: Any) -> Any:
    """Standard deviation (divisor n - 1), minimum and maximum ``(channel,)``."""
    samples, channels = x.shape
    together = TOGETHER * channels
    flat = x.reshape(-1)
    low, high = np.empty(together), np.empty(together)
    first, second = np.zeros(together), np.zeros(together)
    origin = np.empty(together)
    for j in range(together):
        low[j] = high[j] = origin[j] = flat[j % channels]
    for start in range(0, len(flat), together):
        part = flat[start : start + together]
        for j in range(len(part)):
            value = part[j]
            from_origin = value - origin[j]
            first[j] += from_origin
            second[j] += from_origin * from_origin
            low[j] = min(low[j], value)
            high[j] = max(high[j], value)
    for j in range(channels, together):
        c = j % channels
        low[c], high[c] = min(low[c], low[j]), max(high[c], high[j])
        first[c] += first[j]
        second[c] += second[j]
    first, second = first[:channels], second[:channels]
    variance = (second - first * first / samples) / max(1, samples - 1)
    return np.sqrt(np.maximum(variance, 0.0)), low[:channels], high[:channels]


@njit(cache=True, nogil=True, error_model="numpy")
def cells_of(x: Any, low: Any, width: Any, bins: int, first: int) -> Any:
    """Index of the bin ``(time,)`` that holds each point, -1 outside."""
    samples, channels = x.shape
    cells = np.empty(samples, np.int64)
    place, cell = np.empty(BLOCK), np.empty(BLOCK)
    number, lowest = float(bins), float(first)
    for start in range(0, samples, BLOCK):
        part, found = x[start : start + BLOCK], cells[start : start + BLOCK]
        cell[:] = 0.0
        for c in range(channels - 1, -1, -1):
            origin, size_of_box = low[c], width[c]
            for t, value in enumerate(part[:, c]):
                place[t] = value
            for t in range(len(part)):
                # in this order of operations points on an edge fall as in the codes
                at = number * (place[t] - origin) / size_of_box
                index = cell[t] * number + np.floor(at)
                cell[t] = index if (at >= lowest) & (at < number) else -np.inf
        for t in range(len(found)):
            found[t] = np.int64(cell[t]) if cell[t] >= 0.0 else -1
    return cells


@njit(cache=True, nogil=True)
def counted(cells: Any, number: int) -> Any:
    """Visited bins in ascending order, points in each, and how many these are together."""
    # two counts in turn: a bin visited twice in a row need not wait for itself
    dense = np.zeros((2, number + 1), np.int32)
    for i, cell in enumerate(cells):
        dense[i & 1, cell] += 1  # -1, outside, is the last one
    visited = 0
    for cell in range(number):
        dense[0, cell] += dense[1, cell]
        visited += dense[0, cell] > 0
    found, counts = np.empty(visited, np.int64), np.empty(visited, np.int64)
    kept, inside = 0, 0
    for cell in range(number):
        if dense[0, cell]:
            found[kept], counts[kept] = cell, dense[0, cell]
            inside += dense[0, cell]
            kept += 1
    return found, counts, inside


@njit(cache=True, nogil=True)
def merged(p_cells: Any, p_counts: Any, q_cells: Any, q_counts: Any, alpha: float) -> Any:
    """Sums over the bins that either visits: of p log(p / q), of p, of 1; alpha added to counts."""
    divergence, total, either = 0.0, 0.0, 0
    i, j = 0, 0
    while i < len(p_cells) or j < len(q_cells):
        p, q = alpha, alpha
        if j == len(q_cells) or (i < len(p_cells) and p_cells[i] < q_cells[j]):
            p += p_counts[i]
            i += 1
        elif i == len(p_cells) or q_cells[j] < p_cells[i]:
            q += q_counts[j]
            j += 1
        else:
            p += p_counts[i]
            q += q_counts[j]
            i += 1
            j += 1
        divergence += p * np.log(p / q)
        total += p
        either += 1
    return divergence, total, either
