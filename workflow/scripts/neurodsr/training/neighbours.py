"""Samples estimated from those around them, to begin windows with.

Noise on what a model is given biases what it learns; noise on what it has to predict does not. The
state at the start of a window has all of a sample's noise, and later ones little of it, as forcing
averages. The estimate of a sample from its neighbours has little noise, and none in common with
the sample itself, which remains the target. The samples after it are in it, though, and they are
the next targets: states that are estimated all along a window teach a model their noise.
"""

from itertools import combinations_with_replacement

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

Floats = NDArray[np.float64]
COMPONENTS, DEGREE = 4, 3
"""An estimate is linear in all neighbours, and a polynomial of this degree in so many of their
leading principal components: a linear one flattens peaks."""
RIDGE = 1e-6
"""Ridge, as a share of the mean variance of the regressors."""
PER_WEIGHT = 10
"""Samples that are needed for each weight."""


def from_neighbours(observation: Floats, parts: list[slice], reach: int) -> Floats:
    """Each sample as a function of the ``reach`` samples before and after it.

    The function is that of least squares over all parts (a two-sided Wiener interpolator, Wiener
    1949, with a polynomial in coordinates of the delay embedding that neighbours are; Broomhead &
    King 1986), one for each channel. Samples at the ends of a part, or with a missing neighbour,
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
        around, centre = [], []
        for part in parts:
            values = observation[part, channel]
            if len(values) <= 2 * reach:
                continue
            rows = sliding_window_view(values, 2 * reach + 1)
            whole = np.flatnonzero(np.isfinite(rows).all(1))
            around.append(np.delete(rows[whole], reach, axis=1))
            centre.append(part.start + reach + whole)
        count, weights = sum(map(len, centre)), 2 * reach + len(_monomials(2 * reach))
        if count < PER_WEIGHT * weights:
            raise RecordingError(
                f"series: observation: channel {channel} has {count} training samples with "
                f"{reach} neighbours on both sides, too few to estimate {weights} weights from; "
                "lower forcing.neighbours or set it to 0"
            )
        where = np.concatenate(centre)
        y = observation[where, channel]
        X = _regressors(np.concatenate(around))
        covariance = X.T @ X
        ridge = RIDGE * np.trace(covariance) / len(covariance)
        fitted = X @ np.linalg.solve(
            covariance + ridge * np.eye(len(covariance)), X.T @ (y - y.mean())
        )
        result[where, channel] = y.mean() + fitted
    return result


def _monomials(neighbours: int) -> list[tuple[int, ...]]:
    """Components that are multiplied, of all products of two and more."""
    components = range(min(COMPONENTS, neighbours))
    return [
        one
        for degree in range(2, DEGREE + 1)
        for one in combinations_with_replacement(components, degree)
    ]


def _regressors(around: Floats) -> Floats:
    """Neighbours ``(time, neighbour)`` and products of their components, without their means."""
    centred = around - around.mean(0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    leading = slice(None, -COMPONENTS - 1, -1)
    spread = np.sqrt(np.maximum(variances, variances[-1] * np.finfo(float).eps))
    scores = centred @ (axes / spread)[:, leading]
    scale = np.sqrt(variances.mean())
    products = [scale * scores[:, list(one)].prod(1) for one in _monomials(around.shape[1])]
    X: Floats = np.column_stack([centred, *products])
    X -= X.mean(0)
    return X
