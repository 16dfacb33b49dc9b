"""Events and bursts of spiking data: how often, how long, how regular."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.evaluation.measures.transport import transport
from neurodsr.models.piecewise_linear import Array

LEAST_INTERVALS = 5
MOST_DIFFERENT = 5.0
"""Held as the difference (log units) where one of the two has too few events to compare."""


@njit(cache=True, nogil=True)
def excursions(x: Any, high: float, low: float) -> Any:
    """Starts and ends of stays above a threshold ``(time,)``.

    A stay begins when the signal rises above ``high`` and ends when it falls below ``low``, so
    that noise around one level makes no events. One that lasts at either end is left out.
    """
    starts, stops = [0], [0]
    inside, seen_low = False, False
    start = 0
    for t in range(len(x)):
        if x[t] < low:
            if inside:
                starts.append(start)
                stops.append(t)
            inside, seen_low = False, True
        elif x[t] > high and seen_low and not inside:
            inside, start = True, t
    return np.array(starts[1:]), np.array(stops[1:])


class EventReference:
    """Events of the true trajectory, to be compared with those of many generated ones.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time, channel)`` of the channels in which events are looked for.
    height
        Level above which there is an event, in standard deviations of the true data above their
        mean, per channel; it ends below half that height.
    """

    def __init__(self, pieces: Sequence[Array], height: float) -> None:
        together = np.concatenate(pieces)
        mean, deviation = together.mean(axis=0), together.std(axis=0)
        self.high = mean + height * deviation
        self.low = mean + 0.5 * height * deviation
        self.true = [self.statistics(pieces, c) for c in range(together.shape[1])]

    def statistics(
        self, pieces: Sequence[Array], channel: int
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Events per sample, intervals between starts and durations (samples)."""
        found = [
            excursions(np.ascontiguousarray(x[:, channel]), self.high[channel], self.low[channel])
            for x in pieces
        ]
        intervals = np.concatenate([np.diff(starts) for starts, _ in found]).astype(float)
        durations = np.concatenate([stops - starts for starts, stops in found]).astype(float)
        return len(durations) / sum(map(len, pieces)), intervals, durations

    def errors(self, generated: Sequence[Array]) -> tuple[float, float]:
        """How different events are, mean over channels with events in the true data.

        Returns
        -------
        tuple
            Difference of the logarithm of their rate, and the 1-Wasserstein distance of the
            logarithms of intervals between events, mean with that of durations: 0.1 is 10 %. NaN
            without a channel that has events.
        """
        rates, times = [], []
        for channel, (rate, *true) in enumerate(self.true):
            if len(true[0]) < LEAST_INTERVALS:
                continue
            other, *made = self.statistics(generated, channel)
            rates.append(
                min(abs(np.log(other / rate)), MOST_DIFFERENT) if other > 0 else MOST_DIFFERENT
            )
            times.append(np.mean([log_distance(a, b) for a, b in zip(true, made, strict=True)]))
        return (float(np.mean(rates)), float(np.mean(times))) if rates else (np.nan, np.nan)


def log_distance(first: Array, second: Array) -> float:
    """1-Wasserstein distance of the logarithms of positive values."""
    if min(len(first), len(second)) < LEAST_INTERVALS:
        return MOST_DIFFERENT
    ordered = [np.sort(np.log(values))[None] for values in (first, second)]
    return min(float(transport(*ordered)), MOST_DIFFERENT)
