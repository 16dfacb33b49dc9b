"""PE(n): the error of a forecast by n steps (Koppe et al. 2019; Hess et al. 2023)."""

from collections.abc import Sequence

import numpy as np

from neurodsr.models.piecewise_linear import Array


def prediction_windows(pieces: Sequence[Array], before: int, steps: int, maximum: int) -> Array:
    """Windows of the data around starts of forecasts.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time, channel)``.
    before
        Samples up to and with the start.
    steps
        Samples after the start.
    maximum
        At most so many windows, evenly spaced over all possible ones.

    Returns
    -------
    Array
        ``(before + steps, window, channel)``; no window when all pieces are too short.
    """
    length = before + steps
    windows = [
        np.lib.stride_tricks.sliding_window_view(piece, length, axis=0)
        for piece in pieces
        if len(piece) >= length
    ]
    if not windows:
        return np.empty((length, 0, pieces[0].shape[1]))
    count = sum(len(window) for window in windows)
    chosen = np.unique(np.linspace(0, count - 1, min(maximum, count)).astype(int))
    return np.moveaxis(np.concatenate(windows)[chosen], -1, 0)


def error_curve(predicted: Array, actual: Array) -> Array:
    """Mean squared error after each step, over windows and channels.

    ``predicted`` and ``actual`` are ``(steps, window, channel)``, the start left out; the last
    element of the result is PE(steps), in squared units of the data.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.mean((predicted - actual) ** 2, axis=(1, 2)))


def valid_steps(predicted: Array, actual: Array, threshold: float, scale: float) -> Array:
    """Valid prediction time (Vlachas et al. 2020) of each window, in steps.

    Parameters
    ----------
    predicted, actual : (steps, window, channel)
        The start left out.
    threshold
        Normalised error at which a forecast is no longer valid; 0.4 is common.
    scale
        What the root mean square error over channels is divided by: that of data about their mean.

    Returns
    -------
    Array
        ``(window,)``: steps before the error first passes the threshold; all of them if it never
        does.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.sqrt(np.mean((predicted - actual) ** 2, axis=2)) / scale
    passed = ~(error <= threshold)
    steps = np.where(passed.any(axis=0), passed.argmax(axis=0), len(passed))
    return np.asarray(steps, dtype=float)
