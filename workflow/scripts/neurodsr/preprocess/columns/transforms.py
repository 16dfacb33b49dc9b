"""Transforms of single values that make a signal more like a Gaussian, and their inverses."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

Array = NDArray[np.float64]

EXPONENTS = (-2.0, 2.0)
NEGATIVE = {"sqrt": 0.0, "anscombe": 0.375, "box-cox": 0.0}


def transformed(
    where: str, values: Array, train: NDArray[np.bool_], transform: str
) -> tuple[Array, Array]:
    """Transform each channel ``(time, channel)``.

    Parameters
    ----------
    where
        Named in errors.
    values
        NaN = missing.
    train : (time,)
        Samples that the exponent of Box and Cox is estimated from.
    transform
        "none"; "sqrt"; "anscombe", 2 sqrt(x + 3/8), which gives counts of any mean above about 4
        the variance 1 (Anscombe 1948); or "box-cox", ((x + 1)^e - 1) / e with the exponent of
        greatest likelihood (Box & Cox 1964), log(x + 1) for e = 0.

    Returns
    -------
    tuple
        Transformed values and the exponents ``(channel,)``, NaN but for "box-cox".

    Raises
    ------
    RecordingError
        A value lies outside the domain.
    """
    exponents = np.full(values.shape[1], np.nan)
    if transform == "none":
        return values, exponents
    if np.nanmin(values, initial=0.0) < -NEGATIVE[transform]:
        raise RecordingError(
            f"{where}: transform: {transform} of negative values; use transform: none"
        )
    if transform == "sqrt":
        return np.sqrt(values), exponents
    if transform == "anscombe":
        return 2.0 * np.sqrt(values + 0.375), exponents
    result = np.full_like(values, np.nan)
    for channel in range(values.shape[1]):
        known = values[train, channel]
        exponents[channel] = best_exponent(known[np.isfinite(known)] + 1.0)
        result[:, channel] = power(values[:, channel] + 1.0, exponents[channel])
    return result, exponents


def power(x: Array, exponent: float) -> Array:
    """The family of Box and Cox: (x^e - 1) / e."""
    logarithm = np.log(x)
    if exponent == 0.0:
        return logarithm
    result: Array = np.expm1(exponent * logarithm) / exponent
    return result


def best_exponent(x: Array) -> float:
    """Exponent of greatest likelihood, within -2 and 2; 1 for constant values."""
    from scipy.optimize import minimize_scalar

    if x.size < 2 or np.ptp(x) == 0.0:
        return 1.0
    logarithm = np.log(x)

    def cost(exponent: float) -> float:
        variance = float(np.var(power(x, exponent)))
        return 0.5 * x.size * float(np.log(variance)) - (exponent - 1.0) * float(logarithm.sum())

    result: Any = minimize_scalar(cost, bounds=EXPONENTS, method="bounded")
    return float(result.x)


def restored(values: Array, transform: str, exponents: Array) -> Array:
    """Undo `transformed`; what the transform cannot have produced becomes 0, the least value."""
    inverses: dict[str, Callable[[], Array]] = {
        "none": lambda: values,
        "sqrt": lambda: np.maximum(values, 0.0) ** 2,
        "anscombe": lambda: np.maximum((values / 2.0) ** 2 * (values > 0) - 0.375, 0.0),
        "box-cox": lambda: np.maximum(
            np.where(
                np.abs(exponents) < 1e-12,
                np.exp(values),
                np.maximum(1.0 + exponents * values, 0.0)
                ** (1.0 / np.where(np.abs(exponents) < 1e-12, 1.0, exponents)),
            )
            - 1.0,
            0.0,
        ),
    }
    return inverses[transform]()
