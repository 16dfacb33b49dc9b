import numpy as np

from neurodsr.statespace.surrogates import iaaft, matched_ends


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
