"""Gains at known frequencies, envelopes of known modulation, and gaps that nothing crosses."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds import filters

RATE = 250.0
TIME = np.arange(5000) / RATE


def tone(frequency, time=TIME):
    return np.sin(2 * np.pi * frequency * time + 0.4)


def gain(kernel, frequency):
    """Gain (dB) of a symmetric kernel by its own Fourier sum."""
    lag = np.arange(len(kernel)) - len(kernel) // 2
    response = abs(np.sum(kernel * np.exp(-2j * np.pi * frequency / RATE * lag)))
    return 20 * np.log10(max(response, 1e-12))


def test_band_pass_has_the_gains_of_its_design():
    kernel = filters.band_kernel(1.0, 40.0, 1 / RATE)
    assert max(abs(gain(kernel, f)) for f in (1.0, 2.0, 10.0, 25.0, 40.0)) < 0.05
    # half of the amplitude in the middle of the transitions, 1 Hz and 10 Hz wide
    assert abs(gain(kernel, 0.5) + 6.02) < 0.3
    assert abs(gain(kernel, 45.0) + 6.02) < 0.3
    assert max(gain(kernel, f) for f in (0.0, 50.0, 60.0, 100.0)) < -50


def test_notch_removes_the_mains_and_its_harmonic_and_keeps_the_rest():
    kernel = filters.notch_kernel([50.0, 100.0], 2.0, 1 / RATE)
    assert max(gain(kernel, f) for f in (50.0, 100.0)) < -50
    assert abs(gain(kernel, 51.0) + 6.02) < 0.3
    assert max(abs(gain(kernel, f)) for f in (0.0, 10.0, 40.0, 48.5, 51.5, 75.0)) < 0.05


def test_a_filtered_tone_keeps_its_phase(signal, nothing, options):
    step = options("filter", highpass=1.0, lowpass=40.0)
    mixed = signal(np.stack([tone(10) + 3.0 + tone(70), tone(5)], 1), RATE)
    result = filters.band_pass(mixed, step, nothing)
    known = np.isfinite(result.values[:, 0])
    expected = np.stack([tone(10), tone(5)], 1)
    np.testing.assert_allclose(result.values[known], expected[known], atol=0.01)
    assert result.reach == pytest.approx(1.65, abs=0.01)
    edge = round(result.reach * RATE)
    np.testing.assert_array_equal(np.flatnonzero(known), np.arange(edge, 5000 - edge))


def test_butterworth_halves_the_power_at_its_edge_and_agrees_with_scipy(signal, nothing, options):
    from scipy.signal import butter, sosfiltfilt

    step = options("filter", lowpass=20.0, method="butterworth", order=4)
    given = signal(tone(20), RATE, edges=0)
    result = filters.band_pass(given, step, nothing)
    inner = result.values[1000:-1000, 0]
    # forward and backward: twice 3 dB
    assert np.sqrt(2) * inner.std() == pytest.approx(0.5, abs=0.01)
    sections = butter(4, 20.0, output="sos", fs=RATE)
    np.testing.assert_allclose(inner, sosfiltfilt(sections, tone(20))[1000:-1000], atol=1e-6)
    impulse = np.zeros(5000)
    impulse[2500] = 1.0
    response = filters.band_pass(signal(impulse, RATE, edges=0), step, nothing).values[:, 0]
    far = abs(np.arange(5000) - 2500) > result.reach * RATE
    assert np.abs(response[far]).max() < 2e-3 * np.abs(response).max()


def test_no_filter_crosses_a_gap(signal, nothing, options):
    rng = np.random.default_rng(0)
    before = rng.standard_normal((5000, 2))
    before[2000:2010] = np.nan
    after = before.copy()
    after[2010:] = 100 * rng.standard_normal((2990, 2))
    for step in (
        options("filter", highpass=1.0, lowpass=40.0),
        options("filter", highpass=1.0, method="butterworth"),
    ):
        one = filters.band_pass(signal(before, RATE), step, nothing).values
        two = filters.band_pass(signal(after, RATE), step, nothing).values
        np.testing.assert_allclose(one[:2000], two[:2000], atol=1e-12)
        assert np.isfinite(one[:2000]).any() and np.isnan(one[2000:2010]).all()


def test_reach_is_how_far_a_sample_spreads(signal, nothing, options):
    impulse = np.zeros((5000, 1))
    impulse[2500] = 1.0
    for make, step in (
        (filters.band_pass, options("filter", highpass=0.5, lowpass=30.0)),
        (filters.notch, options("notch")),
        (filters.envelope, options("envelope", band=[8, 12])),
    ):
        result = make(signal(impulse, RATE, edges=0), step, nothing)
        touched = np.flatnonzero(np.abs(result.values[:, 0]) > 1e-9)
        half = round(result.reach * RATE)
        assert 2500 - half <= touched.min() < 2500 - half + 3
        assert 2500 + half - 3 < touched.max() <= 2500 + half


def test_envelope_of_a_modulated_carrier_is_its_modulation(signal, nothing, options):
    modulation = 1.0 + 0.5 * np.cos(2 * np.pi * 0.5 * TIME)
    carrier = modulation * tone(10) + 2.0 * tone(30)
    inner = slice(1000, -1000)
    result = filters.envelope(signal(carrier, RATE), options("envelope", band=[7, 13]), nothing)
    np.testing.assert_allclose(result.values[inner, 0], modulation[inner], atol=0.01)
    power = options("envelope", band=[7, 13], output="power")
    result = filters.envelope(signal(carrier, RATE), power, nothing)
    np.testing.assert_allclose(result.values[inner, 0], modulation[inner] ** 2 / 2, atol=0.02)
    decibel = options("envelope", band=[7, 13], output="decibel")
    result = filters.envelope(signal(carrier, RATE), decibel, nothing)
    expected = 10 * np.log10(modulation[inner] ** 2 / 2)
    np.testing.assert_allclose(result.values[inner, 0], expected, atol=0.2)


def test_bands_that_cannot_be_are_explained(signal, nothing, options):
    given = signal(tone(10), RATE)
    with pytest.raises(RecordingError, match=r"eeg: filter: 200 Hz is not below half"):
        filters.band_pass(given, options("filter", lowpass=200.0), nothing)
    with pytest.raises(RecordingError, match=r"highpass 30 Hz is not below lowpass 10 Hz"):
        filters.band_pass(given, options("filter", highpass=30.0, lowpass=10.0), nothing)
    with pytest.raises(RecordingError, match=r"notch: 151.5 Hz is not below half"):
        filters.notch(given, options("notch", frequency=150), nothing)
    with pytest.raises(RecordingError, match=r"nothing is left.*raise highpass"):
        filters.band_pass(given, options("filter", highpass=0.1), nothing)
