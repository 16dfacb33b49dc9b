"""Fixed points and cycles of any differentiable map, by Newton's method from many states."""

import numpy as np
from scipy.optimize import root

from neurodsr.dynamics.fixed_points import FixedPoints, described
from neurodsr.dynamics.piecewise.census import Census
from neurodsr.dynamics.piecewise.cycles import Cycle, Cycles
from neurodsr.dynamics.piecewise.search import SPREADS, least_period, near
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array

STARTS = 120
ITERATIONS = 20
LARGEST = 1e12
MOST_UNKNOWNS = 8_000
"""Starts times latent dimension: what a search costs grows faster than that."""


def search_smooth(one: Reconstruction, visited: Array, rng: np.random.Generator) -> FixedPoints:
    """Fixed points without input, from states that the data visit and from others around them.

    Powell's hybrid method with the exact Jacobian; what does not satisfy the equation is dropped.
    How many starts lead to each tells how many were missed, at least (see `Census`). ``regions`` of
    the result counts the starts.

    Parameters
    ----------
    one
        The model.
    visited : (state, latent)
        Finite states.
    rng
        Chooses the starts.
    """
    count = max(10, min(STARTS, MOST_UNKNOWNS // one.latent_dimension))
    near_data = visited[rng.integers(len(visited), size=count // 2)]
    spreads = np.resize(SPREADS, count - len(near_data))[:, None]
    around = visited.mean(axis=0) + spreads * visited.std(axis=0) * rng.standard_normal(
        (len(spreads), one.latent_dimension)
    )
    found = np.empty((0, one.latent_dimension))
    census = Census(count)
    for start in np.concatenate([near_data, around]):
        state = _solve(one, start)
        if state is None:
            census.sample(())
            continue
        same = np.flatnonzero(near(state, found))
        if not len(same):
            found = np.concatenate([found, state[None]])
            census.add()
        census.sample([int(same[0]) if len(same) else len(found) - 1])
    return described(one, list(found), count, complete=False, unseen=census.unseen)


def _solve(one: Reconstruction, start: Array) -> Array | None:
    """The fixed point that a start leads to, if it does."""
    identity = np.eye(one.latent_dimension)

    def displacement(z: Array) -> Array:
        return one.step(z) - z

    def derivative(z: Array) -> Array:
        return one.jacobian(z) - identity

    with np.errstate(all="ignore"):
        try:
            z: Array = root(displacement, start, jac=derivative, tol=1e-12).x
            # what is left to go: a small residual may be far away, where a map saturates or is slow
            rest = np.linalg.solve(derivative(z), displacement(z))
        except (ValueError, np.linalg.LinAlgError):  # infinite or NaN on the way, or singular
            return None
    return z if np.abs(rest).max() < 1e-8 * (1 + np.abs(z).max()) else None


def search_smooth_cycles(
    one: Reconstruction, order: int, visited: Array, starts: int, rng: np.random.Generator
) -> Cycles:
    """Cycles of one order without input, by Newton's method from many states at once.

    Half of the starts are states that the system visits, half lie around them. How many of them
    lead to each cycle tells how many were missed, at least (see `Census`). Shorter cycles are left
    out.

    Parameters
    ----------
    one
        The model.
    order
        Length of the cycles.
    visited : (state, latent)
        Finite states.
    starts
        Number of starts.
    rng
        Chooses them.
    """
    latent = one.latent_dimension
    near_data = visited[rng.integers(len(visited), size=starts // 2)]
    spreads = np.resize(SPREADS[:3], starts - len(near_data))[:, None]
    noise = rng.standard_normal((len(spreads), latent))
    z = np.concatenate([near_data, visited.mean(axis=0) + spreads * visited.std(axis=0) * noise])
    identity = np.eye(latent)
    with np.errstate(all="ignore"):
        for _ in range(ITERATIONS):
            image, product = _around(one, z, order)
            usable = (np.abs(product) < LARGEST).all(axis=(1, 2)) & np.isfinite(image).all(axis=1)
            z, image, product = z[usable], image[usable], product[usable]
            moved = _solved(identity - product, (image - z)[..., None])
            z = z + moved[..., 0]
        image, product = _around(one, z, order)
        closed = np.abs(image - z).max(axis=1, initial=0.0) < 1e-9 * (1 + np.abs(z).max(axis=1))
    found: list[Cycle] = []
    census = Census(0)
    for state in z[closed]:
        known = [i for i, cycle in enumerate(found) if near(state, cycle.states).any()]
        orbit = one.simulate(state, order)
        if not known and least_period(orbit) == order:
            values = np.linalg.eigvals(_around(one, orbit[:1], order)[1][0]).astype(complex)
            known = [len(found)]
            found.append(Cycle(orbit, values[np.argsort(-np.abs(values), kind="stable")]))
            census.add()
        census.sample(known)
    return Cycles(found, starts, False, census.unseen)


def _solved(matrices: Array, columns: Array) -> Array:
    try:
        return np.asarray(np.linalg.solve(matrices, columns))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.pinv(matrices) @ columns)


def _around(one: Reconstruction, z: Array, order: int) -> tuple[Array, Array]:
    """States ``order`` steps on, and the derivatives of these."""
    latent = z.shape[1]
    product = np.broadcast_to(np.eye(latent), (len(z), latent, latent))
    for _ in range(order):
        product = one.tangent(z, product)
        z = one.step(z)
    return z, product
