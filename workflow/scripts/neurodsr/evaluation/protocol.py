"""What is compared with what: stretches of held-out data, free runs and windows of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.evaluation.prediction import prediction_windows
from neurodsr.models.piecewise_linear import Array
from neurodsr.preprocess.stretches import Stretch, stretches


@dataclass(frozen=True)
class Protocol:
    """One evaluation's comparisons.

    Attributes
    ----------
    test
        Held-out stretches, cut to a length that training data can match.
    train
        All stretches of the training data.
    windows
        For each replica, a window of training data for each test stretch, of its length.
    starts : (replica, stretch)
        Index in the stretch at which a free run starts.
    burn_in
        Steps of a free run that are dropped.
    lead
        First samples of each held-out stretch that serve as history alone: with inputs, a model
        that needs a history can start no sooner.
    """

    test: list[Stretch]
    train: list[Stretch]
    windows: list[list[Array]]
    starts: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    burn_in: int
    lead: int

    @property
    def pieces(self) -> list[Array]:
        """The held-out data that runs are compared with."""
        return [stretch.x[self.lead :] for stretch in self.test]

    def replicas(self, orbit: Array) -> list[list[Array]]:
        """Cut runs ``(run_length, replica * stretch, channel)`` into pieces as of the test."""
        count = len(self.test)
        return [
            [
                orbit[self.burn_in : self.burn_in + len(piece), replica * count + i]
                for i, piece in enumerate(self.pieces)
            ]
            for replica in range(orbit.shape[1] // count)
        ]

    def forecast_windows(self, before: int, steps: int, maximum: int) -> tuple[Array, Array | None]:
        """Held-out data and inputs around starts of forecasts (see `prediction_windows`)."""
        joint = [
            stretch.x if stretch.s is None else np.hstack([stretch.x, stretch.s])
            for stretch in self.test
        ]
        windows = prediction_windows(joint, before, steps, maximum)
        channels = self.test[0].x.shape[1]
        inputs = None if self.test[0].s is None else windows[..., channels:]
        return windows[..., :channels], inputs

    @property
    def run_length(self) -> int:
        """States of a free run, the start included."""
        return self.burn_in + max(len(piece) for piece in self.pieces)

    def histories(self, length: int) -> Array:
        """Samples up to and with each start, ``(length, replica * stretch, channel)``.

        A start nearer to the border of its stretch than that is moved inside.
        """
        lanes = [
            stretch.history(int(start), length)
            for starts in self.starts
            for stretch, start in zip(self.test, starts, strict=True)
        ]
        return np.stack(lanes, axis=1)

    def inputs(self) -> Array | None:
        """Inputs of histories and free runs ``(lead + run_length, replica * stretch, input)``.

        Zeros follow those of a shorter stretch.
        """
        if self.test[0].s is None:
            return None
        lanes = [
            np.pad(stretch.s, ((0, self.lead + self.run_length - len(stretch)), (0, 0)))
            for stretch in self.test
            if stretch.s is not None
        ]
        return np.stack(lanes * len(self.starts), axis=1)


def plan(
    series: xr.Dataset,
    replicas: int,
    burn_in: float,
    minimum: int,
    maximum: int,
    warm_up: int = 1,
    most_stretches: int = 50,
) -> Protocol:
    """Decide on starts, lengths and windows; the test split is read here and nowhere else.

    Parameters
    ----------
    series
        Content of ``series.nc``.
    replicas
        Free runs (each as long as all held-out data) from evenly spaced starts.
    burn_in
        Dropped steps as a share of the longest stretch. With inputs, which exist for the held-out
        stretch alone, every run starts with its stretch and nothing is dropped.
    minimum
        Shortest stretch that is used.
    maximum
        Held-out samples used at most.
    warm_up
        Samples of history that the model needs.
    most_stretches
        Stretches used at most, the longest ones.

    Raises
    ------
    RecordingError
        When there are no stretches of that length.
    """
    driven = "input" in series
    lead = warm_up - 1 if driven else 0
    minimum += lead
    test, train = (stretches(series, split, minimum) for split in ("test", "train"))
    for split, found in (("test", test), ("train", train)):
        if not found:
            raise RecordingError(
                f"series: split: the {split} data have no {minimum} samples in a row without "
                "missing values; give the split a larger share or lower prediction_steps"
            )
    longest = max(len(stretch) for stretch in train)
    kept: list[Stretch] = []
    room = maximum
    for stretch in sorted(test, key=len, reverse=True)[:most_stretches]:
        length = min(len(stretch), longest, room)
        if length >= minimum:
            kept.append(
                Stretch(stretch.x[:length], None if stretch.s is None else stretch.s[:length])
            )
            room -= length
    share = np.zeros(1) if driven else np.arange(replicas) / replicas
    return Protocol(
        test=kept,
        train=train,
        windows=[
            [_window(train, len(stretch) - lead, place) for stretch in kept]
            for place in np.linspace(0.0, 1.0, max(replicas, 2))
        ],
        starts=np.array([[lead + int(p * len(stretch)) for stretch in kept] for p in share]),
        burn_in=0 if driven else int(burn_in * max(len(stretch) for stretch in kept)),
        lead=lead,
    )


def _window(train: Sequence[Stretch], length: int, place: float) -> Array:
    """Window of training data at a place, 0 to 1, among all windows of that length."""
    rooms = [max(len(stretch) - length + 1, 0) for stretch in train]
    index = int(place * (sum(rooms) - 1))
    for stretch, room in zip(train, rooms, strict=True):
        if index < room:
            return stretch.x[index : index + length]
        index -= room
    raise AssertionError("a place lies beyond the last window")
