"""Neural ordinary differential equations."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from neurodsr.models.baselines.flow import Flow
from neurodsr.models.interface import Variables
from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class NeuralODE(Flow):
    """``dx/dt`` is a multilayer perceptron with tanh units (Chen et al. 2018).

    Its unit of time is the sampling interval.

    Attributes
    ----------
    weights_in : (unit, source)
        Of channels, then external inputs.
    bias_in : (unit,)
    weights_between : (layer, unit, unit_from)
        Of all hidden layers after the first.
    bias_between : (layer, unit)
    weights_out : (channel, unit)
    bias_out : (channel,)
    """

    weights_in: Array
    bias_in: Array
    weights_between: Array
    bias_between: Array
    weights_out: Array
    bias_out: Array
    run: int
    interval = 1.0

    @property
    def latent_dimension(self) -> int:
        return len(self.weights_out)

    @property
    def input_count(self) -> int:  # type: ignore[override]
        return int(self.weights_in.shape[1] - len(self.weights_out))

    def field(self, u: Array) -> Array:
        hidden = np.tanh(u @ self.weights_in.T + self.bias_in)
        for weights, bias in zip(self.weights_between, self.bias_between, strict=True):
            hidden = np.tanh(hidden @ weights.T + bias)
        return hidden @ self.weights_out.T + self.bias_out

    def field_tangent(self, u: Array, v: Array) -> Array:
        hidden = np.tanh(u @ self.weights_in.T + self.bias_in)
        moved = (1 - hidden**2)[..., None] * (self.weights_in[:, : v.shape[-2]] @ v)
        for weights, bias in zip(self.weights_between, self.bias_between, strict=True):
            hidden = np.tanh(hidden @ weights.T + bias)
            moved = (1 - hidden**2)[..., None] * (weights @ moved)
        return self.weights_out @ moved

    def variables(self) -> Variables:
        return {
            "weights_in": (("unit", "source"), self.weights_in),
            "bias_in": (("unit",), self.bias_in),
            "weights_between": (("layer", "unit", "unit_from"), self.weights_between),
            "bias_between": (("layer", "unit"), self.bias_between),
            "weights_out": (("channel", "unit"), self.weights_out),
            "bias_out": (("channel",), self.bias_out),
        }

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        names = ("weights_in", "bias_in", "weights_between", "bias_between", "weights_out",
                 "bias_out")  # fmt: skip
        return cls(**{name: one[name].values for name in names}, run=int(one["run"]))
