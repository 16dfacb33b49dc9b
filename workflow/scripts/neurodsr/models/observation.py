"""How latent states meet observations while a model is trained."""

from abc import ABC, abstractmethod
from math import sqrt

import numpy as np
import torch
from torch import Tensor

from neurodsr.errors import ConfigError
from neurodsr.models.families import Parameters, Values, uniform


class Observation(ABC):
    """Linear observation ``x = B z`` and its inverse ``z = E x``.

    Attributes
    ----------
    forced
        Latent units that teacher forcing pulls, the first ones.
    reads_units
        Whether the first latent units are the observations themselves.
    """

    reads_units: bool

    def __init__(self, latent: int, channels: int) -> None:
        self.latent = latent
        self.channels = channels
        self.forced = latent

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one run."""

    @abstractmethod
    def initial(self, rng: np.random.Generator) -> Values:
        """Initial values of one run."""

    @abstractmethod
    def decoder(self, parameters: Parameters) -> Tensor:
        """``B (run, channel, latent)``: observation ``x = B z``."""

    @abstractmethod
    def encoder(self, parameters: Parameters) -> Tensor:
        """``E (run, latent, channel)``: first state ``z = E x``, differentiable."""

    @abstractmethod
    def penalty(self, parameters: Parameters) -> Tensor:
        """Observation regulariser of each run ``(run,)``."""


class Identity(Observation):
    """The first units are the observations; the others start at a learned ``L x``.

    Forcing is partial (only observed units are pulled), or pulls the others toward ``L x`` as well.
    """

    reads_units = True

    def __init__(self, latent: int, channels: int, partial: bool = True) -> None:
        if latent < channels:
            raise ConfigError(
                f"latent: {latent} is below the number of channels ({channels}), which "
                "observation: identity cannot do; raise latent, keep fewer channels, or set "
                "observation: affine"
            )
        super().__init__(latent, channels)
        self.forced = channels if partial else latent

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"L": (self.latent - self.channels, self.channels)}

    def initial(self, rng: np.random.Generator) -> Values:
        return {"L": uniform(rng, 1 / sqrt(self.channels), self.shapes["L"])}

    def decoder(self, parameters: Parameters) -> Tensor:
        L = parameters["L"]
        return torch.eye(self.channels, self.latent, dtype=L.dtype).expand(len(L), -1, -1)

    def encoder(self, parameters: Parameters) -> Tensor:
        L = parameters["L"]
        seen = torch.eye(self.channels, dtype=L.dtype).expand(len(L), -1, -1)
        return seen if self.latent == self.channels else torch.cat([seen, L], 1)

    def penalty(self, parameters: Parameters) -> Tensor:
        return parameters["L"].new_zeros(len(parameters["L"]))


class Affine(Observation):
    """``x = B z`` with a learned B; states are inferred from observations by its pseudo-inverse."""

    reads_units = False

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"B": (self.channels, self.latent)}

    def initial(self, rng: np.random.Generator) -> Values:
        return {"B": sqrt(2 / self.latent) * rng.standard_normal(self.shapes["B"])}

    def decoder(self, parameters: Parameters) -> Tensor:
        return parameters["B"]

    def encoder(self, parameters: Parameters) -> Tensor:
        # By the normal equations in double precision: ten times as fast as an SVD, and a matrix
        # without inverse makes the run's own states NaN instead of an error.
        B = parameters["B"].double()
        if self.channels >= self.latent:
            inverse: Tensor = torch.linalg.solve_ex(B.mT @ B, B.mT)[0]
        else:
            inverse = torch.linalg.solve_ex(B @ B.mT, B)[0].mT
        return inverse.to(parameters["B"].dtype)

    def penalty(self, parameters: Parameters) -> Tensor:
        """Condition number of B, whose inverse makes the forcing signal."""
        singular: Tensor = torch.linalg.svdvals(parameters["B"])
        return (1 - singular[:, 0] / (singular[:, -1] + 1e-8)).square()
