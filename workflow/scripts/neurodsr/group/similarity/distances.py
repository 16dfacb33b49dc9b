"""Distances between attractors, exponents and subject vectors."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

QUANTILES = 200
DIRECTIONS = 128


def sliced_wasserstein(
    clouds: Sequence[Array],
    rng: np.random.Generator,
    directions: int = DIRECTIONS,
    quantiles: int = QUANTILES,
) -> Array:
    """Sliced Wasserstein-1 distances between clouds of states, in their unit.

    Parameters
    ----------
    clouds
        States ``(time, channel)`` of each recording, all with the same channels. A cloud with a
        value that is not finite is at an unknown (NaN) distance.
    rng
        Source of the random directions, the same for all pairs. One channel needs none.
    directions
        Number of directions.
    quantiles
        Number of quantiles at which the distributions along a direction are compared.

    Returns
    -------
    Array
        ``(recording, recording)``: mean over directions of the Wasserstein-1 distance of the
        projections. Between two clouds shifted against each other by mu it is |mu| for one channel
        and the mean of |mu cos(angle)| over directions for several.

    References
    ----------
    Bonneel, Rabin, Peyré & Pfister 2015, J. Math. Imaging Vis. 51:22.
    """
    channels = clouds[0].shape[1]
    towards = rng.standard_normal((channels, directions)) if channels > 1 else np.ones((1, 1))
    towards /= np.linalg.norm(towards, axis=0)
    at = (np.arange(quantiles) + 0.5) / quantiles
    profiles = [
        np.quantile(cloud @ towards, at, axis=0).ravel()
        if np.isfinite(cloud).all()
        else np.full(quantiles * towards.shape[1], np.nan)
        for cloud in clouds
    ]
    return pairwise(np.array(profiles) / profiles[0].size, "cityblock")


def exponent_distances(spectra: Sequence[Array], exponents: int) -> Array:
    """Root mean square difference of the largest Lyapunov exponents, in their unit (1/s).

    Parameters
    ----------
    spectra
        Exponents of each recording, in any order; missing ones are NaN.
    exponents
        How many of each are compared; fewer if a recording has fewer.

    Returns
    -------
    Array
        ``(recording, recording)``; NaN where a recording has no exponents.
    """
    sorted_spectra = [np.sort(one[np.isfinite(one)])[::-1] for one in spectra]
    lengths = [one.size for one in sorted_spectra if one.size]
    kept = min([exponents, *lengths])
    rows = [one[:kept] if one.size else np.full(kept, np.nan) for one in sorted_spectra]
    return pairwise(np.array(rows) / np.sqrt(kept), "euclidean")


def pairwise(rows: Array, metric: Literal["cityblock", "euclidean"]) -> Array:
    """Square matrix of the distances between rows."""
    from scipy.spatial.distance import pdist, squareform

    matrix: Array = squareform(pdist(rows, metric), checks=False)
    unknown = ~np.isfinite(rows).all(axis=1)
    matrix[unknown] = matrix[:, unknown] = np.nan
    return matrix
