import numpy as np
import pytest

from neurodsr.models.var import VAR, fit_var

KNOWN = VAR(
    A=np.array([[[0.5, 0.2], [-0.3, 0.4]], [[-0.2, 0.0], [0.1, 0.2]]]),
    c=np.array([0.3, -0.2]),
    S=np.array([[1.0, 0.4], [0.4, 0.5]]),
)


@pytest.fixture(scope="module")
def sample() -> np.ndarray:
    return KNOWN.simulate(np.zeros((2, 2)), 41_000, np.random.default_rng(0))[1000:]


def test_parameters_and_order_are_recovered(sample: np.ndarray) -> None:
    model = fit_var([sample], 6)
    assert model.order == 2
    assert np.allclose(model.A, KNOWN.A, atol=0.02)
    assert model.c == pytest.approx(KNOWN.c, abs=0.03)
    assert np.allclose(model.S, KNOWN.S, atol=0.02)


def test_simulation_has_the_stationary_moments(sample: np.ndarray) -> None:
    """Mean (I - A1 - A2)^-1 c; covariance from the companion's Lyapunov equation."""
    mean = np.linalg.solve(np.eye(2) - KNOWN.A.sum(axis=0), KNOWN.c)
    assert sample.mean(axis=0) == pytest.approx(mean, abs=0.03)
    companion = np.block([[KNOWN.A[0], KNOWN.A[1]], [np.eye(2), np.zeros((2, 2))]])
    noise = np.zeros((4, 4))
    noise[:2, :2] = KNOWN.S
    stacked = np.linalg.solve(np.eye(16) - np.kron(companion, companion), noise.ravel())
    assert np.cov(sample.T) == pytest.approx(stacked.reshape(4, 4)[:2, :2], abs=0.05)


def test_no_lag_crosses_a_border(sample: np.ndarray) -> None:
    """Pieces with a jump between them give the same model; joined, another."""
    jumps = [part + 0.0 for part in np.split(sample, 400)][::7]
    assert np.allclose(fit_var(jumps, 2).A, KNOWN.A, atol=0.08)


def test_least_squares_against_the_normal_equations(sample: np.ndarray) -> None:
    x = sample[:300]
    model = fit_var([x], 1)
    design = np.hstack([np.ones((299, 1)), x[:-1]])
    expected = np.linalg.solve(design.T @ design, design.T @ x[1:])
    assert np.allclose(model.A[0].T, expected[1:], atol=1e-9)
    residual = x[1:] - design @ expected
    assert np.allclose(model.S, residual.T @ residual / (299 - 3), atol=1e-9)


def test_forecast_by_hand() -> None:
    history = np.array([[1.0, 2.0], [3.0, -1.0]])
    first = KNOWN.A[0] @ history[1] + KNOWN.A[1] @ history[0] + KNOWN.c
    second = KNOWN.A[0] @ first + KNOWN.A[1] @ history[1] + KNOWN.c
    assert KNOWN.simulate(history, 2, None) == pytest.approx(np.array([first, second]))
    lanes = np.stack([history, history, history], axis=1)
    assert KNOWN.simulate(lanes, 2, None)[:, 1] == pytest.approx(np.array([first, second]))


def test_radius() -> None:
    assert VAR(np.array([[[0.5]], [[0.06]]]), np.zeros(1), np.eye(1)).radius() == pytest.approx(0.6)


def test_trend_is_made_stable() -> None:
    ramp = np.exp(0.01 * np.arange(400))[:, None] * np.array([1.0, 2.0])
    ramp = ramp + 0.01 * np.random.default_rng(0).standard_normal(ramp.shape)
    model = fit_var([ramp], 3)
    assert model.radius() < 1.0
    orbit = model.simulate(ramp[:3], 5000, np.random.default_rng(0))
    assert np.isfinite(orbit).all() and np.abs(orbit).max() < 1e3


def test_noise_free_data_do_not_break_the_choice() -> None:
    t = 0.1 * np.arange(500)
    x = np.stack([np.sin(t), np.cos(t)], axis=1)
    model = fit_var([x], 10)
    assert model.simulate(x[:20], 50, None) == pytest.approx(x[20:70], abs=1e-2)


def test_too_few_samples() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit_var([np.zeros((8, 5))], 3)
    assert fit_var([np.random.default_rng(0).standard_normal((40, 3))], 10).order <= 6
