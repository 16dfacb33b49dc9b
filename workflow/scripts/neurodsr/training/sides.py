"""Sides of parameter matrices along which the optimiser turns its axes (`compiled.optimiser`)."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def sides_of(shapes: Iterable[tuple[int, ...]]) -> NDArray[np.int64]:
    """The shorter side of each matrix, both of a square one.

    Parameters
    ----------
    shapes
        Of a run's parameters, in the order in which they fill a row.

    Returns
    -------
    NDArray[np.int64]
        ``(side, 5)``: of the matrix the place in the row, rows and columns; whether the side is
        that of the rows; place in a row of what is kept of all sides, see `numbers`.
    """
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


def numbers(sides: NDArray[np.int64]) -> int:
    """Entries of the matrices that belong to all sides, one each."""
    lengths = np.where(sides[:, 3], sides[:, 1], sides[:, 2])
    return int((lengths**2).sum())
