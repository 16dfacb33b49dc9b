"""Cycles of the canonical map, exactly, with what kind they are and whether any is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.proof import prove_cycles
from neurodsr.dynamics.piecewise.regions import Pieces, affine_map, pieces_of, regions_of
from neurodsr.dynamics.piecewise.search import (
    distinct,
    enumerate_cycles,
    least_period,
    search_cycles,
    word_count,
)
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

LOW_DIMENSION = 5
"""Latent dimension up to which a proof by boxes is tried."""


@dataclass(frozen=True)
class Cycle:
    """States that follow each other and repeat; one of them for a fixed point.

    Attributes
    ----------
    states : (period, latent)
    eigenvalues : (latent,)
        Of the Jacobian once around, complex, in descending modulus.
    """

    states: Array
    eigenvalues: NDArray[np.complex128]

    @property
    def period(self) -> int:
        return len(self.states)

    @property
    def stability(self) -> str:
        """``"stable"``, ``"saddle"`` or ``"unstable"``, by the eigenvalues' moduli against 1."""
        return stability(self.eigenvalues)

    @property
    def type(self) -> str:
        """Stability with ``"node"``, or ``"focus"`` when the leading eigenvalue is complex."""
        return kind(self.eigenvalues)


@dataclass(frozen=True)
class Cycles:
    """Cycles of one order.

    Attributes
    ----------
    found
        The cycles, each once, without shorter ones.
    searched
        Words (sequences of linear regions) that were solved, and boxes that were examined.
    complete
        Whether it is proved that there are no others.
    unseen
        Estimated number of others, a lower bound; 0 when complete, NaN where nothing tells.
    """

    found: Sequence[Cycle]
    searched: int
    complete: bool
    unseen: float


def stability(eigenvalues: NDArray[np.complex128]) -> str:
    """``"stable"``, ``"saddle"`` or ``"unstable"``."""
    moduli = np.abs(eigenvalues)
    if (moduli < 1).all():
        return "stable"
    return "unstable" if (moduli > 1).all() else "saddle"


def kind(eigenvalues: NDArray[np.complex128]) -> str:
    """Stability with ``"node"`` or ``"focus"``; eigenvalues in descending modulus."""
    leading = eigenvalues[0]
    turns = abs(leading.imag) > 1e-9 * abs(leading)
    return f"{stability(eigenvalues)} {'focus' if turns else 'node'}"


def find_cycles(
    model: PiecewiseLinearMap,
    order: int,
    visited: Array,
    most_words: int,
    rng: np.random.Generator,
    s: Array | None = None,
) -> Cycles:
    """Cycles of one order under a constant input: all of them where that can be proved.

    All words are solved where there are no more than ``most_words``; in few latent dimensions the
    plane of states is divided into boxes (`proof`) as long as they are no more than ten times as
    many; and in any case the words of orbits and of random states are solved, and those that
    virtual cycles lead to (`search`).

    Parameters
    ----------
    model
        The map.
    order
        Length of the cycles.
    visited : (state, latent)
        States that the system visits, finite.
    most_words
        Words solved at most.
    rng
        Of the search.
    s : (input,), optional
        Constant input; zero if missing.
    """
    pieces = pieces_of(model, s)
    if word_count(pieces, order) <= most_words:
        states, searched = enumerate_cycles(pieces, order)
        return Cycles(described(pieces, order, states), searched, True, 0.0)
    proved: list[Array] = []
    boxes, complete = 0, False
    if model.latent_dimension <= LOW_DIMENSION:
        proved, boxes, complete = prove_cycles(
            pieces, order, radius_of(visited), max(10 * most_words // order, 1)
        )
    words, unseen = 0, 0.0
    if not complete:
        found, words, unseen = search_cycles(pieces, order, visited, most_words, rng)
        proved = [*found, *proved]
    return Cycles(described(pieces, order, proved), words + boxes, complete, unseen)


def radius_of(visited: Array) -> float:
    """Three times the largest coordinate of states."""
    return 3.0 * float(np.abs(visited).max(initial=0.1))


def described(pieces: Pieces, order: int, states: list[Array]) -> list[Cycle]:
    """Those of that very order, each once, with eigenvalues."""
    own = [one for one in states if least_period(one) == order]
    latent = len(pieces.h)
    return [
        Cycle(one, eigenvalues_of(pieces, one))
        for one in distinct(np.array(own).reshape(-1, order, latent), [])
    ]


def eigenvalues_of(pieces: Pieces, states: Array) -> NDArray[np.complex128]:
    """Eigenvalues once around ``(latent,)``, in descending modulus."""
    values = np.linalg.eigvals(return_matrix(pieces, states)).astype(complex)
    return np.asarray(values[np.argsort(-np.abs(values), kind="stable")])


def return_matrix(pieces: Pieces, states: Array) -> Array:
    """Jacobian once around a cycle ``(period, latent)``, at its first state."""
    product = np.eye(states.shape[1])
    for region in regions_of(pieces, states):
        product = affine_map(pieces, region)[0] @ product
    return product
