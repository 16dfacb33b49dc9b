"""Fixed-step integration of flows.

A state has its components first, ``(component, ...)``: further axes hold independent copies that
are integrated together. A field maps a state to its time derivative of the same shape.
"""

from collections.abc import Callable

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
