"""Ends of recordings in which nothing changes: padding that acquisition software leaves."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096


def length_without_flat_end(
    read: Callable[[int, int], NDArray[np.floating]], samples: int, shortest: float
) -> int:
    """Samples of a signal before its end became flat.

    The end may be flat in several steps, such as a last value that is held and then zeros. Only as
    much as needed is read, from the end backwards.

    Parameters
    ----------
    read
        ``read(start, stop)`` gives the samples ``(time, channel)`` from start to before stop.
    samples
        Length of the signal.
    shortest
        Samples for which no channel changes, at least, for a step to count.

    Returns
    -------
    int
        0 when the signal is flat from beginning to end, `samples` when its end is not.
    """
    end = samples
    while end > 0:
        start = _start_of_last_step(read, end)
        if end - start < max(shortest, 2):
            break
        end = start
    return end


def _start_of_last_step(read: Callable[[int, int], NDArray[np.floating]], end: int) -> int:
    """First of the samples before `end` that all equal the last one."""
    last = read(end - 1, end)
    stop = end
    while stop > 0:
        start = max(0, stop - BLOCK)
        differing = np.flatnonzero((read(start, stop) != last).any(axis=1))
        if len(differing):
            return start + int(differing[-1]) + 1
        stop = start
    return 0
