"""Members of the PLRNN family as they are trained: parameters, initial values, maps.

A family *lowers* the parameters of all runs to a structured map (`maps`); everything else about
it follows from that map.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.errors import ConfigError
from neurodsr.models.maps import ElementwiseMap, ShallowMap, StructuredMap

Values = dict[str, NDArray[np.float64]]
Parameters = Mapping[str, Tensor]


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
    def lower(self, parameters: Parameters) -> StructuredMap:
        """The maps of all runs."""

    def penalty(self, parameters: Parameters) -> Tensor:
        """L2 pull ``(run,)`` of all units toward a line attractor (A = 1, everything else 0).

        Thresholds of basis functions are left alone (Brenner et al. 2022).
        """
        others = [parameters[name].flatten(1) for name in self.shapes if name not in ("A", "H")]
        return torch.cat([1 - parameters["A"], *others], 1).square().sum(1)

    def manifold_penalty(self, parameters: Parameters, share: float) -> Tensor:
        """Pull ``(run,)`` of the last units toward a manifold attractor (Schmidt et al. 2021).

        That share of the units is drawn to A = 1, W = 0 (their rows), h = 0, so that they
        integrate and the others stay free.
        """
        count = int(share * self.latent)
        if not count:
            return parameters["A"].new_zeros(len(parameters["A"]))
        W, h = (parameters[name][:, -count:] for name in self.pulled)
        own = 1 - parameters["A"][:, -count:]
        return torch.cat([own, W.flatten(1), h], 1).square().sum(1)

    pulled = ("W", "h")
    """Names of the coupling matrix and of the bias of latent units."""


class ShallowPLRNN(Family):
    """Shallow PLRNN ``A∘z + W1 φ(W2 z + h2) + h1 + C s`` (Hess et al. 2023), clipped or not."""

    pulled = ("W1", "h1")

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
            "A": np.diag(talathi_vartak(rng, M)).copy(),
            "W1": uniform(rng, 1 / sqrt(H), (M, H)),
            "W2": uniform(rng, 1 / sqrt(M), (H, M)),
            "h1": np.zeros(M),
            "h2": uniform(rng, 1 / sqrt(H), (H,)) if self.clipped else np.zeros(H),
            "C": glorot(rng, (M, self.inputs)),
        }

    def lower(self, parameters: Parameters) -> ShallowMap:
        p = parameters
        return ShallowMap(p["A"], p["W1"], p["W2"], p["h1"], p["h2"], p["C"], self.clipped)


class PLRNN(Family):
    """Vanilla PLRNN ``A∘z + W φ(z) + h + C s`` (Durstewitz 2017), W without diagonal.

    Mean-centred: ``W φ(z - mean(z))`` (Brenner et al. 2022).
    """

    def __init__(self, latent: int, inputs: int = 0, centred: bool = False) -> None:
        super().__init__(latent, inputs)
        self.centred = centred

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        M = self.latent
        return {"A": (M,), "W": (M, M), "h": (M,), "C": (M, self.inputs)}

    def initial(self, rng: np.random.Generator) -> Values:
        K = talathi_vartak(rng, self.latent)
        return {
            "A": np.diag(K).copy(),
            "W": K - np.diag(np.diag(K)),
            "h": np.zeros(self.latent),
            "C": glorot(rng, (self.latent, self.inputs)),
        }

    def lower(self, parameters: Parameters) -> ElementwiseMap:
        ones = torch.ones_like(parameters["A"])[:, None]
        return ElementwiseMap(
            parameters["A"],
            off_diagonal(parameters["W"]),
            ones,
            torch.zeros_like(ones),
            parameters["h"],
            parameters["C"],
            clipped=False,
            centred=self.centred,
        )


class DendriticPLRNN(Family):
    """Dendritic PLRNN ``A∘z + W Σ_b α_b φ(z - H_b) + h + C s`` (Brenner et al. 2022)."""

    def __init__(
        self,
        latent: int,
        basis: int,
        inputs: int = 0,
        clipped: bool = True,
        thresholds: tuple[float, float] | None = None,
    ) -> None:
        """Start with thresholds uniform in a range (of the data), or else standard normal."""
        super().__init__(latent, inputs)
        self.basis = basis
        self.clipped = clipped
        self.thresholds = thresholds

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        M, B = self.latent, self.basis
        return {
            "A": (M,), "W": (M, M), "alpha": (B,), "H": (M, B), "h": (M,), "C": (M, self.inputs)
        }  # fmt: skip

    def initial(self, rng: np.random.Generator) -> Values:
        M, B = self.latent, self.basis
        K = talathi_vartak(rng, M)
        return {
            "A": np.diag(K).copy(),
            "W": K - np.diag(np.diag(K)),
            "alpha": uniform(rng, 1 / sqrt(B), (B,)),
            "H": rng.uniform(*self.thresholds, (M, B))
            if self.thresholds
            else rng.standard_normal((M, B)),
            "h": np.zeros(M),
            "C": glorot(rng, (M, self.inputs)),
        }

    def lower(self, parameters: Parameters) -> ElementwiseMap:
        return ElementwiseMap(
            parameters["A"],
            off_diagonal(parameters["W"]),
            parameters["alpha"][..., None].expand(-1, -1, self.latent),
            parameters["H"].mT,
            parameters["h"],
            parameters["C"],
            clipped=self.clipped,
            centred=False,
        )


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
            "A": np.diag(talathi_vartak(rng, M)).copy(),
            "W": 0.01 * rng.standard_normal((M, M)),
            "h": np.zeros(M),
            "C": glorot(rng, (M, self.inputs)),
        }

    def lower(self, parameters: Parameters) -> ElementwiseMap:
        ones = parameters["A"].new_ones(len(parameters["A"]), 1, self.rectified)
        return ElementwiseMap(
            parameters["A"],
            parameters["W"],
            ones,
            torch.zeros_like(ones),
            parameters["h"],
            parameters["C"],
            clipped=False,
            centred=False,
        )

    def penalty(self, parameters: Parameters) -> Tensor:
        """Square ``(run,)`` of what self-connections exceed 0.05 by."""
        own = parameters["A"] + torch.diagonal(parameters["W"], dim1=-2, dim2=-1)
        return torch.relu(own - 0.05).square().sum(1)


def off_diagonal(W: Tensor) -> Tensor:
    """Square matrices with a diagonal of zeros."""
    return W * (1 - torch.eye(W.shape[-1], dtype=W.dtype))


def talathi_vartak(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Random positive definite matrix of spectral radius 1 (Talathi & Vartak 2015)."""
    R = rng.standard_normal((size, size))
    K = R.T @ R / size + np.eye(size)
    matrix: NDArray[np.float64] = K / np.linalg.eigvalsh(K)[-1]
    return matrix


def uniform(rng: np.random.Generator, bound: float, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Uniform numbers between ``-bound`` and ``bound``."""
    return rng.uniform(-bound, bound, shape)


def glorot(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
    """Uniform weights after Glorot & Bengio (2010)."""
    return uniform(rng, sqrt(6 / sum(shape)), shape)
