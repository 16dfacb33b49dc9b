"""Sides of parameter matrices along which the optimiser turns its axes (`compiled.optimiser`)."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def sides_of(optimiser: str, shapes: Iterable[tuple[int, ...]]) -> NDArray[np.int64]:
    """The shorter side of each matrix, both of a square one; none for other optimisers than SOAP.

    Parameters
    ----------
    optimiser
        Setting of that name (`models.schema.yaml`).
    shapes
        Of a run's parameters, in the order in which they fill a row.

    Returns
    -------
    NDArray[np.int64]
        ``(side, 5)``: of the matrix the place in the row, rows and columns; whether the side is
        that of the rows; place in a row of what is kept of all sides.
    """
    if optimiser != "soap":
        return np.zeros((0, 5), np.int64)
    sides = []
    at = place = 0
    for shape in shapes:
        if len(shape) == 2 and min(shape) > 1:
            for length, left in zip(shape, (1, 0), strict=True):
                if length == min(shape):
                    sides.append((at, *shape, left, place))
                    place += length**2
        at += int(np.prod(shape))
    return np.array(sides, np.int64).reshape(-1, 5)


def first_memory(parameters: NDArray[Any], sides: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
    """What `compiled.optimiser.update` keeps, before the first update.

    Parameters
    ----------
    parameters : (run, parameter)
        Of which only shape and type count.
    sides
        See `sides_of`.

    Returns
    -------
    first, second : (run, parameter)
        Moments: nothing yet.
    covariance, axes : (run, number)
        Of all sides: nothing yet (in double precision), and the coordinates themselves.
    """
    lengths = np.where(sides[:, 3], sides[:, 1], sides[:, 2])
    own = [np.eye(length, dtype=parameters.dtype).ravel() for length in lengths]
    row = np.concatenate([np.zeros(0, parameters.dtype), *own])
    axes = np.tile(row, (len(parameters), 1))
    moments = np.zeros_like(parameters), np.zeros_like(parameters)
    return *moments, np.zeros(axes.shape), axes
