"""What is compared with what: stretches of held-out data, free runs and windows of equal length."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.evaluation.measures.prediction import prediction_windows
from neurodsr.models.piecewise_linear import Array
from neurodsr.preprocess.stretches import Stretch, stretches


@dataclass(frozen=True)
class Fold:
    """Held-out data, and what is compared with them at the same lengths.

    Attributes
    ----------
    test
        Held-out stretches.
    windows
        For each repetition, other data of the same system: a window for each held-out stretch, of
        its length.
    starts : (replica, stretch)
        Index in the stretch at which a free run starts.
    burn_in
        Steps of a free run that are dropped.
    lead
        First samples of each held-out stretch that serve as history alone: with inputs, a model
        that needs a history can start no sooner.
    """

    test: list[Stretch]
    windows: list[list[Array]]
    starts: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    burn_in: int
    lead: int

    @property
    def pieces(self) -> list[Array]:
        """The held-out data that runs are compared with."""
        return [stretch.x[self.lead :] for stretch in self.test]

    @property
    def run_length(self) -> int:
        """States of a free run, the start included."""
        return self.burn_in + max(len(piece) for piece in self.pieces)

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


@dataclass(frozen=True)
class Protocol:
    """One evaluation's comparisons.

    Attributes
    ----------
    folds
        One, or two halves of the held-out data where training data are too short to say what the
        whole of them would score; a score is the mean over folds.
    held_out
        All held-out stretches, from which forecasts start.
    train
        All stretches of the training data.
    """

    folds: list[Fold]
    held_out: list[Stretch]
    train: list[Stretch]

    @property
    def samples(self) -> int:
        """Held-out samples that scores rest on."""
        return sum(len(piece) for fold in self.folds for piece in fold.pieces)

    @property
    def replicas(self) -> int:
        """Free runs of each trained run, each as long as all held-out data."""
        return len(self.folds[0].starts)

    @property
    def windows(self) -> int:
        """Comparisons of other data of the system that the floor rests on."""
        return min(len(fold.windows) for fold in self.folds)

    def forecast_windows(self, before: int, steps: int, maximum: int) -> tuple[Array, Array | None]:
        """Held-out data and inputs around starts of forecasts (see `prediction_windows`)."""
        joint = [
            stretch.x if stretch.s is None else np.hstack([stretch.x, stretch.s])
            for stretch in self.held_out
        ]
        windows = prediction_windows(joint, before, steps, maximum)
        channels = self.held_out[0].x.shape[1]
        inputs = None if self.held_out[0].s is None else windows[..., channels:]
        return windows[..., :channels], inputs


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

    A score at one length cannot be held against a floor at another: the fewer samples, the larger
    both. The floor is what training data score; where no stretch of them is as long as a held-out
    one, the held-out data are cut into halves, each with the other one (and training data that are
    long enough) to make its floor. So all held-out samples count in any case.

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
    kept: list[Stretch] = []
    room = maximum
    for stretch in sorted(test, key=len, reverse=True)[:most_stretches]:
        length = min(len(stretch), room)
        if length >= minimum:
            kept.append(part(stretch, 0, length))
            room -= length
    longest = max(map(len, train))
    if len(kept[0]) <= longest:
        groups, others = [kept], [train]
    elif len(kept[0]) // 2 >= minimum:
        halves = in_halves(kept, longest)
        groups, others = halves, [train + halves[1], train + halves[0]]
    else:
        groups, others = [[part(stretch, 0, longest) for stretch in kept]], [train]
    share = np.zeros(1) if driven else np.arange(replicas) / replicas
    folds = [
        Fold(
            test=group,
            windows=windows(other, [len(stretch) - lead for stretch in group], max(replicas, 2)),
            starts=np.array([[lead + int(p * len(stretch)) for stretch in group] for p in share]),
            burn_in=0 if driven else int(burn_in * max(map(len, group))),
            lead=lead,
        )
        for group, other in zip(groups, others, strict=True)
    ]
    return Protocol(folds, kept, train)


def part(stretch: Stretch, start: int, stop: int) -> Stretch:
    """Some samples of a stretch."""
    return Stretch(stretch.x[start:stop], None if stretch.s is None else stretch.s[start:stop])


def in_halves(kept: Sequence[Stretch], longest: int) -> list[list[Stretch]]:
    """Two groups of equal lengths: halves of long stretches, and short ones turn by turn."""
    groups: list[list[Stretch]] = [[], []]
    for i, stretch in enumerate(kept):
        if len(stretch) > longest:
            half = len(stretch) // 2
            groups[0].append(part(stretch, 0, half))
            groups[1].append(part(stretch, half, 2 * half))
        else:
            groups[i % 2].append(stretch)
    return groups


def windows(others: Sequence[Stretch], lengths: Sequence[int], most: int) -> list[list[Array]]:
    """Windows of other data, one for each length, at evenly spaced places; none twice."""
    found = dict.fromkeys(
        tuple(located(others, length, place) for length in lengths)
        for place in np.linspace(0.0, 1.0, most)
    )
    return [
        [
            others[i].x[start : start + length]
            for (i, start), length in zip(places, lengths, strict=True)
        ]
        for places in found
    ]


def located(others: Sequence[Stretch], length: int, place: float) -> tuple[int, int]:
    """Stretch and first sample of the window at a place, 0 to 1, among all of that length."""
    rooms = [max(len(stretch) - length + 1, 0) for stretch in others]
    index = int(place * (sum(rooms) - 1))
    which = int(np.searchsorted(np.cumsum(rooms), index, side="right"))
    return which, index - sum(rooms[:which])
