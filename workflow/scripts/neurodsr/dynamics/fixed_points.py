"""Fixed points of the canonical map, exactly: one linear equation for each linear region."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

Patterns = NDArray[np.bool_]
BATCH = 4096
PATIENCE = 6
SPREADS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True)
class FixedPoints:
    """All fixed points found.

    Attributes
    ----------
    states : (point, latent)
    eigenvalues : (point, latent)
        Of the Jacobian there, complex, in descending modulus.
    regions
        Linear regions whose equation was solved.
    complete
        Whether these were all regions there are.
    """

    states: Array
    eigenvalues: NDArray[np.complex128]
    regions: int
    complete: bool

    @property
    def stability(self) -> list[str]:
        """``"stable"``, ``"saddle"`` or ``"unstable"``, by the eigenvalues' moduli against 1."""
        return [_stability(np.abs(values)) for values in self.eigenvalues]

    @property
    def type(self) -> list[str]:
        """Stability with ``"node"``, or ``"focus"`` when the leading eigenvalue is complex."""
        return [
            f"{stability} {'focus' if abs(values[0].imag) > 1e-9 * abs(values[0]) else 'node'}"
            for stability, values in zip(self.stability, self.eigenvalues, strict=True)
        ]


def _stability(moduli: Array) -> str:
    if (moduli < 1).all():
        return "stable"
    return "unstable" if (moduli > 1).all() else "saddle"


def find_fixed_points(
    model: PiecewiseLinearMap, starts: Array, regions: int, rng: np.random.Generator
) -> FixedPoints:
    """Fixed points of a map without input: all of them if there are few regions, else a search.

    Parameters
    ----------
    model
        The map.
    starts : (state, latent)
        States that the system visits, finite.
    regions
        Regions to be solved at most; a map that has no more is solved completely.
    rng
        Of the search.
    """
    if _region_count(model) <= regions:
        return exhaustive_fixed_points(model)
    return search_fixed_points(model, starts, regions, rng)


def search_fixed_points(
    model: PiecewiseLinearMap, starts: Array, regions: int, rng: np.random.Generator
) -> FixedPoints:
    """Fixed points from the regions of given and of random states, and from where these lead.

    A solution outside its own region (a virtual fixed point) names the region to be solved next,
    after SCYFI (Eisenmann et al. 2023); none is solved twice. Arguments as of `find_fixed_points`.
    """
    visited: set[bytes] = set()
    found: list[Array] = []
    centre = starts.mean(axis=0)
    covariance = np.atleast_2d(np.cov(starts.T)) + 1e-12 * np.eye(model.latent_dimension)
    root = np.linalg.cholesky(covariance)
    fruitless = 0
    draw = 0
    states = starts
    while fruitless < PATIENCE and len(visited) < regions:
        fruitless += 1
        while len(states):
            patterns = _unvisited(region(model, states), visited, regions)
            if not len(patterns):
                break
            solved = _solve(model, patterns)
            true = _fixed(model, solved)
            if true.any():
                found.append(solved[true])
            fruitless = 0
            states = solved[~true]
        noise = rng.standard_normal((256, model.latent_dimension))
        states = centre + SPREADS[draw % len(SPREADS)] * noise @ root.T
        draw += 1
    return described(model, found, len(visited), complete=False)


def exhaustive_fixed_points(model: PiecewiseLinearMap) -> FixedPoints:
    """Fixed points of a map from the equations of all its regions."""
    choices = _unit_patterns(model)
    found: list[Array] = []
    batch: list[Array] = []
    count = 0
    for combination in product(*choices):
        batch.append(np.array(combination))
        count += 1
        if len(batch) == BATCH:
            found.append(_admissible(model, np.array(batch)))
            batch = []
    if batch:
        found.append(_admissible(model, np.array(batch)))
    return described(model, found, count, complete=True)


def region(model: PiecewiseLinearMap, z: Array) -> Patterns:
    """Linear region of states ``(state, latent)``: ``(state, hidden, border)``.

    Whether each hidden unit's argument is positive, with its bias and, in a clipped map, without.
    """
    u = z @ model.W2.T
    with_bias = u + model.h2 > 0
    return np.stack([with_bias, u > 0] if model.clipped else [with_bias], axis=-1)


def _unit_patterns(model: PiecewiseLinearMap) -> list[list[tuple[bool, ...]]]:
    if not model.clipped:
        return [[(False,), (True,)] for _ in model.h2]
    between = {1.0: [(True, False)], -1.0: [(False, True)], 0.0: []}
    return [[(False, False), (True, True), *between[float(np.sign(h))]] for h in model.h2]


def _region_count(model: PiecewiseLinearMap) -> float:
    return float(np.prod([float(len(choices)) for choices in _unit_patterns(model)]))


def _unvisited(patterns: Patterns, visited: set[bytes], most: int) -> Patterns:
    """Those that are new, each once; notes them as visited."""
    new = []
    packed = np.packbits(patterns.reshape(len(patterns), -1), axis=1)
    for i, key in enumerate(row.tobytes() for row in packed):
        if len(visited) >= most:
            break
        if key not in visited:
            visited.add(key)
            new.append(i)
    return np.asarray(patterns[new])


def _solve(model: PiecewiseLinearMap, patterns: Patterns) -> Array:
    """Fixed points of the regions' affine maps, admissible or not; singular ones left out."""
    on = patterns.astype(float)
    slopes = on[..., 0] - on[..., 1] if model.clipped else on[..., 0]
    matrix = np.eye(model.latent_dimension) - model.A - (model.W1 * slopes[:, None]) @ model.W2
    constant = (on[..., 0] * model.h2) @ model.W1.T + model.h1
    try:
        return np.asarray(np.linalg.solve(matrix, constant[..., None])[..., 0])
    except np.linalg.LinAlgError:
        regular = np.linalg.cond(matrix) < 1e15
        return np.asarray(np.linalg.solve(matrix[regular], constant[regular][..., None])[..., 0])


def _fixed(model: PiecewiseLinearMap, z: Array) -> NDArray[np.bool_]:
    """Which states ``(state, latent)`` the map leaves where they are."""
    size = 1 + np.abs(z).max(axis=1)
    return np.asarray(np.abs(model.step(z) - z).max(axis=1) < 1e-8 * size)


def _admissible(model: PiecewiseLinearMap, patterns: Patterns) -> Array:
    solved = _solve(model, patterns.astype(bool))
    return solved[_fixed(model, solved)]


def described(
    model: PiecewiseLinearMap | Reconstruction, found: list[Array], regions: int, complete: bool
) -> FixedPoints:
    """Fixed points with their eigenvalues.

    What lies within 1e-6 of each other, relative to the size of the states, is merged.
    """
    states = np.concatenate([*found, np.empty((0, model.latent_dimension))])
    scale = 1 + np.abs(states).max(initial=0.0)
    kept: list[Array] = []
    for state in states:
        if all(np.abs(state - other).max() > 1e-6 * scale for other in kept):
            kept.append(state)
    states = np.array(kept).reshape(-1, model.latent_dimension)
    values = np.linalg.eigvals(model.jacobian(states)).astype(complex)
    order = np.argsort(-np.abs(values), axis=1, kind="stable")
    return FixedPoints(states, np.take_along_axis(values, order, 1), regions, complete)
