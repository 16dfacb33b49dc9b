"""Every kind of teacher forcing is a schedule of strengths, one for each step of a window."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Schedule = NDArray[np.float64]


def strengths(forcing: Mapping[str, Any], epochs: int, steps: int, interval: int) -> Schedule:
    """Forcing strength of each epoch and step.

    Parameters
    ----------
    forcing
        Settings. ``generalised``: ``strength`` at every step, or falling exponentially from
        ``strength`` in the first to ``final_strength`` in the last epoch. ``sparse``: strength 1
        once every ``interval`` steps.
    epochs, steps
        Lengths of the training and of a window.
    interval
        Automatic interval (steps), used where the setting says ``"auto"``.

    Returns
    -------
    Schedule
        ``(epoch, step)``. The first step needs no forcing: the state is inferred from the data.
    """
    if forcing["kind"] == "sparse":
        every = interval if forcing["interval"] == "auto" else int(forcing["interval"])
        step = np.arange(steps)
        return np.broadcast_to(((step % every == 0) & (step > 0)).astype(float), (epochs, steps))
    first, last = forcing["strength"], forcing["final_strength"]
    if last is None:
        last = first
    part = np.linspace(0.0, 1.0, epochs)[:, None] if epochs > 1 else np.zeros((1, 1))
    return np.broadcast_to(first ** (1 - part) * last**part, (epochs, steps))
