"""Fewer channels on request: principal components or factors of the training samples."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

Array = NDArray[np.float64]

ITERATIONS = 1000
TOLERANCE = 1e-8
LEAST_NOISE = 1e-6


@dataclass(frozen=True)
class Reduction:
    """A linear map to few components and back.

    Attributes
    ----------
    mean : (channel,)
        Of the training samples.
    projection : (component, channel)
        components = (x - mean) projectionᵀ.
    loadings : (component, channel)
        x ≈ mean + components loadings.
    explained : (component,)
        Share of the training variance of all channels together.
    """

    mean: Array
    projection: Array
    loadings: Array
    explained: Array

    def reduce(self, values: Array) -> Array:
        """``(time, channel)`` to ``(time, component)``; NaN where any channel is missing."""
        scores: Array = (values - self.mean) @ self.projection.T
        return scores

    def restore(self, components: Array) -> Array:
        """``(time, component)`` back to ``(time, channel)``, as far as the components go."""
        values: Array = self.mean + components @ self.loadings
        return values


def fit_reduction(where: str, train: Array, options: Mapping[str, Any]) -> Reduction:
    """Components of training samples ``(time, channel)``.

    Parameters
    ----------
    where
        Named in errors.
    train
        Rows with a missing value are left out.
    options
        ``method``: "pca" or "factor-analysis"; ``components``: their number, or the least share of
        the variance that principal components shall explain (below 1).

    Raises
    ------
    RecordingError
        More components than channels, or too few samples.
    """
    complete = train[np.isfinite(train).all(axis=1)]
    wanted, channels = options["components"], train.shape[1]
    if len(complete) < 2:
        raise RecordingError(
            f"{where}: reduction: {len(complete)} training samples have all {channels} channels; "
            "leave out the channels that are often missing"
        )
    if wanted >= 1 and wanted > min(channels, len(complete) - 1):
        raise RecordingError(
            f"{where}: reduction: {wanted} components of {channels} channels and {len(complete)} "
            "training samples; ask for fewer"
        )
    mean = np.asarray(complete.mean(axis=0))
    _, singular, axes = np.linalg.svd(complete - mean, full_matrices=False)
    variance = singular**2 / len(complete)
    shares = np.asarray(variance / variance.sum())
    number = int(wanted)
    if wanted < 1:
        number = min(int(np.searchsorted(np.cumsum(shares), wanted - 1e-12)) + 1, len(shares))
    if options["method"] == "pca":
        leading = signed(np.asarray(axes[:number], dtype=np.float64))
        return Reduction(mean, leading, leading, shares[:number])
    loadings, noise = factors(complete - mean, number)
    weighted = loadings / noise
    projection = np.asarray(np.linalg.solve(np.eye(number) + weighted @ loadings.T, weighted))
    total = float(np.sum(np.var(complete, axis=0)))
    return Reduction(mean, projection, loadings, np.sum(loadings**2, axis=1) / total)


def factors(centred: Array, number: int) -> tuple[Array, Array]:
    """Maximum-likelihood factor analysis (Barber 2012, algorithm 21.1).

    Parameters
    ----------
    centred : (time, channel)
        Without mean.
    number
        Of factors.

    Returns
    -------
    tuple
        Loadings ``(factor, channel)``, rotated to their principal axes, and noise variances.
    """
    samples = len(centred)
    variance = centred.var(axis=0)
    # a triangle with the same scatter, and no more rows than channels
    centred = np.asarray(np.linalg.qr(centred, mode="r"))
    noise = np.ones(centred.shape[1])
    before = -np.inf
    loadings = np.zeros((number, centred.shape[1]))
    for _ in range(ITERATIONS):
        deviation = np.sqrt(noise) + 1e-12
        _, singular, axes = np.linalg.svd(
            centred / (deviation * np.sqrt(samples)), full_matrices=False
        )
        squares = singular**2
        kept = squares[:number]
        loadings = np.sqrt(np.maximum(kept - 1.0, 0.0))[:, None] * axes[:number] * deviation
        likelihood = (
            -0.5 * samples * (np.log(kept).sum() + squares[number:].sum() + np.log(noise).sum())
        )
        if likelihood - before < TOLERANCE * samples:
            break
        before = likelihood
        noise = np.maximum(variance - (loadings**2).sum(axis=0), LEAST_NOISE * variance.max())
    return signed(loadings), noise


def signed(axes: Array) -> Array:
    """Each row with its largest entry positive: the sign of a component is arbitrary."""
    largest = np.abs(axes).argmax(axis=1)
    sign = np.where(axes[np.arange(len(axes)), largest] < 0, -1.0, 1.0)
    result: Array = axes * sign[:, None]
    return result
