import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.columns.resample import regularise, resample


def tone(frequency, rate, seconds=20.0):
    return np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate + 0.3)[:, None]


def amplitude_after(frequency, rate, target_rate):
    target = np.arange(int(20 * target_rate)) / target_rate
    result = resample(tone(frequency, rate), 0.0, 1 / rate, target, 1 / target_rate)
    middle = result[len(target) // 4 : -len(target) // 4, 0]
    return np.sqrt(2.0) * np.std(middle)


@pytest.mark.parametrize("target_rate", [100.0, 83.7])
def test_alias_of_a_tone_above_nyquist_is_suppressed_by_more_than_40_db(target_rate):
    above = [1.02, 1.2, 1.6, 2.3]
    worst = max(amplitude_after(f * target_rate / 2, 500.0, target_rate) for f in above)
    assert 20 * np.log10(worst) < -40.0


@pytest.mark.parametrize("target_rate", [100.0, 83.7])
def test_tones_in_the_pass_band_keep_amplitude_and_phase(target_rate):
    target = np.arange(int(20 * target_rate)) / target_rate
    for share in (0.05, 0.4, 0.75):
        frequency = share * target_rate / 2
        result = resample(tone(frequency, 500.0), 0.0, 1 / 500, target, 1 / target_rate)
        truth = np.sin(2 * np.pi * frequency * target + 0.3)
        inner = slice(len(target) // 4, -len(target) // 4)
        assert np.max(np.abs(result[inner, 0] - truth[inner])) < 2e-3


def test_the_signals_own_clock_returns_its_own_samples():
    signal = np.random.default_rng(0).standard_normal((100, 2))
    signal[10:20, 1] = np.nan
    result = resample(signal, 5.0, 0.1, 5.0 + 0.1 * np.arange(30, 60), 0.1)
    np.testing.assert_array_equal(result, signal[30:60])


def test_upsampling_passes_through_the_samples_of_a_smooth_signal():
    target = np.arange(400) / 40.0
    result = resample(tone(1.0, 10.0, 10.0), 0.0, 0.1, target, 0.025)
    truth = np.sin(2 * np.pi * target + 0.3)
    assert np.max(np.abs(result[100:-100, 0] - truth[100:-100])) < 2e-3


def test_constant_stays_constant_at_ends_and_beside_gaps_and_gaps_stay_gaps():
    signal = np.ones((1000, 1))
    signal[400:500] = np.nan
    target = np.arange(0, 1000, 4) / 100.0
    result = resample(signal, 0.0, 0.01, target, 0.04)[:, 0]
    missing = (target >= 3.999) & (target <= 4.991)
    np.testing.assert_array_equal(np.isnan(result), missing)
    np.testing.assert_allclose(result[~missing], 1.0, atol=1e-12)


def test_nothing_is_made_up_outside_the_support():
    result = resample(np.ones((10, 1)), 0.0, 1.0, np.array([-3.0, 4.5, 12.0]), 2.0)
    np.testing.assert_array_equal(np.isnan(result[:, 0]), [True, False, True])


def test_irregular_line_is_interpolated_exactly_and_long_gaps_are_missing():
    time = np.concatenate([np.arange(0, 50) * 1.0, np.arange(80, 120) * 1.0])
    time[1::7] += 0.3
    signal = np.stack([2.0 * time + 1.0, np.full_like(time, np.nan)], axis=1)
    regular, interval = regularise(time, signal, maximum_gap=5.0)
    grid = time[0] + interval * np.arange(len(regular))
    inside = (grid > time[49]) & (grid < time[50])
    assert interval == 1.0
    np.testing.assert_array_equal(np.isnan(regular[:, 0]), inside)
    np.testing.assert_allclose(regular[~inside, 0], 2.0 * grid[~inside] + 1.0)
    assert np.isnan(regular[:, 1]).all()


@pytest.mark.parametrize("origin", [0.0, 0.1, 1e5 / 3])
def test_every_sample_around_a_pause_is_kept_and_none_is_made_up(origin):
    """Whole steps: 50 samples, a pause, a single sample, a pause, 40 samples."""
    steps = np.concatenate([np.arange(50), [70], np.arange(80, 120)])
    values = np.where(steps < 75, 1e6, 0.0) + steps % 7
    regular, interval = regularise(origin + steps * 0.1, values[:, None], maximum_gap=5.0)
    assert interval == pytest.approx(0.1)
    known = np.isfinite(regular[:, 0])
    np.testing.assert_array_equal(np.flatnonzero(known), steps[steps != 70])
    np.testing.assert_allclose(regular[known, 0], values[steps != 70], rtol=0, atol=1e-2)


def test_instants_that_do_not_increase_are_refused():
    with pytest.raises(RecordingError, match="not increasing"):
        regularise(np.array([0.0, 1.0, 1.0]), np.ones((3, 1)), 5.0)
