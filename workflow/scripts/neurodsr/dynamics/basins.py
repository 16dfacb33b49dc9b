"""Attractors and their basins: where many initial states end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.dynamics.limit_sets import UNBOUNDED, classify
from neurodsr.dynamics.lyapunov import zero_tolerance
from neurodsr.models.piecewise_linear import Array

Labels = NDArray[np.int64]
Simulate = Callable[[Array, int], Array]
"""Free runs ``(steps, state, latent)`` from states, these included."""
AWAY, OPEN = -1, -2
"""Labels of states that leave for infinity, and of states that did not settle in time."""
TAIL = 32
"""States at the end of an orbit that must all lie on an attractor."""
CHUNK = 256
NEAR = 1e-3
MOST = 20


@dataclass(frozen=True)
class Basins:
    """Which attractor each initial state leads to.

    Attributes
    ----------
    label : (state,)
        Index of the attractor, `AWAY` or `OPEN`.
    clouds
        For each attractor states ``(time, latent)`` on it, one orbit, in descending order of the
        number of initial states.
    reaches
        How close to a cloud its attractor's states lie.
    """

    label: Labels
    clouds: Sequence[Array]
    reaches: Sequence[float]

    @property
    def shares(self) -> Array:
        """Share of initial states that lead to each attractor: its basin stability."""
        return np.array([np.mean(self.label == i) for i in range(len(self.clouds))])


def find_basins(
    simulate: Simulate,
    starts: Array,
    scale: float,
    transient: int,
    steps: int,
    known: Basins | None = None,
) -> Basins:
    """Group initial states by what their orbits settle on.

    An orbit belongs to an attractor when the last states of it all lie as close to a long orbit on
    that attractor as this one's continuation does. Orbits that fit nothing go on; the first of
    them becomes a new attractor.

    Parameters
    ----------
    simulate
        The system.
    starts : (state, latent)
        Initial states.
    scale
        Size of the states that the data visit; what comes as close as a thousandth of it is
        the same, what goes a million times as far is lost.
    transient
        Steps before an orbit is compared with an attractor.
    steps
        States that stand for an attractor.
    known
        Attractors that were found before; they keep their index, new ones come after them.
    """
    from scipy.spatial import cKDTree

    label = np.full(len(starts), OPEN)
    ends = _advance(simulate, starts, transient)
    clouds = list(known.clouds) if known else []
    reaches = list(known.reaches) if known else []
    trees = [cKDTree(cloud) for cloud in clouds]
    for _ in range(MOST):
        label[(label == OPEN) & ~_bounded(ends, scale)] = AWAY
        todo = np.flatnonzero(label == OPEN)
        if not len(todo):
            break
        tails = simulate(ends[todo], TAIL)
        for i, tree in enumerate(trees):
            label[todo[_on(tree, reaches[i], tails)]] = i
        rest = np.flatnonzero(label[todo] == OPEN)
        if not len(rest) or len(clouds) == MOST:
            break
        start = _advance(simulate, ends[todo[rest[:1]]], transient)
        orbit = simulate(start, 2 * steps)[:, 0]
        if not _bounded(orbit, scale).all():
            label[todo[rest[0]]] = AWAY
            continue
        cloud, again = orbit[:steps], orbit[steps:]
        same = [i for i, tree in enumerate(trees) if _on(tree, reaches[i], again[:, None])[0]]
        if same:
            label[todo[rest[0]]] = same[0]
        else:
            trees.append(cKDTree(cloud))
            reaches.append(2 * float(np.max(trees[-1].query(again)[0])) + NEAR * scale)
            clouds.append(cloud)
            label[todo[rest[0]]] = len(clouds) - 1
            label[todo[rest][_on(trees[-1], reaches[-1], tails[:, rest])]] = len(clouds) - 1
        ends[todo] = _advance(simulate, tails[-1], transient)
    if known:
        return Basins(label, clouds, reaches)
    sizes = np.array([np.sum(label == i) for i in range(len(clouds))])
    order = np.argsort(-sizes, kind="stable")
    ranks = np.concatenate([np.argsort(order), [OPEN, AWAY]])  # label -1 stays -1, -2 stays -2
    return Basins(
        ranks[label].astype(np.int64), [clouds[i] for i in order], [reaches[i] for i in order]
    )


def _advance(simulate: Simulate, states: Array, steps: int) -> Array:
    """States so many steps later, without the orbit in memory."""
    while steps > 0:
        ahead = min(CHUNK, steps)
        states = simulate(states, ahead + 1)[-1]
        steps -= ahead
    return states


def _bounded(states: Array, scale: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(np.nan_to_num(states, nan=np.inf)).max(axis=-1) < UNBOUNDED * scale)


def _on(tree: Any, reach: float, tails: Array) -> NDArray[np.bool_]:
    """Which orbits ``(time, orbit, latent)`` lie on a cloud."""
    inside: NDArray[np.bool_] = np.asarray(np.isfinite(tails).all(axis=(0, 2)))
    # the last state alone sorts out most
    for states in (tails[-1:], tails):
        which = np.flatnonzero(inside)
        distance, _ = tree.query(states[:, which], distance_upper_bound=reach)
        inside[which] = np.isfinite(distance).all(axis=0)
    return inside


def attractor_kind(cloud: Array, scale: float, exponents: Array, error: Array) -> tuple[str, int]:
    """Kind of an attractor, and its period where it repeats itself.

    Parameters
    ----------
    cloud : (time, latent)
        An orbit on it.
    scale
        Size of the states that the data visit.
    exponents, error : (count,)
        Leading Lyapunov exponents, two or more if there are.

    Returns
    -------
    kind
        ``"fixed point"``, ``"cycle"`` (states that repeat, or a closed curve), ``"torus"`` (two
        exponents are zero) or ``"chaos"`` (the first one is positive).
    period
        In samples; 0 where no state repeats itself.
    """
    tolerance = zero_tolerance(error, len(cloud))
    kind, period = classify(cloud, scale, float(exponents[0]), float(tolerance[0]))
    if kind == "aperiodic":
        return "chaos", 0
    if kind == "cycle" and not period and np.sum(np.abs(exponents) <= tolerance) > 1:
        return "torus", 0
    return kind, period


def wilson(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Confidence interval of a share (Wilson 1927), 95 % unless told."""
    if not trials:
        return float("nan"), float("nan")
    share = successes / trials
    centre = share + z**2 / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return (
        float((centre - half) / (1 + z**2 / trials)),
        float((centre + half) / (1 + z**2 / trials)),
    )


def plane_of(states: Array) -> tuple[Array, Array]:
    """Mean and the first two principal directions ``(2, latent)`` of states, in units of their sd.

    In one dimension the second direction is missing: ``(1, latent)``.
    """
    mean = states.mean(axis=0)
    _, sizes, directions = np.linalg.svd(states - mean, full_matrices=False)
    sd = sizes[:2, None] / np.sqrt(len(states))
    return mean, np.asarray(np.maximum(sd, 1e-12) * directions[:2])


def grid_in_plane(mean: Array, axes: Array, extent: float, points: int) -> tuple[Array, Array]:
    """Ticks ``(points,)`` in sd, and states ``(points ** axes, latent)``, last axis fastest."""
    ticks = np.linspace(-extent, extent, points)
    shares = np.stack(np.meshgrid(*[ticks] * len(axes), indexing="ij"), axis=-1)
    return ticks, mean + shares.reshape(-1, len(axes)) @ axes
