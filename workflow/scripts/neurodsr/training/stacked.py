"""Loss and gradient of all runs on a GPU: the kernels of `persistent`, replayed as one CUDA graph.

A replay takes two to three times as long for 200 runs as for 20 (the compiled kernels of `fused`
are faster for a few small ones). Lowering and what belongs to single runs stay on the processor, so
that no model knows of devices.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.errors import ConfigError
from neurodsr.models.families import Parameters
from neurodsr.models.maps import CanonicalMap
from neurodsr.models.model import Model
from neurodsr.training.reference import (
    Recursion,
    data_of,
    recur,
    squared_errors,
    takes_observations,
)
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
        if self.device.type == "cuda" and find_spec("triton") is None:
            raise ConfigError(
                f"device: {device!r}: its kernels need Triton, which CUDA builds of torch bring"
                " with them on Linux only; install the package triton, or set device: cpu"
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
        same = data[0] is data[1]
        key = constants, same, data[0].dtype, *(tensor.shape for tensor in [*tensors, *data])
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


def recursion_on(device: torch.device) -> Recursion:
    """The recursion for a device."""
    if device.type == "cuda":
        from neurodsr.training import persistent

        return persistent.recur
    return recur


class _Program:
    """Losses of one shape of problem with their adjoints, in memory of the device.

    All that changes goes there in one piece and comes back in one.
    """

    def __init__(
        self,
        device: torch.device,
        tensors: list[Tensor],
        data: list[Tensor],
        clipped: bool,
        direct: bool,
    ) -> None:
        kind, on_gpu = data[0].dtype, device.type == "cuda"
        shapes = [tensor.shape for tensor in tensors]
        self.results = [data[0].shape[:1], *shapes]
        changing = distinct([*tensors, *data])
        shapes = [tensor.shape for tensor in changing.values()]
        self.sent = torch.zeros(total(shapes), dtype=kind, pin_memory=on_gpu)
        self.arrived = torch.zeros(total(shapes), dtype=kind, device=device)
        self.returned = torch.zeros(total(self.results), dtype=kind, pin_memory=on_gpu)
        self.slots = views(self.sent, shapes)
        here = dict(zip(changing, views(self.arrived, shapes), strict=True))
        self.tensors = [here[id(tensor)].detach().requires_grad_() for tensor in tensors]
        self.data = [here[id(values)] for values in data]
        self.clipped, self.direct = clipped, direct
        self.recursion = recursion_on(device)
        self.graph: torch.cuda.CUDAGraph | None = None
        if on_gpu:
            self.record()

    def compute(self) -> Tensor:
        """Losses, and the gradient of each tensor, in one row."""
        A, W1, W2, h1, h2, C, encoder, decoder = self.tensors
        maps = CanonicalMap(A, W1, W2, h1, h2, C, self.clipped)
        loss = squared_errors(self.recursion, maps, encoder, decoder, self.direct, *self.data)
        adjoints = torch.autograd.grad(loss.sum(), self.tensors, materialize_grads=True)
        return torch.cat([part.flatten() for part in (loss.detach(), *adjoints)])

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
            self.row = self.compute()

    def __call__(self, tensors: list[Tensor], data: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        with torch.no_grad():
            changing = distinct([*tensors, *data]).values()
            for slot, values in zip(self.slots, changing, strict=True):
                slot.copy_(values)
        self.arrived.copy_(self.sent, non_blocking=True)
        if self.graph is None:
            self.row = self.compute()
        else:
            self.graph.replay()
        self.returned.copy_(self.row)
        loss, *adjoints = views(self.returned, self.results)
        return loss.clone(), adjoints


def distinct(tensors: list[Tensor]) -> dict[int, Tensor]:
    """Each tensor once, by its identity."""
    return {id(tensor): tensor for tensor in tensors}


def total(shapes: list[torch.Size]) -> int:
    return sum(shape.numel() for shape in shapes)


def views(flat: Tensor, shapes: list[torch.Size]) -> list[Tensor]:
    """Tensors that follow one another in memory."""
    parts = torch.split(flat, [shape.numel() for shape in shapes])
    return [part.view(shape) for part, shape in zip(parts, shapes, strict=True)]
