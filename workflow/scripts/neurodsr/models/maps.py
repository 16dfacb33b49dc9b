"""The maps that models lower themselves to while they are trained, stacked over runs.

Every model of the PLRNN family is one `CanonicalMap`. The training kernels know two structures of
it, which spare most of its multiplications, and each turns into the canonical form on request.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


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

    def jacobian(self, z: Tensor) -> Tensor:
        """Jacobians ``(run, lane, latent, latent)`` at states ``(run, latent, lane)``."""
        u = (self.W2 @ z).mT
        slopes = (u + self.h2[:, None] > 0).to(u.dtype)
        if self.clipped:
            slopes = slopes - (u > 0).to(u.dtype)
        return self.A[:, None] + (self.W1[:, None] * slopes[..., None, :]) @ self.W2[:, None]


@dataclass(frozen=True)
class ShallowMap:
    r"""Hidden units that see all latent units.

    .. math:: F(z, s) = a \circ z + W_1 [\phi(W_2 z + h_2) - c\,\phi(W_2 z)] + h_1 + C s

    Shapes: ``a (run, latent)``, the others as in `CanonicalMap`.
    """

    a: Tensor
    W1: Tensor
    W2: Tensor
    h1: Tensor
    h2: Tensor
    C: Tensor
    clipped: bool

    def canonical(self) -> CanonicalMap:
        return CanonicalMap(
            torch.diag_embed(self.a), self.W1, self.W2, self.h1, self.h2, self.C, self.clipped
        )


@dataclass(frozen=True)
class ElementwiseMap:
    r"""Nonlinear units that each see themselves only, coupled by one matrix.

    .. math:: F(z, s) = a \circ z + W g(z) + h_1 + C s

    The first units are linear, ``g_i = z_i``; the others are sums of ``basis`` rectified ones,
    ``g_i = sum_b alpha_bi [phi(y_i - H_bi) - c phi(y_i)]``, where y is z, or z without its mean
    over units where ``centred``.

    Attributes
    ----------
    a, h1 : (run, latent)
    W : (run, latent, latent)
    alpha, H : (run, basis, nonlinear)
        Weights and thresholds; ``nonlinear <= latent``, and ``= latent`` where ``centred``.
    C : (run, latent, input)
    clipped
        The constant c.
    centred
        Whether nonlinear units see deviations from the mean.
    """

    a: Tensor
    W: Tensor
    alpha: Tensor
    H: Tensor
    h1: Tensor
    C: Tensor
    clipped: bool
    centred: bool

    def canonical(self) -> CanonicalMap:
        runs, basis, nonlinear = self.alpha.shape
        latent = self.a.shape[1]
        linear = latent - nonlinear
        selection = torch.eye(latent, dtype=self.W.dtype)[linear:]
        if self.centred:
            selection = selection - 1 / latent
        weights = self.W[:, None, :, linear:] * self.alpha[:, :, None]
        return CanonicalMap(
            A=torch.diag_embed(self.a)
            + torch.nn.functional.pad(self.W[..., :linear], (0, nonlinear)),
            W1=weights.transpose(1, 2).reshape(runs, latent, basis * nonlinear),
            W2=selection.repeat(basis, 1).expand(runs, -1, -1),
            h1=self.h1,
            h2=-self.H.reshape(runs, -1),
            C=self.C,
            clipped=self.clipped,
        )


StructuredMap = ShallowMap | ElementwiseMap
