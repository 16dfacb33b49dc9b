import numpy as np
import pytest

from neurodsr.evaluation.nulls import persistence, phase_surrogate


@pytest.mark.parametrize("samples", [400, 401])
def test_surrogate_keeps_spectra_and_cross_spectra(samples: int) -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal((samples, 3)), axis=0) + 5.0
    y = phase_surrogate(x, rng)
    fx, fy = np.fft.rfft(x, axis=0), np.fft.rfft(y, axis=0)
    cross = [f[:, :, None] * f[:, None].conj() for f in (fx, fy)]
    assert np.allclose(*cross, atol=1e-8 * np.abs(fx).max() ** 2)
    assert y.mean(axis=0) == pytest.approx(x.mean(axis=0))
    assert np.abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 0.9


def test_surrogate_is_gaussian_where_the_data_are_not() -> None:
    """Excess kurtosis of a square wave is -2; that of its surrogate is near 0."""
    rng = np.random.default_rng(1)
    x = np.sign(np.sin(np.arange(20_000) * 0.13 + np.cumsum(0.05 * rng.standard_normal(20_000))))
    y = phase_surrogate(x[:, None], rng)[:, 0]
    kurtosis = [np.mean(v**4) / np.mean(v**2) ** 2 - 3 for v in (x - x.mean(), y - y.mean())]
    assert kurtosis[0] < -1.9 and abs(kurtosis[1]) < 0.6


def test_persistence_repeats() -> None:
    start = np.arange(6.0).reshape(2, 3)
    assert persistence(start, 4).shape == (4, 2, 3)
    assert (persistence(start, 4)[3] == start).all()
