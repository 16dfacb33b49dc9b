"""LSTM and GRU with an affine read-out, driven by their own output."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr
from scipy.special import expit

from neurodsr.models.baselines.feedback import FeedbackNetwork
from neurodsr.models.interface import Variables
from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class GatedNetwork(FeedbackNetwork):
    """What LSTM and GRU have in common.

    Attributes
    ----------
    input_weights : (gate_unit, source)
        Of channels, then external inputs; the gates lie one after the other.
    recurrent_weights : (gate_unit, unit)
    bias : (gate_unit,)
        One for each gate.
    """

    input_weights: Array
    recurrent_weights: Array
    bias: Array
    readout: Array
    readout_bias: Array
    warm_up: int
    run: int

    @property
    def units(self) -> int:
        return int(self.recurrent_weights.shape[1])

    @property
    def input_count(self) -> int:  # type: ignore[override]
        return int(self.input_weights.shape[1] - len(self.readout))

    def variables(self) -> Variables:
        return {
            "input_weights": (("gate_unit", "source"), self.input_weights),
            "recurrent_weights": (("gate_unit", "unit"), self.recurrent_weights),
            "gate_bias": (("gate_unit",), self.bias),
            "readout": (("channel", "unit"), self.readout),
            "readout_bias": (("channel",), self.readout_bias),
        }

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        return cls(
            input_weights=one["input_weights"].values,
            recurrent_weights=one["recurrent_weights"].values,
            bias=one["gate_bias"].values,
            readout=one["readout"].values,
            readout_bias=one["readout_bias"].values,
            warm_up=int(one.attrs["warm_up"]),
            run=int(one["run"]),
        )


class LSTM(GatedNetwork):
    r"""Long short-term memory (Hochreiter & Schmidhuber 1997; forget gates: Gers et al. 2000).

    .. math:: c' = f \circ c + i \circ g, \quad y' = o \circ \tanh(c')

    with input, forget and output gates i, f, o (sigmoid) and the candidate g (tanh), in the order
    i, f, g, o, all functions of ``W_in u + W y + b``. The hidden state is ``[y, c]``.
    """

    @property
    def hidden_dimension(self) -> int:
        return 2 * self.units

    def _gates(self, y: Array, u: Array) -> tuple[Array, Array, Array, Array]:
        total = u @ self.input_weights.T + y @ self.recurrent_weights.T + self.bias
        i, f, g, o = np.split(total, 4, axis=-1)
        return expit(i), expit(f), np.tanh(g), expit(o)

    def drive(self, h: Array, u: Array) -> Array:
        y, c = np.split(h, 2, axis=-1)
        i, f, g, o = self._gates(y, u)
        cell = f * c + i * g
        return np.concatenate([o * np.tanh(cell), cell], axis=-1)

    def drive_tangent(self, h: Array, u: Array, dh: Array, dx: Array) -> Array:
        y, c = np.split(h, 2, axis=-1)
        dy, dc = np.split(dh, 2, axis=-2)
        i, f, g, o = (gate[..., None] for gate in self._gates(y, u))
        total = self.input_weights[:, : dx.shape[-2]] @ dx + self.recurrent_weights @ dy
        di, df, dg, do = np.split(total, 4, axis=-2)
        level = np.tanh(f * c[..., None] + i * g)
        dcell = f * (dc + (1 - f) * df * c[..., None]) + i * ((1 - i) * di * g + (1 - g**2) * dg)
        return np.concatenate([o * ((1 - o) * do * level + (1 - level**2) * dcell), dcell], axis=-2)


class GRU(GatedNetwork):
    r"""Gated recurrent unit (Cho et al. 2014), the reset after the product.

    .. math:: n = \tanh(W_{in} u + b + r \circ W h), \quad h' = (1 - q) \circ n + q \circ h

    with reset and update gates r, q (sigmoid), in the order r, q, n.
    """

    @property
    def hidden_dimension(self) -> int:
        return self.units

    def drive(self, h: Array, u: Array) -> Array:
        _, q, n, _ = self._gates(h, u)
        return (1 - q) * n + q * h

    def _gates(self, h: Array, u: Array) -> tuple[Array, Array, Array, Array]:
        """Reset, update, candidate, and what the candidate's reset multiplies."""
        r, q, n = np.split(u @ self.input_weights.T + self.bias, 3, axis=-1)
        from_r, from_q, from_n = np.split(h @ self.recurrent_weights.T, 3, axis=-1)
        reset = expit(r + from_r)
        return reset, expit(q + from_q), np.tanh(n + reset * from_n), from_n

    def drive_tangent(self, h: Array, u: Array, dh: Array, dx: Array) -> Array:
        r, q, n, from_n = (gate[..., None] for gate in self._gates(h, u))
        dr, dq, dn = np.split(self.input_weights[:, : dx.shape[-2]] @ dx, 3, axis=-2)
        hr, hq, hn = np.split(self.recurrent_weights @ dh, 3, axis=-2)
        reset = r * (1 - r) * (dr + hr)
        candidate = (1 - n**2) * (dn + reset * from_n + r * hn)
        update = q * (1 - q) * (dq + hq)
        return (1 - q) * candidate + q * dh + update * (h[..., None] - n)
