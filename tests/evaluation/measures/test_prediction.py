import numpy as np
import pytest

from neurodsr.evaluation.measures.prediction import error_curve, prediction_windows, valid_steps


def test_every_start_of_every_piece_once() -> None:
    pieces = [np.arange(6.0)[:, None], np.arange(100.0, 103.0)[:, None], np.zeros((2, 1))]
    windows = prediction_windows(pieces, 1, 2, 100)
    assert windows.shape == (3, 5, 1)
    assert list(windows[0, :, 0]) == [0, 1, 2, 3, 100]
    assert list(windows[2, :, 0]) == [2, 3, 4, 5, 102]


def test_fewer_windows_are_evenly_spaced() -> None:
    windows = prediction_windows([np.arange(1002.0)[:, None]], 2, 1, 11)
    assert list(windows[0, :, 0]) == list(np.linspace(0, 999, 11).astype(int))


def test_no_window_in_short_pieces() -> None:
    assert prediction_windows([np.zeros((5, 3))], 3, 3, 10).shape == (6, 0, 3)


def test_persistence_of_an_autoregression_has_its_known_error() -> None:
    """E (x_{t+n} - x_t)^2 = 2 v (1 - a^n) for an AR(1) of variance v."""
    rng = np.random.default_rng(0)
    x = np.zeros((100_000, 1))
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + rng.standard_normal()
    windows = prediction_windows([x], 1, 5, 10**6)
    curve = error_curve(np.broadcast_to(windows[0], windows[1:].shape), windows[1:])
    expected = 2 / (1 - 0.64) * (1 - 0.8 ** np.arange(1, 6))
    assert curve == pytest.approx(expected, rel=0.03)


def test_valid_time_of_an_error_that_grows_exponentially() -> None:
    """1e-6 e^(k t) passes 0.4 sd after ln(4e5) / k steps, in any number of channels."""
    steps = np.arange(1, 301)[:, None, None]
    actual = np.zeros((300, 2, 3))
    predicted = actual + 1e-6 * np.exp(np.array([0.05, 0.1])[:, None] * steps)
    expected = np.floor(np.log(4e5 * 2.0) / np.array([0.05, 0.1]))
    assert valid_steps(predicted, actual, 0.4, 2.0) == pytest.approx(expected)


def test_valid_time_ends_at_the_horizon_and_at_what_is_not_a_number() -> None:
    actual = np.zeros((50, 3, 1))
    predicted = actual.copy()
    predicted[10:, 1], predicted[0, 2] = np.nan, 1.0
    assert list(valid_steps(predicted, actual, 0.4, 1.0)) == [50, 10, 0]
