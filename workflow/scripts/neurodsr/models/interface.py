"""What a trained run can do, whatever its family."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.models.piecewise_linear import Array

Variables = dict[str, tuple[tuple[str, ...], NDArray[Any]]]
"""Dimensions and values by name."""


class Reconstruction(ABC):
    """One run (seed) of a trained model: a map of latent states, and how it meets observations.

    Arrays may have any number of leading axes (lanes) where ``...`` stands. Inputs are optional;
    a model that was trained with inputs takes missing ones for zero.

    Attributes
    ----------
    run
        Index of the run.
    warm_up
        Samples of history that fix a latent state.
    """

    run: int
    warm_up: int

    @classmethod
    @abstractmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        """The run that is left in a fit (``fit.isel(run=...)``)."""

    @property
    @abstractmethod
    def latent_dimension(self) -> int: ...

    @abstractmethod
    def encode(self, history: Array, inputs: Array | None = None) -> Array:
        """Latent states ``(..., latent)`` at the end of a history.

        Parameters
        ----------
        history : (time, ..., channel)
            Observations, at best `warm_up` of them or more.
        inputs : (time - 1, ..., input), optional
            Inputs at all of these times but the last.
        """

    @abstractmethod
    def decode(self, z: Array) -> Array:
        """Observations ``(..., channel)`` of latent states ``(..., latent)``."""

    @abstractmethod
    def step(self, z: Array, s: Array | None = None) -> Array:
        """Images of latent states ``(..., latent)``, with inputs ``(..., input)``."""

    @abstractmethod
    def tangent(self, z: Array, v: Array) -> Array:
        """Tangent vectors ``(..., latent, vector)`` at ``z``, one step on, without input."""

    def jacobian(self, z: Array) -> Array:
        """Jacobians ``(..., latent, latent)`` of a step without input."""
        identity = np.eye(self.latent_dimension)
        return self.tangent(z, np.broadcast_to(identity, (*z.shape[:-1], *identity.shape)))

    def simulate(self, z: Array, steps: int, inputs: Array | None = None) -> Array:
        """Latent orbit ``(steps, ..., latent)`` from ``z`` on, the initial state included.

        ``inputs[t]`` drives the step from t to t + 1. A diverging orbit holds inf or NaN.
        """
        orbit = np.empty((steps, *z.shape))
        orbit[0] = z
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(steps - 1):
                orbit[t + 1] = self.step(orbit[t], None if inputs is None else inputs[t])
        return orbit

    def forecast(self, history: Array, steps: int, inputs: Array | None = None) -> Array:
        """Expected observations ``(steps, ..., channel)`` from the end of a history on.

        Parameters
        ----------
        history : (time, ..., channel)
            Observations; the first one returned belongs to the last of these.
        steps
            Number of observations returned.
        inputs : (time + steps - 1, ..., input), optional
            From the first time of the history on; further ones are ignored.
        """
        known = len(history) - 1
        past, future = (None, None) if inputs is None else (inputs[:known], inputs[known:])
        return self.decode(self.simulate(self.encode(history, past), steps, future))

    def free_run(self, history: Array, steps: int, inputs: Array | None = None) -> Array:
        """What the model generates after a history; the forecast unless the model is stochastic."""
        return self.forecast(history, steps, inputs)


class Baseline(Reconstruction):
    """A run of a model outside the PLRNN family."""

    @abstractmethod
    def variables(self) -> Variables:
        """What is stored of this run, from which `from_fit` makes it again."""
