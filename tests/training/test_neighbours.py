"""Samples estimated from their neighbours, against interpolators known in closed form."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.training.neighbours import from_neighbours
from neurodsr.training.windows import Noise, make_windows

from .conftest import lorenz, make_series


def autoregressive(samples: int, weight: float) -> np.ndarray:
    """A process of first order with normal innovations ``(time, 1)``."""
    noise = np.random.default_rng(0).standard_normal(samples)
    x = np.zeros(samples)
    for t in range(1, samples):
        x[t] = weight * x[t - 1] + noise[t]
    return x[:, None]


def test_the_best_interpolator_of_an_autoregression() -> None:
    """phi / (1 + phi^2) (x_{t-1} + x_{t+1}), whatever else is known."""
    x = autoregressive(200_000, 0.8)
    estimate = from_neighbours(x, [slice(0, len(x))], 4)[4:-4, 0]
    expected = 0.8 / (1 + 0.8**2) * (x[3:-5, 0] + x[5:-3, 0])
    assert np.std(estimate - expected) < 0.011  # of 38 weights from 200 000 samples
    assert np.abs(estimate - expected).max() < 0.15  # of cubes of the largest samples


@pytest.mark.parametrize("reach", [10, 40])
def test_noise_that_remains_of_a_tone(reach: int) -> None:
    """A cycle has but one phase to estimate from 2 reach samples: half of 1 / reach of the noise's.

    A linear interpolator estimates an amplitude, too, and has 1 / reach (both by Cramer and Rao).
    """
    rng = np.random.default_rng(1)
    clean = np.sin(2 * np.pi * np.arange(200_000) / 17.3)
    noise = 0.2 * rng.standard_normal(len(clean))
    estimate = from_neighbours((clean + noise)[:, None], [slice(0, len(clean))], reach)[:, 0]
    error = (estimate - clean)[reach:-reach]
    assert error.var() == pytest.approx(0.02 / reach, rel=0.12)
    assert abs(np.corrcoef(error, noise[reach:-reach])[0, 1]) < 0.02


def test_peaks_are_not_flattened() -> None:
    """A linear interpolator is 1 % short there, with noise of 0.018 (of 0.05)."""
    clean = lorenz(50_000, 0.01)[:, :1]
    noisy = clean + 0.05 * np.random.default_rng(5).standard_normal(clean.shape)
    error = (from_neighbours(noisy, [slice(0, len(clean))], 20) - clean)[20:-20, 0]
    size = np.abs(clean[20:-20, 0])
    largest = size > np.quantile(size, 0.99)
    assert error.std() < 0.014
    assert (np.sign(clean[20:-20, 0]) * error)[largest].mean() > -0.01


def test_nothing_reaches_across_gaps_or_missing_values() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((900, 2)).cumsum(0)
    parts = [slice(0, 400), slice(400, 404), slice(500, 900)]
    whole = from_neighbours(x, parts, 5)
    kept = np.r_[0:5, 395:505, 895:900]
    np.testing.assert_array_equal(whole[kept], x[kept])
    assert (whole[5:395] != x[5:395]).all()
    x[200, 1] = np.nan
    estimate = from_neighbours(x, parts, 5)
    np.testing.assert_array_equal(estimate[:, 0], whole[:, 0])
    np.testing.assert_array_equal(estimate[195:206, 1], x[195:206, 1])


def test_only_first_samples_are_estimated(series: xr.Dataset) -> None:
    windows = make_windows(series, 40, 99, neighbours=5)
    plain = make_windows(series, 40, 99)
    assert plain.known is plain.observation
    for noise in (Noise(0.0), Noise(0.3, on_targets=False)):
        batch = windows.epoch(0, 0, 2, 1, 16, noise).batch(0)
        raw = plain.epoch(0, 0, 2, 1, 16, Noise(0.0)).batch(0)
        np.testing.assert_array_equal(batch.target, raw.x)
        assert (batch.x[:, :, 0] != raw.x[:, :, 0]).mean() > 0.9
    known = windows.epoch(0, 0, 2, 1, 16, Noise(0.0)).batch(0)
    np.testing.assert_array_equal(known.x[:, :, 1:], raw.x[:, :, 1:])
    noisy = windows.epoch(0, 0, 2, 1, 16, Noise(0.3)).batch(0)
    np.testing.assert_array_equal(noisy.target[:, :, 1:], noisy.x[:, :, 1:])
    assert np.std(noisy.target - raw.x) == pytest.approx(0.3, rel=0.1)
    assert np.std(noisy.x[:, :, 0] - known.x[:, :, 0]) == pytest.approx(0.3, rel=0.2)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(RecordingError, match=r"channel 0 has 0 .*lower forcing\.neighbours"):
        make_windows(make_series(lorenz(1000)), 40, 99, neighbours=900)
