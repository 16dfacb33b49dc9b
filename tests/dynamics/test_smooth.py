"""Fixed points and exponents of maps that are not piecewise linear."""

import numpy as np
import pytest
import xarray as xr
from known_systems import KnownMap, defaults, series_of

from neurodsr.dynamics.analysis import analyse
from neurodsr.dynamics.lyapunov import lyapunov_spectrum
from neurodsr.dynamics.newton import search_smooth, search_smooth_cycles
from neurodsr.dynamics.tangents import tangent_spectrum
from neurodsr.models.baselines.sindy import SINDy
from neurodsr.models.piecewise_linear import PiecewiseLinearMap
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction


def henon(z: np.ndarray) -> np.ndarray:
    """x' = 1 - 1.4 x² + y, y' = 0.3 x."""
    x, y = z[..., 0], z[..., 1]
    return np.stack([1 - 1.4 * x**2 + y, 0.3 * x], -1)


class Henon(KnownMap):
    """With its exact derivative."""

    def __init__(self) -> None:
        super().__init__(henon)

    def tangent(self, z: np.ndarray, v: np.ndarray) -> np.ndarray:
        x = z[..., 0, None]
        return np.stack([-2.8 * x * v[..., 0, :] + v[..., 1, :], 0.3 * v[..., 0, :]], -2)


def lorenz(interval: float = 0.01) -> SINDy:
    """Its equations, term by term, in x, y, z."""
    exponents = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1]])
    coefficients = np.array(
        [[0, -10, 10, 0, 0, 0], [0, 28, -1, 0, 0, -1], [0, 0, 0, -8 / 3, 1, 0]], dtype=float
    )
    return SINDy(coefficients, exponents, interval, 0)


def fit_of(one: SINDy) -> xr.Dataset:
    stored = {name: (("run", *dims), value[None]) for name, (dims, value) in
              one.variables().items()}  # fmt: skip
    return xr.Dataset(
        stored | {"run_status": ("run", np.array(["ok"], object))},
        coords={"run": [0]},
        attrs={"family": "sindy", "sampling_interval": one.interval, "best_run": 0},
    )


def test_exponents_of_the_henon_map() -> None:
    """Literature: 0.419, -1.623; the sum is the logarithm of the constant Jacobian, ln 0.3."""
    exponents, error = tangent_spectrum(Henon(), np.array([[0.1, 0.1], [0.3, 0.0]]), 6000, 100, 2)
    assert exponents[0] == pytest.approx([0.419, -1.623], abs=0.01)
    assert exponents.sum(1) == pytest.approx(np.log([0.3, 0.3]), abs=1e-9)
    assert (np.abs(exponents[:, 0] - 0.419) < 4 * error[:, 0] + 0.004).all()
    one, _ = tangent_spectrum(Henon(), np.array([[0.1, 0.1]]), 6000, 100, 1)
    assert one[0, 0] == pytest.approx(0.419, abs=0.01)


def test_an_orbit_that_diverges_has_no_exponents() -> None:
    exponents, _ = tangent_spectrum(Henon(), np.array([[0.1, 0.1], [9.0, 9.0]]), 400, 0, 2)
    assert np.isfinite(exponents[0]).all() and np.isnan(exponents[1]).all()


def test_exponents_are_those_of_the_compiled_routine() -> None:
    rng = np.random.default_rng(0)
    model = PiecewiseLinearMap(
        A=0.5 * np.eye(3), W1=0.6 * rng.standard_normal((3, 8)), W2=rng.standard_normal((8, 3)),
        h1=np.zeros(3), h2=rng.standard_normal(8), C=np.zeros((3, 0)), clipped=True,
    )  # fmt: skip
    one = PiecewiseLinearReconstruction(model, np.eye(3), np.eye(3), 0)
    z = rng.standard_normal((2, 3))
    fast, slow = lyapunov_spectrum(model, z, 200, 20), tangent_spectrum(one, z, 200, 20, 3)
    np.testing.assert_allclose(slow[0], fast[0], atol=1e-6)
    np.testing.assert_allclose(slow[1], fast[1], atol=1e-6)


def test_fixed_points_of_the_henon_map() -> None:
    """1.4 x² + 0.7 x - 1 = 0."""
    visited = Henon().simulate(np.array([0.1, 0.1]), 200)
    found = search_smooth(Henon(), visited, np.random.default_rng(0))
    roots = np.sort(np.roots([1.4, 0.7, -1.0]))
    assert np.sort(found.states[:, 0]) == pytest.approx(roots)
    assert found.stability == ["saddle", "saddle"] and not found.complete


@pytest.mark.parametrize(
    "order, count", [(1, 2), (2, 1), (3, 0), (4, 1), (5, 0), (6, 2), (7, 4), (8, 7)]
)
def test_cycles_of_the_henon_map(order: int, count: int) -> None:
    """Known counts (Biham & Wenzel 1989); the determinant once around is (-0.3)^order."""
    rng = np.random.default_rng(order)
    visited = Henon().simulate(np.array([0.1, 0.1]), 2000)[100:]
    found = search_smooth_cycles(Henon(), order, visited, 2000, rng)
    assert len(found.found) == count and found.unseen == 0
    for cycle in found.found:
        assert np.prod(cycle.eigenvalues).real == pytest.approx((-0.3) ** order, rel=1e-6)


@pytest.mark.parametrize("interval", [0.01, 0.0005])
def test_fixed_points_of_the_lorenz_flow(interval: float) -> None:
    """0 and (±c, ±c, 27) with c² = 8/3 · 27, also where a step hardly moves."""
    visited = lorenz().simulate(np.array([1.0, 2.0, 20.0]), 3000)[500:]
    found = search_smooth(lorenz(interval), visited, np.random.default_rng(0))
    c = np.sqrt(72.0)
    states = found.states[np.argsort(found.states[:, 0])]
    np.testing.assert_allclose(states, [[-c, -c, 27], [0, 0, 0], [c, c, 27]], atol=1e-6)
    leading = np.log(np.abs(found.eigenvalues[:, 0])) / interval
    # literature: 0.0939 at the outer points; (-11 + sqrt(1201)) / 2 = 11.83 at the origin
    assert np.sort(leading) == pytest.approx([0.09396, 0.09396, 11.8277], abs=2e-3)


def test_a_whole_analysis() -> None:
    """In scaled coordinates, as models are trained in; literature: 0.906, 0, -14.57."""
    one = lorenz(0.02)
    data = one.simulate(np.array([1.0, 2.0, 20.0]), 3500)[500:]
    settings = defaults("analysis") | {
        "steps": 4000,
        "starts": 1,
        "cycle_order": 1,
        "basin_grid": 0,
    }
    result = analyse(series_of(data, 0.02), fit_of(one), settings, np.random.default_rng(0))
    run = result.sel(run=0)
    assert run["lyapunov"].values == pytest.approx([0.906, 0.0, -14.57], abs=0.08)
    assert run["kaplan_yorke"] == pytest.approx(2.06, abs=0.02)
    assert (run["limit_set"], run["fixed_point_count"]) == ("aperiodic", 3)
    assert run["search_complete"] == 0
