"""Sliced Wasserstein distance: how far probability has to be moved, in units of the data.

Unlike the divergences it has no bins, sees how far apart disjoint attractors lie, and is finite for
any two trajectories (Bonneel et al. 2015; per initial condition: Göring et al. 2024).
"""

from typing import Any

import numpy as np
from numba import njit

from neurodsr.models.piecewise_linear import Array

TOGETHER = 32
"""Directions that are looked at together."""


def directions(channels: int, number: int, rng: np.random.Generator) -> Array:
    """Random unit vectors ``(channel, direction)``; for one channel the only one there is."""
    if channels == 1:
        return np.ones((1, 1))
    vectors = rng.standard_normal((channels, number))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=0))


class SlicedReference:
    """The true trajectory along random directions, to be compared with many generated ones.

    Parameters
    ----------
    true : (time, channel)
        Data of the system.
    vectors : (channel, direction)
        See `directions`.
    quantiles
        Number of evenly spaced quantiles, 0 and 1 included, at which distributions are compared;
        None for all. 1000 is the convention of the code of Göring et al.
    """

    def __init__(self, true: Array, vectors: Array, quantiles: int | None = None) -> None:
        self.vectors, self.quantiles = vectors, quantiles
        self.sorted = [self._along(true, start) for start in self._starts()]

    def _starts(self) -> range:
        return range(0, self.vectors.shape[1], TOGETHER)

    def _along(self, x: Array, start: int) -> Array:
        """Values ``(direction, time)`` in ascending order."""
        values = np.sort(self.vectors[:, start : start + TOGETHER].T @ x.T, axis=1)
        if self.quantiles is None:
            return np.asarray(values)
        place = np.linspace(0.0, len(x) - 1.0, self.quantiles)
        below = np.minimum(place.astype(int), max(len(x) - 2, 0))
        above = np.minimum(below + 1, len(x) - 1)
        return np.asarray(
            values[:, below] + (place - below) * (values[:, above] - values[:, below])
        )

    def distance(self, generated: Array) -> float:
        """Mean over directions of the 1-Wasserstein distance, ``generated`` (time, channel)."""
        total = 0.0
        for start, own in zip(self._starts(), self.sorted, strict=True):
            total += transport(own, self._along(generated, start))
        return float(total / self.vectors.shape[1])


def sliced_wasserstein(
    true: Array, generated: Array, vectors: Array, quantiles: int | None = None
) -> float:
    """Sliced 1-Wasserstein distance of two trajectories; arguments as of `SlicedReference`."""
    return SlicedReference(true, vectors, quantiles).distance(generated)


@njit(cache=True, nogil=True)
def transport(first: Any, second: Any) -> float:
    """Sum over rows of the 1-Wasserstein distance of sorted samples ``(row, sample)``.

    The integral over probability of the difference of the two quantile functions, which are steps
    of width 1 / n and 1 / m.
    """
    n, m = first.shape[1], second.shape[1]
    total = 0.0
    for row in range(len(first)):
        if n == m:
            moved = 0.0
            for i in range(n):
                moved += abs(first[row, i] - second[row, i])
            total += moved / n
            continue
        i, j, at = 0, 0, 0.0
        while i < n and j < m:
            # ends of the steps compared as whole numbers: (i + 1) / n against (j + 1) / m
            here, there = (i + 1) * m, (j + 1) * n
            end = min(here, there) / (n * m)
            total += abs(first[row, i] - second[row, j]) * (end - at)
            at = end
            i += here <= there
            j += there <= here
    return total


def hausdorff(first: Array, second: Array) -> float:
    """Hausdorff distance of two sets of points ``(point, channel)``, Euclidean."""
    from scipy.spatial import cKDTree

    pairs = ((first, second), (second, first))
    return max(float(np.max(cKDTree(b).query(a)[0])) for a, b in pairs)
