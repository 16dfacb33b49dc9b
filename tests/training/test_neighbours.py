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
    assert np.abs(estimate - expected).max() < 0.05


@pytest.mark.parametrize("reach", [10, 40])
def test_noise_that_remains_of_a_tone(reach: int) -> None:
    """Amplitude and phase are estimated from 2 reach samples: variance 1 / reach of the noise's."""
    rng = np.random.default_rng(1)
    clean = np.sin(2 * np.pi * np.arange(200_000) / 17.3)
    noise = 0.2 * rng.standard_normal(len(clean))
    estimate = from_neighbours((clean + noise)[:, None], [slice(0, len(clean))], reach)[:, 0]
    error = (estimate - clean)[reach:-reach]
    assert error.var() == pytest.approx(0.04 / reach, rel=0.1)
    assert abs(np.corrcoef(error, noise[reach:-reach])[0, 1]) < 0.02


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


def test_targets_remain_the_data(series: xr.Dataset) -> None:
    windows = make_windows(series, 40, 99, neighbours=5)
    plain = make_windows(series, 40, 99)
    assert plain.known is plain.observation
    for noise in (Noise(0.0), Noise(0.3, on_targets=False)):
        batch = windows.epoch(0, 0, 2, 1, 16, noise).batch(0)
        raw = plain.epoch(0, 0, 2, 1, 16, Noise(0.0)).batch(0)
        np.testing.assert_array_equal(batch.target, raw.x)
        assert (batch.x != raw.x).mean() > 0.9
    noisy = windows.epoch(0, 0, 2, 1, 16, Noise(0.3)).batch(0)
    assert np.std(noisy.target - raw.x) == pytest.approx(0.3, rel=0.1)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(RecordingError, match=r"channel 0 has 0 .*lower forcing\.neighbours"):
        make_windows(make_series(lorenz(1000)), 40, 99, neighbours=900)
