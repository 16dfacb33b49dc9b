"""Systems that the analysis was not written on: it has to find what is known of each."""

import numpy as np
import pytest
import xarray as xr
from known_systems import KnownMap, Step, defaults, fit_of, series_of

from neurodsr.dynamics import analysis
from neurodsr.models.piecewise_linear import PiecewiseLinearMap

SETTINGS = defaults("analysis") | {"basin_grid": 0, "manifold_length": 0, "pulse_steps": 0}


def block(*maps: PiecewiseLinearMap) -> PiecewiseLinearMap:
    """Several maps side by side, none of which sees another."""

    def diagonal(name: str) -> np.ndarray:
        parts = [getattr(one, name) for one in maps]
        whole = np.zeros(tuple(np.sum([part.shape for part in parts], axis=0)))
        row = column = 0
        for part in parts:
            whole[row : row + part.shape[0], column : column + part.shape[1]] = part
            row, column = row + part.shape[0], column + part.shape[1]
        return whole

    return PiecewiseLinearMap(
        diagonal("A"), diagonal("W1"), diagonal("W2"),
        np.concatenate([one.h1 for one in maps]), np.concatenate([one.h2 for one in maps]),
        np.zeros((sum(one.latent_dimension for one in maps), 0)), False,
    )  # fmt: skip


def in_one_dimension(
    slopes: list[float], corners: list[float], offset: float
) -> PiecewiseLinearMap:
    """x' with slopes left, between and right of corners; ``offset`` at x = 0 of the first piece."""
    steps = np.diff(slopes)
    return PiecewiseLinearMap(
        np.array([[slopes[0]]]), steps[None], np.ones((len(steps), 1)), np.array([offset]),
        -np.array(corners), np.zeros((1, 0)), False,
    )  # fmt: skip


def analysed(model: PiecewiseLinearMap, start: np.ndarray, **settings) -> xr.Dataset:
    data = model.simulate(start, 3000)[500:]
    found = analysis.analyse(
        series_of(data), fit_of([model]), SETTINGS | settings, np.random.default_rng(0)
    )
    return found.sel(run=0)


def bistable() -> PiecewiseLinearMap:
    """x' = -2 x up to |x| = 1, then slope -1/2: |x'| = |x| / 2 + 3 / 2; {-3, 3} is a cycle."""
    return in_one_dimension([-0.5, -2.0, -0.5], [-1.0, 1.0], 1.5)


def test_coexisting_cycles_and_chaos_in_one_map() -> None:
    """A tent on [0, 1] beside a map with the stable cycle {-3, 3} and the unstable point 0.

    The product of a chaotic set and a 2-cycle has the exponents ln 1.9 and ln .5; its fixed points
    are (0, 0) and (1.9 / 2.9, 0).
    """
    tent = in_one_dimension([1.9, -1.9], [0.5], 0.0)
    model = block(tent, bistable())
    assert bistable().step(np.array([[3.0], [-3.0], [0.0]])) == pytest.approx(
        np.array([[-3.0], [3.0], [0.0]])
    )
    found = analysed(model, np.array([0.2, 3.0]))
    points = found["fixed_point"].values
    points = points[np.isfinite(points).all(axis=1)]
    assert found["search_complete"] == 1
    assert points[np.argsort(points[:, 0])] == pytest.approx(np.array([[0, 0], [1.9 / 2.9, 0]]))
    assert found["lyapunov_step"].values == pytest.approx(np.log([1.9, 0.5]), abs=1e-3)
    # states of period dividing 2: 4 of the tent, 3 of the other; without 2 fixed points, in pairs
    assert found["cycle_count"].values[0] == (4 * 3 - 2) / 2
    assert found["limit_set"] == "aperiodic" and found["attractor_kind"].values[0] == "chaos"


def test_two_cycles_and_two_points_share_the_plane() -> None:
    """Two such maps: attractors {(3, 3), (-3, -3)} and {(3, -3), (-3, 3)}, basins 1/2 each."""
    found = analysed(block(bistable(), bistable()), np.array([3.0, 3.0]), basin_starts=400)
    assert found["attractor_count"] == 2
    assert found["attractor_period"].values[:2].tolist() == [2, 2]
    for i in (0, 1):
        low, high = found["basin_share_low"].values[i], found["basin_share_high"].values[i]
        assert low < 0.5 < high
    # of period dividing 2: 3 * 3 states, 1 of them fixed
    assert found["cycle_count"].values[0] == (9 - 1) / 2
    assert found["stable_cycle_count"].values[0] == 2
    assert found["cycles_complete"].values[0] == 1


def test_a_torus_is_told_from_a_cycle_and_from_chaos() -> None:
    """Two turns by angles whose ratio is no fraction, held at radii by clipped hidden units."""

    def turn(angle: float) -> np.ndarray:
        return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    A = np.zeros((4, 4))
    A[:2, :2], A[2:, 2:] = turn(0.7), turn(0.7 * np.sqrt(2))
    model = PiecewiseLinearMap(
        A, np.zeros((4, 1)), np.ones((1, 4)), np.zeros(4), np.zeros(1), np.zeros((4, 0)), False
    )
    found = analysed(model, np.array([1.0, 0.0, 1.5, 0.0]), cycle_order=2)
    assert found["attractor_kind"].values[0] == "torus" and found["attractor_period"].values[0] == 0
    assert np.abs(found["lyapunov_step"].values).max() < 1e-6
    assert found["fixed_point_count"] == 1 and (found["cycle_count"] == 0).all()


def ikeda(z: np.ndarray) -> np.ndarray:
    """z' = 1 + .9 z exp(i (.4 - 6 / (1 + |z|^2)))."""
    x, y = z[..., 0], z[..., 1]
    t = 0.4 - 6 / (1 + x**2 + y**2)
    return np.stack(
        [1 + 0.9 * (x * np.cos(t) - y * np.sin(t)), 0.9 * (x * np.sin(t) + y * np.cos(t))], -1
    )


def whole(step: Step, start: list[float], monkeypatch, **settings) -> xr.Dataset:
    one = KnownMap(step)
    monkeypatch.setattr(analysis, "load_runs", lambda fit: iter([one]))
    data = one.simulate(np.array(start), 3500)[500:]
    fit = xr.Dataset(
        {"run_status": ("run", ["ok"])}, {"run": [0], "channel": ["x", "y"]}, {"best_run": 0}
    )
    chosen = SETTINGS | {"cycle_order": 1} | settings
    return analysis.analyse(series_of(data), fit, chosen, np.random.default_rng(0)).sel(run=0)


def test_ikeda_map(monkeypatch) -> None:
    """det J = .81 everywhere; largest exponent .503 to .508 (Alligood et al. 1996: .51).

    Besides chaos there is a stable fixed point: (2.97, 4.15) (Hammel, Jones & Moloney 1985).
    """
    found = whole(ikeda, [0.1, 0.1], monkeypatch, basin_starts=60, starts=2)
    exponents = found["lyapunov_step"].values
    assert exponents.sum() == pytest.approx(np.log(0.81), abs=1e-4)
    assert exponents[0] == pytest.approx(0.507, abs=0.03)
    points = found["fixed_point"].values
    points = points[np.isfinite(points).all(axis=1)]
    assert np.abs(ikeda(points) - points).max() < 1e-7
    stable = points[found["stability"].values[: len(points)] == "stable"]
    assert stable == pytest.approx(np.array([[2.9721, 4.1459]]), abs=0.01)
    kinds = set(found["attractor_kind"].values) - {""}
    assert "chaos" in kinds and kinds <= {"chaos", "fixed point"}
