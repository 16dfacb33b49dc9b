"""Fixed points and cycles along a parameter, and what happens to them on the way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.cycles import return_matrix
from neurodsr.dynamics.piecewise.regions import Pieces, pieces_of, regions_of
from neurodsr.dynamics.piecewise.words import REAL, SINGULAR, solve_words
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

Family = Callable[[float], PiecewiseLinearMap]
"""Maps along a parameter, continuously."""
TRIES = 30
BISECTIONS = 40
JUMP = 0.2
"""Part of its size by which a cycle may move between neighbouring values of the parameter."""


@dataclass(frozen=True)
class Event:
    """What happens to a cycle at a value of the parameter.

    Attributes
    ----------
    parameter
        Where.
    kind
        ``"fold"``, ``"flip"`` or ``"Neimark-Sacker"`` where an eigenvalue passes 1, -1 or the unit
        circle inside a linear region (there a fold takes the cycle to infinity); the same after
        ``"border-collision "`` where the jump is one of a state that crosses a border;
        ``"border collision"`` alone where stability stays what it was.
    state : (latent,)
        The state of the cycle that is nearest to a border.
    """

    parameter: float
    kind: str
    state: Array


@dataclass(frozen=True)
class Branch:
    """One cycle along a parameter.

    Attributes
    ----------
    parameters : (value,)
        Where it exists, in the order in which it was followed.
    states : (value, period, latent)
    eigenvalues : (value, latent)
        In descending modulus.
    events
        In the same order. A branch that ends has a fold as its last one.
    """

    parameters: Array
    states: Array
    eigenvalues: NDArray[np.complex128]
    events: Sequence[Event]


def between(a: PiecewiseLinearMap, b: PiecewiseLinearMap) -> Family:
    """Maps on the straight line from one map (0) to another of the same shape (1)."""

    def family(share: float) -> PiecewiseLinearMap:
        mixed = {
            name: (1 - share) * getattr(a, name) + share * getattr(b, name)
            for name in ("A", "W1", "W2", "h1", "h2", "C")
        }
        return PiecewiseLinearMap(**mixed, clipped=a.clipped)

    return family


def pushed(model: PiecewiseLinearMap, direction: Array) -> Family:
    """A map under a constant push along a latent direction, by the parameter."""
    return lambda amount: replace(model, h1=model.h1 + amount * direction)


def scaled(model: PiecewiseLinearMap) -> Family:
    """A map whose hidden units count so much: 0 for the linear part alone, 1 for the model."""
    return lambda gain: replace(model, W1=gain * model.W1)


def follow(family: Family, states: Array, parameters: Array) -> Branch:
    """Follow one cycle through values of the parameter.

    At each value the equation of its regions is solved, and of those that its solution lies in. A
    change between two values is located by bisection.

    Parameters
    ----------
    family
        The maps.
    states : (period, latent)
        The cycle at the first value.
    parameters : (value,)
        Ascending or descending.
    """
    kept = [states]
    values = [_eigenvalues(pieces_of(family(parameters[0])), states)]
    events: list[Event] = []
    for before, after in pairwise(parameters.tolist()):
        image = _continued(family, after, kept[-1])
        if image is None:
            events.append(_end(family, before, after, kept[-1]))
            break
        pieces = pieces_of(family(after))
        new = _eigenvalues(pieces, image)
        old_regions = regions_of(pieces_of(family(before)), kept[-1])
        moved = bool((old_regions != regions_of(pieces, image)).any())
        if moved or _outside(new) != _outside(values[-1]):
            events.append(_change(family, before, after, kept[-1]))
        kept.append(image)
        values.append(new)
    return Branch(parameters[: len(kept)], np.array(kept), np.array(values), events)


def _continued(family: Family, parameter: float, states: Array) -> Array | None:
    """The cycle at a new value, near where it was."""
    pieces = pieces_of(family(parameter))
    word = regions_of(pieces, states)[None]
    for _ in range(TRIES):
        status, solved, visited = solve_words(pieces, word)
        if status[0] == SINGULAR:
            return None
        if status[0] == REAL:
            gap = np.abs(solved[0] - states).max()
            return solved[0] if gap < JUMP * (1 + np.abs(states).max()) else None
        if (visited == word).all():
            return None
        word = visited
    return None


def _end(family: Family, before: float, after: float, states: Array) -> Event:
    """Where a cycle ceases to exist: with another one at a border, or at infinity."""
    for _ in range(BISECTIONS):
        middle = (before + after) / 2
        image = _continued(family, middle, states)
        if image is None:
            after = middle
        else:
            before, states = middle, image
    pieces = pieces_of(family(before))
    near, gap = _nearest_to_border(pieces, states)
    inside = gap > 1e-5 * (1 + np.abs(states).max())
    return Event(before, "fold" if inside else "border-collision fold", near)


def _change(family: Family, before: float, after: float, states: Array) -> Event:
    """Where regions or stability change, and how."""
    first = pieces_of(family(before))
    old, word = _eigenvalues(first, states), regions_of(first, states)
    new = old
    crossed = False
    for _ in range(BISECTIONS):
        middle = (before + after) / 2
        image = _continued(family, middle, states)
        if image is None:
            break
        pieces = pieces_of(family(middle))
        values = _eigenvalues(pieces, image)
        moved = bool((regions_of(pieces, image) != word).any())
        if moved or _outside(values) != _outside(old):
            after, new, crossed = middle, values, moved
        else:
            before, states = middle, image
    image = _continued(family, after, states)
    if image is not None:
        pieces = pieces_of(family(after))
        new = _eigenvalues(pieces, image)
        crossed = bool((regions_of(pieces, image) != word).any())
    near, _ = _nearest_to_border(pieces_of(family(before)), states)
    kind = _name(old if crossed else _eigenvalues(pieces_of(family(before)), states), new)
    if crossed:
        kind = f"border-collision {kind}" if kind else "border collision"
    return Event(before, kind or "fold", near)


def _name(old: NDArray[np.complex128], new: NDArray[np.complex128]) -> str:
    """Which way eigenvalues left the unit circle, or entered it."""
    if _outside(old) == _outside(new):
        return ""
    if np.prod(1 + old).real * np.prod(1 + new).real < 0:
        return "flip"
    if np.prod(1 - old).real * np.prod(1 - new).real < 0:
        return "fold"
    return "Neimark-Sacker"


def _outside(eigenvalues: NDArray[np.complex128]) -> int:
    return int(np.sum(np.abs(eigenvalues) > 1))


def _eigenvalues(pieces: Pieces, states: Array) -> NDArray[np.complex128]:
    values = np.linalg.eigvals(return_matrix(pieces, states)).astype(complex)
    return np.asarray(values[np.argsort(-np.abs(values), kind="stable")])


def _nearest_to_border(pieces: Pieces, states: Array) -> tuple[Array, float]:
    """The state of a cycle that is nearest to a border, and how near."""
    if not pieces.borders.size:
        return states[0], float("inf")
    u = states @ pieces.W.T
    distance = np.abs(u[..., None] - pieces.borders).min(axis=(1, 2))
    nearest = int(np.argmin(distance))
    return states[nearest], float(distance[nearest])


def diagram(family: Family, parameters: Array, starts: Array, transient: int, steps: int) -> Array:
    """Where free runs are at each value ``(value, start, steps, latent)``; NaN where they leave.

    Each value goes on from where the runs were at the one before, so that coexisting attractors
    show as hysteresis between ascending and descending parameters; what has left starts anew.
    """
    orbits = np.full((len(parameters), len(starts), steps, starts.shape[1]), np.nan)
    states = starts
    for i, parameter in enumerate(parameters):
        orbit = family(float(parameter)).simulate(states, transient + steps)
        bounded = np.abs(np.nan_to_num(orbit[-1], nan=np.inf)).max(axis=1) < 1e12
        orbits[i, bounded] = orbit[transient:, bounded].swapaxes(0, 1)
        states = np.where(bounded[:, None], orbit[-1], starts)
    return orbits
