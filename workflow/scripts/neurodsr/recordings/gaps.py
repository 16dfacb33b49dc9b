"""Gaps: samples that are missing in every channel, of signals that are read in pieces."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurodsr.recordings.timestamps import Stretch


def between_gaps(
    stretch: Stretch,
    read: Callable[[int, int], NDArray[np.generic]],
    rate: float,
    longest: float,
    block: int,
) -> list[Stretch]:
    """Parts of a stretch without its long gaps.

    Parameters
    ----------
    stretch
        Where to look.
    read
        ``read(start, stop)`` gives the samples ``(time, channel)`` of the file.
    rate
        Sampling rate (Hz).
    longest
        Samples that may be missing in all channels within a part.
    block
        Samples to read at a time.

    Returns
    -------
    list
        The parts in order.
    """
    found, missing = [], np.zeros(1, dtype=bool)
    for begin in range(0, stretch.samples, block):
        values = stretch.read(read, begin, min(begin + block, stretch.samples))
        before, missing = missing[-1:], ~np.isfinite(values).any(axis=1)
        found.append(begin + np.flatnonzero(np.diff(missing, prepend=before)))
    edges = np.concatenate([*found, [stretch.samples] * int(missing[-1])]).astype(int)
    gaps = edges.reshape(-1, 2)
    long = gaps[np.diff(gaps)[:, 0] > longest]
    borders = [0, *long.ravel().tolist(), stretch.samples]
    return [
        stretch.part(begin, end, rate)
        for begin, end in zip(borders[::2], borders[1::2], strict=True)
        if begin < end
    ]
