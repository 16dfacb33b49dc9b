import numpy as np
import pytest

from neurodsr.evaluation.measures.events import (
    MOST_DIFFERENT,
    EventReference,
    excursions,
    log_distance,
)


def bursts(period: int, width: int, number: int = 200) -> np.ndarray:
    """Square pulses of so many samples."""
    x = np.zeros((period * number, 1))
    for i in range(number):
        x[i * period + 5 : i * period + 5 + width] = 1.0
    return x


def test_stays_above_a_threshold_by_hand() -> None:
    x = np.array([9.0, 0, 0, 3, 1.5, 3, 0, 3, 0.5, 3.0])
    starts, stops = excursions(x, 2.0, 1.0)
    # the first and the last last beyond the ends; 1.5 is above the lower level
    assert list(starts) == [3, 7] and list(stops) == [6, 8]
    none = excursions(np.zeros(5), 2.0, 1.0)
    assert len(none[0]) == len(none[1]) == 0


def test_the_same_events_do_not_differ() -> None:
    x = bursts(50, 5)
    assert EventReference([x], 1.5).errors([x]) == (0.0, 0.0)


def test_twice_as_many_events() -> None:
    """Rate differs by log 2, intervals by log 2, durations not at all."""
    reference = EventReference([bursts(50, 5)], 1.5)
    rate, timing = reference.errors([bursts(25, 5, 400)])
    assert rate == pytest.approx(np.log(2), rel=0.01)
    assert timing == pytest.approx(np.log(2) / 2, rel=0.01)


def test_longer_bursts() -> None:
    reference = EventReference([bursts(50, 5)], 1.5)
    rate, timing = reference.errors([bursts(50, 10)])
    assert rate == pytest.approx(0.0, abs=1e-9)
    assert timing == pytest.approx(np.log(2) / 2, rel=0.01)


def test_no_events_are_as_different_as_can_be() -> None:
    reference = EventReference([bursts(50, 5)], 1.5)
    assert reference.errors([np.zeros((1000, 1))]) == (MOST_DIFFERENT, MOST_DIFFERENT)


def test_channels_without_events_are_left_out() -> None:
    quiet = np.zeros((10_000, 1))
    both = np.hstack([bursts(50, 5), quiet])
    reference = EventReference([both], 1.5)
    assert reference.errors([both]) == (0.0, 0.0)
    assert np.isnan(EventReference([quiet], 1.5).errors([quiet])).all()


def test_regular_and_random_intervals_of_the_same_rate_differ() -> None:
    """W1 of log intervals, constant against exponential of that mean: E |log X|, X exponential."""
    rng = np.random.default_rng(0)
    constant, random = np.full(20_000, 100.0), rng.exponential(100.0, 20_000)
    x = -np.log1p(-(np.arange(200_000) + 0.5) / 200_000)
    expected = np.mean(np.abs(np.log(x)))
    assert log_distance(constant, random) == pytest.approx(expected, rel=0.02)
