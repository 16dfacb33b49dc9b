"""Lyapunov spectra of flows, all orbits at once, against closed forms, literature and long runs.

Long runs: variational equations over 2e3 to 2e5 units of time, their standard errors below the
tolerances here.
"""

import numpy as np
import pytest
from known_systems import KnownMap, Step, flow_map

from neurodsr.dynamics.limit_sets import dominant_period
from neurodsr.dynamics.lyapunov import kaplan_yorke, lyapunov_spectrum
from neurodsr.dynamics.tangents import tangent_spectrum
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def lorenz(sigma: float = 10.0, rho: float = 28.0, beta: float = 8 / 3) -> Step:
    def field(z):
        x, y, w = np.moveaxis(z, -1, 0)
        return np.stack([sigma * (y - x), x * (rho - w) - y, x * y - beta * w], -1)

    return field


def roessler(z):
    x, y, w = np.moveaxis(z, -1, 0)
    return np.stack([-y - w, x + 0.2 * y, 0.2 + w * (x - 5.7)], -1)


def sprott(z):
    """The simplest dissipative chaotic jerk (Sprott 1997)."""
    x, v, a = np.moveaxis(z, -1, 0)
    return np.stack([v, a, -2.017 * a + v**2 - x], -1)


def lorenz96(forcing: float) -> Step:
    def field(z):
        return (np.roll(z, -1, -1) - np.roll(z, 2, -1)) * np.roll(z, 1, -1) - z + forcing

    return field


def van_der_pol(z):
    x, v = z[..., 0], z[..., 1]
    return np.stack([v, (1 - x**2) * v - x], -1)


def fitzhugh_nagumo(z):
    v, w = z[..., 0], z[..., 1]
    return np.stack([v - v**3 / 3 - w + 0.5, 0.08 * (v + 0.7 - 0.8 * w)], -1)


def hopf(mu: float = 0.3) -> Step:
    def field(z):
        x, y = z[..., 0], z[..., 1]
        growth = mu - x**2 - y**2
        return np.stack([growth * x - 2 * y, growth * y + 2 * x], -1)

    return field


def spectrum(field: Step, centre: list[float], interval: float, steps: int, lanes: int = 32):
    """Mean over orbits (1 per unit of time), after they have come to the attractor."""
    one = KnownMap(flow_map(field, interval), len(centre))
    rng = np.random.default_rng(0)
    z = np.array(centre) + 0.5 * rng.standard_normal((lanes, len(centre))) * (lanes > 1)
    for _ in range(600):
        z = one.step(z)
    exponents, _ = tangent_spectrum(one, z, steps, 200, len(centre))
    return exponents.mean(axis=0) / interval


@pytest.mark.parametrize(
    "field, centre, interval, steps, expected, tolerance, dimension",
    [
        (lorenz(), [1.0, 2.0, 20.0], 0.03, 2000, [0.9058, 0.0, -14.5724], 0.01, 2.0622),
        (lorenz(16.0, 45.92, 4.0), [1.0, 2.0, 40.0], 0.015, 2000, [1.50, 0.0, -22.46], 0.04, 2.067),
        (roessler, [1.0, 1.0, 0.0], 0.15, 1600, [0.0711, 0.0, -5.3939], 0.01, 2.0132),
        (lorenz96(8.0), [8.0, 8.1, 8, 8, 8], 0.06, 4000,
         [0.4751, 0.0, -0.5206, -1.3072, -3.6474], 0.03, 2.913),
        (lorenz96(8.0), [8.0, 8.1, 8, 8, 8, 8, 8, 8, 8, 8], 0.05, 500,
         [1.203, 0.704, 0.096, 0, -0.431, -0.878, -1.319, -1.943, -2.834, -4.596], 0.05, 6.52),
        (lorenz96(16.0), [16.0, 16.1, *[16.0] * 8], 0.03, 3000,
         [3.092, 1.930, 0.807, 0, -0.162, -0.887, -1.621, -2.645, -4.080, -6.435], 0.08, 8.13),
        (van_der_pol, [2.0, 0.0], 0.1, 1000, [0.0, -1.0594], 0.005, 1.0),
        (fitzhugh_nagumo, [0.0, 0.0], 0.2, 1600, [0.0, -0.970], 0.01, 1.0),
        (hopf(), [0.5, 0.0], 0.1, 600, [0.0, -0.6], 0.002, 1.0),
    ],
    ids=["lorenz", "lorenz of Wolf", "roessler", "lorenz96 5", "lorenz96 10", "lorenz96 10, 16",
         "van der pol", "fitzhugh-nagumo", "hopf"],
)  # fmt: skip
def test_spectra(field, centre, interval, steps, expected, tolerance, dimension) -> None:
    found = spectrum(field, centre, interval, steps)
    assert found == pytest.approx(np.array(expected), abs=tolerance, rel=0.01)
    assert kaplan_yorke(found, 0.01) == pytest.approx(dimension, rel=0.01)


def test_the_simplest_jerk_flow_is_chaotic() -> None:
    found = spectrum(sprott, [0.0, 0.0, 1.0], 0.15, 10000, lanes=1)
    assert found == pytest.approx([0.0551, 0.0, -2.0721], abs=0.006)
    assert kaplan_yorke(found, 0.003) == pytest.approx(2.0266, abs=0.003)


@pytest.mark.parametrize(
    "forcing, largest, error, positive, dimension",
    [(8.0, 1.55, 0.03, 6, 13.5), (16.0, 3.67, 0.04, 7, 16.4)],
)
def test_twenty_variables(forcing, largest, error, positive, dimension) -> None:
    found = spectrum(lorenz96(forcing), [forcing, forcing + 0.1, *[forcing] * 18], 0.03, 600)
    assert found[0] == pytest.approx(largest, abs=3 * error)
    assert (found > 0.1).sum() == positive
    assert kaplan_yorke(found, 0.03) == pytest.approx(dimension, rel=0.01)


def test_sums_that_are_known_exactly() -> None:
    """The trace of the field: -41/3 of Lorenz, -A of the jerk, -N of Lorenz-96."""
    assert spectrum(lorenz(), [1.0, 2.0, 20.0], 0.02, 400).sum() == pytest.approx(-41 / 3, abs=2e-3)
    found = spectrum(sprott, [0.0, 0.0, 1.0], 0.1, 400, lanes=1)
    assert found.sum() == pytest.approx(-2.017, abs=1e-3)
    assert spectrum(lorenz96(8.0), [8.0, 8.1, 8, 8, 8], 0.03, 400).sum() == pytest.approx(
        -5, abs=1e-3
    )


def test_a_stable_point_has_the_real_parts_of_its_eigenvalues() -> None:
    """Lorenz at rho = 20: -0.15479 twice, -13.35708."""
    c = np.sqrt(8 / 3 * 19)
    one = KnownMap(flow_map(lorenz(rho=20.0), 0.02), 3)
    found, _ = tangent_spectrum(one, np.array([[c, c, 19.0]]), 4000, 1000, 3)
    assert found[0] / 0.02 == pytest.approx([-0.15479, -0.15479, -13.35708], abs=2e-3)


@pytest.mark.parametrize(
    "field, start, interval, period",
    [(van_der_pol, [2.0, 0.0], 0.05, 6.6632869), (fitzhugh_nagumo, [0.0, 0.0], 0.2, 39.474415),
     (hopf(), [0.5, 0.0], 0.05, np.pi)],
)  # fmt: skip
def test_periods(field, start, interval, period) -> None:
    orbit = KnownMap(flow_map(field, interval)).simulate(np.array(start), 9000)[1000:]
    assert dominant_period(orbit, interval) == pytest.approx(period, rel=1e-3)


def test_a_map_that_grows() -> None:
    """diag(1.1, 0.8): ln 1.1 and ln 0.8 as long as the numbers last."""
    one = PiecewiseLinearMap(
        np.diag([1.1, 0.8]), np.zeros((2, 1)), np.ones((1, 2)), np.zeros(2), np.zeros(1),
        np.zeros((2, 0)), False,
    )  # fmt: skip
    found, _ = lyapunov_spectrum(one, np.array([[1.0, 1.0]]), 200)
    assert found[0] == pytest.approx(np.log([1.1, 0.8]), abs=1e-12)
