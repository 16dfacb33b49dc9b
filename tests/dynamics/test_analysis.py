import numpy as np
import pytest
import xarray as xr
from known_systems import defaults, fit_of, linear, lozi, lozi_series

from neurodsr.dynamics.analysis import analyse

SETTINGS = defaults("analysis")
TURN = np.array([[np.cos(0.2), -np.sin(0.2)], [np.sin(0.2), np.cos(0.2)]])


@pytest.fixture(scope="module")
def dynamics() -> xr.Dataset:
    models = [lozi(), linear(0.95 * TURN, [0.1, 0.0]), linear(1.5 * np.eye(2), [0.1, 0.0]), lozi()]
    fit = fit_of(models, ["ok", "ok", "ok", "failed: NaN"])
    return analyse(lozi_series(3000), fit, SETTINGS, np.random.default_rng(0))


def test_known_points_nearest_first(dynamics: xr.Dataset) -> None:
    points = dynamics.sel(run=0)
    assert points["fixed_point_count"] == 2 and points["stable_count"] == 0
    assert points["fixed_point"].values[:, 0] == pytest.approx([0.454545, -0.833333], abs=1e-6)
    assert (np.diff(points["distance"].values) > 0).all()
    assert points["eigenvalue_real"].values[0] == pytest.approx([-1.955667, 0.255667], abs=1e-6)
    assert points["search_complete"] == 1


def test_exponents_are_per_second(dynamics: xr.Dataset) -> None:
    chaos = dynamics.sel(run=0)
    assert chaos["lyapunov"].values[0] == pytest.approx(47.0, abs=1.5)
    assert chaos["lyapunov"].values.sum() == pytest.approx(100 * np.log(0.5), abs=1e-6)
    assert chaos["kaplan_yorke"] == pytest.approx(1.404, abs=0.02)
    spiral = dynamics.sel(run=1)
    assert spiral["lyapunov"].values == pytest.approx(100 * np.log([0.95, 0.95]), abs=0.05)
    assert spiral["kaplan_yorke"] == 0


def test_limit_sets(dynamics: xr.Dataset) -> None:
    assert list(dynamics["limit_set"].values) == ["aperiodic", "fixed point", "unbounded", ""]
    assert (dynamics["limit_set_start"].sel(run=0) == "aperiodic").all()
    assert (dynamics["amplitude"].sel(run=1) == 0).all()
    assert dynamics["type"].values[1, 0] == "stable focus"
    half_range = np.ptp(lozi_series(10_000)["observation"].values, axis=0) / 2
    in_units = 2.0 * half_range  # the series' scale
    assert dynamics["amplitude"].sel(run=0).values == pytest.approx(in_units, rel=0.02)


def test_failed_runs_stay_missing(dynamics: xr.Dataset) -> None:
    failed = dynamics.sel(run=3)
    assert np.isnan(failed["fixed_point_count"]) and np.isnan(failed["kaplan_yorke"])
    assert failed["run_status"] == "failed: NaN"


def test_a_rhythm_has_its_period() -> None:
    """A clipped map whose free run turns once in about 2 pi / 0.2 samples."""
    rng = np.random.default_rng(0)
    turning = linear(TURN, [0.0, 0.0])
    series = lozi_series(3000)
    angle = 0.2 * np.arange(3000)
    series["observation"].values[:] = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    result = analyse(series, fit_of([turning]), SETTINGS, rng)
    assert result["limit_set"].values[0] == "cycle"
    assert result["dominant_period"].values[0] == pytest.approx(0.01 * 2 * np.pi / 0.2, rel=1e-3)
    assert result["relative_amplitude"].values[0] == pytest.approx(np.sqrt(2), rel=1e-2)
    assert result["kaplan_yorke"].values[0] == 2  # a centre: both exponents are zero


def test_no_run_left() -> None:
    fit = fit_of([lozi()], ["failed: NaN"])
    result = analyse(lozi_series(500), fit, SETTINGS, np.random.default_rng(0))
    assert result.sizes["point"] == 0 and "orbit" not in result
