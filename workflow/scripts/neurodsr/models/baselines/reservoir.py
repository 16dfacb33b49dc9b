"""Reservoir computers (echo state networks) that generate their own input."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.sparse import csr_array

from neurodsr.models.baselines.feedback import FeedbackNetwork
from neurodsr.models.interface import Variables
from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class Reservoir(FeedbackNetwork):
    r"""Leaky tanh units with fixed random weights and a trained read-out (Jaeger 2001).

    .. math:: h_{t+1} = (1 - a) h_t + a \tanh(W h_t + W_{in} [x_t, s_t] + b)

    Attributes
    ----------
    weights, sources : (unit, connection)
        The entries of W that are not zero, and the units they come from.
    input_weights : (unit, source)
        Of channels, then external inputs.
    bias : (unit,)
    leak
        The constant a.
    """

    weights: Array
    sources: NDArray[np.int64]
    input_weights: Array
    bias: Array
    leak: float
    readout: Array
    readout_bias: Array
    warm_up: int
    run: int

    @property
    def hidden_dimension(self) -> int:
        return len(self.bias)

    @property
    def input_count(self) -> int:  # type: ignore[override]
        return int(self.input_weights.shape[1] - len(self.readout))

    @cached_property
    def recurrent(self) -> csr_array:
        """W."""
        units, connections = self.weights.shape
        starts = np.arange(0, units * connections + 1, connections)
        return csr_array((self.weights.ravel(), self.sources.ravel(), starts), (units, units))

    def drive(self, h: Array, u: Array) -> Array:
        flat = h.reshape(-1, h.shape[-1])
        recurrent = (self.recurrent @ flat.T).T.reshape(h.shape)
        active = np.tanh(recurrent + u @ self.input_weights.T + self.bias)
        return (1 - self.leak) * h + self.leak * active

    def drive_tangent(self, h: Array, u: Array, dh: Array, dx: Array) -> Array:
        active = (self.drive(h, u) - (1 - self.leak) * h) / self.leak
        units, vectors = dh.shape[-2:]
        flat = np.moveaxis(dh, -2, 0).reshape(units, -1)
        recurrent = np.moveaxis(
            (self.recurrent @ flat).reshape(units, *dh.shape[:-2], vectors), 0, -2
        )
        moved = recurrent + self.input_weights[:, : dx.shape[-2]] @ dx
        return (1 - self.leak) * dh + self.leak * (1 - active**2)[..., None] * moved

    def variables(self) -> Variables:
        return {
            "recurrent_weights": (("unit", "connection"), self.weights),
            "recurrent_from": (("unit", "connection"), self.sources),
            "input_weights": (("unit", "source"), self.input_weights),
            "bias": (("unit",), self.bias),
            "leak": ((), np.array(self.leak)),
            "readout": (("channel", "unit"), self.readout),
            "readout_bias": (("channel",), self.readout_bias),
        }

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        return cls(
            weights=one["recurrent_weights"].values,
            sources=one["recurrent_from"].values.astype(np.int64),
            input_weights=one["input_weights"].values,
            bias=one["bias"].values,
            leak=float(one["leak"]),
            readout=one["readout"].values,
            readout_bias=one["readout_bias"].values,
            warm_up=int(one.attrs["warm_up"]),
            run=int(one["run"]),
        )
