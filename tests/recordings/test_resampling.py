"""Resampling in pieces against SciPy on the whole signal, and against closed forms."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.signal import resample_poly

from neurodsr.recordings.resampling import kernel, ratio, resample_in_chunks


def in_memory(signal):
    """A reader of an array that counts how often each sample is asked for."""
    asked = np.zeros(len(signal), dtype=int)

    def read(start, stop):
        asked[start:stop] += 1
        return signal[start:stop]

    return read, asked


@pytest.mark.parametrize(
    ("rate", "target"), [(1000.0, 100.0), (1250.0, 500.0), (250.0, 240.0), (30.0, 90.0)]
)
@pytest.mark.parametrize("block", [7, 400, 10**6])
def test_pieces_equal_scipy_on_the_whole(rate, target, block):
    signal = np.random.default_rng(1).standard_normal((3001, 2))
    read, asked = in_memory(signal)
    result, got = resample_in_chunks(read, len(signal), rate, target, block=block)
    change = Fraction(target) / Fraction(rate)
    taps = kernel(change.numerator, change.denominator) / change.numerator
    arguments = (change.numerator, change.denominator)
    expected = resample_poly(signal, *arguments, window=taps)
    gain = resample_poly(np.ones((3001, 1)), *arguments, window=taps)
    edge = int(17 * max(1.0, target / rate))
    inner = slice(edge, -edge)
    assert got == target
    assert result.shape == expected.shape
    np.testing.assert_allclose(result[inner], (expected / gain)[inner], rtol=0, atol=1e-12)
    np.testing.assert_allclose(gain[inner], 1.0, atol=2e-3)
    assert asked[1:].max() == 1 and asked[0] <= 2


def test_what_passes_and_what_is_stopped():
    """Below 77 % of the Nyquist frequency of 50 Hz a sine passes, above it is 60 dB down."""
    rate, target = 1000.0, 100.0
    time = np.arange(20000) / rate
    for frequency, least, most in ((3.0, 0.998, 1.002), (38.0, 0.99, 1.01), (51.0, 0, 1.2e-3)):
        sine = np.sin(2 * np.pi * frequency * time)[:, None]
        result, _ = resample_in_chunks(in_memory(sine)[0], len(sine), rate, target, block=999)
        middle = result[100:-100, 0]
        amplitude = np.sqrt(2 * np.mean(middle**2))
        assert least <= amplitude <= most
        if least:
            instants = np.arange(len(result))[100:-100] / target
            expected = np.sin(2 * np.pi * frequency * instants)
            np.testing.assert_allclose(middle, expected, atol=6e-3)


@pytest.mark.parametrize("position", [0.0, 7.3, 1234.4, 99.96, 3.001])
@pytest.mark.parametrize(("rate", "target"), [(1000.0, 100.0), (1024.0, 1000.0), (10.0, 10.0)])
def test_a_signal_between_the_instants_of_a_clock_gets_its_phase(position, rate, target):
    """What it covers of the clock is written, a sine at 0.2 of the rate to 0.001."""
    time = (position + np.arange(3000)) / rate
    sine = np.sin(2 * np.pi * 0.2 * target * time)[:, None]
    out = np.full((5000, 1), -9.0)
    reader = in_memory(sine)[0]
    resample_in_chunks(reader, 3000, rate, target, position=position, out=out, block=500)
    instants = np.arange(5000) / target
    half = 0.5001 / (rate * ratio(rate, target).numerator)
    inside = (instants >= time[0] - half) & (instants < time[-1] + 1 / rate - half)
    np.testing.assert_array_equal(out[:, 0] != -9.0, inside)
    inner = (instants > time[0] + 16 / target) & (instants < time[-1] - 16 / target)
    expected = np.sin(2 * np.pi * 0.2 * target * instants[inner])
    np.testing.assert_allclose(out[inner, 0], expected, rtol=0, atol=1e-3)


def test_a_constant_stays_up_to_the_ends_and_across_a_missing_sample():
    signal = np.full((5000, 3), 7.5)
    signal[2345, 1] = np.nan
    result, _ = resample_in_chunks(in_memory(signal)[0], 5000, 1000.0, 40.0, block=300)
    np.testing.assert_allclose(result, 7.5, rtol=1e-12)


def test_a_long_gap_stays_missing_in_its_channel_alone():
    signal = np.random.default_rng(2).standard_normal((6000, 2))
    signal[2000:4000, 0] = np.nan
    result, rate = resample_in_chunks(in_memory(signal)[0], 6000, 1000.0, 100.0, block=777)
    assert rate == 100.0
    missing = np.isnan(result[:, 0])
    np.testing.assert_array_equal(np.flatnonzero(missing), np.arange(200, 400))
    assert np.isfinite(result[:, 1]).all()


@pytest.mark.parametrize(
    ("rate", "target", "expected"),
    [
        (30000.0, 500.0, Fraction(1, 60)),
        (1024.0, 1000.0, Fraction(125, 128)),
        (44100.0, 48000.0, Fraction(160, 147)),
        (29999.954, 500.0, Fraction(1, 60)),
        (2.0, 0.1, Fraction(1, 20)),
    ],
)
def test_ratio_of_clocks(rate, target, expected):
    assert ratio(rate, target) == expected


def test_a_clock_that_is_no_round_number_keeps_its_own_rate():
    read, _ = in_memory(np.zeros((6000, 1)))
    _, rate = resample_in_chunks(read, 6000, 29999.954, 500.0)
    assert rate == pytest.approx(29999.954 / 60, rel=1e-15)


def test_short_signals_are_resampled_too():
    result, _ = resample_in_chunks(in_memory(np.ones((3, 1)))[0], 3, 100.0, 50.0)
    np.testing.assert_allclose(result, 1.0)
