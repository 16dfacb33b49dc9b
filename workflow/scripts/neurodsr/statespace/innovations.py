"""Surrogates that are linear, but neither Gaussian nor stationary: driven by own innovations."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]

REACH = 5
"""Innovations are shuffled over at least so many samples."""
INTERVALS = (8, 4, 2, 0)
"""Between knots of the coefficients; fewer where a process with so many would run away."""
RUNAWAY = 4.0


def sign_flipped(x: Array, number: int, rng: np.random.Generator) -> Array:
    """Surrogates of one channel ``(surrogate, time)`` whose innovations have random signs.

    An autoregression whose coefficients change in time is fitted, and driven again by its own
    residuals, each with a sign drawn anew (the wild bootstrap of Wu 1986, Ann. Stat. 14:1261).
    Spectra that drift or change, noise of heavy tails, or of a strength that fluctuates, drifts or
    jumps, are in the surrogates as in the data; what the state would have told of the next
    innovation is not.

    Parameters
    ----------
    x : (time,)
        Without missing values, of mean 0.
    number
        Of surrogates.
    rng
        Source of the signs.
    """
    return _driven(x, lambda e: e * rng.choice([-1.0, 1.0], (number, len(e))))


def shuffled(x: Array, number: int, reach: int, rng: np.random.Generator) -> Array:
    """Surrogates of one channel ``(surrogate, time)`` whose innovations change places nearby.

    As `sign_flipped`, but residuals are moved by a random distance (Nakamura & Small 2005, Phys.
    Rev. E 72:056216), so that innovations of any distribution, skewed ones too, keep it.

    Parameters
    ----------
    x, number, rng
        As of `sign_flipped`.
    reach
        Standard deviation of the distance (samples), at least `REACH`.
    """

    def moved(e: Array) -> Array:
        distance = max(reach, REACH) * rng.standard_normal((number, len(e)))
        places: Array = e[np.argsort(np.arange(len(e)) + distance, axis=1)]
        return places

    return _driven(x, moved)


def autoregression_order(x: Array) -> int:
    """Best order by Schwarz's criterion, at most ``10 log10`` of the number of samples."""
    most = int(10 * np.log10(len(x)))
    past = np.stack([x[most - lag : len(x) - lag] for lag in range(most + 1)])
    samples = past.shape[1]
    products = past @ past.T
    costs = []
    for order in range(1, most + 1):
        lags = slice(1, order + 1)
        fit = np.linalg.lstsq(products[lags, lags], products[lags, 0])[0]
        error = max(float(products[0, 0] - fit @ products[lags, 0]), np.finfo(float).tiny)
        costs.append(samples * np.log(error) + order * np.log(samples))
    return 1 + int(np.argmin(costs))


def innovations(x: Array, order: int, intervals: int) -> tuple[Array, Array]:
    """Coefficients ``(time - order, order)`` of an autoregression, and its residuals.

    The coefficients are straight between knots that divide the time into so many intervals, and
    constant for none.
    """
    time = np.arange(len(x))[order:, None] / (len(x) - 1)
    knots = np.linspace(0.0, 1.0, intervals + 1)
    basis = np.maximum(0.0, 1.0 - np.abs(time - knots) * intervals)
    past = np.stack([x[order - lag : len(x) - lag] for lag in range(1, order + 1)], axis=1)
    columns = (past[:, :, None] * basis[:, None, :]).reshape(len(past), -1)
    fit = np.linalg.lstsq(columns, x[order:])[0]
    residuals = x[order:] - columns @ fit
    return basis @ fit.reshape(order, -1).T, residuals - residuals.mean()


def _driven(x: Array, drive: Callable[[Array], Array]) -> Array:
    """The process from the first samples on, with other innovations."""
    order = autoregression_order(x)
    bound = RUNAWAY * np.abs(x).max()
    for intervals in INTERVALS:
        coefficients, residuals = innovations(x, order, intervals)
        series: Array = _run(x[:order], coefficients, drive(residuals))
        if np.abs(series).max() <= bound:
            break
    return series


@njit(cache=True, nogil=True)
def _run(start: Any, coefficients: Any, drives: Any) -> Any:
    order = len(start)
    series = np.empty((len(drives), order + drives.shape[1]))
    for s in range(len(drives)):
        series[s, :order] = start
        for t in range(drives.shape[1]):
            value = drives[s, t]
            for lag in range(order):
                value += coefficients[t, lag] * series[s, t + order - 1 - lag]
            series[s, t + order] = value
    return series
