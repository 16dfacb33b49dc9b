import numpy as np
import pytest

from neurodsr.errors import ConfigError
from neurodsr.evaluation.measures.spectra import (
    SPECTRA,
    Spectrum,
    choose_spectrum,
    hellinger,
    power_spectrum,
    spectral_correlation,
    spectral_distance,
)

GTF = SPECTRA["gtf"]


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
    spectrum = power_spectrum([tone(37)], Spectrum(0))
    assert spectrum[37, 0] == pytest.approx(1.0, abs=1e-12)
    smooth = power_spectrum([tone(100)], Spectrum(5))[:, 0]
    bins = np.arange(len(smooth))
    assert smooth.sum() == pytest.approx(1.0)
    assert np.sqrt(smooth @ (bins - 100) ** 2) == pytest.approx(5.0, rel=0.01)


def test_distance_of_two_tones() -> None:
    """Disjoint tones are 1 apart; two Gaussians of width s, d apart: H^2 = 1 - exp(-d^2/8s^2)."""
    assert spectral_distance([tone(100)], [tone(300)], Spectrum(5)) == pytest.approx(1.0, abs=1e-6)
    expected = np.sqrt(1 - np.exp(-(20**2) / (8 * 10**2)))
    assert spectral_distance([tone(200)], [tone(220)], Spectrum(10)) == pytest.approx(
        expected, abs=2e-3
    )


def test_blind_to_shift_and_scale_but_not_to_order() -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal((10_000, 3)), axis=0)
    assert spectral_distance([x], [3 * x + 10], GTF) == pytest.approx(0.0, abs=1e-9)
    assert spectral_distance([x], [rng.permutation(x)], GTF) > 0.8


def test_a_constant_generator_is_as_far_as_can_be() -> None:
    x = np.random.default_rng(0).standard_normal((500, 2))
    assert spectral_distance([x], [np.full((500, 2), 0.3)], GTF) == 1.0
    half = x.copy()
    half[:, 1] = 0.3
    assert spectral_distance([x], [half], GTF) == pytest.approx(0.5)
    assert spectral_distance([half], [half], GTF) == 0.0


def test_smoothing_as_a_textbook_filter() -> None:
    """Against scipy's filter of the lab's codes (reflect, radius 4 sd)."""
    from scipy.ndimage import gaussian_filter1d

    x = np.random.default_rng(0).standard_normal((300, 2))
    power = np.abs(np.fft.rfft((x - x.mean(axis=0)) / x.std(axis=0), axis=0)) ** 2
    for width in (1.0, 15.0, 20.0):
        expected = gaussian_filter1d(power, width, axis=0, mode="reflect", truncate=4.0)
        expected /= expected.sum(axis=0)
        assert np.allclose(power_spectrum([x], Spectrum(width)), expected, rtol=1e-9)


def test_pieces_share_one_frequency_grid() -> None:
    long, short = tone(100, 1000), tone(50, 500)
    spectrum = power_spectrum([long, short], Spectrum(0))[:, 0]
    assert len(spectrum) == 501 and np.argmax(spectrum) == 100


def test_width_by_length() -> None:
    assert [choose_spectrum("auto", n).smoothing for n in (100, 360, 3600, 100_000)] == [
        1,
        1,
        10,
        20,
    ]
    assert choose_spectrum("hierarchical", 100).smoothing == 15
    with pytest.raises(ConfigError, match="fmri"):
        choose_spectrum("bold", 100)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        spectral_distance([tone(5, 100)], [tone(5, 200)], GTF)


def plain_mtf(x: np.ndarray, y: np.ndarray, width: int, cut: int) -> float:
    """As its authors describe it: cut spectra, trapezoid sum, channel by channel."""
    lags = np.arange(-5 * width, 5 * width + 1)
    kernel = np.exp(-0.5 * (lags / width) ** 2)
    kernel /= kernel.sum()
    distances = []
    for one, other in zip(x.T, y.T, strict=True):
        spectra = []
        for series in (one, other):
            z = (series - series.mean()) / series.std()
            z = z[: len(z) // 2 * 2]
            power = np.abs(np.fft.rfft(z, norm="ortho")) ** 2 * 2 / len(z)
            smooth = [
                sum(
                    k * power[i + j]
                    for j, k in zip(lags, kernel, strict=True)
                    if 0 <= i + j < len(power)
                )
                for i in range(cut)
            ]
            spectra.append(np.array(smooth))
        root = np.sqrt(spectra[0] * spectra[1])
        distances.append(np.sqrt(1 - np.sum((root[1:] + root[:-1]) / 2)))
    return float(np.mean(distances))


@pytest.mark.parametrize("name, width, cut", [("mtf", 1, 100), ("chaosrnn", 2, 500)])
def test_cut_conventions_equal_a_plain_implementation(name: str, width: int, cut: int) -> None:
    rng = np.random.default_rng(0)
    x, y = np.cumsum(rng.standard_normal((2, 1201, 2)), axis=1) + rng.standard_normal((2, 1201, 2))
    expected = plain_mtf(x, y, width, cut)
    assert spectral_distance([x], [y], SPECTRA[name]) == pytest.approx(expected, rel=1e-9)


def plain_distance(x: np.ndarray, y: np.ndarray, width: int, mode: str) -> float:
    """The convention of GTF and its Python descendants, one frequency after the other."""
    distances = []
    for one, other in zip(x.T, y.T, strict=True):
        roots = []
        for series in (one, other):
            z = (series - series.mean()) / series.std(ddof=1)
            power = np.abs(np.fft.rfft(z)) ** 2
            last = len(power) - 1
            smooth = np.zeros(len(power))
            for i in range(len(power)):
                for j in range(-4 * width, 4 * width + 1):
                    k = i + j
                    if k < 0:
                        k = -k if mode == "mirror" else -k - 1
                    if k > last:
                        k = 2 * last - k if mode == "mirror" else 2 * last + 1 - k
                    smooth[i] += power[k] * np.exp(-0.5 * (j / width) ** 2)
            roots.append(np.sqrt(smooth / smooth.sum()))
        distances.append(np.sqrt(np.sum((roots[0] - roots[1]) ** 2)) / np.sqrt(2))
    return float(np.mean(distances))


@pytest.mark.parametrize("name, width, mode", [("gtf", 20, "mirror"), ("hierarchical", 15, "sym")])
def test_smoothed_conventions_equal_a_plain_implementation(
    name: str, width: int, mode: str
) -> None:
    rng = np.random.default_rng(1)
    x, y = np.cumsum(rng.standard_normal((2, 501, 2)), axis=1)
    expected = plain_distance(x, y, width, mode)
    assert spectral_distance([x], [y], SPECTRA[name]) == pytest.approx(expected, rel=1e-9)


def test_correlation_of_spectra_in_decibels() -> None:
    """1 for the same spectrum at any scale; low where slopes differ in sign."""
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal((2001, 2)), axis=0)
    assert spectral_correlation([x], [3 * x + 1], 20, 500) == pytest.approx(1.0)
    white = rng.standard_normal((2001, 2))
    red, blue = np.cumsum(white, axis=0), np.diff(white, axis=0, prepend=0.0)
    assert spectral_correlation([red], [blue], 20, 900) > 0.5
    assert spectral_correlation([red], [white], 5, 900) < 0.6
