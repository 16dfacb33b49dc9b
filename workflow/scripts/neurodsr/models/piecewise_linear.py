"""The one map to which every piecewise-linear model of the PLRNN family lowers itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PiecewiseLinearMap:
    r"""Canonical piecewise-linear map.

    .. math:: F(z, s) = A z + W_1 [\phi(W_2 z + h_2) - c\,\phi(W_2 z)] + h_1 + C s,
        \quad \phi = \max(\cdot, 0)

    (Hess et al. 2023 for the clipped shallow PLRNN; the other members of the family, e.g. the
    AL-RNN, are the same map with other matrices.)

    Attributes
    ----------
    A : (latent, latent)
        Linear part, dense.
    W1 : (latent, hidden)
    W2 : (hidden, latent)
    h1 : (latent,)
    h2 : (hidden,)
    C : (latent, input)
        Input weights; ``input`` may be 0.
    clipped
        The constant c.
    """

    A: Array
    W1: Array
    W2: Array
    h1: Array
    h2: Array
    C: Array
    clipped: bool

    @property
    def latent_dimension(self) -> int:
        return int(self.A.shape[0])

    def step(self, z: Array, s: Array | None = None) -> Array:
        """One step of states ``(..., latent)``, with inputs ``(..., input)`` if there are any."""
        u = z @ self.W2.T
        hidden = np.maximum(u + self.h2, 0.0)
        if self.clipped:
            hidden = hidden - np.maximum(u, 0.0)
        image = z @ self.A.T + hidden @ self.W1.T + self.h1
        return image if s is None else image + s @ self.C.T

    def slopes(self, z: Array) -> Array:
        """Slopes of the hidden units ``(..., hidden)``: one linear region for each pattern."""
        u = z @ self.W2.T
        active = (u + self.h2 > 0).astype(float)
        return active - (u > 0) if self.clipped else active

    def jacobian(self, z: Array) -> Array:
        """Jacobians ``(..., latent, latent)`` at states ``(..., latent)``."""
        return self.A + (self.W1 * self.slopes(z)[..., None, :]) @ self.W2

    def simulate(self, z: Array, steps: int, inputs: Array | None = None) -> Array:
        """Free run from ``z`` ``(..., latent)``.

        Parameters
        ----------
        z
            Initial states, any number of leading axes.
        steps
            Number of states returned, the initial one included.
        inputs
            ``(steps, ..., input)``; ``inputs[t]`` drives the step from t to t + 1.

        Returns
        -------
        Array
            ``(steps, ..., latent)``; a run that diverges holds inf or NaN from there on.
        """
        orbit = np.empty((steps, *z.shape))
        orbit[0] = z
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(steps - 1):
                orbit[t + 1] = self.step(orbit[t], None if inputs is None else inputs[t])
        return orbit
