"""Dynamical similarity analysis and its guards."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurodsr.errors import RecordingError
from neurodsr.group.similarity.delay_operators import (
    analyse_similarity,
    noise_level,
    operator_eigenvalues,
    signal_rank,
    spectral_distance,
)


def lorenz(rho: float, samples: int = 2000) -> np.ndarray:
    def flow(_: float, x: np.ndarray) -> list[float]:
        return [10 * (x[1] - x[0]), x[0] * (rho - x[2]) - x[1], x[0] * x[1] - 8 / 3 * x[2]]

    times = 20 + 0.01 * np.arange(samples)
    x = solve_ivp(flow, (0, times[-1]), [1.0, 1.0, 25.0], t_eval=times, rtol=1e-8, atol=1e-8).y.T
    return np.asarray((x - x.mean(axis=0)) / x.std(axis=0))


def spiral(angle: float, modulus: float, samples: int = 400) -> np.ndarray:
    z = (modulus * np.exp(1j * angle)) ** np.arange(samples)
    return np.stack([z.real, z.imag], axis=1)


def test_a_linear_system_has_its_own_eigenvalues() -> None:
    found = operator_eigenvalues(spiral(0.3, 0.999), 1, 2)
    expected = 0.999 * np.exp([-0.3j, 0.3j])
    np.testing.assert_allclose(sorted(found, key=np.angle), expected, atol=1e-4)


def test_distance_of_two_rotations_is_that_of_their_eigenvalues() -> None:
    first, second = (
        operator_eigenvalues(spiral(a, m), 1, 2) for a, m in ((0.3, 0.999), (0.5, 0.99))
    )
    known = abs(0.999 * np.exp(0.3j) - 0.99 * np.exp(0.5j)) ** 2
    assert spectral_distance(first, second) == pytest.approx(known, rel=1e-3)


def test_agrees_with_dsa_metric() -> None:
    """Against dsa-metric 2.0.2, score_method="wasserstein", where it is installed."""
    dsa = pytest.importorskip("DSA")
    x, y = lorenz(28), lorenz(45)
    with np.errstate(all="ignore"):
        theirs = dsa.DSA([x, y], n_delays=10, rank=8, score_method="wasserstein").fit_score()
    ours = spectral_distance(operator_eigenvalues(x, 10, 8), operator_eigenvalues(y, 10, 8))
    assert ours == pytest.approx(float(theirs[0, 1]), rel=1e-3)


def test_turned_and_shrunk_observations_are_the_same() -> None:
    x = lorenz(28)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))
    found = analyse_similarity([x, 0.1 * x @ turn], 10, 6, "refuse", np.random.default_rng(0))
    assert found.distance[0, 1] < 1e-6


def test_noise_level_is_that_of_the_noise_added() -> None:
    x = lorenz(28)
    rng = np.random.default_rng(1)
    assert noise_level(x, 20) < 1e-3
    for sd in (0.05, 0.2):
        noisy = x + sd * rng.standard_normal(x.shape)
        assert noise_level(noisy, 20) == pytest.approx(sd / np.sqrt(1 + sd**2), rel=0.1)


def test_rank_lies_below_the_noise() -> None:
    x = lorenz(28)
    noisy = x + 0.05 * np.random.default_rng(1).standard_normal(x.shape)
    assert 2 <= signal_rank(noisy, 20) <= 10 < signal_rank(x, 20) + 4
    found = analyse_similarity([x, noisy], 20, 20, "equalise", np.random.default_rng(0))
    assert found.rank <= signal_rank(noisy, 20)
    np.testing.assert_allclose(found.noise, 0.05, rtol=0.15)


def test_unequal_noise_is_refused_unless_forced() -> None:
    """With rank 20, 1 % noise on one half of a Lorenz run gave 0.51 to 0.71 (equal: 0.0005)."""
    x = lorenz(28)
    noisy = x + 0.01 * np.random.default_rng(1).standard_normal(x.shape)
    assert spectral_distance(*(operator_eigenvalues(one, 20, 20) for one in (x, noisy))) > 0.3
    with pytest.raises(RecordingError, match="noise levels differ"):
        analyse_similarity([x, noisy], 20, 20, "refuse", np.random.default_rng(0))
    kept = analyse_similarity([x, noisy], 20, 20, "keep", np.random.default_rng(0))
    assert kept.distance[0, 1] < 0.05  # the rank stays below the noise


def test_a_linear_surrogate_is_a_near_neighbour() -> None:
    """What the surrogate row is for: the distance does not show nonlinear dynamics."""
    rng = np.random.default_rng(2)
    noisy = [lorenz(rho) + 0.05 * rng.standard_normal((2000, 3)) for rho in (28, 45)]
    found = analyse_similarity(noisy, 20, 6, "refuse", rng)
    assert (found.surrogate < 0.01).all()


def test_what_rests_has_no_operator() -> None:
    moving = [spiral(2 * np.pi * turns / 400, 1.0) for turns in (20, 25)]
    found = analyse_similarity([moving[0], np.ones((400, 2)), moving[1]], 4, None, "refuse",
                               np.random.default_rng(0))  # fmt: skip
    assert np.isnan(found.distance[1]).all() and np.isnan(found.surrogate[1])
    assert found.rank == 2
    known = abs(np.exp(0.1j * np.pi) - np.exp(0.125j * np.pi)) ** 2
    assert found.distance[0, 2] == pytest.approx(known, rel=1e-3)
    with pytest.raises(RecordingError, match="fewer than two"):
        analyse_similarity([moving[0], np.ones((400, 2))], 4, None, "refuse",
                           np.random.default_rng(0))  # fmt: skip


def test_too_many_delays_are_refused() -> None:
    with pytest.raises(RecordingError, match="lower `delays`"):
        analyse_similarity([spiral(0.3, 1), spiral(0.4, 1)], 100, None, "refuse",
                           np.random.default_rng(0))  # fmt: skip
