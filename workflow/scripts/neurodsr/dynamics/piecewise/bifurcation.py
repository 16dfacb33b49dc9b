"""Fixed points and cycles along a parameter, and what happens to them on the way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.cycles import return_matrix
from neurodsr.dynamics.piecewise.regions import Pieces, free_run, pieces_of, regions_of
from neurodsr.dynamics.piecewise.words import REAL, SINGULAR, solve_words
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

Family = Callable[[float], PiecewiseLinearMap]
"""Maps along a parameter, continuously."""
TRIES = 30
BISECTIONS = 24
SAME = 1e-6
"""Part of a step of the parameter within which events are one."""
MOST_EVENTS = 50
"""Events between two neighbouring values of the parameter at most."""
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
    here = _at(family, float(parameters[0]), states)
    if here is None:
        raise ValueError("states are no cycle of the first map")
    kept: list[_Place] = [here]
    events: list[Event] = []
    for after in parameters[1:].tolist():
        apart = SAME * (after - kept[-1].parameter)
        there, passed = _walk(family, kept[-1], after, apart)
        for event in passed:
            if events and abs(event.parameter - events[-1].parameter) < abs(apart):
                events.pop()
            events.append(event)
        if there is None:
            break
        kept.append(there)
    return Branch(
        parameters[: len(kept)],
        np.array([place.states for place in kept]),
        np.array([place.eigenvalues for place in kept]),
        events,
    )


@dataclass(frozen=True)
class _Place:
    """A cycle at one value of the parameter, with the hidden units that are on at its states."""

    parameter: float
    states: Array
    eigenvalues: NDArray[np.complex128]
    units: NDArray[np.int8]

    def apart(self, other: "_Place") -> bool:
        """Whether another linear region is visited, told by units that count in both maps."""
        heard = (self.units >= 0) & (other.units >= 0)
        return bool((heard & (self.units != other.units)).any())

    def like(self, other: "_Place") -> bool:
        """Whether regions and stability are the same."""
        return not self.apart(other) and self.outside == other.outside

    @property
    def outside(self) -> int:
        return _outside(self.eigenvalues)


def _at(family: Family, parameter: float, states: Array) -> _Place | None:
    """The cycle at a value, near where it was."""
    model = family(parameter)
    pieces = pieces_of(model)
    word = regions_of(pieces, states)[None]
    for _ in range(TRIES):
        status, solved, visited = solve_words(pieces, word)
        if status[0] == REAL:
            gap = np.abs(solved[0] - states).max()
            if gap > JUMP * (1 + np.abs(states).max()):
                return None
            values = _eigenvalues(pieces, solved[0])
            return _Place(parameter, solved[0], values, _units(model, solved[0]))
        if status[0] == SINGULAR or (visited == word).all():
            return None
        word = visited
    return None


def _walk(
    family: Family, here: _Place, after: float, apart: float, halvings: int = 8
) -> tuple[_Place | None, list[Event]]:
    """The cycle at the next value, or None where it has ended, and the events on the way.

    In half steps where it seems to end, since it may only have moved far. Nearer to an event than
    ``apart`` rounding decides on which side of a border a state lies.
    """
    events: list[Event] = []
    there = _at(family, after, here.states)
    if there is None and halvings:
        middle = (here.parameter + after) / 2
        half, events = _walk(family, here, middle, apart, halvings - 1)
        if half is None:
            return None, events
        there, more = _walk(family, half, after, apart, halvings - 1)
        return there, [*events, *more]
    for _ in range(MOST_EVENTS):
        if there is not None and here.like(there):
            break
        low, end = here, after
        for _ in range(BISECTIONS):
            middle = (low.parameter + end) / 2
            image = _at(family, middle, low.states)
            if image is not None and image.like(here):
                low = image
            else:
                end = middle
        beyond = end + apart if abs(end + apart - after) < abs(after - low.parameter) else after
        high = _at(family, beyond, low.states) or there
        near, gap = _nearest_to_border(pieces_of(family(low.parameter)), low.states)
        if high is None:
            inside = gap > 1e-5 * (1 + np.abs(low.states).max())
            kind = "fold" if inside else "border-collision fold"
            return None, [*events, Event(low.parameter, kind, near)]
        kind = _name(low.eigenvalues, high.eigenvalues)
        if low.apart(high):
            kind = f"border-collision {kind}" if kind else "border collision"
        events.append(Event(low.parameter, kind or "fold", near))
        here = high
        there = high if high.parameter == after else _at(family, after, high.states)
    return there, events


def _units(model: PiecewiseLinearMap, states: Array) -> NDArray[np.int8]:
    """Which hidden units are on (1), and beyond their clip; -1 for those without effect.

    The linear region, told alike in all maps: directions of `Pieces` merge and change their order
    along a parameter.
    """
    u = states @ model.W2.T
    on = np.concatenate([u + model.h2 > 0, (u > 0) & model.clipped], axis=1)
    silent = np.tile((model.W1 == 0).all(axis=0), 2)
    return np.where(silent, -1, on).astype(np.int8)


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
        orbit = free_run(pieces_of(family(float(parameter))), states, transient + steps)
        bounded = np.abs(np.nan_to_num(orbit[-1], nan=np.inf)).max(axis=1) < 1e12
        orbits[i, bounded] = orbit[transient:, bounded].swapaxes(0, 1)
        states = np.where(bounded[:, None], orbit[-1], starts)
    return orbits
