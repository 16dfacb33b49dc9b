"""Differential equations as maps: one Runge-Kutta step for each sample."""

from abc import abstractmethod

import numpy as np

from neurodsr.models.interface import Baseline
from neurodsr.models.piecewise_linear import Array


class Flow(Baseline):
    """Ordinary differential equation of the observations, ``dx/dt = f(x, s)``.

    A step is one of the fourth-order Runge-Kutta method in the 3/8 form (Kutta 1901; the one that
    torchdiffeq calls rk4), with the input held constant. Its tangent map is exact.

    Attributes
    ----------
    interval
        Length of a step, in the unit of time of f.
    input_count
        Number of external inputs s.
    """

    interval: float
    input_count: int
    warm_up = 1

    @abstractmethod
    def field(self, u: Array) -> Array:
        """``f`` at ``u = [x, s]``: ``(..., channel)``."""

    @abstractmethod
    def field_tangent(self, u: Array, v: Array) -> Array:
        """Derivatives of f along directions ``v`` ``(..., channel, vector)`` of x."""

    def encode(self, history: Array, inputs: Array | None = None) -> Array:
        return np.asarray(history[-1])

    def decode(self, z: Array) -> Array:
        return z

    def step(self, z: Array, s: Array | None = None) -> Array:
        dt = self.interval
        k1 = self.field(self._joined(z, s))
        k2 = self.field(self._joined(z + dt * k1 / 3, s))
        k3 = self.field(self._joined(z + dt * (k2 - k1 / 3), s))
        k4 = self.field(self._joined(z + dt * (k1 - k2 + k3), s))
        return z + dt * (k1 + 3 * (k2 + k3) + k4) / 8

    def tangent(self, z: Array, v: Array) -> Array:
        dt = self.interval
        u = self._joined(z, None)
        k1, v1 = self.field(u), self.field_tangent(u, v)
        u = self._joined(z + dt * k1 / 3, None)
        k2, v2 = self.field(u), self.field_tangent(u, v + dt * v1 / 3)
        u = self._joined(z + dt * (k2 - k1 / 3), None)
        k3, v3 = self.field(u), self.field_tangent(u, v + dt * (v2 - v1 / 3))
        u = self._joined(z + dt * (k1 - k2 + k3), None)
        v4 = self.field_tangent(u, v + dt * (v1 - v2 + v3))
        return v + dt * (v1 + 3 * (v2 + v3) + v4) / 8

    def _joined(self, x: Array, s: Array | None) -> Array:
        if not self.input_count:
            return x
        given = np.zeros((*x.shape[:-1], self.input_count)) if s is None else s
        return np.concatenate([x, given], axis=-1)
