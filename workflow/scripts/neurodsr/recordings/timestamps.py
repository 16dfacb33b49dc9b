"""Timestamps at a steady rate, but for pauses and lost samples."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurodsr.recordings.recording import JITTER, increasing_steps

Array = NDArray[np.float64]

BLOCK = 2**21
PAUSE = 1.5
"""Steps longer than so many usual ones are no jitter: something was not recorded."""


@dataclass(frozen=True)
class Stretch:
    """Samples that follow each other at a steady rate, but for some that were lost.

    Attributes
    ----------
    start
        Instant of the first sample (s).
    samples
        Length, lost samples included.
    first, place
        Of each run without a lost sample: where it begins, in the file and in the stretch
        ``(run,)``.
    """

    start: float
    samples: int
    first: NDArray[np.intp]
    place: NDArray[np.intp]

    def read(
        self, read: Callable[[int, int], NDArray[np.generic]], begin: int, end: int
    ) -> NDArray[np.generic]:
        """Samples ``(time, channel)`` from begin to before end of the stretch, NaN where lost.

        ``read(start, stop)`` gives those of the file.
        """
        start, stop = self._in_file(begin), self._in_file(end)
        values = read(start, stop)
        if len(values) == end - begin:
            return values
        sample = np.arange(start, stop)
        run = np.searchsorted(self.first, sample, "right") - 1
        whole = np.full((end - begin, values.shape[1]), np.nan)
        whole[sample - self.first[run] + self.place[run] - begin] = values
        return whole

    def part(self, begin: int, end: int, rate: float) -> "Stretch":
        """From begin to before end, its first and last sample not lost; the rate is in Hz."""
        run = int(np.searchsorted(self.place, begin, "right")) - 1
        runs = slice(run, int(np.searchsorted(self.place, end)))
        ahead = np.maximum(begin - self.place[runs], 0)
        return Stretch(
            self.start + begin / rate,
            end - begin,
            self.first[runs] + ahead,
            self.place[runs] + ahead - begin,
        )

    def _in_file(self, at: int) -> int:
        """The sample of the file at a place, or the next one where that is lost."""
        run = int(np.searchsorted(self.place, at, "right")) - 1
        sample = int(self.first[run]) + at - int(self.place[run])
        return sample if run + 1 == len(self.first) else min(sample, int(self.first[run + 1]))


def steady_stretches(
    where: str, timestamps: Callable[[int, int], Array], samples: int, shortest: float
) -> tuple[list[Stretch], float]:
    """Uninterrupted stretches of a signal, and the rate (Hz) that they share.

    Within a stretch each step is within 2 % of the usual one, and no instant is farther than half
    a step from a straight line; the lines of all stretches are equally steep (see
    `regular_rate`). Longer steps are pauses; where shorter ones than `shortest` leave the clock
    running, samples were lost within a stretch.

    Parameters
    ----------
    where
        File and field, named in errors.
    timestamps
        ``timestamps(start, stop)``: the instants (s) of samples; they are read in pieces.
    samples
        How many there are.
    shortest
        Shortest time without samples (s) that ends a stretch whatever the clock does.

    Returns
    -------
    tuple
        The stretches in order, and their rate; none and 0 Hz when the timestamps are irregular.

    Raises
    ------
    RecordingError
        The timestamps do not increase.
    """
    pauses = _pauses(where, timestamps, samples)
    if pauses is None or len(pauses[0]) == samples - 1:
        return [], 0.0
    after, edges = pauses
    first, last = np.append(0, after), np.append(after - 1, samples - 1)
    start = np.append(timestamps(0, 1), edges[:, 1])
    stop = np.append(edges[:, 0], timestamps(samples - 1, samples))
    step = float((stop - start).sum() / (last - first).sum())
    lost = (start[1:] - stop[:-1]) / step - 1.0
    whole = np.rint(lost)
    runs_on = (np.abs(lost - whole) < JITTER) & (lost * step < shortest)
    stretches = []
    for low, high in pairwise([0, *(np.flatnonzero(~runs_on) + 1), len(first)]):
        advance = (last - first + 1)[low:high]
        advance[:-1] += whole[low : high - 1].astype(np.intp)
        place = np.append(0, np.cumsum(advance)[:-1])
        stretches.append(Stretch(start[low], int(advance.sum()), first[low:high], place))
    straight = _are_straight(stretches, timestamps, samples, step)
    return (stretches, 1.0 / step) if straight else ([], 0.0)


def _pauses(
    where: str, timestamps: Callable[[int, int], Array], samples: int
) -> tuple[NDArray[np.intp], Array] | None:
    """The sample after each pause, and the instants ``(pause, 2)`` (s) before and after it.

    None when the other steps are not alike.
    """
    after, edges = [np.empty(0, dtype=np.intp)], [np.empty((0, 2))]
    usual, alike = np.nan, True
    for begin in range(0, samples - 1, BLOCK):
        stamps = timestamps(begin, min(begin + BLOCK + 1, samples))
        steps = increasing_steps(where, stamps, begin)
        usual = usual if begin else float(np.median(steps))
        paused = steps > PAUSE * usual
        alike = alike and bool((np.abs(steps / usual - 1.0) < JITTER)[~paused].all())
        before = np.flatnonzero(paused)
        after.append(begin + before + 1)
        edges.append(np.stack([stamps[before], stamps[before + 1]], axis=1))
    return (np.concatenate(after), np.concatenate(edges)) if alike else None


def _are_straight(
    stretches: Sequence[Stretch],
    timestamps: Callable[[int, int], Array],
    samples: int,
    step: float,
) -> bool:
    """Whether all instants are within half a step (s) of the line on which their stretch lies."""
    first = np.concatenate([one.first for one in stretches])
    begin = np.concatenate([one.start + step * one.place for one in stretches])
    for low in range(0, samples, BLOCK):
        stamps = timestamps(low, min(low + BLOCK, samples))
        sample = np.arange(low, low + len(stamps))
        run = np.searchsorted(first, sample, "right") - 1
        line = begin[run] + step * (sample - first[run])
        if not np.abs(stamps - line).max() < step / 2:
            return False
    return True
