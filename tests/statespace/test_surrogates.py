import numpy as np
import pytest
from scipy.stats import chi2, norm

from neurodsr.statespace.surrogates import gaussian_p, iaaft, matched_ends, normal_scores


def test_values_are_kept_exactly_and_the_spectrum_closely(lorenz):
    x = lorenz[matched_ends(lorenz[:3000]), :1]
    surrogates = iaaft(x, 5, 100, np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(x[:, 0]))
    for surrogate in surrogates[..., 0]:
        np.testing.assert_array_equal(np.sort(surrogate), np.sort(x[:, 0]))
        error = np.abs(np.fft.rfft(surrogate)) - spectrum
        assert np.sum(error**2) / np.sum(spectrum[1:] ** 2) < 1e-3
        assert abs(np.corrcoef(surrogate, x[:, 0])[0, 1]) < 0.4


def test_cross_spectra_are_kept(ar):
    shared = ar([0.9], 2050, 0)
    x = np.stack([shared[2:], 0.7 * shared[:-2] + ar([0.5], 2048, 1)], axis=1)

    def cross_correlation(y):
        return [np.corrcoef(y[: 2048 - k, 0], y[k:, 1])[0, 1] for k in range(8)]

    for surrogate in iaaft(x, 5, 100, np.random.default_rng(0)):
        np.testing.assert_allclose(cross_correlation(surrogate), cross_correlation(x), atol=0.03)


@pytest.mark.parametrize("samples", [256, 375])
def test_unconstrained_surrogates_have_exact_spectra_and_cross_spectra(ar, samples):
    x = np.stack([ar([0.9], samples, 0), ar([1.6, -0.81], samples, 1)], axis=1)
    x[:, 1] += 0.5 * x[:, 0] + 3.0
    free = np.zeros(2, bool)
    for surrogate in iaaft(x, 4, 50, np.random.default_rng(0), free):
        original, copy = np.fft.rfft(x, axis=0), np.fft.rfft(surrogate, axis=0)
        np.testing.assert_allclose(np.abs(copy), np.abs(original), atol=1e-8)
        crossed = original[:, 0].conj() * original[:, 1]
        np.testing.assert_allclose(copy[:, 0].conj() * copy[:, 1], crossed, atol=1e-6)
        assert abs(np.corrcoef(surrogate[:, 0], x[:, 0])[0, 1]) < 0.6


def test_only_constrained_channels_keep_their_values(ar):
    x = np.stack([ar([0.8], 400, 0), np.exp(ar([0.8], 400, 1))], axis=1)
    for surrogate in iaaft(x, 3, 50, np.random.default_rng(0), np.array([False, True])):
        np.testing.assert_array_equal(np.sort(surrogate[:, 1]), np.sort(x[:, 1]))
        assert not np.allclose(np.sort(surrogate[:, 0]), np.sort(x[:, 0]), atol=1e-3)
        power = np.abs(np.fft.rfft(surrogate[:, 0])) ** 2
        np.testing.assert_allclose(power, np.abs(np.fft.rfft(x[:, 0])) ** 2, rtol=1e-6)


def test_ties_stay_ties(ar):
    x = np.round(ar([0.9], 500, 0))[:, None]
    scores = normal_scores(x)
    assert len(np.unique(scores)) == len(np.unique(x))
    for surrogate in iaaft(scores, 3, 50, np.random.default_rng(0)):
        values, counts = np.unique(surrogate, return_counts=True)
        expected = np.unique(scores, return_counts=True)
        np.testing.assert_array_equal(values, expected[0])
        np.testing.assert_array_equal(counts, expected[1])


def test_normal_scores_are_gaussian_and_forget_monotone_functions():
    x = np.random.default_rng(0).standard_normal((999, 1))
    scores = normal_scores(np.exp(x))
    np.testing.assert_array_equal(scores, normal_scores(x))
    assert np.sort(scores[:, 0])[499] == 0.0
    assert np.sort(scores[:, 0])[0] == pytest.approx(norm.ppf(0.5 / 999))


def test_gaussian_p_of_white_noise_is_that_of_jarque_and_bera():
    # without correlation the test reduces to theirs, but for the circular covariance's scatter
    x = np.random.default_rng(0).standard_normal(4000) ** 3 * 0.02
    x += np.random.default_rng(1).standard_normal(4000)
    z = x - x.mean()
    s2 = np.mean(z**2)
    statistic = 4000 * (
        np.mean(z**3) ** 2 / (6 * s2**3) + (np.mean(z**4) - 3 * s2**2) ** 2 / (24 * s2**4)
    )
    assert gaussian_p(x[:, None])[0] == pytest.approx(chi2.sf(statistic, 2), rel=0.15)


@pytest.mark.parametrize("coefficients", [[0.0], [0.9], [1.9, -0.95]])
def test_gaussian_processes_are_seldom_called_otherwise(ar, coefficients):
    p = gaussian_p(np.stack([ar(coefficients, 500, seed) for seed in range(300)], axis=1))
    # more than 27 of 300 at 5 %: chance 0.2 %; Jarque and Bera's has half of the AR(2) rejected
    assert np.sum(p < 0.05) <= 27


def test_other_values_are_recognised(ar, lorenz):
    x = np.stack([np.exp(ar([0.8], 1000, 0)), lorenz[:5000:5, 0]], axis=1)
    assert (gaussian_p(x) < 0.01).all()
    assert gaussian_p(np.ones((50, 1)))[0] == 1.0


def test_surrogates_follow_their_seed(ar):
    x = ar([0.9], 256, 0)[:, None]
    first, second, other = (iaaft(x, 2, 20, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first[0], first[1])


def test_matched_ends_find_the_period():
    x = np.sin(2 * np.pi * np.arange(1037) / 100)[:, None]
    where = matched_ends(x)
    stretch = x[where, 0]
    assert abs(stretch[-1] - stretch[0]) < 0.1
    assert abs((stretch[1] - stretch[0]) - (stretch[-1] - stretch[-2])) < 0.01
    assert len(stretch) >= 0.8 * len(x)


def test_matched_ends_of_short_series():
    assert matched_ends(np.arange(8.0)[:, None]) == slice(0, 8)
