import numpy as np
import pytest

from neurodsr.errors import ConfigError
from neurodsr.evaluation.spectra import (
    choose_smoothing,
    hellinger,
    power_spectrum,
    spectral_distance,
)


def tone(cycles: int, samples: int = 1000) -> np.ndarray:
    return np.sin(2 * np.pi * cycles * np.arange(samples) / samples)[:, None]


def test_hellinger_of_known_distributions() -> None:
    """Two Poisson distributions: H^2 = 1 - exp(-(sqrt a - sqrt b)^2 / 2)."""
    k = np.arange(1, 60)
    logs = np.concatenate([[0.0], np.cumsum(np.log(k))])
    poisson = [np.exp(np.arange(60) * np.log(a) - a - logs) for a in (2.0, 5.0)]
    expected = np.sqrt(1 - np.exp(-((np.sqrt(2) - np.sqrt(5)) ** 2) / 2))
    assert hellinger(*poisson) == pytest.approx(expected, abs=1e-9)


def test_power_of_a_tone_lies_in_its_bin() -> None:
    spectrum = power_spectrum([tone(37)], smoothing=0)
    assert spectrum[37, 0] == pytest.approx(1.0, abs=1e-12)
    smooth = power_spectrum([tone(100)], smoothing=5)[:, 0]
    bins = np.arange(len(smooth))
    assert smooth.sum() == pytest.approx(1.0)
    assert np.sqrt(smooth @ (bins - 100) ** 2) == pytest.approx(5.0, rel=0.01)


def test_distance_of_two_tones() -> None:
    """Disjoint tones are 1 apart; two Gaussians of width s, d apart: H^2 = 1 - exp(-d^2/8s^2)."""
    assert spectral_distance([tone(100)], [tone(300)], 5) == pytest.approx(1.0, abs=1e-6)
    expected = np.sqrt(1 - np.exp(-(20**2) / (8 * 10**2)))
    assert spectral_distance([tone(200)], [tone(220)], 10) == pytest.approx(expected, abs=2e-3)


def test_blind_to_shift_and_scale_but_not_to_order() -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal((10_000, 3)), axis=0)
    assert spectral_distance([x], [3 * x + 10], 20) == pytest.approx(0.0, abs=1e-9)
    assert spectral_distance([x], [rng.permutation(x)], 20) > 0.8


def test_a_constant_generator_is_as_far_as_can_be() -> None:
    x = np.random.default_rng(0).standard_normal((500, 2))
    assert spectral_distance([x], [np.full((500, 2), 0.3)], 20) == 1.0
    half = x.copy()
    half[:, 1] = 0.3
    assert spectral_distance([x], [half], 20) == pytest.approx(0.5)
    assert spectral_distance([half], [half], 20) == 0.0


def test_smoothing_as_a_textbook_filter() -> None:
    """Against scipy's filter of the lab's codes (reflect, radius 4 sd)."""
    from scipy.ndimage import gaussian_filter1d

    x = np.random.default_rng(0).standard_normal((300, 2))
    power = np.abs(np.fft.rfft((x - x.mean(axis=0)) / x.std(axis=0), axis=0)) ** 2
    for width in (1.0, 15.0, 20.0):
        expected = gaussian_filter1d(power, width, axis=0, mode="reflect", truncate=4.0)
        expected /= expected.sum(axis=0)
        assert np.allclose(power_spectrum([x], width), expected, rtol=1e-9)


def test_pieces_share_one_frequency_grid() -> None:
    long, short = tone(100, 1000), tone(50, 500)
    spectrum = power_spectrum([long, short], smoothing=0)[:, 0]
    assert len(spectrum) == 501 and np.argmax(spectrum) == 100


def test_width_by_length() -> None:
    assert [choose_smoothing("auto", n) for n in (100, 360, 3600, 100_000)] == [1, 1, 10, 20]
    assert choose_smoothing("hierarchical", 100) == 15
    with pytest.raises(ConfigError, match="fmri"):
        choose_smoothing("bold", 100)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        spectral_distance([tone(5, 100)], [tone(5, 200)], 1)
