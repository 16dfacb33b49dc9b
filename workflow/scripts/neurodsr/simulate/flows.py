"""Fixed-step integration of flows, and two textbook chaotic systems.

A state has its components first, ``(component, ...)``: further axes hold independent copies that
are integrated together. A field maps a state to its time derivative of the same shape.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Field = Callable[[Floats], Floats]


def runge_kutta(
    field: Field, start: npt.ArrayLike, dt: float, steps: int, substeps: int = 1
) -> Floats:
    """Integrate an autonomous flow with the classical fourth-order Runge-Kutta scheme.

    Parameters
    ----------
    field
        Time derivative of a state.
    start
        Initial state, shape (component, ...).
    dt
        Interval between returned states, in the flow's unit of time.
    steps
        Number of states to return.
    substeps
        Integration steps in each interval.

    Returns
    -------
    states
        Shape (steps, component, ...); the first one is one interval after `start`.
    """
    state = np.array(start, dtype=np.float64)
    states = np.empty((steps, *state.shape))
    h = dt / substeps
    for step in range(steps):
        for _ in range(substeps):
            k1 = field(state)
            k2 = field(state + 0.5 * h * k1)
            k3 = field(state + 0.5 * h * k2)
            k4 = field(state + h * k3)
            state = state + h / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)
        states[step] = state
    return states


def stochastic_heun(
    field: Field,
    start: npt.ArrayLike,
    noise: npt.ArrayLike,
    dt: float,
    steps: int,
    rng: np.random.Generator,
    substeps: int = 1,
) -> Floats:
    """Integrate ``dx = field(x) dt + noise dW`` with the stochastic Heun scheme.

    The noise is additive, so that Ito and Stratonovich agree and the drift is second order
    (Kloeden & Platen 1992, section 15.1).

    Parameters
    ----------
    field, start, dt, steps, substeps
        As in `runge_kutta`.
    noise
        Standard deviation of the noise per square root of time, one for each component or shared.
    rng
        Source of the increments.

    Returns
    -------
    states
        Shape (steps, component, ...).
    """
    state = np.array(start, dtype=np.float64)
    spread = np.asarray(noise, dtype=np.float64)
    if spread.ndim:
        spread = spread.reshape(spread.shape + (1,) * (state.ndim - spread.ndim))
    states = np.empty((steps, *state.shape))
    h = dt / substeps
    scale = spread * np.sqrt(h)
    for step in range(steps):
        for increment in scale * rng.standard_normal((substeps, *state.shape)):
            slope = field(state)
            predicted = state + h * slope + increment
            state = state + 0.5 * h * (slope + field(predicted)) + increment
        states[step] = state
    return states


def lorenz63(
    steps: int,
    dt: float = 0.01,
    *,
    start: Sequence[float] = (1.0, 1.0, 1.0),
    rng: np.random.Generator | None = None,
    transient: int = 1000,
    sigma: float = 10.0,
    rho: float = 28.0,
    beta: float = 8.0 / 3.0,
) -> Floats:
    """Trajectory of the system of Lorenz (1963, J. Atmos. Sci. 20:130).

    Parameters
    ----------
    steps
        Number of samples returned.
    dt
        Sampling interval and integration step.
    start
        Initial state.
    rng
        Perturbs `start` by a standard normal deviate per component.
    transient
        Number of samples left out at the beginning.
    sigma, rho, beta
        Parameters of the system.

    Returns
    -------
    trajectory
        Shape (steps, 3).
    """

    def field(state: Floats) -> Floats:
        x, y, z = state
        return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])

    return _sampled(field, start, rng, dt, steps, transient)


def roessler(
    steps: int,
    dt: float = 0.05,
    *,
    start: Sequence[float] = (1.0, 1.0, 0.0),
    rng: np.random.Generator | None = None,
    transient: int = 4000,
    a: float = 0.2,
    b: float = 0.2,
    c: float = 5.7,
) -> Floats:
    """Trajectory of the system of Roessler (1976, Phys. Lett. A 57:397); as `lorenz63`."""

    def field(state: Floats) -> Floats:
        x, y, z = state
        return np.array([-y - z, x + a * y, b + z * (x - c)])

    return _sampled(field, start, rng, dt, steps, transient)


def _sampled(
    field: Field,
    start: Sequence[float],
    rng: np.random.Generator | None,
    dt: float,
    steps: int,
    transient: int,
) -> Floats:
    first = np.array(start, dtype=np.float64)
    if rng is not None:
        first = first + rng.standard_normal(first.shape)
    return runge_kutta(field, first, dt, transient + steps)[transient:]
