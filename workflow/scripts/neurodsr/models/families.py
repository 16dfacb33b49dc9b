"""Model families and observation models as they are trained: stacked parameters of many runs.

All parameters of a run are one row of a tensor ``(run, parameter)``: runs never mix, and optimiser,
clipping and checkpoints see one array. A family *lowers* its parameters to the canonical map.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod, sqrt
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.errors import ConfigError

AFFINE_LATENT = 10
"""Automatic latent dimension under an affine observation of more channels than that."""

Values = dict[str, NDArray[np.float64]]
Parameters = Mapping[str, Tensor]


@dataclass(frozen=True)
class CanonicalMap:
    """Canonical maps of all runs (see `piecewise_linear.PiecewiseLinearMap`), differentiable.

    Shapes are those of `PiecewiseLinearMap` with a leading ``run`` axis.
    """

    A: Tensor
    W1: Tensor
    W2: Tensor
    h1: Tensor
    h2: Tensor
    C: Tensor
    clipped: bool

    def step(self, z: Tensor) -> Tensor:
        """Images ``(run, latent, lane)`` of states ``(run, latent, lane)``, without inputs."""
        u = self.W2 @ z
        hidden = torch.relu(u + self.h2[..., None])
        if self.clipped:
            hidden = hidden - torch.relu(u)
        return self.A @ z + self.W1 @ hidden + self.h1[..., None]


class Family(ABC):
    """Latent dynamics: which parameters there are, how they start, which map they make."""

    def __init__(self, latent: int, inputs: int) -> None:
        self.latent = latent
        self.inputs = inputs

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of each parameter of one run."""

    @abstractmethod
    def initial(self, rng: np.random.Generator) -> Values:
        """Initial values of one run."""

    @abstractmethod
    def lower(self, parameters: Parameters) -> CanonicalMap:
        """The maps of all runs."""

    @abstractmethod
    def penalty(self, parameters: Parameters) -> Tensor:
        """Latent regulariser of each run ``(run,)``."""


class ShallowPLRNN(Family):
    """Shallow PLRNN ``A∘z + W1 φ(W2 z + h2) + h1 + C s`` (Hess et al. 2023), clipped or not."""

    def __init__(self, latent: int, hidden: int, inputs: int = 0, clipped: bool = True) -> None:
        super().__init__(latent, inputs)
        self.hidden = hidden
        self.clipped = clipped

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        M, H, K = self.latent, self.hidden, self.inputs
        return {"A": (M,), "W1": (M, H), "W2": (H, M), "h1": (M,), "h2": (H,), "C": (M, K)}

    def initial(self, rng: np.random.Generator) -> Values:
        M, H = self.latent, self.hidden
        return {
            "A": _talathi_vartak(rng, M),
            "W1": _uniform(rng, 1 / sqrt(H), (M, H)),
            "W2": _uniform(rng, 1 / sqrt(M), (H, M)),
            "h1": np.zeros(M),
            "h2": _uniform(rng, 1 / sqrt(H), (H,)) if self.clipped else np.zeros(H),
            "C": _glorot(rng, (M, self.inputs)),
        }

    def lower(self, parameters: Parameters) -> CanonicalMap:
        return CanonicalMap(
            A=torch.diag_embed(parameters["A"]),
            **{name: parameters[name] for name in ("W1", "W2", "h1", "h2", "C")},
            clipped=self.clipped,
        )

    def penalty(self, parameters: Parameters) -> Tensor:
        """L2 pull of all units toward a line attractor (A = 1, everything else 0)."""
        others = [parameters[name].flatten(1) for name in ("W1", "W2", "h1", "h2", "C")]
        return torch.cat([1 - parameters["A"], *others], 1).square().sum(1)


class AlmostLinearRNN(Family):
    """AL-RNN ``A∘z + W Φ(z) + h + C s``: Φ rectifies the last ``rectified`` units only.

    W is full: linear units see A_i + W_ii. (Brenner et al. 2024)
    """

    def __init__(self, latent: int, rectified: int, inputs: int = 0) -> None:
        if not 0 < rectified <= latent:
            raise ConfigError(
                f"rectified: {rectified} units cannot be rectified of latent: {latent}; "
                "choose 1 to latent"
            )
        super().__init__(latent, inputs)
        self.rectified = rectified

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        M = self.latent
        return {"A": (M,), "W": (M, M), "h": (M,), "C": (M, self.inputs)}

    def initial(self, rng: np.random.Generator) -> Values:
        M = self.latent
        return {
            "A": _talathi_vartak(rng, M),
            "W": 0.01 * rng.standard_normal((M, M)),
            "h": np.zeros(M),
            "C": _glorot(rng, (M, self.inputs)),
        }

    def lower(self, parameters: Parameters) -> CanonicalMap:
        W = parameters["W"]
        linear = self.latent - self.rectified
        selection = torch.eye(self.latent, dtype=W.dtype)[linear:]
        return CanonicalMap(
            A=torch.diag_embed(parameters["A"])
            + torch.nn.functional.pad(W[..., :linear], (0, self.rectified)),
            W1=W[..., linear:],
            W2=selection.expand(len(W), -1, -1),
            h1=parameters["h"],
            h2=W.new_zeros(len(W), self.rectified),
            C=parameters["C"],
            clipped=False,
        )

    def penalty(self, parameters: Parameters) -> Tensor:
        """Norm of what self-connections exceed 0.05 by."""
        own = parameters["A"] + torch.diagonal(parameters["W"], dim1=-2, dim2=-1)
        # The square root has no derivative at 0; half the sum of squares serves as well.
        return torch.relu(own - 0.05).square().sum(1)


class Observation(ABC):
    """How latent states meet observations."""

    def __init__(self, latent: int, channels: int) -> None:
        self.latent = latent
        self.channels = channels

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
    def predict(self, parameters: Parameters, z: Tensor) -> Tensor:
        """Observations ``(run, step, channel, lane)`` of states ``(run, step, latent, lane)``."""

    @abstractmethod
    def forcing(self, parameters: Parameters, encoder: Tensor, x: Tensor) -> Tensor:
        """Forcing signal ``(run, step, target, lane)`` of observations, without gradient."""

    @abstractmethod
    def penalty(self, parameters: Parameters) -> Tensor:
        """Observation regulariser of each run ``(run,)``."""


class Identity(Observation):
    """The first units are the observations; the others start at a learned ``L x``."""

    def __init__(self, latent: int, channels: int) -> None:
        if latent < channels:
            raise ConfigError(
                f"latent: {latent} is below the number of channels ({channels}), which "
                "observation: identity cannot do; raise latent, keep fewer channels, or set "
                "observation: affine"
            )
        super().__init__(latent, channels)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"L": (self.latent - self.channels, self.channels)}

    def initial(self, rng: np.random.Generator) -> Values:
        return {"L": _uniform(rng, 1 / sqrt(self.channels), self.shapes["L"])}

    def decoder(self, parameters: Parameters) -> Tensor:
        L = parameters["L"]
        return torch.eye(self.channels, self.latent, dtype=L.dtype).expand(len(L), -1, -1)

    def encoder(self, parameters: Parameters) -> Tensor:
        L = parameters["L"]
        seen = torch.eye(self.channels, dtype=L.dtype).expand(len(L), -1, -1)
        return torch.cat([seen, L], 1)

    def predict(self, parameters: Parameters, z: Tensor) -> Tensor:
        return z if self.latent == self.channels else z[:, :, : self.channels]

    def forcing(self, parameters: Parameters, encoder: Tensor, x: Tensor) -> Tensor:
        return x

    def penalty(self, parameters: Parameters) -> Tensor:
        return parameters["L"].new_zeros(len(parameters["L"]))


class Affine(Observation):
    """``x = B z`` with a learned B; states are inferred from observations by its pseudo-inverse."""

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

    def predict(self, parameters: Parameters, z: Tensor) -> Tensor:
        return parameters["B"][:, None] @ z

    def forcing(self, parameters: Parameters, encoder: Tensor, x: Tensor) -> Tensor:
        return encoder.detach()[:, None] @ x

    def penalty(self, parameters: Parameters) -> Tensor:
        """Condition number of B, whose inverse makes the forcing signal."""
        singular: Tensor = torch.linalg.svdvals(parameters["B"])
        return (1 - singular[:, 0] / (singular[:, -1] + 1e-8)).square()


class Model:
    """A family with an observation model, and the layout of their parameters in one row."""

    def __init__(self, family: Family, observation: Observation) -> None:
        self.family = family
        self.observation = observation
        self.shapes = {**family.shapes, **observation.shapes}
        self.sizes = [prod(shape) for shape in self.shapes.values()]

    @property
    def count(self) -> int:
        """Number of parameters of one run, as the literature counts them."""
        return sum(self.sizes)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Initial parameters ``(parameter,)`` of one run."""
        values = self.family.initial(rng) | self.observation.initial(rng)
        return np.concatenate([values[name].ravel() for name in self.shapes])

    def unpack(self, stacked: Tensor) -> Parameters:
        """Named parameters of all runs, views of ``(run, parameter)``."""
        parts = torch.split(stacked, self.sizes, 1)
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(len(part), *shape) for (name, shape), part in named}


def build(settings: Mapping[str, Any], channels: int, inputs: int) -> Model:
    """The model that the settings describe (`models.schema.yaml`).

    Raises
    ------
    ConfigError
        When sizes do not fit each other or the number of channels.
    """
    latent = settings["latent"]
    if latent == "auto":
        latent = channels if settings["observation"] == "identity" else min(channels, AFFINE_LATENT)
    family: Family
    if settings["family"] == "shallow-plrnn":
        family = ShallowPLRNN(latent, settings["hidden"], inputs, settings["clipped"])
    else:
        family = AlmostLinearRNN(latent, settings["rectified"], inputs)
    observation = Identity if settings["observation"] == "identity" else Affine
    return Model(family, observation(latent, channels))


def _talathi_vartak(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Diagonal of a random positive definite matrix of spectral radius 1."""
    R = rng.standard_normal((size, size))
    K = R.T @ R / size + np.eye(size)
    diagonal: NDArray[np.float64] = np.diag(K) / np.linalg.eigvalsh(K)[-1]
    return diagonal


def _uniform(rng: np.random.Generator, bound: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return rng.uniform(-bound, bound, shape)


def _glorot(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    return _uniform(rng, sqrt(6 / sum(shape)), shape)
