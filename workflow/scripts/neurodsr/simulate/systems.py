"""Autonomous flows with known answers: chaotic textbook systems and a bursting neuron.

A state has its components first, ``(component, ...)``, as in `flows`. Time is in seconds; one unit
of time of a system without dimensions counts as one second.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class System(ABC):
    """A flow dx/dt = field(x); its parameters are the fields of the class that defines it.

    Attributes
    ----------
    step
        Integration step (s) at which the classical Runge-Kutta scheme resolves it.
    time_scale
        About one turn on the attractor (s).
    """

    step: ClassVar[float]
    time_scale: ClassVar[float]

    @property
    @abstractmethod
    def channels(self) -> tuple[str, ...]:
        """Names of the components."""

    @property
    @abstractmethod
    def start(self) -> Floats:
        """A state ``(component,)`` from which the flow leads to the attractor."""

    @abstractmethod
    def field(self, state: Floats) -> Floats:
        """Time derivative (1/s), of the shape of the state."""

    @abstractmethod
    def jacobian(self, state: Floats) -> Floats:
        """Derivative of the field ``(component, with respect to component, ...)``."""


def matrix(rows: list[list[Floats | float]], like: Floats) -> Floats:
    """A matrix whose entries, numbers or arrays, are spread over the copies of ``like``."""
    return np.stack([np.stack([np.broadcast_to(x, like.shape) for x in row]) for row in rows])


@dataclass(frozen=True)
class Lorenz63(System):
    """The system of Lorenz (1963, J. Atmos. Sci. 20:130)."""

    sigma: float = 10.0
    rho: float = 28.0
    beta: float = 8.0 / 3.0

    step = 0.01
    time_scale = 1.0
    channels = ("x", "y", "z")

    @property
    def start(self) -> Floats:
        return np.array([-10.0, -15.0, 20.0])

    def field(self, state: Floats) -> Floats:
        x, y, z = state
        return np.array([self.sigma * (y - x), x * (self.rho - z) - y, x * y - self.beta * z])

    def jacobian(self, state: Floats) -> Floats:
        x, y, z = state
        return matrix(
            [[-self.sigma, self.sigma, 0.0], [self.rho - z, -1.0, -x], [y, x, -self.beta]], x
        )


@dataclass(frozen=True)
class Roessler(System):
    """The system of Roessler (1976, Phys. Lett. A 57:397)."""

    a: float = 0.2
    b: float = 0.2
    c: float = 5.7

    step = 0.05
    time_scale = 6.0
    channels = ("x", "y", "z")

    @property
    def start(self) -> Floats:
        return np.array([1.0, 1.0, 0.0])

    def field(self, state: Floats) -> Floats:
        x, y, z = state
        return np.array([-y - z, x + self.a * y, self.b + z * (x - self.c)])

    def jacobian(self, state: Floats) -> Floats:
        x, _, z = state
        return matrix([[0.0, -1.0, -1.0], [1.0, self.a, 0.0], [z, 0.0, x - self.c]], x)


@dataclass(frozen=True)
class Lorenz96(System):
    """The ring of Lorenz (1996): dx_i/dt = (x_(i+1) - x_(i-2)) x_(i-1) - x_i + F."""

    dimension: int = 10
    forcing: float = 8.0

    step = 0.05
    time_scale = 1.0

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(f"x{i}" for i in range(1, self.dimension + 1))

    @property
    def start(self) -> Floats:
        state = np.full(self.dimension, self.forcing)
        state[0] += 0.01
        return state

    def field(self, state: Floats) -> Floats:
        before = np.roll(state, 1, axis=0)
        difference = np.roll(state, -1, axis=0) - np.roll(state, 2, axis=0)
        return np.asarray(difference * before - state + self.forcing)

    def jacobian(self, state: Floats) -> Floats:
        i = np.arange(self.dimension)
        before, two_before, after = (i - 1) % len(i), (i - 2) % len(i), (i + 1) % len(i)
        result = np.zeros((len(i), *state.shape))
        result[i, i] = -1.0
        result[i, after] += state[before]
        result[i, two_before] -= state[before]
        result[i, before] += state[after] - state[two_before]
        return result


@dataclass(frozen=True)
class BurstingNeuron(System):
    """A bursting neuron with three variables (Durstewitz 2009, Neural Networks 22:1189).

    The membrane potential V (mV) follows

        C dV/dt = -g_L (V - E_L) - g_Na m(V) (V - E_Na) - (g_K n + g_M h) (V - E_K)
                  - g_NMDA s(V) V

    with a potassium gate n (1 ms) and a slow one h (200 ms) that relax to n(V) and h(V). The
    limits m, n, h and the magnesium block s(V) = 1 / (1 + 0.33 exp(-0.0625 V)) are logistic. The
    other parameters are those of the simulations in Schmidt et al. (2021, ICLR): capacitance 6,
    conductances L 8, Na 20, K 10, M 25; reversal potentials L -80, Na 60, K -90 mV; half
    activation (slope) m -20 (15), n -25 (5), h -15 (5) mV. At an NMDA conductance of 10.2 bursts
    coexist with tonic spiking (h near 0.062) of a small basin; the start is in the pause between
    two bursts.
    """

    nmda: float = 10.2

    step = 1e-4
    time_scale = 0.15
    channels = ("V", "n", "h")

    @property
    def start(self) -> Floats:
        return np.array([-67.0, 0.0, 0.06])

    def field(self, state: Floats) -> Floats:
        v, n, h = state
        m, n_limit, h_limit, s = _gates(v)
        current = (
            8.0 * (v + 80.0)
            + 20.0 * m * (v - 60.0)
            + (10.0 * n + 25.0 * h) * (v + 90.0)
            + self.nmda * s * v
        )
        return np.array([-current / 6.0, n_limit - n, (h_limit - h) / 200.0]) * 1000.0

    def jacobian(self, state: Floats) -> Floats:
        v, n, h = state
        gates = _gates(v)
        m, _, _, s = gates
        m_slope, n_slope, h_slope, s_slope = (
            gates * (1.0 - gates) / SLOPE.reshape(-1, *(1,) * v.ndim)
        )
        conductance = (
            8.0
            + 20.0 * (m + m_slope * (v - 60.0))
            + 10.0 * n
            + 25.0 * h
            + self.nmda * (s + s_slope * v)
        )
        rows: list[list[Floats | float]] = [
            [-conductance / 6.0, -10.0 * (v + 90.0) / 6.0, -25.0 * (v + 90.0) / 6.0],
            [n_slope, -1.0, 0.0],
            [h_slope / 200.0, 0.0, -1.0 / 200.0],
        ]
        return 1000.0 * matrix(rows, v)


HALF = np.array([-20.0, -25.0, -15.0, 16.0 * np.log(0.33)])
SLOPE = np.array([15.0, 5.0, 5.0, 16.0])
"""Half activation and slope (mV) of m, n, h and of the magnesium block."""


def _gates(v: Floats) -> Floats:
    """Limits of m, n, h and the magnesium block, ``(gate, ...)``."""
    shape = (-1, *(1,) * v.ndim)
    return np.asarray(1.0 / (1.0 + np.exp((HALF.reshape(shape) - v) / SLOPE.reshape(shape))))


def perturbed(system: System, copies: int, rng: np.random.Generator) -> Floats:
    """Initial states ``(component, copy)``: the system's own, moved by about a tenth."""
    start = system.start[:, None]
    noise = rng.standard_normal((len(start), copies))
    return np.asarray(start + 0.1 * np.abs(start) * noise)


SYSTEMS: dict[str, type[System]] = {
    "lorenz63": Lorenz63,
    "lorenz96": Lorenz96,
    "roessler": Roessler,
    "bursting-neuron": BurstingNeuron,
}
