import numpy as np
import pytest

from neurodsr.evaluation.measures.correlation import (
    CorrelationReference,
    autocorrelations,
    cross_correlations,
    rms,
)


def autoregression(a: float, samples: int, rng: np.random.Generator) -> np.ndarray:
    x = np.zeros((samples, 1))
    noise = rng.standard_normal((samples, 1))
    for t in range(1, samples):
        x[t] = a * x[t - 1] + noise[t]
    return x


def test_autocorrelation_of_an_autoregression() -> None:
    x = autoregression(0.9, 200_000, np.random.default_rng(0))
    lags = np.arange(30)
    assert autocorrelations([x], lags)[:, 0] == pytest.approx(0.9**lags, abs=0.02)


def test_pieces_against_direct_sums() -> None:
    rng = np.random.default_rng(0)
    pieces = [rng.standard_normal((50, 2)).cumsum(axis=0), rng.standard_normal((21, 2))]
    together = np.concatenate(pieces)
    z = [(x - together.mean(axis=0)) / together.std(axis=0) for x in pieces]
    lags = np.array([0, 3, 20, 30])
    for i, lag in enumerate(lags):
        products = [x[: len(x) - lag, :, None] * x[lag:, None] for x in z if len(x) > lag]
        expected = np.concatenate(products).mean(axis=0)
        assert cross_correlations(pieces, lags)[i] == pytest.approx(expected)
        assert autocorrelations(pieces, lags)[i] == pytest.approx(np.diag(expected))


def test_a_delayed_copy_is_seen_at_its_delay() -> None:
    x = np.random.default_rng(0).standard_normal(20_007)
    pair = np.stack([x[7:], x[:-7]], axis=1)
    found = cross_correlations([pair], np.array([0, 7]))[:, 0, 1]
    assert found == pytest.approx([0.0, 1.0], abs=0.03)


def test_errors_are_zero_for_itself_and_known_for_white_noise() -> None:
    """White noise against an AR(1): the root mean square of a^k over the lags."""
    rng = np.random.default_rng(0)
    x = autoregression(0.9, 100_000, rng)
    reference = CorrelationReference([x])
    assert reference.autocorrelation_error([x]) == pytest.approx(0.0, abs=1e-12)
    white = rng.standard_normal((100_000, 1))
    expected = rms(0.9**reference.lags)
    assert reference.autocorrelation_error([white]) == pytest.approx(expected, rel=0.05)
    assert 45 <= reference.lags[-1] <= 55  # five times 1 / ln(1 / 0.9) = 9.5
    assert np.isnan(reference.cross_correlation_error([white]))


def test_shuffled_channels_lose_their_cross_correlation() -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal((50_000, 1))
    x = common + rng.standard_normal((50_000, 2))
    reference = CorrelationReference([x])
    apart = np.stack([x[:, 0], rng.permutation(x[:, 1])], axis=1)
    # correlation 1/2 at lag 0 alone
    expected = 0.5 / np.sqrt(len(reference.cross_lags))
    assert reference.cross_correlation_error([apart]) == pytest.approx(expected, rel=0.05)
    assert reference.autocorrelation_error([apart]) < 0.01


def test_a_constant_channel_is_as_far_as_its_opposite_is_correlated() -> None:
    x = autoregression(0.9, 5000, np.random.default_rng(0))
    reference = CorrelationReference([x])
    assert reference.autocorrelation_error([np.zeros((5000, 1))]) == pytest.approx(
        rms(reference.auto)
    )
