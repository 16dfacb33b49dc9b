"""Training windows: random stretches of the train split that cross no gap."""

from dataclasses import dataclass

import numba
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError

TRAIN, VALIDATION = 0, 1
MINIMUM_STEPS = 10
"""Shortest window that a training can use."""


def stretches(series: xr.Dataset, split: int) -> list[slice]:
    """Contiguous stretches of one split, in time order."""
    inside = series["split"].values == split
    segment = series["segment"].values
    start = inside & np.r_[True, ~inside[:-1] | (segment[1:] != segment[:-1])]
    stop = inside & np.r_[~inside[1:] | (segment[1:] != segment[:-1]), True]
    bounds = zip(np.flatnonzero(start), np.flatnonzero(stop), strict=True)
    return [slice(int(first), int(last) + 1) for first, last in bounds]


@dataclass(frozen=True)
class Windows:
    """Where windows of one length may start, and the data they are cut from.

    Attributes
    ----------
    observation : (time, channel)
        Single precision; NaN = missing.
    inputs : (time, input)
        Single precision; ``input`` may be 0.
    starts : (window,)
        First samples of all possible windows: inside one stretch, first sample complete.
    steps
        Predictions in a window, which has one sample more.
    """

    observation: NDArray[np.float32]
    inputs: NDArray[np.float32]
    starts: NDArray[np.intp]
    steps: int

    def epoch(
        self, seed: int, epoch: int, runs: int, batches: int, batch: int, noise: float
    ) -> "Epoch":
        """Windows (and noisy data) of one epoch: a function of seed, run and epoch alone."""
        sources = [np.random.default_rng((seed, run, epoch)) for run in range(runs)]
        starts = np.stack([rng.choice(self.starts, (batches, batch)) for rng in sources])
        noisy = np.broadcast_to(self.observation, (runs, *self.observation.shape)).copy()
        if noise > 0:
            for run, rng in enumerate(sources):
                noisy[run] += noise * rng.standard_normal(self.observation.shape, np.float32)
        return Epoch(self, starts, noisy)


@dataclass(frozen=True)
class Epoch:
    """The windows of one epoch, see `Windows.epoch`."""

    windows: Windows
    starts: NDArray[np.intp]
    observation: NDArray[np.float32]

    def batch(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Observations ``(run, step + 1, channel, lane)``, inputs ``(run, step, input, lane)``."""
        starts = self.starts[:, number]
        runs, lanes = starts.shape
        steps = self.windows.steps
        x = np.empty((runs, steps + 1, self.observation.shape[-1], lanes), np.float32)
        gather(self.observation, starts, x)
        s = np.empty((runs, steps, self.windows.inputs.shape[-1], lanes), np.float32)
        if s.size:
            gather(
                np.broadcast_to(self.windows.inputs, (runs, *self.windows.inputs.shape)), starts, s
            )
        return x, s


@numba.njit(cache=True, nogil=True)
def gather(source, starts, out):  # type: ignore[no-untyped-def]
    """Copy windows of ``source (run, time, channel)`` into the lanes of ``out``."""
    runs, steps, channels, lanes = out.shape
    for run in range(runs):
        for t in range(steps):
            for lane in range(lanes):
                at = starts[run, lane] + t
                for channel in range(channels):
                    out[run, t, channel, lane] = source[run, at, channel]


def inputs_of(series: xr.Dataset) -> NDArray[np.float64]:
    """External inputs ``(time, input)``; ``input`` is 0 without any. Missing ones count as 0."""
    if "input" not in series.variables:  # (time, input) may be filed under coordinates
        return np.zeros((series.sizes["time"], 0))
    inputs: NDArray[np.float64] = np.nan_to_num(series["input"].values.astype(float))
    return inputs


def make_windows(series: xr.Dataset, length: int | str, automatic: int) -> Windows:
    """All windows that the train split of a series offers.

    Parameters
    ----------
    series
        Model-ready series (``series.nc``).
    length
        Steps of a window, or ``"auto"``: the automatic length, at most half the longest stretch.
    automatic
        Length that the state-space check recommends (steps).

    Raises
    ------
    RecordingError
        When no window fits into the train split.
    """
    observation = series["observation"].values
    train = stretches(series, TRAIN)
    longest = max((part.stop - part.start for part in train), default=0)
    fitting = max(MINIMUM_STEPS, min(automatic, longest // 2))
    steps = length if isinstance(length, int) else fitting
    complete = np.isfinite(observation).all(1)
    starts = np.concatenate(
        [np.zeros(0, np.intp), *(_starts(part, complete, steps) for part in train)]
    )
    if not len(starts):
        raise RecordingError(
            f"series: observation: no window of {steps} steps fits into the train split, whose "
            f"longest contiguous stretch has {longest} samples (and a window must begin with a "
            "sample without missing values); lower sequence_length or the sampling interval"
        )
    return Windows(
        observation.astype(np.float32), inputs_of(series).astype(np.float32), starts, steps
    )


def _starts(part: slice, complete: NDArray[np.bool_], steps: int) -> NDArray[np.intp]:
    """First samples of the windows inside one stretch."""
    candidates = np.arange(part.start, max(part.start, part.stop - steps))
    return candidates[complete[candidates]]
