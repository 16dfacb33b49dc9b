"""Training windows: random stretches of the train split that cross no gap."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.training.compiled.simd import LANES
from neurodsr.training.compiled.window import gather
from neurodsr.training.neighbours import from_neighbours
from neurodsr.training.rarity import rarity, repeated, weighted
from neurodsr.training.refusals import check_seen, most_missing

TRAIN, VALIDATION = 0, 1
MINIMUM_STEPS = 10
"""Shortest window that a training can use."""
NOISE = 8192
"""Different noise samples in an epoch: each window reads them from its own random place."""


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
        What is to be predicted, in single precision; NaN = missing.
    known : (time, channel)
        What the first states of windows are inferred from, in most trainings the observation.
    inputs : (time, input)
        Single precision; ``input`` may be 0.
    ends : (time,)
        First sample after the stretch that a sample belongs to.
    starts : (window,)
        First samples of all possible windows, complete ones, each as often as it is to be drawn. A
        window ends with its stretch: what is left of it is missing.
    steps
        Predictions in a window, which has one sample more.
    weights : (time,) or None
        How much a sample counts among those to be predicted; None for all alike.
    """

    observation: NDArray[np.float32]
    known: NDArray[np.float32]
    inputs: NDArray[np.float32]
    ends: NDArray[np.intp]
    starts: NDArray[np.intp]
    steps: int
    weights: NDArray[np.float32] | None = None

    def starts_of(self, run: int) -> NDArray[np.intp]:
        """Where windows of one run may start."""
        return self.starts

    def epoch(
        self, seed: int, epoch: int, runs: int, batches: int, batch: int, noise: "Noise"
    ) -> "Epoch":
        """Windows (and their noise) of one epoch: a function of seed, run and epoch alone."""
        sources = [np.random.default_rng((seed, run, epoch)) for run in range(runs)]
        shape = batches, batch
        starts = np.stack([rng.choice(self.starts_of(r), shape) for r, rng in enumerate(sources)])
        if noise.level == 0:
            nothing = np.zeros((1, 1, 1), np.float32)
            return Epoch(self, starts, noise, nothing, np.zeros_like(starts))
        length = NOISE + self.steps + 1, self.observation.shape[1]
        deviates = np.stack([rng.standard_normal(length, np.float32) for rng in sources])
        places = np.stack([rng.integers(0, NOISE, (batches, batch)) for rng in sources])
        return Epoch(self, starts, noise, deviates, places)


@dataclass(frozen=True)
class Noise:
    """Gaussian noise on training windows.

    Attributes
    ----------
    level
        Standard deviation.
    on_targets
        Whether the model is to predict the noisy window, or the data as they are.
    """

    level: float
    on_targets: bool = True


@dataclass(frozen=True)
class Batch:
    """Windows of all runs as the kernels take them: lanes in blocks of one vector.

    Attributes
    ----------
    x, target : (run, block, step + 1, channel, lane)
        Observations that states are inferred from, and those to be predicted; NaN = missing,
        except in the first sample.
    s : (run, block, step, input, lane)
        External inputs.
    weight : (run or 1, block, step + 1, lane)
        How much a sample counts among those to be predicted; 0 in lanes that only fill up a vector.
    """

    x: NDArray[Any]
    target: NDArray[Any]
    s: NDArray[Any]
    weight: NDArray[Any]

    @property
    def channels(self) -> int:
        return int(self.x.shape[3])


def alike(batch: int, steps: int) -> NDArray[np.float32]:
    """`Batch.weight` of so many windows whose samples all count alike."""
    blocks = -(-batch // LANES)
    inside = (np.arange(blocks * LANES) < batch).reshape(1, blocks, 1, LANES)
    return np.tile(inside.astype(np.float32), (1, 1, steps + 1, 1))


@dataclass(frozen=True)
class Epoch:
    """The windows of one epoch, see `Windows.epoch`."""

    windows: Windows
    starts: NDArray[np.intp]
    noise: Noise
    deviates: NDArray[np.float32]
    places: NDArray[np.intp]

    def batch(self, number: int) -> Batch:
        """Windows of one update."""
        runs, _, batch = self.starts.shape
        level = np.float32(self.noise.level)

        def cut(
            source: NDArray[np.float32], steps: int, level: np.float32, beyond: float
        ) -> NDArray[np.float32]:
            rows = source.shape[1]
            out = np.empty((runs, -(-batch // LANES), steps, rows, LANES), np.float32)
            if rows:
                starts, places = self.starts[:, number], self.places[:, number]
                ends = self.windows.ends
                gather(source, ends, starts, self.deviates, places, level, np.float32(beyond), out)
            return out

        observation, known = self.windows.observation, self.windows.known
        steps = self.windows.steps
        x = cut(observation, steps + 1, level, np.nan)
        same = self.noise.on_targets or level == 0
        target = x if same else cut(observation, steps + 1, np.float32(0), np.nan)
        if known is not observation:
            x = x.copy()
            x[:, :, :1] = cut(known, 1, level, np.nan)
        weight = alike(batch, steps)
        if self.windows.weights is not None:
            own = cut(self.windows.weights[:, None], steps + 1, np.float32(0), 0.0)
            weight = weight * own[:, :, :, 0]
        return Batch(x, target, cut(self.windows.inputs, steps, np.float32(0), 0.0), weight)


def inputs_of(series: xr.Dataset) -> NDArray[np.float64]:
    """External inputs ``(time, input)``; ``input`` is 0 without any."""
    if "input" not in series.variables:  # (time, input) may be filed under coordinates
        return np.zeros((series.sizes["time"], 0))
    inputs: NDArray[np.float64] = series["input"].values.astype(float)
    return inputs


def make_windows(
    series: xr.Dataset,
    length: int | str,
    automatic: int,
    neighbours: int = 0,
    rare: float = 0,
    emphasis: float = 0,
) -> Windows:
    """All windows that the train split of a series offers.

    Parameters
    ----------
    series
        Model-ready series (``series.nc``).
    length
        Steps of a window, or ``"auto"``: the automatic length, at most half the longest stretch.
    automatic
        Length that the state-space check recommends (steps).
    neighbours
        First states are inferred from estimates by so many samples on each side
        (`neighbours.from_neighbours`); 0 for the samples themselves.
    rare
        Windows are drawn by the rarity of their states to this power (`rarity.repeated`).
    emphasis
        Samples are weighted by their rarity to this power (`rarity.weighted`).

    Raises
    ------
    RecordingError
        When no window fits into the train split, none has values of a channel, or there are too
        few samples to estimate them from their neighbours.
    """
    observation = series["observation"].values
    train = stretches(series, TRAIN)
    longest = max((part.stop - part.start for part in train), default=0)
    ends = np.zeros(len(observation), np.intp)
    for part in train:
        ends[part] = part.stop
    fitting = max(MINIMUM_STEPS, min(automatic, longest // 2))
    steps = length if isinstance(length, int) else fitting
    complete = np.isfinite(observation).all(1)
    starts = np.concatenate(
        [np.zeros(0, np.intp), *(_starts(part, complete, steps) for part in train)]
    )
    if longest <= steps or not len(starts):
        raise RecordingError(
            f"series: observation: no window of {steps} steps fits into the train split, whose "
            f"longest contiguous stretch has {longest} samples (and a window must begin with a "
            f"sample without missing values{most_missing(series, ends > 0)}); lower "
            "sequence_length or the sampling interval, or leave out what is mostly missing"
        )
    reached = np.zeros(len(observation) + 1)
    np.add.at(reached, starts + 1, 1)
    np.add.at(reached, np.minimum(starts + steps + 1, ends[starts]), -1)
    seen = np.isfinite(observation[np.cumsum(reached[:-1]) > 0]).any(0)
    check_seen(series, seen, f"windows of {steps} steps", "raise sequence_length")
    single = np.ascontiguousarray(observation, np.float32)
    known = single
    if neighbours:
        estimates = from_neighbours(observation.astype(float), train, neighbours)
        known = np.ascontiguousarray(estimates, np.float32)
    weights = None
    if rare or emphasis:
        found = rarity(np.where((ends > 0)[:, None], known, np.nan))
        starts = repeated(starts, ends, steps, found, rare) if rare else starts
        weights = weighted(found, emphasis) if emphasis else None
    return Windows(
        single,
        known,
        np.ascontiguousarray(inputs_of(series), np.float32),
        ends,
        starts,
        steps,
        weights,
    )


def _starts(part: slice, complete: NDArray[np.bool_], steps: int) -> NDArray[np.intp]:
    """First samples of the windows inside one stretch.

    A stretch that is too short for a whole window has shorter ones, of half its length at least.
    """
    length = part.stop - part.start
    least = steps if length > steps else max(steps // 2, MINIMUM_STEPS)
    candidates = np.arange(part.start, max(part.start, part.stop - least))
    return candidates[complete[candidates]]
