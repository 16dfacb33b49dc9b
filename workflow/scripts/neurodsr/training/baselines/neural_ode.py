"""Neural ordinary differential equations under teacher forcing, integrated by torchdiffeq."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torchdiffeq import odeint

from neurodsr.models.baselines.neural_ode import NeuralODE
from neurodsr.models.interface import Baseline
from neurodsr.training.baselines.network import Network, Parameters, Values


def make_neural_ode(settings: Mapping[str, Any], channels: int, inputs: int, steps: int) -> Network:
    """Network of the settings; the length of windows does not matter to it."""
    return VectorField(settings["hidden"], settings["neural_ode"]["layers"], channels, inputs)


class VectorField(Network):
    """Parameters and forced solutions (see `models.baselines.neural_ode`)."""

    warm_up = 1

    def __init__(self, units: int, layers: int, channels: int, inputs: int) -> None:
        self.units = units
        self.layers = layers
        self.channels = channels
        self.inputs = inputs

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        H, N, L = self.units, self.channels, self.layers - 1
        return {
            "weights_in": (H, N + self.inputs),
            "bias_in": (H,),
            "weights_between": (L, H, H),
            "bias_between": (L, H),
            "weights_out": (N, H),
            "bias_out": (N,),
        }

    def initial_values(self, rng: np.random.Generator) -> Values:
        """Uniform, bounded by one over the root of the number of sources; slow at first."""
        sources = {"in": self.channels + self.inputs, "between": self.units, "out": self.units}
        values = {}
        for name, shape in self.shapes.items():
            bound = 1 / sqrt(sources[name.split("_")[1]])
            values[name] = rng.uniform(-bound, bound, shape) * (0.1 if "out" in name else 1.0)
        return values

    def predict(self, parameters: Parameters, x: Tensor, s: Tensor, strength: Tensor) -> Tensor:
        steps = len(strength)
        known = ~torch.isnan(x)
        data = torch.where(known, x, 0.0)
        forced = [t for t in range(1, steps) if self.inputs or strength[t] > 0]
        z = data[:, 0]
        predictions = []
        for start, stop in zip([0, *forced], [*forced, steps], strict=True):
            z = torch.lerp(z, data[:, start], strength[start] * known[:, start]) if start else z
            given = s[:, start] if self.inputs else None
            # one step for each sample; inputs and forcing change between solutions only
            times = torch.arange(stop - start + 1, dtype=x.dtype)
            solution = odeint(
                lambda _, state, given=given: self.field(parameters, state, given),
                z, times, method="rk4",
            )  # fmt: skip
            predictions.append(solution[1:])
            z = solution[-1]
        return torch.cat(predictions).transpose(0, 1)

    def field(self, parameters: Parameters, z: Tensor, s: Tensor | None) -> Tensor:
        """``dx/dt`` per sampling interval, ``(run, channel, lane)``."""
        p = parameters
        u = z if s is None else torch.cat([z, s], 1)
        hidden = torch.tanh(torch.baddbmm(p["bias_in"][..., None], p["weights_in"], u))
        for layer in range(self.layers - 1):
            hidden = torch.tanh(
                torch.baddbmm(
                    p["bias_between"][:, layer, :, None], p["weights_between"][:, layer], hidden
                )
            )
        return torch.baddbmm(p["bias_out"][..., None], p["weights_out"], hidden)

    def reconstruction(self, values: Values, run: int) -> Baseline:
        return NeuralODE(**values, run=run)
