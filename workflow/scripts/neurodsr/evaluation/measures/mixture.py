"""D_stsp by mixtures: one Gaussian on each point, for more dimensions than bins can fill."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numba import njit

from neurodsr.models.piecewise_linear import Array
from neurodsr.statespace.binning import require_finite

BLOCK = 128, 2048
"""Draws and centres that are looked at together: 2 MiB of exponents."""
NEGLIGIBLE = -50.0
"""Logarithm, relative to the largest term, at which smaller terms of a sum are held."""
POWERS = 2.0 ** -np.arange(80.0)
UNDERFLOW = {"float32": float(np.log(2.0**-150)), "none": -np.inf}
"""Logarithm of the largest term below which a sum is 0 in that arithmetic."""


@dataclass(frozen=True)
class Mixture:
    """A convention for the divergence of two mixtures with one Gaussian on each point.

    Attributes
    ----------
    variance
        Of each isotropic Gaussian.
    symmetric
        Mean of both directions instead of true to generated.
    points
        At most so many points of a trajectory carry a Gaussian.
    thinning
        Which ones: the ``"first"``, or ``"even"`` over the whole trajectory.
    underflow
        A draw at which a density is 0 in ``"float32"`` is dropped, as in the codes of the
        literature, which makes a far-away trajectory look near. ``"none"``: no draw is dropped.
    draws
        Monte-Carlo draws.
    """

    variance: float
    symmetric: bool = False
    points: int = 10_000
    thinning: Literal["even", "first"] = "even"
    underflow: Literal["none", "float32"] = "none"
    draws: int = 1_000


class MixtureReference:
    """Mixture of Gaussians on the true trajectory, with draws shared by all comparisons."""

    def __init__(self, true: Array, convention: Mixture, rng: np.random.Generator) -> None:
        require_finite(true)
        self.convention = convention
        self.centres = self._thinned(true)
        self.seed = int(rng.integers(2**63))
        self.draws = self._draw(self.centres)
        self.density = log_density(self.draws, self.centres, convention.variance)

    def _thinned(self, x: Array) -> Array:
        most = self.convention.points
        if self.convention.thinning == "first" or len(x) <= most:
            return x[:most]
        return np.asarray(x[np.linspace(0, len(x) - 1, most).astype(int)])

    def _draw(self, centres: Array) -> Array:
        rng = np.random.default_rng(self.seed)
        chosen = centres[rng.integers(len(centres), size=self.convention.draws)]
        noise = rng.standard_normal(chosen.shape)
        return np.asarray(chosen + np.sqrt(self.convention.variance) * noise)

    def outside(self, generated: Array) -> float:
        """Share of the draws that the convention drops."""
        centres = self._thinned(generated)
        density = log_density(self.draws, centres, self.convention.variance)
        return float(1 - self._kept(density, len(centres)).mean())

    def _kept(self, density: Array, centres: int) -> Any:
        return density + np.log(centres) > UNDERFLOW[self.convention.underflow]

    def divergence(self, generated: Array) -> float:
        """KL(true || generated) in nats by Monte Carlo, generated ``(time, channel)``.

        Infinite when the convention drops every draw.
        """
        require_finite(generated)
        centres = self._thinned(generated)
        if self.convention.thinning == "first":
            centres = centres[: len(self.centres)]
        other = log_density(self.draws, centres, self.convention.variance)
        forward = self._mean(self.density, other, len(centres))
        if not self.convention.symmetric:
            return forward
        draws = self._draw(centres)
        own, other = (
            log_density(draws, points, self.convention.variance)
            for points in (centres, self.centres)
        )
        return 0.5 * (forward + self._mean(own, other, len(self.centres)))

    def _mean(self, own: Array, other: Array, centres: int) -> float:
        kept = self._kept(other, centres)
        return float(np.mean((own - other)[kept])) if kept.any() else np.inf


def log_density(x: Array, centres: Array, variance: float) -> Array:
    """Log density ``(point,)`` of a mixture, but for the constant that all of them share.

    Log-sum-exp over blocks, so that neither large exponents nor many centres do harm.

    Parameters
    ----------
    x : (point, channel)
        Where.
    centres : (centre, channel)
        Means of the Gaussians, of equal weight.
    variance
        Of each in every direction.
    """
    rows, columns = BLOCK
    highest, total = np.full(len(x), -np.inf), np.zeros(len(x))
    half_norm = 0.5 * np.einsum("ij,ij->i", centres, centres)
    for start in range(0, len(centres), columns):
        block = np.ascontiguousarray(centres[start : start + columns].T)
        for first in range(0, len(x), rows):
            part = slice(first, first + rows)
            accumulate(
                x[part] @ block,
                half_norm[start : start + columns],
                1.0 / variance,
                highest[part],
                total[part],
                POWERS,
            )
    norm = 0.5 * np.einsum("ij,ij->i", x, x) / variance
    return np.asarray(highest + np.log(total / len(centres)) - norm)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "nnan", "nsz", "contract"})
def accumulate(
    product: Any, half_norm: Any, precision: float, highest: Any, total: Any, powers: Any
) -> None:
    """Add the terms of a block to running sums ``total * exp(highest)``, row by row.

    The exponential (Taylor series after reduction by ln 2, exact to 2e-16) stands here because a
    loop with a call of the library's is not turned into vector instructions.
    """
    rows, columns = product.shape
    for i in range(rows):
        row = product[i]
        largest = -np.inf
        for j in range(columns):
            row[j] = (row[j] - half_norm[j]) * precision
            largest = max(largest, row[j])
        if largest > highest[i]:
            total[i] *= np.exp(highest[i] - largest)
            highest[i] = largest
        top = highest[i]
        added = 0.0
        for j in range(columns):
            term = max(row[j] - top, NEGLIGIBLE)
            halvings = np.int64(0.5 - term * 1.4426950408889634)
            r = (term + halvings * 0.693147180369123816490) + halvings * 1.90821492927058770002e-10
            series = 1 / 3628800 + r / 39916800
            series = 1 / 40320 + r * (1 / 362880 + r * series)
            series = 1 / 720 + r * (1 / 5040 + r * series)
            series = 1 / 24 + r * (1 / 120 + r * series)
            series = 0.5 + r * (1 / 6 + r * series)
            added += (1.0 + r * (1.0 + r * series)) * powers[halvings]
        total[i] += added
