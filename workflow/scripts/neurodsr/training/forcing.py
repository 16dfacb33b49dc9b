"""Schedules of a training: forcing strengths, one for each step of a window, and learning rates.

Every kind of teacher forcing is such a schedule, but for adaptive forcing (see `adaptive`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Schedule = NDArray[np.float64]


def strengths(
    forcing: Mapping[str, Any], epochs: int, steps: int, intervals: Mapping[str, int]
) -> Schedule | None:
    """Forcing strength of each epoch and step.

    Parameters
    ----------
    forcing
        Settings (`models.schema.yaml`). ``generalised``: ``strength`` at every step, or going
        exponentially or linearly from ``strength`` in the first to ``final_strength`` in the last
        epoch. ``sparse``: strength 1 once every ``interval`` steps. ``full``: 1 at every step.
        ``free``: 0.
    epochs, steps
        Lengths of the training and of a window.
    intervals
        Intervals (steps) that words in the settings stand for.

    Returns
    -------
    Schedule or None
        ``(epoch, step)``; None for ``adaptive``, which follows the model. The first step needs no
        forcing: the state is inferred from the data.
    """
    kind = forcing["kind"]
    if kind == "adaptive":
        return None
    if kind in ("full", "free"):
        return np.full((epochs, steps), float(kind == "full"))
    if kind == "sparse":
        interval = forcing["interval"]
        every = intervals[interval] if isinstance(interval, str) else int(interval)
        step = np.arange(steps)
        return np.broadcast_to(((step % every == 0) & (step > 0)).astype(float), (epochs, steps))
    first, last = forcing["strength"], forcing["final_strength"]
    if last is None:
        last = first
    part = np.linspace(0.0, 1.0, epochs)[:, None] if epochs > 1 else np.zeros((1, 1))
    linear = forcing["annealing"] == "linear"
    strength = (1 - part) * first + part * last if linear else first ** (1 - part) * last**part
    return np.broadcast_to(strength, (epochs, steps))


def intervals(statespace: Mapping[str, Any]) -> dict[str, int]:
    """Intervals of sparse forcing (samples) that the attributes of a state-space check offer."""
    return {
        "auto": max(1, int(statespace["forcing_interval"])),
        "predictability": max(1, int(statespace["predictability_time"])),
    }


def learning_rates(settings: Mapping[str, Any], epochs: int) -> NDArray[np.float64]:
    """Learning rate of each epoch ``(epoch,)``.

    Parameters
    ----------
    settings
        Setting ``learning_rate`` (`models.schema.yaml`). ``exponential``: from ``start`` in the
        first to ``end`` in the last epoch; ``cosine``: the same along half a wave. ``step``:
        ``start``, multiplied by ``factor`` at each of ``steps``, shares of the training.
    epochs
        Length of the training.
    """
    epoch = np.arange(epochs)
    start = float(settings["start"])
    if settings["decay"] == "step":
        borders = np.sort(np.rint(np.multiply(settings["steps"], epochs)))
        passed = np.searchsorted(borders, epoch, side="right")
        return np.asarray(start * settings["factor"] ** passed)
    end, part = float(settings["end"]), epoch / max(1, epochs - 1)
    if settings["decay"] == "cosine":
        return np.asarray(end + (start - end) * (1 + np.cos(np.pi * part)) / 2)
    return np.asarray(start * (end / start) ** part)
