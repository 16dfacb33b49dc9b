"""What a training sees more often: rarely visited states.

A loss over time is one over the invariant density: where a system seldom is, a model may be wrong
at no cost, and its free runs miss the largest excursions. Drawing windows by the rarity of their
states is importance sampling toward a loss over the attractor's extent. A window has many states,
though, of which few are rare: weights of single samples go farther, and ask for more data.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
REFERENCES = 10_000
"""Samples, evenly spread, among which neighbours are looked for."""
NEIGHBOUR = 7
"""Rarity is the distance to this one."""
REPEATS = 4
"""Windows are repeated so often on average, so that frequent ones can be left out."""


def rarity(states: Floats) -> Floats:
    """Distance ``(time,)`` of each state to its `NEIGHBOUR`-th nearest one.

    Parameters
    ----------
    states : (time, channel)
        Samples with a missing value have no rarity (NaN).
    """
    distance = np.full(len(states), np.nan)
    complete = np.flatnonzero(np.isfinite(states).all(1))
    references = states[complete[:: -(-len(complete) // REFERENCES)]]
    rank = min(NEIGHBOUR, len(references))
    distance[complete] = np.ravel(cKDTree(references).query(states[complete], [rank])[0])
    return distance


def repeated(
    starts: NDArray[np.intp], ends: NDArray[np.intp], steps: int, rare: Floats, power: float
) -> NDArray[np.intp]:
    """Starts of windows, each as often as it is to be drawn.

    A window counts by the mean of its samples' rarity to that power; the numbers are those of
    systematic sampling, off by less than one. Where no state is rare (few different values), all
    windows count alike.

    Parameters
    ----------
    starts : (window,)
        First samples.
    ends : (time,)
        First sample after the stretch that a sample belongs to.
    steps
        Predictions in a window.
    rare : (time,)
        See `rarity`; NaN = missing.
    power
        0 draws all windows alike.
    """
    known = np.isfinite(rare)
    sums, counts = (
        np.concatenate([[0], np.cumsum(np.where(known, values, 0))])
        for values in (rare**power, np.ones(len(rare)))
    )
    stops = np.minimum(starts + steps + 1, ends[starts])
    weights = (sums[stops] - sums[starts]) / (counts[stops] - counts[starts])
    if not weights.any():
        return starts
    reached = np.cumsum(weights) / weights.sum()
    places = (np.arange(REPEATS * len(starts)) + 0.5) / (REPEATS * len(starts))
    return starts[np.minimum(np.searchsorted(reached, places), len(starts) - 1)]


def weighted(rare: Floats, power: float) -> NDArray[np.float32]:
    """How much each sample ``(time,)`` counts among those to be predicted, 1 on average.

    In proportion to its rarity to that power; samples without a rarity count 1. Where no state is
    rare (few different values), all count alike.

    Parameters
    ----------
    rare : (time,)
        See `rarity`; NaN = missing.
    power
        0 lets all samples count alike.
    """
    known = np.isfinite(rare)
    weights = np.ones(len(rare), np.float32)
    if rare[known].any():
        weights[known] = rare[known] ** power / np.mean(rare[known] ** power)
    return weights
