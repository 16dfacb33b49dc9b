"""Search for cycles of one order: words of orbits, of random states, and where these lead."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.census import Census
from neurodsr.dynamics.piecewise.regions import Pieces, region_count
from neurodsr.dynamics.piecewise.words import (
    REAL,
    VIRTUAL,
    orbit_words,
    rotation_keys,
    solve_words,
)
from neurodsr.models.piecewise_linear import Array

SPREADS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
ROUND = 256
ROUNDS, MOST_ROUNDS = 12, 60
"""Fewest and most rounds of starts of a search."""
BATCH = 4096
SAME = 1e-6


def search_cycles(
    pieces: Pieces, order: int, visited: Array, most_words: int, rng: np.random.Generator
) -> tuple[list[Array], int, float]:
    """Cycles of one order, from states that the system visits and from random ones around them.

    The first words tried are those of orbits that come back close to where they began. No word is
    tried twice, nor a cyclic rotation of it. The search ends when each cycle was met in several
    rounds of starts (see `Census`).

    Parameters
    ----------
    pieces
        Of the map.
    order
        Length of the cycles, 1 for fixed points.
    visited : (state, latent)
        Finite states, e.g. of the data and of free runs.
    most_words
        Words solved at most.
    rng
        Chooses the random states.

    Returns
    -------
    cycles
        States ``(order, latent)`` of each; shorter cycles run through several times among them.
    words
        Number of words that were solved.
    unseen
        Estimated number of cycles that were missed.
    """
    known = _Known(pieces, order, most_words)
    centre = visited.mean(axis=0)
    covariance = np.atleast_2d(np.cov(visited.T)) if len(visited) > 1 else np.zeros(1)
    covariance = covariance + (1e-12 + 1e-6 * np.abs(covariance).max()) * np.eye(len(centre))
    root = np.linalg.cholesky(covariance)
    starts = visited
    for draw in range(MOST_ROUNDS):
        known.round(starts)
        if known.census.saturated or len(known.tried) >= most_words:
            break
        starts = centre + SPREADS[draw % len(SPREADS)] * (
            rng.standard_normal((ROUND, len(centre))) @ root.T
        )
        if known.cycles and draw % 2:
            near = np.concatenate(known.cycles)
            starts[::2] += near[rng.integers(len(near), size=len(starts[::2]))] - centre
    return known.cycles, len(known.tried), known.census.unseen


class _Known:
    """Cycles found so far, the words that were tried, and which of these are cycles' own."""

    def __init__(self, pieces: Pieces, order: int, most_words: int) -> None:
        self.pieces, self.order, self.most = pieces, order, most_words
        self.cycles: list[Array] = []
        self.tried: set[int] = set()
        self.owner: dict[int, int] = {}
        self.census = Census(ROUNDS)

    def round(self, starts: Array) -> None:
        """Solve the words of orbits, then those that virtual cycles visit, until none is new."""
        with np.errstate(all="ignore"):
            words, distance = orbit_words(self.pieces, starts, self.order)
        words = words[np.argsort(distance, kind="stable")]
        met: set[int] = set()
        while len(words):
            keys = rotation_keys(words).tolist()
            met.update(self.owner[key] for key in keys if key in self.owner)
            kept = fresh(keys, self.tried, self.most)
            status, states, seen = solve_words(self.pieces, words[kept])
            for i in np.flatnonzero(status == REAL):
                self.owner[keys[kept[i]]] = index = self._index(states[i])
                met.add(index)
            words = seen[status == VIRTUAL]
        self.census.sample(met)

    def _index(self, cycle: Array) -> int:
        """Of a cycle among the known ones, of which it becomes one."""
        if self.cycles:
            same = np.flatnonzero(near(cycle[0], np.concatenate(self.cycles)))
            if len(same):
                return int(same[0]) // self.order
        self.cycles.append(cycle)
        self.census.add()
        return len(self.cycles) - 1


def enumerate_cycles(pieces: Pieces, order: int) -> tuple[list[Array], int]:
    """Cycles of one order from all words, each up to rotation, and their number."""
    counts = np.isfinite(pieces.borders).sum(axis=1) + 1
    letters = np.array(list(product(*map(range, counts))), np.uint8).reshape(-1, len(counts))
    total = len(letters) ** order
    found: list[Array] = []
    tried: set[int] = set()
    for start in range(0, total, BATCH):
        index = np.arange(start, min(start + BATCH, total))
        digits = index[:, None] // len(letters) ** np.arange(order) % len(letters)
        words = letters[digits]
        if order > 1:
            words = words[fresh(rotation_keys(words).tolist(), tried, total)]
        status, states, _ = solve_words(pieces, words)
        found += distinct(states[status == REAL], found)
    return found, len(tried) if order > 1 else total


def word_count(pieces: Pieces, order: int) -> float:
    """Number of words of one order."""
    with np.errstate(over="ignore"):
        return float(np.float64(region_count(pieces)) ** order)


def fresh(keys: list[int], tried: set[int], most: int) -> list[int]:
    """Indices of keys not tried before, each once; notes them as tried."""
    kept = []
    for i, key in enumerate(keys):
        if len(tried) >= most:
            break
        if key not in tried:
            tried.add(key)
            kept.append(i)
    return kept


def distinct(cycles: Array, found: list[Array]) -> list[Array]:
    """Those that are neither among known ones nor among themselves, whatever their first state."""
    kept: list[Array] = []
    length = sum(map(len, found))
    states = np.empty((length + cycles.shape[0] * cycles.shape[1], cycles.shape[2]))
    states[:length] = np.concatenate(found) if found else 0.0
    for cycle in cycles:
        if not near(cycle[0], states[:length]).any():
            kept.append(cycle)
            states[length : length + len(cycle)] = cycle
            length += len(cycle)
    return kept


def near(state: Array, others: Array) -> NDArray[np.bool_]:
    """Which of other states ``(state, latent)`` are the same one, relative to their size."""
    size = 1 + np.maximum(np.abs(others).max(axis=1, initial=0.0), np.abs(state).max())
    return np.asarray(np.abs(others - state).max(axis=1) < SAME * size)


def least_period(states: Array) -> int:
    """Number of different states that a cycle ``(order, latent)`` has."""
    size = SAME * (1 + np.abs(states).max())
    for period in range(1, len(states)):
        if len(states) % period == 0 and np.abs(states[period] - states[0]).max() < size:
            return period
    return len(states)
