"""Basins whose shares are known from symmetry, from the literature or from long runs."""

from collections.abc import Callable

import numpy as np
import pytest
from known_systems import lozi

from neurodsr.dynamics.basins import AWAY, attractor_kind, find_basins, plane_of, wilson
from neurodsr.dynamics.lyapunov import lyapunov_spectrum
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def simulated(step: Callable[[np.ndarray], np.ndarray]):
    def simulate(z: np.ndarray, steps: int) -> np.ndarray:
        orbit = np.empty((steps, *z.shape))
        orbit[0] = z
        with np.errstate(all="ignore"):
            for t in range(steps - 1):
                orbit[t + 1] = step(orbit[t])
        return orbit

    return simulate


def box(rng: np.random.Generator, half: float, latent: int, count: int) -> np.ndarray:
    return rng.uniform(-half, half, (count, latent))


def test_newton_iteration_for_the_cubic_roots_of_one() -> None:
    """Two of the three basins are mirror images; box [-2, 2]^2: .352, .324, .323."""

    def step(x: np.ndarray) -> np.ndarray:
        z = x[..., 0] + 1j * x[..., 1]
        z = z - (z**3 - 1) / (3 * z**2)
        return np.stack([z.real, z.imag], axis=-1)

    count = 10_000
    starts = box(np.random.default_rng(0), 2.0, 2, count)
    basins = find_basins(simulated(step), starts, 1.0, 100, 200)
    assert basins.shares == pytest.approx([0.352, 0.324, 0.324], abs=0.015)
    assert basins.shares.sum() == 1
    roots = np.array([cloud[-1] for cloud in basins.clouds])
    assert roots[0] == pytest.approx([1.0, 0.0])
    assert np.abs(roots[1:]) == pytest.approx(np.array([[0.5, 0.866025]] * 2), abs=1e-5)


def test_bounded_share_of_the_henon_map() -> None:
    """.4320(15) of [-2, 2]^2, measured with many more initial states."""

    def step(x: np.ndarray) -> np.ndarray:
        return np.stack([1 - 1.4 * x[..., 0] ** 2 + x[..., 1], 0.3 * x[..., 0]], axis=-1)

    starts = box(np.random.default_rng(1), 2.0, 2, 10_000)
    basins = find_basins(simulated(step), starts, 1.0, 300, 2000)
    low, high = wilson(int(np.sum(basins.label == 0)), 10_000)
    assert len(basins.clouds) == 1 and low < 0.432 < high
    assert np.isin(basins.label, [0, AWAY]).all()


def rk4(field: Callable, dt: float, substeps: int, clock: float = 0.0):
    """Map over one interval of a flow that may depend on time with that interval as period."""

    def step(x: np.ndarray) -> np.ndarray:
        h = dt / substeps
        for n in range(substeps):
            t = n * h
            k1 = field(x, t)
            k2 = field(x + h / 2 * k1, t + h / 2)
            k3 = field(x + h / 2 * k2, t + h / 2)
            k4 = field(x + h * k3, t + h)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return x

    return step


def test_two_wells_of_the_driven_duffing_oscillator() -> None:
    """Once a period; shares .501 and .498 of [-2.2, 2.2]^2."""

    def field(x: np.ndarray, t: float) -> np.ndarray:
        q, v = x[..., 0], x[..., 1]
        return np.stack([v, -0.15 * v + q - q**3 + 0.2 * np.cos(t)], axis=-1)

    starts = box(np.random.default_rng(2), 2.2, 2, 1200)
    basins = find_basins(simulated(rk4(field, 2 * np.pi, 30)), starts, 1.0, 40, 60)
    assert len(basins.clouds) == 2
    assert basins.shares == pytest.approx([0.5, 0.5], abs=0.045)


def test_three_attractors_of_the_lorenz_84_flow() -> None:
    """Fixed point .635(15), the others .190 and .175 of [-3, 3]^3."""

    def field(x: np.ndarray, t: float) -> np.ndarray:
        X, Y, Z = x[..., 0], x[..., 1], x[..., 2]
        F, G, a, b = 6.886, 1.347, 0.255, 4.0
        return np.stack(
            [-Y * Y - Z * Z - a * X + a * F, X * Y - Y - b * X * Z + G, b * X * Y + X * Z - Z], -1
        )

    starts = box(np.random.default_rng(3), 3.0, 3, 400)
    basins = find_basins(simulated(rk4(field, 0.2, 5)), starts, 1.0, 800, 2500)
    assert len(basins.clouds) == 3
    assert basins.shares == pytest.approx([0.635, 0.19, 0.175], abs=0.06)


def test_kinds_of_attractors() -> None:
    turn = np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    two = np.zeros((4, 4))
    two[:2, :2] = turn
    other = np.sqrt(2)
    two[2:, 2:] = [[np.cos(other), -np.sin(other)], [np.sin(other), np.cos(other)]]
    rotation = simulated(lambda z: z @ two.T)(np.array([[1.0, 0.0, 0.7, 0.0]]), 4000)[:, 0]
    zero = np.full(4, 1e-5)
    assert attractor_kind(rotation, 1.0, np.zeros(4), zero)[0] == "torus"
    assert attractor_kind(rotation[:, :2], 1.0, np.array([0.0, -1.0]), zero[:2])[0] == "cycle"
    orbit = lozi().simulate(np.array([0.1, 0.1]), 4000)
    exponents, error = lyapunov_spectrum(lozi(), orbit[:1], 4000)
    assert attractor_kind(orbit, 1.0, exponents[0], error[0]) == ("chaos", 0)
    assert attractor_kind(np.ones((400, 2)), 1.0, -np.ones(2), zero[:2]) == ("fixed point", 1)


def test_basins_of_a_map_built_by_hand() -> None:
    """z' = z / 2 + 2 [max(z + 1, 0) - max(z, 0)] - 1: points -2 and 2, border at -2/3."""
    one = np.ones((1, 1))
    model = PiecewiseLinearMap(
        0.5 * one, 2 * one, one, np.array([-1.0]), np.array([1.0]), np.zeros((1, 0)), True
    )
    starts = np.linspace(-3, 3, 601)[:, None]
    basins = find_basins(lambda z, steps: model.simulate(z, steps), starts, 1.0, 100, 50)
    at = {round(float(cloud[-1, 0]), 6): i for i, cloud in enumerate(basins.clouds)}
    assert set(at) == {-2.0, 2.0}
    assert (basins.label[starts[:, 0] < -0.67] == at[-2.0]).all()
    assert (basins.label[starts[:, 0] > -0.66] == at[2.0]).all()


def test_wilson_interval() -> None:
    """Brown, Cai & DasGupta (2001) and the closed form at the ends."""
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert np.isnan(wilson(0, 0)).all()


def test_plane_through_the_data() -> None:
    rng = np.random.default_rng(0)
    states = rng.standard_normal((20_000, 3)) * [3.0, 1.0, 0.1] + [1.0, 2.0, 3.0]
    mean, axes = plane_of(states)
    assert mean == pytest.approx([1.0, 2.0, 3.0], abs=0.1)
    assert np.abs(axes) == pytest.approx(np.array([[3.0, 0, 0], [0, 1.0, 0]]), abs=0.1)
