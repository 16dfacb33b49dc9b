"""Train, validation and test: in time order or as trials are labelled, with guards between."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.correlation import autocorrelation, decay_time

Array = NDArray[np.float64]
Codes = NDArray[np.int8]

CODES = {"train": 0, "validation": 1, "test": 2}
GUARD = -1


def boundaries(
    segment: NDArray[np.integer], validation: float, test: float, whole_segments: bool
) -> tuple[int, int]:
    """Indices of the first validation and of the first test sample.

    Parameters
    ----------
    segment : (time,)
        Index of the contiguous stretch of each sample.
    validation, test
        Shares of the samples or, with `whole_segments`, of the segments (at least one each).
    whole_segments
        Whether to keep segments (trials) whole.

    Raises
    ------
    RecordingError
        When there are fewer than three segments to share out.
    """
    if not whole_segments:
        return (
            round(len(segment) * (1.0 - validation - test)),
            round(len(segment) * (1.0 - test)),
        )
    starts = np.flatnonzero(np.diff(segment, prepend=segment[0] - 1))
    trials = len(starts)
    testing = max(1, round(trials * test))
    validating = max(1, round(trials * validation))
    if trials - testing - validating < 1:
        raise RecordingError(
            f"trials: only {trials} with data, but train, validation and test need one each; "
            "record more trials, or leave `trials` out to split the recording in time"
        )
    return int(starts[trials - testing - validating]), int(starts[trials - testing])


def automatic_guard(
    pieces: list[Array], sampling_interval: float, longest: float, at_least: float
) -> float:
    """Guard (s) of three autocorrelation times, after which a sample says little about the last.

    Parameters
    ----------
    pieces
        Contiguous stretches ``(time, channel)`` of the training part.
    sampling_interval
        In s.
    longest
        Upper bound (s), so that a slow drift does not use up the recording.
    at_least
        Lower bound (s), which overrides: the reach of the filters used.

    Returns
    -------
    float
        Three times the median over channels of the 1/e decay time of the autocorrelation.
    """
    lags = min(max(map(len, pieces)) - 1, int(longest / sampling_interval) + 1)
    times = []
    for channel in range(pieces[0].shape[1]):
        correlation = autocorrelation([piece[:, channel] for piece in pieces], lags)
        if np.isfinite(correlation[0]):
            decay = decay_time(correlation)
            times.append(lags if decay is None else decay)
    typical = float(np.median(times)) if times else 0.0
    return max(min(3.0 * typical * sampling_interval, longest), at_least)


def codes_of(samples: int, bounds: tuple[int, int]) -> Codes:
    """Codes ``(time,)`` that follow each other, without guards.

    ``bounds`` are the first validation and the first test sample (see `boundaries`).
    """
    codes = np.zeros(samples, dtype=np.int8)
    for code, first in enumerate(bounds, start=1):
        codes[first:] = code
    return codes


def labelled_codes(time: Array, starts: Array, labels: Sequence[str], validation: float) -> Codes:
    """Codes that the labels of trials give, without guards.

    Parameters
    ----------
    time : (time,)
        Instants (s), each within a trial.
    starts : (trial,)
        Starts of the trials (s), ascending.
    labels
        A key of `CODES` for each.
    validation
        Share of the training samples that becomes validation, the last ones, when no trial is
        labelled so.

    Returns
    -------
    Codes
        ``(time,)``: 0 train, 1 validation, 2 test.
    """
    trial = np.searchsorted(starts, time + 1e-9, side="right") - 1
    codes = np.array([CODES[label] for label in labels], dtype=np.int8)[trial]
    if "validation" not in labels:
        train = np.flatnonzero(codes == CODES["train"])
        codes[train[round(len(train) * (1.0 - validation)) :]] = CODES["validation"]
    return codes


def with_guards(time: Array, codes: Codes, guard: float, minimum_samples: int) -> Codes:
    """Leave samples unused wherever one split follows another.

    Parameters
    ----------
    time, codes : (time,)
        Instants (s), ascending, and code of the split of each.
    guard
        Samples that follow the last one of another split by no more than so many seconds are used
        in neither.
    minimum_samples
        Fewest samples for each split.

    Returns
    -------
    Codes
        ``(time,)``: 0 train, 1 validation, 2 test, -1 guard.

    Raises
    ------
    RecordingError
        When a split is left with too little.
    """
    guarded = codes.copy()
    for first in np.flatnonzero(np.diff(codes)) + 1:
        guarded[first : np.searchsorted(time, time[first - 1] + guard + 1e-9, "right")] = GUARD
    for name, code in CODES.items():
        samples = int(np.sum(guarded == code))
        if samples < minimum_samples:
            raise RecordingError(
                f"series: {name} split: {samples} of {len(time)} samples after guards of "
                f"{guard:.4g} s, at least {minimum_samples} are needed; record longer, sample "
                "faster, or lower splits.guard or splits.minimum_samples"
            )
    return guarded


def pieces_of(segment: NDArray[np.integer], split: Codes) -> list[tuple[int, slice]]:
    """Longest stretches within one segment and one split, as (code of the split, slice)."""
    if len(segment) == 0:
        return []
    change = np.flatnonzero((np.diff(segment) != 0) | (np.diff(split) != 0)) + 1
    edges = [0, *change.tolist(), len(segment)]
    return [(int(split[a]), slice(a, b)) for a, b in pairwise(edges)]
