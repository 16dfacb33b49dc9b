"""Samples estimated from those around them, to infer states from.

Noise on what a model is given biases what it learns; noise on what it has to predict does not. The
estimate of a sample from its neighbours has little noise, and none in common with the sample
itself, which remains the target. The samples after it are in it, though, and they are the next
targets: a training that goes on until it fits these more closely than their noise allows learns
from what it is to predict.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

Floats = NDArray[np.float64]
RIDGE = 1e-6
"""Ridge, as a share of the mean variance of the neighbours."""
PER_WEIGHT = 10
"""Samples that are needed for each weight."""


def from_neighbours(observation: Floats, parts: list[slice], reach: int) -> Floats:
    """Each sample as a linear function of the ``reach`` samples before and after it.

    The weights are those of least squares (a two-sided Wiener interpolator; Wiener 1949), one set
    for each channel, over all parts. Samples at the ends of a part, or with a missing neighbour,
    stay as they are.

    Parameters
    ----------
    observation : (time, channel)
        NaN = missing.
    parts
        Stretches without gaps.
    reach
        Samples on each side, at least 1.

    Returns
    -------
    Floats
        ``(time, channel)``.

    Raises
    ------
    RecordingError
        When a channel has too few samples for that many weights.
    """
    result = observation.copy()
    for channel in range(observation.shape[1]):
        before, centre = [], []
        for part in parts:
            values = observation[part, channel]
            if len(values) <= 2 * reach:
                continue
            rows = sliding_window_view(values, 2 * reach + 1)
            whole = np.flatnonzero(np.isfinite(rows).all(1))
            before.append(np.delete(rows[whole], reach, axis=1))
            centre.append(part.start + reach + whole)
        count = sum(map(len, centre))
        if count < PER_WEIGHT * 2 * reach:
            raise RecordingError(
                f"series: observation: channel {channel} has {count} training samples with "
                f"{reach} neighbours on both sides, too few to estimate {2 * reach} weights from; "
                "lower forcing.neighbours or set it to 0"
            )
        X, where = np.concatenate(before), np.concatenate(centre)
        y = observation[where, channel]
        means = X.mean(0)
        X -= means
        covariance = X.T @ X
        ridge = RIDGE * np.trace(covariance) / len(covariance)
        weights = np.linalg.solve(
            covariance + ridge * np.eye(len(covariance)), X.T @ (y - y.mean())
        )
        result[where, channel] = y.mean() + X @ weights
    return result
