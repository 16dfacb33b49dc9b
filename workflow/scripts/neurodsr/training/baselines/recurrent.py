"""LSTM and GRU under teacher forcing."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurodsr.models.baselines.recurrent import GRU, LSTM
from neurodsr.models.interface import Baseline
from neurodsr.training.baselines.network import Network, Parameters, Values

MOST_WARM_UP = 50


def make_recurrent(settings: Mapping[str, Any], channels: int, inputs: int, steps: int) -> Network:
    """Network whose state a quarter of each window (at most 50 samples) brings about."""
    kind = RecurrentLSTM if settings["family"] == "lstm" else RecurrentGRU
    return kind(settings["hidden"], channels, inputs, max(1, min(MOST_WARM_UP, steps // 4)))


class GatedRecurrence(Network):
    """Parameters and forced recursion of LSTM and GRU (see `models.baselines.recurrent`)."""

    gates: int

    def __init__(self, units: int, channels: int, inputs: int, warm_up: int) -> None:
        self.units = units
        self.channels = channels
        self.inputs = inputs
        self.warm_up = warm_up

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        H, N = self.units, self.channels
        return {
            "input_weights": (self.gates * H, N + self.inputs),
            "recurrent_weights": (self.gates * H, H),
            "bias": (self.gates * H,),
            "readout": (N, H),
            "readout_bias": (N,),
        }

    def initial_values(self, rng: np.random.Generator) -> Values:
        bound = 1 / sqrt(self.units)
        return {name: rng.uniform(-bound, bound, shape) for name, shape in self.shapes.items()}

    def predict(self, parameters: Parameters, x: Tensor, s: Tensor, strength: Tensor) -> Tensor:
        runs, _, _, lanes = x.shape
        readout, readout_bias = parameters["readout"], parameters["readout_bias"][..., None]
        known = ~torch.isnan(x)
        data = torch.where(known, x, 0.0)
        pull = strength.clone()
        pull[: self.warm_up] = 1.0
        pull = pull[:, None, None, None] * known[:, :-1].transpose(0, 1)
        h = x.new_zeros(runs, self.units, lanes)
        memory = torch.zeros_like(h)
        seen = data[:, 0]
        predictions = []
        for t in range(len(strength)):
            if t:
                seen = torch.lerp(seen, data[:, t], pull[t])
            u = torch.cat([seen, s[:, t]], 1) if self.inputs else seen
            h, memory = self.cell(parameters, u, h, memory)
            seen = torch.baddbmm(readout_bias, readout, h)
            predictions.append(seen)
        return torch.stack(predictions, 1)

    def cell(
        self, parameters: Parameters, u: Tensor, h: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Next output of the units and next memory ``(run, unit, lane)``."""
        raise NotImplementedError


class RecurrentLSTM(GatedRecurrence):
    """Long short-term memory."""

    gates = 4

    def cell(
        self, parameters: Parameters, u: Tensor, h: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        H = self.units
        total = torch.baddbmm(parameters["bias"][..., None], parameters["input_weights"], u)
        total = torch.baddbmm(total, parameters["recurrent_weights"], h)
        opening = torch.sigmoid(total[:, : 2 * H])
        candidate = torch.tanh(total[:, 2 * H : 3 * H])
        output = torch.sigmoid(total[:, 3 * H :])
        memory = opening[:, H:] * memory + opening[:, :H] * candidate
        return output * torch.tanh(memory), memory

    def reconstruction(self, values: Values, run: int) -> Baseline:
        return LSTM(**values, warm_up=self.warm_up, run=run)


class RecurrentGRU(GatedRecurrence):
    """Gated recurrent unit; it has no memory beside its output."""

    gates = 3

    def cell(
        self, parameters: Parameters, u: Tensor, h: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        H = self.units
        read = torch.baddbmm(parameters["bias"][..., None], parameters["input_weights"], u)
        recurrent = parameters["recurrent_weights"] @ h
        opening = torch.sigmoid(read[:, : 2 * H] + recurrent[:, : 2 * H])
        candidate = torch.tanh(read[:, 2 * H :] + opening[:, :H] * recurrent[:, 2 * H :])
        return torch.lerp(candidate, h, opening[:, H:]), memory

    def reconstruction(self, values: Values, run: int) -> Baseline:
        return GRU(**values, warm_up=self.warm_up, run=run)
