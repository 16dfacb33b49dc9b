"""Dynamical similarity analysis: distances between linear operators on delayed observations.

The eigenvalues of a dynamic mode decomposition on delays are compared (Ostrow, Eisen, Kozachkov &
Fiete 2023, NeurIPS; Wasserstein form of Redman et al. 2024, NeurIPS). The numbers are those of
dsa-metric 2.0.2 with ``score_method="wasserstein"``, which needs torch and is not used for that.

The operator is linear. A linear stochastic surrogate is a near neighbour of its original, and noise
of different size makes equal systems different; so noise must be equal, the rank below it, and the
distance to one's own surrogate always belongs to the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.statespace.surrogates import iaaft, matched_ends

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

RIDGE = 1e-8
FLOOR = 1e-3
"""Noise below this share of the signal's sd counts as none."""
EQUAL = 2.0
"""Noise levels within this factor count as equal."""
ITERATIONS = 100
REST = 1e-6
"""Range below which a trajectory is at rest, in its unit (sd of the data)."""


@dataclass(frozen=True)
class Similarity:
    """Result of the analysis.

    Attributes
    ----------
    distance : (recording, recording)
        NaN for those at rest.
    surrogate : (recording,)
        Distance of each to a surrogate of its own with the same spectra and values.
    noise : (recording,)
        Noise level over the sd of the signal.
    rank
        Common rank of the operators.
    """

    distance: Array
    surrogate: Array
    noise: Array
    rank: int


def analyse_similarity(
    trajectories: Sequence[Array],
    delays: int,
    rank: int | None,
    unequal_noise: str,
    rng: np.random.Generator,
) -> Similarity:
    """Distances between the linear operators of trajectories.

    Parameters
    ----------
    trajectories
        ``(time, channel)`` of each recording, contiguous and without missing values, at the same
        sampling rate. One that does not move, or is not finite, has no operator.
    delays
        Number of delays, one sample apart.
    rank
        Of the operators; None for the largest that is below the noise in all of them, which is also
        the most that is allowed.
    unequal_noise
        ``refuse``, ``equalise`` (add noise up to the worst) or ``keep`` when noise levels differ.
    rng
        Of surrogates and of added noise.

    Raises
    ------
    RecordingError
        Noise levels differ and are to be refused, or nothing stands out of the noise.
    """
    moving = [bool(np.isfinite(x).all() and np.ptp(x, axis=0).max() > REST) for x in trajectories]
    if sum(moving) < 2:
        raise RecordingError("similarity: dsa: fewer than two trajectories move")
    own = [x - x.mean(axis=0) for x, kept in zip(trajectories, moving, strict=True) if kept]
    short = min(len(x) for x in own)
    if short < 4 * delays * own[0].shape[1]:
        raise RecordingError(
            f"similarity: delays: {delays} delays of {own[0].shape[1]} channels need"
            f" {4 * delays * own[0].shape[1]} samples, and there are {short}; lower `delays`"
        )
    levels = [noise_level(x, delays) for x in own]
    if max(levels) > EQUAL * max(min(levels), FLOOR) and unequal_noise != "keep":
        if unequal_noise == "refuse":
            raise RecordingError(
                f"similarity: dsa: noise levels differ ({min(levels):.2g} to {max(levels):.2g} of"
                " the sd), which by itself makes equal systems different; compare free runs (`dsa`)"
                " instead of data, or set unequal_noise to `equalise`"
            )
        own = [_noisier(x, level, max(levels), rng) for x, level in zip(own, levels, strict=True)]
        levels = [noise_level(x, delays) for x in own]
    allowed = min(signal_rank(x, delays) for x in own)
    if allowed < 2:
        raise RecordingError("similarity: dsa: a trajectory does not stand out of its noise")
    common = allowed if rank is None else min(rank, allowed)
    spectra = [operator_eigenvalues(x, delays, common) for x in own]
    linear = [
        operator_eigenvalues(iaaft(x[matched_ends(x)], 1, ITERATIONS, rng)[0], delays, common)
        for x in own
    ]
    where = np.flatnonzero(moving)
    n = len(trajectories)
    distance, surrogate, noise = np.full((n, n), np.nan), np.full(n, np.nan), np.full(n, np.nan)
    for i, first in enumerate(spectra):
        surrogate[where[i]] = spectral_distance(first, linear[i])
        noise[where[i]] = levels[i]
        for j, second in enumerate(spectra[:i]):
            distance[where[i], where[j]] = distance[where[j], where[i]] = spectral_distance(
                first, second
            )
    distance[where, where] = 0.0
    return Similarity(distance, surrogate, noise, common)


def operator_eigenvalues(x: Array, delays: int, rank: int) -> Complex:
    """Eigenvalues ``(rank,)`` of the linear map from delayed states to the next, per sample."""
    left, _, _ = np.linalg.svd(delayed(x, delays), full_matrices=False)
    before, after = left[:-1, :rank], left[1:, :rank]
    operator = np.linalg.solve(before.T @ before + RIDGE * np.eye(rank), before.T @ after)
    return np.asarray(np.linalg.eigvals(operator), dtype=complex)


def spectral_distance(first: Complex, second: Complex) -> float:
    """Mean squared distance of equally many eigenvalues in the best matching (Wasserstein-2)."""
    from scipy.optimize import linear_sum_assignment

    cost = np.abs(first[:, None] - second[None, :]) ** 2
    return float(cost[linear_sum_assignment(cost)].mean())


def delayed(x: Array, delays: int) -> Array:
    """Samples with those before them, ``(time, delays * channel)``."""
    length = len(x) - delays + 1
    return np.concatenate([x[delays - 1 - d : delays - 1 - d + length] for d in range(delays)], 1)


def noise_level(x: Array, delays: int) -> float:
    """Sd of white observation noise over that of the signal, from the smaller singular values.

    The directions of delay space that the signal does not use carry the noise alone, equally much
    each; the median over the smaller half of them is taken.
    """
    power = _power(x, delays)
    return float(np.sqrt(np.median(power[len(power) // 2 :]) / power.mean()))


def signal_rank(x: Array, delays: int) -> int:
    """Number of directions of delay space with clearly more variance than the noise.

    More than twice the edge of the variances of pure noise (Marchenko & Pastur 1967, Math.
    USSR-Sb. 1:457), and than the noise that counts as none.
    """
    power = _power(x, delays)
    noise = max(noise_level(x, delays), FLOOR) ** 2 * power.mean()
    edge = (1 + np.sqrt(len(power) / (len(x) - delays + 1))) ** 2
    return int(np.sum(power > 2 * edge * noise))


def _power(x: Array, delays: int) -> Array:
    """Variance along the principal directions of delay space, the largest first."""
    states = delayed(x - x.mean(axis=0), delays)
    found: Array = np.maximum(np.linalg.eigvalsh(states.T @ states)[::-1] / len(states), 0.0)
    return found


def _noisier(x: Array, level: float, wanted: float, rng: np.random.Generator) -> Array:
    """With as much white noise added as brings its level to the one wanted."""
    added = float(np.sqrt(max(wanted**2 - level**2, 0.0) / max(1 - wanted**2, 1e-6)))
    noisier: Array = x + added * np.sqrt(x.var(axis=0).mean()) * rng.standard_normal(x.shape)
    return noisier
