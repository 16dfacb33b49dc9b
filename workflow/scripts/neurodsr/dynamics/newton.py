"""Fixed points of any differentiable map, by Newton's method from many states."""

import numpy as np
from scipy.optimize import root

from neurodsr.dynamics.fixed_points import SPREADS, FixedPoints, described
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array

STARTS = 120
MOST_UNKNOWNS = 8_000
"""Starts times latent dimension: what a search costs grows faster than that."""


def search_smooth(one: Reconstruction, visited: Array, rng: np.random.Generator) -> FixedPoints:
    """Fixed points without input, from states that the data visit and from others around them.

    Powell's hybrid method with the exact Jacobian; what does not satisfy the equation is dropped.
    Nothing says that all were found. ``regions`` of the result counts the starts.

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
    near = visited[rng.integers(len(visited), size=count // 2)]
    spreads = np.resize(SPREADS, count - len(near))[:, None]
    around = visited.mean(axis=0) + spreads * visited.std(axis=0) * rng.standard_normal(
        (len(spreads), one.latent_dimension)
    )
    found = [
        solution[None]
        for start in np.concatenate([near, around])
        if (solution := _solve(one, start)) is not None
    ]
    return described(one, found, count, complete=False)


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
        except ValueError:  # infinite or NaN on the way
            return None
        residual, speed = np.abs(displacement(z)).max(), np.abs(derivative(z)).max()
    # in a slow map (a flow sampled finely) everything almost stays where it is
    return z if residual < 1e-8 * min(1.0, speed) * (1 + np.abs(z).max()) else None
