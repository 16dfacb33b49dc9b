"""Networks as they are trained, whatever they compute."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.models.interface import Baseline
from neurodsr.training.reference import weighted_mean_square

Parameters = Mapping[str, Tensor]
Values = dict[str, NDArray[np.float64]]


class Network(ABC):
    """A network as it is trained: parameters of all runs, stacked.

    Attributes
    ----------
    warm_up
        Samples of history that it needs; predictions before that do not count in the loss.
    """

    warm_up: int

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one run."""

    @property
    def count(self) -> int:
        """Number of parameters of one run."""
        return sum(prod(shape) for shape in self.shapes.values())

    @abstractmethod
    def initial_values(self, rng: np.random.Generator) -> Values:
        """Initial parameters of one run by their names."""

    def initial(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Initial parameters ``(parameter,)`` of one run."""
        values = self.initial_values(rng)
        return np.concatenate([values[name].ravel() for name in self.shapes])

    @abstractmethod
    def predict(self, parameters: Parameters, x: Tensor, s: Tensor, strength: Tensor) -> Tensor:
        """Un-forced predictions of forced trajectories ``(run, step, channel, lane)``.

        Parameters
        ----------
        parameters
            Of all runs.
        x : (run, step + 1, channel, lane)
            Windows of observations; NaN = missing, except in the first sample.
        s : (run, step, input, lane)
            Inputs.
        strength : (step,)
            Forcing strength at the start of each step.
        """

    @abstractmethod
    def reconstruction(self, values: Values, run: int) -> Baseline:
        """One run as it is stored and simulated."""

    def run(self, row: NDArray[np.float32], run: int) -> Baseline:
        """The run that one row of parameters describes."""
        named = self.unpack(torch.from_numpy(row[None].copy()))
        return self.reconstruction({k: v[0].double().numpy() for k, v in named.items()}, run)

    def unpack(self, stacked: Tensor) -> Parameters:
        """Named parameters of all runs, views of ``(run, parameter)``."""
        sizes = [prod(shape) for shape in self.shapes.values()]
        parts: tuple[Tensor, ...] = torch.split(stacked, sizes, 1)
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(len(part), *shape) for (name, shape), part in named}

    def loss(
        self,
        parameters: Parameters,
        x: Tensor,
        target: Tensor,
        s: Tensor,
        strength: Tensor,
        weight: Tensor,
    ) -> Tensor:
        """Weighted mean squared error ``(run,)`` of what was observed (`weighted_mean_square`).

        ``target`` is shaped as ``x``, ``weight (run or 1, step + 1, lane)``.
        """
        predicted = self.predict(parameters, x, s, strength)[:, self.warm_up - 1 :]
        return weighted_mean_square(predicted, target[:, self.warm_up :], weight[:, self.warm_up :])
