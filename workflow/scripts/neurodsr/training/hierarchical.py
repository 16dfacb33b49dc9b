r"""One model for a cohort: shared directions of parameters, and a short vector for each subject.

.. math:: \theta_s = \theta_0 + v_s P, \qquad
          -\log L = \sum_s \tfrac{T_s}{2} \left( E_s / \sigma_s^2 + \log \sigma_s^2 \right)

with the mean squared error E_s of the forced predictions (Brenner et al. 2024, Learning
interpretable hierarchical dynamical systems models from time series data, without offset there).
Subjects are the runs of the compiled kernels; what is shared enters by the chain rule alone.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.models.model import Model
from neurodsr.training import fused
from neurodsr.training.adaptive import START
from neurodsr.training.compiled import optimiser
from neurodsr.training.forcing import learning_rates, strengths
from neurodsr.training.optimise import (
    DataGradients,
    adapted_strength,
    leaves,
    penalised_gradients,
)
from neurodsr.training.sides import first_memory, sides_of
from neurodsr.training.windows import Noise, Windows, make_windows

Floats = NDArray[np.float32]

SPREAD = 0.1
"""Standard deviation of the vectors before training."""
MEMORY = 0.98
"""Part of the old noise variance that is kept in an update."""


@dataclass(frozen=True)
class Hierarchy:
    """What is shared in a cohort, and what is each subject's own.

    Attributes
    ----------
    mean : (parameter,)
        Parameters of the subject whose vector is zero.
    directions : (feature, parameter)
        What a unit of each entry of a vector adds.
    vectors : (subject, feature)
        Subjects' own vectors.
    variance : (subject,)
        Variance of the one-step errors of the forced predictions.
    """

    mean: Floats
    directions: Floats
    vectors: Floats
    variance: NDArray[np.float64]

    def parameters(self) -> Floats:
        """Parameters of the models of all subjects ``(subject, parameter)``."""
        return (self.mean + self.vectors @ self.directions).astype(np.float32)

    def aligned(self) -> "Hierarchy":
        """The same models, with vectors of mean zero and unit variance along uncorrelated axes.

        The axes come in the order of how much of the parameters' variance over subjects they carry,
        and each has the sign that makes the entry of largest size in its direction positive.
        """
        centre = self.vectors.mean(0)
        left, size, right = np.linalg.svd(
            (self.vectors - centre) @ self.directions, full_matrices=False
        )
        features = len(self.directions)
        root = np.sqrt(len(self.vectors))
        sign = np.sign(right[range(features), np.abs(right[:features]).argmax(1)])
        return Hierarchy(
            mean=self.mean + centre @ self.directions,
            directions=(sign * size[:features] / root)[:, None] * right[:features],
            vectors=sign * left[:, :features] * root,
            variance=self.variance,
        )


@dataclass(frozen=True)
class CohortWindows(Windows):
    """Windows of all subjects, whose data lie one after the other.

    Attributes
    ----------
    own : tuple of (window,)
        First samples of the windows of each subject.
    """

    own: tuple[NDArray[np.intp], ...] = ()

    def starts_of(self, run: int) -> NDArray[np.intp]:
        return self.own[run]


def cohort_windows(
    cohort: Sequence[xr.Dataset],
    steps: int,
    neighbours: int = 0,
    rare: float = 0,
    emphasis: float = 0,
) -> CohortWindows:
    """Training windows of all subjects.

    Parameters
    ----------
    cohort
        Series of all subjects, of equal channels and inputs.
    steps, neighbours, rare, emphasis
        As of `make_windows`.

    Raises
    ------
    RecordingError
        Subjects differ in their channels or inputs, or one is too short.
    """
    first = list(cohort[0]["channel"].values)
    parts = []
    for series in cohort:
        name = series.attrs["recording"]
        if list(series["channel"].values) != first:
            raise RecordingError(
                f"{name}: channel: {', '.join(map(str, series['channel'].values))}: not those of"
                f" {cohort[0].attrs['recording']} ({', '.join(map(str, first))}); one model for"
                " all needs the same channels: choose them by name (preprocess.modalities)"
            )
        if not np.isclose(
            series.attrs["sampling_interval"], cohort[0].attrs["sampling_interval"], rtol=1e-6
        ):
            raise RecordingError(
                f"{name}: sampling_interval: {series.attrs['sampling_interval']:g} s is not that of"
                f" {cohort[0].attrs['recording']}; set preprocess.sampling_interval"
            )
        try:
            parts.append(make_windows(series, steps, steps, neighbours, rare, emphasis))
        except RecordingError as error:
            raise RecordingError(f"{name}: {error}") from error
    before = np.cumsum([0, *(len(part.observation) for part in parts[:-1])])
    offset = list(zip(parts, before, strict=True))
    observation = np.concatenate([part.observation for part in parts])
    return CohortWindows(
        observation=observation,
        known=np.concatenate([part.known for part in parts]) if neighbours else observation,
        inputs=np.concatenate([part.inputs for part in parts]),
        ends=np.concatenate([part.ends + start for part, start in offset]),
        starts=np.concatenate([part.starts + start for part, start in offset]),
        steps=steps,
        own=tuple(part.starts + start for part, start in offset),
        weights=np.concatenate([part.weights for part in parts]) if emphasis else None,
    )


def begin(model: Model, subjects: int, features: int, seed: int) -> Hierarchy:
    """Before training: one ordinary initial model, and small vectors and directions."""
    rng = np.random.default_rng((seed, 0))
    mean = model.initial(rng)
    scale = np.concatenate(
        [np.full(len(part), np.sqrt(np.mean(part**2)) or 1.0) for part in _parts(model, mean)]
    )
    return Hierarchy(
        mean=mean.astype(np.float32),
        directions=(scale * rng.standard_normal((features, len(mean))) / 10).astype(np.float32),
        vectors=(SPREAD * rng.standard_normal((subjects, features))).astype(np.float32),
        variance=np.ones(subjects),
    )


def train(
    model: Model,
    windows: CohortWindows,
    start: Hierarchy,
    settings: Mapping[str, Any],
    seed: int,
    intervals: Mapping[str, int],
    log: logging.Logger,
    shared: bool = True,
    data_gradients: DataGradients = fused.gradients,
) -> tuple[Hierarchy, NDArray[np.float64]]:
    """Fit the cohort, or the vectors of new subjects to what is shared.

    Parameters
    ----------
    model
        Family and observation of all subjects.
    windows
        Training windows of all subjects.
    start
        Where to begin.
    settings
        Settings of a model (`models.schema.yaml`), with ``vector_rate``, by which learning rates of
        the vectors exceed those of what is shared.
    seed
        Of the windows.
    intervals
        Intervals of sparse forcing (steps) that words in the settings stand for.
    log
        Receives the progress.
    shared
        Whether mean and directions are learned too; for new subjects they are not.
    data_gradients
        Implementation of the recursion.

    Returns
    -------
    hierarchy
        After the last epoch.
    loss : (subject, epoch)
        Mean squared errors.

    Raises
    ------
    RecordingError
        Errors stopped being finite.
    """
    epochs, batches = settings["epochs"], settings["batches_per_epoch"]
    subjects = len(start.vectors)
    schedule = strengths(settings["forcing"], epochs, windows.steps, intervals)
    rates = learning_rates(settings["learning_rate"], epochs)
    common = np.concatenate([start.mean, start.directions.ravel()])[None].astype(np.float32)
    own = start.vectors.astype(np.float32).copy()
    features = len(start.directions)
    sides = sides_of(settings["optimiser"], [*model.shapes.values()] * (1 + features))
    no_sides = sides[:0]
    memory, own_memory = first_memory(common, sides), first_memory(own, no_sides)
    rectified = settings["optimiser"] != "adam"
    variance = start.variance.copy()
    theta = start.parameters()
    parameters = leaves(model, theta)
    alpha = np.full(subjects, START)
    pull = np.ones((subjects, windows.steps), np.float32)
    losses = np.zeros((subjects, epochs))
    finite_common, finite_own = np.ones(1, bool), np.ones(subjects, bool)
    number, reported = 0, time.monotonic()
    for epoch in range(epochs):
        drawn = windows.epoch(
            seed, epoch, subjects, batches, settings["batch"],
            Noise(settings["noise"], settings["noise_on"] == "window"),
        )  # fmt: skip
        if schedule is not None:
            pull[:] = schedule[epoch]
        for i in range(batches):
            batch = drawn.batch(i)
            if schedule is None and number % settings["forcing"]["every"] == 0:
                alpha = adapted_strength(model, theta, batch, alpha, settings["forcing"])
                pull[:] = alpha[:, None]
            loss, slope = penalised_gradients(
                data_gradients, model, parameters, batch, pull, settings["regularisation"]
            )
            number += 1
            if not (np.isfinite(loss).all() and np.isfinite(slope).all()):
                worst = int(np.argmin(np.isfinite(loss)))
                raise RecordingError(
                    f"hierarchical model: loss: no number any more in epoch {epoch + 1} (first"
                    f" subject {worst}); lower learning_rate or raise the forcing strength"
                )
            losses[:, epoch] += loss / batches
            variance = MEMORY * variance + (1 - MEMORY) * loss if number > 1 else loss.astype(float)
            weighted = (slope / (2 * variance[:, None])).astype(np.float32)
            directions = common[0, len(start.mean) :].reshape(features, -1)
            toward = weighted @ directions.T
            if shared:
                rest = weighted.mean(0), (own.T @ weighted / subjects).ravel()
                optimiser.update(
                    common, np.concatenate(rest)[None], *memory, sides, number,
                    rates[epoch : epoch + 1], settings["gradient_clip"], rectified, finite_common,
                )  # fmt: skip
            optimiser.update(
                own, toward, *own_memory, no_sides, number,
                np.full(subjects, settings["vector_rate"] * rates[epoch]),
                settings["gradient_clip"], rectified, finite_own,
            )  # fmt: skip
            theta[:] = common[0, : len(start.mean)] + own @ directions
        now = time.monotonic()
        if now - reported > 5 or epoch == epochs - 1:
            log.info("epoch %d/%d: loss %.3g", epoch + 1, epochs, np.median(losses[:, epoch]))
            reported = now
    mean, directions = np.split(common[0], [len(start.mean)])
    return Hierarchy(mean, directions.reshape(features, -1), own, variance), losses


def newcomers(fitted: Hierarchy, subjects: int) -> Hierarchy:
    """Where the fit of new subjects begins: in the middle of the cohort."""
    return replace(
        fitted,
        vectors=np.tile(fitted.vectors.mean(0), (subjects, 1)),
        variance=np.full(subjects, np.median(fitted.variance)),
    )


def _parts(model: Model, values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Parameters of one model by their names' order, those that there are."""
    return [part for part in np.split(values, np.cumsum(model.sizes)[:-1]) if len(part)]
