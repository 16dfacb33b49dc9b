"""D_stsp: the Kullback-Leibler divergence of two trajectories' occupation of state space.

The codes of the literature disagree on box, bins and outliers; each convention is a named preset
(Koppe et al. 2019; Brenner et al. 2022; Hess et al. 2023).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import ConfigError
from neurodsr.models.piecewise_linear import Array


@dataclass(frozen=True)
class Binning:
    """A convention for the binned divergence.

    Attributes
    ----------
    bins
        Bins in each dimension.
    box
        Of the true data: ``"margin"`` is [min - 0.1 sd, max + 0.1 sd], ``"range"`` [min, max],
        ``"two sd"`` [-2 sd, 2 sd] around zero.
    first_bin
        Lowest bin that counts; 1 in the codes that require a coordinate above 0.
    outside
        Points outside the box are dropped, or kept in the total number of points.
    standardise
        Whether both trajectories are z-scored, each by itself (blind to shift and scale).
    alpha
        Added to every bin (Laplace smoothing).
    """

    bins: int
    box: Literal["margin", "range", "two sd"]
    first_bin: int = 0
    outside: Literal["drop", "keep"] = "drop"
    standardise: bool = False
    alpha: float = 1e-5


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
        At most so many first points of a trajectory carry a Gaussian.
    draws
        Monte-Carlo draws; none is dropped.
    """

    variance: float
    symmetric: bool = False
    points: int = 10_000
    draws: int = 1_000


PRESETS: dict[str, Binning | Mixture] = {
    "gtf": Binning(30, "margin"),
    "gtf-keep": Binning(30, "margin", outside="keep"),
    "gtf-legacy": Binning(30, "two sd"),
    "al-rnn-8": Binning(8, "margin"),
    "dendplrnn": Binning(30, "two sd", first_bin=1),
    "chaosrnn": Binning(10, "two sd"),
    "dynamix": Binning(30, "range", first_bin=1),
    "hierarchical": Binning(30, "range", standardise=True),
    "gmm": Mixture(1.0),
    "gmm-0.3": Mixture(0.3),
    "gmm-0.1": Mixture(0.1),
    "gmm-symmetric": Mixture(1.0, symmetric=True),
}


def choose_preset(name: str, channels: int) -> str:
    """Resolve ``"auto"``: ``"gtf"`` (binning) to 5 channels, ``"gmm"`` above, as GTF does."""
    if name == "auto":
        return "gtf" if channels <= 5 else "gmm"
    if name not in PRESETS:
        raise ConfigError(f"divergence: {name!r} is none of auto, {', '.join(PRESETS)}")
    return name


def state_space_divergence(
    true: Array, generated: Array, preset: str, rng: np.random.Generator
) -> float:
    """D_stsp of a generated from a true trajectory, in nats.

    Parameters
    ----------
    true, generated : (time, channel)
        Finite values; lengths may differ, but scores compare only at equal lengths.
    preset
        A key of `PRESETS`.
    rng
        Draws of a mixture; binning uses none.
    """
    return reference(true, preset, rng).divergence(generated)


def reference(
    true: Array, preset: str, rng: np.random.Generator
) -> "BinnedReference | MixtureReference":
    """The true trajectory made ready to be compared with many generated ones."""
    convention = PRESETS[preset]
    if isinstance(convention, Binning):
        return BinnedReference(true, convention)
    return MixtureReference(true, convention, rng)


class BinnedReference:
    """Occupation of bins by the true trajectory; sparse, so 30 bins in 10 dimensions fit."""

    def __init__(self, true: Array, convention: Binning) -> None:
        _require_finite(true)
        self.convention = convention
        if convention.bins ** true.shape[1] >= 2**62:
            raise ConfigError(
                f"divergence: {convention.bins} bins in {true.shape[1]} channels are too many to "
                "count; use a gmm preset"
            )
        true = self._prepared(true)
        deviation = true.std(axis=0)
        if convention.box == "two sd":
            self.low, self.high = -2 * deviation, 2 * deviation
        else:
            margin = 0.1 * deviation if convention.box == "margin" else 0.0
            self.low, self.high = true.min(axis=0) - margin, true.max(axis=0) + margin
        self.cells, self.counts, self.total = self._occupation(true)

    def _prepared(self, x: Array) -> Array:
        if not self.convention.standardise:
            return x
        deviation = x.std(axis=0)
        return np.asarray((x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0))

    def _coordinates(self, x: Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        width = np.where(self.high > self.low, self.high - self.low, 1.0)
        bins = self.convention.bins
        scaled = np.clip((x - self.low) / width * bins, -1.0, bins)
        coordinates = np.floor(scaled).astype(np.int64)
        inside = ((coordinates >= self.convention.first_bin) & (coordinates < bins)).all(axis=1)
        return coordinates, inside

    def _occupation(self, x: Array) -> tuple[NDArray[np.int64], Array, int]:
        coordinates, inside = self._coordinates(x)
        powers = self.convention.bins ** np.arange(x.shape[1], dtype=np.int64)
        cells, counts = np.unique(coordinates[inside] @ powers, return_counts=True)
        total = len(x) if self.convention.outside == "keep" else int(inside.sum())
        return cells, counts.astype(float), total

    def outside(self, generated: Array) -> float:
        """Share of a generated trajectory ``(time, channel)`` that the bins do not hold."""
        return float(1 - self._coordinates(self._prepared(generated))[1].mean())

    def divergence(self, generated: Array) -> float:
        """KL(true || generated) in nats, generated ``(time, channel)``."""
        _require_finite(generated)
        alpha = self.convention.alpha
        bins = float(self.convention.bins) ** generated.shape[1]
        cells, counts, total = self._occupation(self._prepared(generated))
        either = np.union1d(self.cells, cells)
        p, q = np.full(len(either), alpha), np.full(len(either), alpha)
        p[np.searchsorted(either, self.cells)] += self.counts
        q[np.searchsorted(either, cells)] += counts
        p_scale, q_scale = self.total + alpha * bins, total + alpha * bins
        visited = np.sum(p * np.log(p / q)) / p_scale
        share = (p.sum() + (bins - len(either)) * alpha) / p_scale
        return float(visited + share * np.log(q_scale / p_scale))


class MixtureReference:
    """Mixture of Gaussians on the true trajectory, with draws shared by all comparisons."""

    def __init__(self, true: Array, convention: Mixture, rng: np.random.Generator) -> None:
        _require_finite(true)
        self.convention = convention
        self.centres = true[: convention.points]
        self.seed = int(rng.integers(2**63))
        self.draws = self._draw(self.centres)
        self.density = self._log_density(self.draws, self.centres)

    def _draw(self, centres: Array) -> Array:
        rng = np.random.default_rng(self.seed)
        chosen = centres[rng.integers(len(centres), size=self.convention.draws)]
        noise = rng.standard_normal(chosen.shape)
        return np.asarray(chosen + np.sqrt(self.convention.variance) * noise)

    def _log_density(self, x: Array, centres: Array) -> Array:
        """Log density at ``x``, but for the constant that all such mixtures share."""
        density = np.empty(len(x))
        chunk = max(1, 2_000_000 // len(centres))
        half_norm = 0.5 * np.sum(centres**2, axis=1)
        for start in range(0, len(x), chunk):
            part = x[start : start + chunk]
            exponent = part @ centres.T - half_norm
            exponent /= self.convention.variance
            highest = exponent.max(axis=1)
            exponent -= highest[:, None]
            np.exp(exponent, out=exponent)
            density[start : start + chunk] = highest + np.log(exponent.mean(axis=1))
        return np.asarray(density - 0.5 * np.sum(x**2, axis=1) / self.convention.variance)

    def outside(self, generated: Array) -> float:
        """A mixture holds every point."""
        return 0.0

    def divergence(self, generated: Array) -> float:
        """KL(true || generated) in nats by Monte Carlo, generated ``(time, channel)``."""
        _require_finite(generated)
        centres = generated[: self.convention.points]
        forward = float(np.mean(self.density - self._log_density(self.draws, centres)))
        if not self.convention.symmetric:
            return forward
        draws = self._draw(centres)
        backward = self._log_density(draws, centres) - self._log_density(draws, self.centres)
        return 0.5 * (forward + float(np.mean(backward)))


def _require_finite(x: Array) -> None:
    if len(x) == 0 or not np.isfinite(x).all():
        raise ValueError("a trajectory must have points, all of them finite")
