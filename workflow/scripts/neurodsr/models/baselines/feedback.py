"""Recurrent networks that are driven by their own output: reservoirs, LSTMs, GRUs."""

from abc import abstractmethod

import numpy as np

from neurodsr.models.interface import Baseline
from neurodsr.models.piecewise_linear import Array


class FeedbackNetwork(Baseline):
    r"""Network whose output is its next input.

    .. math:: h_{t+1} = G(h_t, [x_t, s_t]), \quad x_{t+1} = B h_{t+1} + b

    The latent state is ``[h, x]``, the present output included, so that a run that begins with an
    observation reads that very observation first.

    Attributes
    ----------
    readout : (channel, unit)
        B; it reads the first units of ``h``.
    readout_bias : (channel,)
    input_count
        Number of external inputs s.
    """

    readout: Array
    readout_bias: Array
    input_count: int

    @property
    @abstractmethod
    def hidden_dimension(self) -> int:
        """Length of ``h``."""

    @abstractmethod
    def drive(self, h: Array, u: Array) -> Array:
        """Next ``h`` for ``u = [x, s]``."""

    @abstractmethod
    def drive_tangent(self, h: Array, u: Array, dh: Array, dx: Array) -> Array:
        """Tangent vectors of `drive` ``(..., hidden, vector)`` for those of h and x."""

    @property
    def latent_dimension(self) -> int:
        return self.hidden_dimension + len(self.readout)

    def encode(self, history: Array, inputs: Array | None = None) -> Array:
        h = np.zeros((*history.shape[1:-1], self.hidden_dimension))
        for t in range(len(history) - 1):
            h = self.drive(h, self._joined(history[t], None if inputs is None else inputs[t]))
        return np.concatenate([h, history[-1]], axis=-1)

    def decode(self, z: Array) -> Array:
        return z[..., self.hidden_dimension :]

    def step(self, z: Array, s: Array | None = None) -> Array:
        h = self.drive(z[..., : self.hidden_dimension], self._joined(self.decode(z), s))
        return np.concatenate([h, self._read(h)], axis=-1)

    def tangent(self, z: Array, v: Array) -> Array:
        size = self.hidden_dimension
        dh = self.drive_tangent(
            z[..., :size], self._joined(self.decode(z), None), v[..., :size, :], v[..., size:, :]
        )
        return np.concatenate([dh, self.readout @ dh[..., : self.readout.shape[1], :]], axis=-2)

    def forecast(self, history: Array, steps: int, inputs: Array | None = None) -> Array:
        """As of every reconstruction; only the output of the many units is kept."""
        known = len(history) - 1
        size = self.hidden_dimension
        h = self.encode(history, inputs)[..., :size]
        orbit = np.empty((steps, *history.shape[1:]))
        orbit[0] = history[-1]
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(steps - 1):
                s = None if inputs is None else inputs[known + t]
                h = self.drive(h, self._joined(orbit[t], s))
                orbit[t + 1] = self._read(h)
        return orbit

    def _read(self, h: Array) -> Array:
        return np.asarray(h[..., : self.readout.shape[1]] @ self.readout.T + self.readout_bias)

    def _joined(self, x: Array, s: Array | None) -> Array:
        if not self.input_count:
            return x
        given = np.zeros((*x.shape[:-1], self.input_count)) if s is None else s
        return np.concatenate([x, given], axis=-1)
