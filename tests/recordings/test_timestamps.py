"""Timestamps read in pieces: stretches between pauses, lost samples, what is irregular."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings import timestamps as module
from neurodsr.recordings.timestamps import Stretch, steady_stretches

JITTERED = 5.0 + np.arange(1000) / 30 + 1e-4 * np.sin(np.arange(1000))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """Read as if memory held a few samples only."""
    monkeypatch.setattr(module, "BLOCK", 50)


def stretches_of(times, shortest=0.0):
    times = np.asarray(times, dtype=float)
    return steady_stretches("x", lambda start, stop: times[start:stop], len(times), shortest)


def described(stretches):
    return [(s.start, s.samples, s.first.tolist(), s.place.tolist()) for s in stretches]


@pytest.mark.parametrize("times", [np.arange(1000) / 30, 2e6 + np.arange(1000) / 30, JITTERED])
def test_without_a_pause_there_is_one_stretch(times):
    stretches, rate = stretches_of(times)
    assert described(stretches) == [(times[0], 1000, [0], [0])]
    assert rate == pytest.approx(30.0, rel=1e-4)


@pytest.mark.parametrize(
    "times",
    [
        np.cumsum(np.linspace(1, 1.5, 1000)),
        np.cumsum(np.tile([1.0, 1.1], 500)),
        np.concatenate([np.arange(500) / 30, 99 + np.arange(500) / 31]),
        np.concatenate([np.arange(500.0), 600.3 + 1.002 * np.arange(2000)]),
        np.cumsum([0.0, 1.0, 5.0, 0.5]),
        np.append(np.arange(500.0), 499.5 + np.arange(500)),
        2.0 ** np.arange(30),
        [3.0],
    ],
    ids=["slowing", "two steps", "two rates", "drift", "few", "too early", "powers", "one"],
)
def test_what_is_irregular_has_no_stretches(times):
    assert stretches_of(times) == ([], 0.0)


@pytest.mark.parametrize("at", [1, 49, 50, 51, 999])
def test_a_repeated_stamp_is_found_wherever_it_lies(at):
    times = np.arange(1000.0)
    times[at] = times[at - 1]
    with pytest.raises(RecordingError, match=rf"x: timestamps: not increasing at sample {at} "):
        stretches_of(times)


@pytest.mark.parametrize("at", [49, 50, 51, 100, 998])
@pytest.mark.parametrize("pause", [0.6, 1.0, 3000.25])
def test_a_pause_is_found_wherever_it_lies(at, pause):
    times = 7.0 + np.arange(1000) / 1000
    times[at:] += pause / 1000
    stretches, rate = stretches_of(times)
    assert rate == pytest.approx(1000.0, rel=1e-12)
    expected = [(7.0, at, [0], [0]), (times[at], 1000 - at, [at], [0])]
    assert described(stretches) == expected


def test_several_pauses_and_stamps_with_jitter():
    times = np.concatenate([np.arange(60), 100.4 + np.arange(60), 7000.7 + np.arange(3)]) / 30
    jittered = times + 1e-4 * np.sin(np.arange(len(times)))
    stretches, rate = stretches_of(jittered)
    assert [(s.samples, s.first[0]) for s in stretches] == [(60, 0), (60, 60), (3, 120)]
    assert [s.start for s in stretches] == jittered[[0, 60, 120]].tolist()
    assert rate == pytest.approx(30.0, rel=1e-3)


def test_samples_are_lost_where_the_clock_runs_on_for_a_short_time():
    """Of 30 samples: 7, 13 and 14 are lost, then four; then the clock begins anew."""
    times = np.delete(np.arange(30.0), [7, 13, 14, 20, 21, 22, 23])
    times[times > 26] += 1.3
    stretches, rate = stretches_of(times, shortest=3.0)
    assert rate == 1.0
    assert described(stretches) == [
        (0.0, 20, [0, 7, 12], [0, 8, 15]),
        (24.0, 3, [17], [0]),
        (28.3, 3, [20], [0]),
    ]


def test_lost_samples_are_missing_whatever_is_read_at_once():
    kept = np.delete(np.arange(30), [7, 13, 14])
    whole = np.arange(30.0)[:, None]
    whole[[7, 13, 14]] = np.nan
    stretch = Stretch(0.0, 25, np.array([5, 7, 12]), np.array([0, 3, 10]))
    for begin in range(25):
        for end in range(begin + 1, 26):
            part = stretch.read(lambda a, b: kept[a:b, None], begin, end)
            np.testing.assert_array_equal(part, whole[begin + 5 : end + 5])


def test_parts_of_a_stretch_hold_what_it_holds_there():
    kept = np.delete(np.arange(30), [7, 13, 14])
    stretch = Stretch(2.5, 25, np.array([5, 7, 12]), np.array([0, 3, 10]))
    whole = stretch.read(lambda a, b: kept[a:b, None], 0, 25)[:, 0]
    there = np.flatnonzero(np.isfinite(whole))
    for begin in there:
        for end in there[there >= begin] + 1:
            part = stretch.part(begin, end, 10.0)
            assert (part.start, part.samples) == (2.5 + begin / 10, end - begin)
            values = part.read(lambda a, b: kept[a:b, None], 0, part.samples)[:, 0]
            np.testing.assert_array_equal(values, whole[begin:end])
