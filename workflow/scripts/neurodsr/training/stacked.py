"""Loss and gradient of all runs on a GPU: the plain recursion, replayed as one CUDA graph.

A replay costs the launch of its kernels once, whatever the number of runs: it pays for large models
or many runs (the compiled kernels of `fused` are faster for a few small ones). Lowering and what
belongs to single runs stay on the processor, so that no model knows of devices.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.errors import ConfigError
from neurodsr.models.families import Parameters
from neurodsr.models.maps import CanonicalMap
from neurodsr.models.model import Model
from neurodsr.training.reference import data_of, squared_errors, takes_observations
from neurodsr.training.windows import Batch

Array = NDArray[Any]

WARM_UP = 3


class StackedGradients:
    """`fused.gradients` on another device.

    Parameters
    ----------
    device
        As torch names it. On ``"cuda"``, the first call of each shape records a graph.

    Raises
    ------
    ConfigError
        The device is not there.
    """

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        if self.device.type == "cuda" and not torch.cuda.is_available():
            raise ConfigError(
                f"device: {device!r}: torch {torch.__version__} sees no GPU here; install its CUDA"
                " build on a machine that has one, or set device: cpu"
            )
        self.programs: dict[Any, _Program] = {}

    def __call__(
        self, model: Model, parameters: Parameters, batch: Batch, strength: Array
    ) -> tuple[Array, Array]:
        """Losses ``(run,)`` and gradients ``(run, parameter)``, see `fused.gradients`."""
        maps = model.family.lower(parameters).canonical()
        encoder = model.observation.encoder(parameters)
        decoder = model.observation.decoder(parameters)
        tensors = [maps.A, maps.W1, maps.W2, maps.h1, maps.h2, maps.C, encoder, decoder]
        data = data_of(batch, strength)
        constants = maps.clipped, takes_observations(model, batch)
        key = constants, data[0].dtype, *(tensor.shape for tensor in [*tensors, *data])
        if key not in self.programs:
            self.programs[key] = _Program(self.device, tensors, data, *constants)
        loss, adjoints = self.programs[key](tensors, data)
        made = [(t, g) for t, g in zip(tensors, adjoints, strict=True) if t.requires_grad]
        parts = torch.autograd.grad(
            [tensor for tensor, _ in made],
            list(parameters.values()),
            [adjoint for _, adjoint in made],
            allow_unused=True,
            materialize_grads=True,
        )
        return loss.numpy(), np.concatenate([part.flatten(1).numpy() for part in parts], 1)


class _Program:
    """Losses of one shape of problem with their adjoints, in memory of the device."""

    def __init__(
        self,
        device: torch.device,
        tensors: list[Tensor],
        data: list[Tensor],
        clipped: bool,
        direct: bool,
    ) -> None:
        self.tensors = [
            tensor.detach().to(device, copy=True).requires_grad_() for tensor in tensors
        ]
        self.data = [values.to(device, copy=True) for values in data]
        self.clipped, self.direct = clipped, direct
        self.graph: torch.cuda.CUDAGraph | None = None
        if device.type == "cuda":
            self.record()

    def compute(self) -> list[Tensor]:
        """Losses, and the gradient of each tensor."""
        A, W1, W2, h1, h2, C, encoder, decoder = self.tensors
        maps = CanonicalMap(A, W1, W2, h1, h2, C, self.clipped)
        loss = squared_errors(maps, encoder, decoder, self.direct, *self.data)
        return [
            loss.detach(),
            *torch.autograd.grad(loss.sum(), self.tensors, materialize_grads=True),
        ]

    def record(self) -> None:
        """Record the graph, after some runs on a stream of their own as CUDA asks for."""
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UP):
                self.compute()
        torch.cuda.current_stream().wait_stream(beside)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.results = self.compute()

    def __call__(self, tensors: list[Tensor], data: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        with torch.no_grad():
            for mine, values in zip([*self.tensors, *self.data], [*tensors, *data], strict=True):
                mine.copy_(values)
        if self.graph is None:
            self.results = self.compute()
        else:
            self.graph.replay()
        loss, *adjoints = [result.cpu() for result in self.results]
        return loss, adjoints
