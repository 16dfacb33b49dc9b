import numpy as np
import pytest
from known_systems import linear, lozi

from neurodsr.dynamics.lyapunov import (
    finite_time_exponents,
    kaplan_yorke,
    lyapunov_spectrum,
    zero_tolerance,
)
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def test_linear_map_has_the_logarithms_of_its_eigenvalues() -> None:
    rng = np.random.default_rng(0)
    basis = rng.standard_normal((4, 4))
    A = basis @ np.diag([0.95, 0.8, -0.5, 0.1]) @ np.linalg.inv(basis)
    spectrum, error = lyapunov_spectrum(linear(A, [0.1] * 4), np.zeros((1, 4)), 2000, 200)
    assert spectrum[0] == pytest.approx(np.log([0.95, 0.8, 0.5, 0.1]), abs=1e-6)
    assert error.max() < 1e-6


def test_lozi_map() -> None:
    spectrum, error = lyapunov_spectrum(lozi(), np.array([[0.1, 0.1]]), 200_000, 1000)
    assert spectrum[0].sum() == pytest.approx(np.log(0.5), abs=1e-12)
    assert spectrum[0, 0] == pytest.approx(0.4701, abs=0.002)
    assert error[0, 0] < 0.002
    assert kaplan_yorke(spectrum[0]) == pytest.approx(1.404, abs=0.003)


@pytest.mark.parametrize("slope", [1.2, 1.6, 1.99])
def test_tent_map(slope: float) -> None:
    """x' = s min(x, 1 - x): the exponent is ln s."""
    one = np.ones((1, 1))
    tent = PiecewiseLinearMap(
        slope * one, -2 * slope * one, one, np.zeros(1), np.array([-0.5]), np.zeros((1, 0)), False
    )
    spectrum, _ = lyapunov_spectrum(tent, np.array([[0.1234]]), 2000)
    assert spectrum[0, 0] == pytest.approx(np.log(slope), abs=1e-9)


@pytest.mark.parametrize("clipped", [False, True])
def test_sum_is_the_mean_logarithm_of_the_determinant(clipped: bool) -> None:
    rng = np.random.default_rng(1)
    model = PiecewiseLinearMap(
        np.diag(rng.uniform(0.1, 0.5, 5)),
        0.3 * rng.standard_normal((5, 12)) / np.sqrt(12),
        rng.standard_normal((12, 5)),
        rng.standard_normal(5),
        rng.standard_normal(12),
        np.zeros((5, 0)),
        clipped,
    )
    start = rng.standard_normal(5)
    orbit = model.simulate(start, 400)
    expected = np.mean(np.linalg.slogdet(model.jacobian(orbit))[1])
    spectrum, _ = lyapunov_spectrum(model, start[None], 400)
    assert spectrum[0].sum() == pytest.approx(expected, abs=1e-9)


def test_leading_exponents_and_orbits_alone() -> None:
    starts = np.array([[0.1, 0.1], [0.2, -0.1]])
    full, _ = lyapunov_spectrum(lozi(), starts, 1000, 100)
    leading, _ = lyapunov_spectrum(lozi(), starts, 1000, 100, count=1)
    single, _ = lyapunov_spectrum(lozi(), starts[1:], 1000, 100)
    assert leading[:, 0] == pytest.approx(full[:, 0], abs=1e-9)
    assert single[0] == pytest.approx(full[1], abs=1e-12)


def test_diverging_orbit_has_no_exponents() -> None:
    spectrum, _ = lyapunov_spectrum(linear(2 * np.eye(2), [1, 1]), np.ones((1, 2)), 1000)
    assert np.isnan(spectrum).all()
    spectrum, _ = lyapunov_spectrum(lozi(), np.full((1, 2), np.nan), 100)
    assert np.isnan(spectrum).all()


def test_lost_direction_does_not_break_the_others() -> None:
    A = np.diag([0.9, 0.0])
    spectrum, _ = lyapunov_spectrum(linear(A, [0.1, 0.1]), np.zeros((1, 2)), 1000)
    assert spectrum[0] == pytest.approx([np.log(0.9), -745.0])


@pytest.mark.parametrize(
    "spectrum, tolerance, dimension",
    [
        ([0.906, 0.0, -14.572], 0.0, 2.0622),
        ([0.4197, -1.6237], 0.0, 1.2585),
        ([-2e-5, -0.97], 1e-3, 1.0),
        ([-0.1, -0.2], 1e-3, 0.0),
        ([0.3, 0.1], 0.0, 2.0),
        ([0.0, 0.0, -1.0], 0.0, 2.0),
    ],
)
def test_kaplan_yorke(spectrum: list[float], tolerance: float, dimension: float) -> None:
    assert kaplan_yorke(np.array(spectrum), tolerance) == pytest.approx(dimension, abs=1e-3)


def test_dimension_of_nothing_is_missing() -> None:
    assert np.isnan(kaplan_yorke(np.array([np.nan, np.nan])))


def test_tolerance_has_a_least_value() -> None:
    assert zero_tolerance(np.array([0.0, 0.01]), 1000) == pytest.approx([0.002, 0.03])


def test_finite_time_exponents_of_the_lozi_map() -> None:
    """Their mean is the exponent, their sum is ln 0.5 in every window."""
    windows = finite_time_exponents(lozi(), np.array([[0.1, 0.1]]), 200, 50, 1000)
    assert windows.shape == (1, 200, 2)
    assert windows[0].mean(axis=0) == pytest.approx([0.4701, -1.1633], abs=0.01)
    assert windows[0].sum(axis=1) == pytest.approx(np.full(200, np.log(0.5)), abs=1e-12)
    assert 0.001 < windows[0, :, 0].std() < 0.1


def test_error_covers_the_exponent() -> None:
    """Twice the standard error holds the true value about 19 times in 20."""
    starts = 0.1 * np.random.default_rng(0).standard_normal((40, 2))
    spectrum, error = lyapunov_spectrum(lozi(), starts, 4000, 500)
    inside = np.abs(spectrum[:, 0] - 0.4701) < 2 * error[:, 0] + 0.0005
    assert inside.mean() > 0.85
    half = lyapunov_spectrum(lozi(), starts, 16_000, 500)[1][:, 0].mean()
    assert half == pytest.approx(error[:, 0].mean() / 2, rel=0.4)
