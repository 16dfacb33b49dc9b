"""Symbolic dynamics: the linear regions that orbits visit, and in which order."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.regions import Pieces, regions_of
from neurodsr.models.piecewise_linear import Array

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Symbols:
    """Visited regions and the transitions between them.

    Attributes
    ----------
    sequence : (time,)
        Region of each state, by rank.
    visits : (region,)
        States in each region, in descending order.
    transitions : (region, region)
        How often the second follows the first.
    """

    sequence: Counts
    visits: Counts
    transitions: Counts


def symbols_of(pieces: Pieces, orbit: Array) -> Symbols:
    """Symbols of an orbit ``(time, latent)``."""
    _, sequence, visits = np.unique(
        regions_of(pieces, orbit), axis=0, return_inverse=True, return_counts=True
    )
    order = np.argsort(-visits, kind="stable")
    sequence = np.argsort(order)[sequence.ravel()]
    transitions = np.zeros((len(visits), len(visits)), dtype=np.int64)
    np.add.at(transitions, (sequence[:-1], sequence[1:]), 1)
    return Symbols(sequence, visits[order], transitions)


def topological_entropy(sequence: Counts, length: int) -> float:
    """Growth rate of the number of words, per step.

    Logarithm of the spectral radius of the graph of words of that length, where one follows another
    that overlaps it but for one letter (Lind & Marcus 1995, section 4.3). An upper bound of the
    entropy of what was seen that falls with the length, and a lower one of the system's where the
    orbit is too short to show all words.

    Parameters
    ----------
    sequence : (time,)
        Symbols.
    length
        Letters of a word, 1 for the plain transition graph.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    words = np.lib.stride_tricks.sliding_window_view(sequence, length)
    _, vertex = np.unique(words, axis=0, return_inverse=True)
    vertex = vertex.ravel()
    edges = np.unique(np.stack([vertex[:-1], vertex[1:]], axis=1), axis=0)
    count = int(vertex.max()) + 1
    graph: Any = csr_array((np.ones(len(edges)), edges.T), shape=(count, count))
    parts, part = connected_components(graph, directed=True, connection="strong")
    radius = 0.0
    for i in range(parts):
        own = np.flatnonzero(part == i)
        inner = graph[own][:, own]
        if inner.nnz > len(own):
            radius = max(radius, _spectral_radius(inner))
        elif inner.nnz:
            radius = max(radius, 1.0)
    return float(np.log(radius)) if radius > 0 else float("-inf")


def _spectral_radius(graph: Any) -> float:
    """Of a strongly connected graph: power iteration of I + G, which has no period."""
    vector = np.ones(graph.shape[0])
    growth = 0.0
    for _ in range(2000):
        image = vector + graph @ vector
        before, growth = growth, float(image.sum() / vector.sum())
        vector = image / image.sum()
        if abs(growth - before) < 1e-10:
            break
    return growth - 1.0


def entropy_of_cycles(counts: dict[int, int]) -> float:
    """Growth rate of the number of states of period n, per step, at the largest order.

    Parameters
    ----------
    counts
        Primitive cycles of every order, from 1 on without a gap.
    """
    largest = max(counts)
    states = sum(order * number for order, number in counts.items() if largest % order == 0)
    return float(np.log(states) / largest) if states else float("-inf")
