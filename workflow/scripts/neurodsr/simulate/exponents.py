"""Lyapunov exponents of a flow from its equations (Benettin et al. 1980)."""

from dataclasses import dataclass

import numpy as np

from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.systems import Floats, System, perturbed

BLOCKS = 2000
LANES = 32
STEPS_PER_BLOCK = 10
RESTING = 1e-3
"""Range of a component, as a fraction of the largest value, below which orbits are at rest."""
TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Spectrum:
    """Lyapunov exponents of a flow.

    Attributes
    ----------
    exponents, error : (component,)
        Exponents (1/s) in descending order, with standard errors.
    tolerance
        What counts as zero (1/s).
    moves
        Whether the orbits did not come to rest.
    """

    exponents: Floats
    error: Floats
    tolerance: float
    moves: bool

    @property
    def regime(self) -> str:
        """``"fixed point"``, ``"limit cycle"`` (leading exponent zero) or ``"chaotic"``."""
        if not self.moves:
            return "fixed point"
        return "chaotic" if self.exponents[0] > self.tolerance else "limit cycle"


def lyapunov_spectrum(
    system: System, rng: np.random.Generator, blocks: int = BLOCKS, lanes: int = LANES
) -> Spectrum:
    """Exponents on the attractor that a system's own start leads to.

    State and tangent vectors are integrated together with the Runge-Kutta scheme at the system's
    step; after each block of 10 steps the vectors are orthonormalised. The first fifth of the
    blocks is a transient.

    Parameters
    ----------
    system
        The flow.
    rng
        Sets the initial states of the orbits apart.
    blocks
        Of each orbit.
    lanes
        Independent orbits, over which exponents are averaged. The errors are told from their
        spread. An exponent counts as zero within three of them, or within what the changing speed
        of the flow leaves of the exponent along it, which is zero.
    """
    size = len(system.start)

    def extended(both: Floats) -> Floats:
        state, tangent = both[:size], lanes_first(both[size:], size)
        moved = lanes_first(system.jacobian(state), size) @ tangent
        return np.concatenate([system.field(state), np.moveaxis(moved, 0, -1).reshape(-1, lanes)])

    state = perturbed(system, lanes, rng)
    tangent = np.repeat(np.eye(size).reshape(-1, 1), lanes, axis=1)
    growth = np.zeros((blocks, lanes, size))
    speed = np.zeros((blocks, lanes))
    orbit = np.zeros((blocks, size, lanes))
    interval = STEPS_PER_BLOCK * system.step
    for block in range(blocks):
        start = np.concatenate([state, tangent])
        both = runge_kutta(extended, start, interval, 1, STEPS_PER_BLOCK)[0]
        state = orbit[block] = both[:size]
        vectors, lengths = np.linalg.qr(lanes_first(both[size:], size))
        tangent = np.moveaxis(vectors, 0, -1).reshape(-1, lanes)
        growth[block] = np.log(np.abs(np.diagonal(lengths, axis1=1, axis2=2)))
        speed[block] = np.log(np.linalg.norm(system.field(state), axis=0) + TINY)
    settled = blocks // 5
    rates = growth[settled:].mean(axis=0) / interval
    exponents, error = rates.mean(axis=0), rates.std(axis=0, ddof=1) / np.sqrt(lanes)
    order = np.argsort(-exponents)
    drift = np.ptp(speed[settled:]) / (interval * (blocks - settled))
    tolerance = max(3.0 * float(error[order[0]]), float(drift))
    late = orbit[blocks // 2 :]
    moves = bool(np.ptp(late, axis=0).max() > RESTING * np.abs(late).max())
    return Spectrum(exponents[order], error[order], tolerance, moves)


def lanes_first(flat: Floats, size: int) -> Floats:
    """Square matrices ``(lane, size, size)`` from their entries ``(..., lane)``."""
    return np.moveaxis(flat.reshape(size, size, -1), -1, 0)
