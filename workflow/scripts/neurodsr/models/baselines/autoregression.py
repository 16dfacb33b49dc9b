"""The linear stochastic model as a model of its own, not only as a null."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from neurodsr.models.interface import Baseline, Variables
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.var import VAR


@dataclass(frozen=True)
class Autoregression(Baseline):
    """Vector autoregression with its last ``order`` samples as the latent state, latest first.

    Forecasts and `step` are without innovations; free runs draw them, seeded by the run.
    """

    var: VAR
    run: int

    @property
    def warm_up(self) -> int:  # type: ignore[override]
        return self.var.order

    @property
    def latent_dimension(self) -> int:
        return int(self.var.order * len(self.var.c))

    def encode(self, history: Array, inputs: Array | None = None) -> Array:
        past = self._enough(history)[::-1][: self.var.order]
        past = np.moveaxis(past, 0, -2)
        return past.reshape(*past.shape[:-2], -1)

    def decode(self, z: Array) -> Array:
        return z[..., : len(self.var.c)]

    def step(self, z: Array, s: Array | None = None) -> Array:
        image = z @ np.concatenate(self.var.A, axis=1).T + self.var.c
        if s is not None:
            image = image + s @ self.var.C.T
        return np.concatenate([image, z[..., : -len(self.var.c)]], axis=-1)

    def tangent(self, z: Array, v: Array) -> Array:
        return self.var.companion() @ v

    def free_run(self, history: Array, steps: int, inputs: Array | None = None) -> Array:
        future = None if inputs is None else inputs[len(history) - 1 :]
        drawn = self.var.simulate(
            self._enough(history), steps - 1, np.random.default_rng(self.run), future
        )
        return np.concatenate([history[-1:], drawn])

    def _enough(self, history: Array) -> Array:
        """The history, led by copies of its first sample where it is too short."""
        short = max(self.var.order - len(history), 0)
        return np.concatenate([np.repeat(history[:1], short, axis=0), history])

    def variables(self) -> Variables:
        return {
            "lag_coefficients": (("lag", "channel", "channel_from"), self.var.A),
            "intercept": (("channel",), self.var.c),
            "innovation_covariance": (("channel", "channel_from"), self.var.S),
            "input_coefficients": (("channel", "input"), self.var.C),
        }

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        var = VAR(
            A=one["lag_coefficients"].values,
            c=one["intercept"].values,
            S=one["innovation_covariance"].values,
            C=one["input_coefficients"].values,
        )
        return cls(var, int(one["run"]))
