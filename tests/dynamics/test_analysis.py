import numpy as np
import pytest
import xarray as xr
from known_systems import defaults, fit_of, linear, lozi, lozi_series

from neurodsr.dynamics.analysis import analyse
from neurodsr.errors import RecordingError

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


def test_cycles_basins_and_manifolds(dynamics: xr.Dataset) -> None:
    """Primitive cycles of the Lozi map: 1, 0, 1, 0, 4 of order 2 to 6 (proved)."""
    chaos, spiral = dynamics.sel(run=0), dynamics.sel(run=1)
    assert dynamics["order"].values.tolist() == [2, 3, 4, 5, 6]
    assert chaos["cycle_count"].values.tolist() == [1, 0, 1, 0, 4]
    assert (chaos["cycles_complete"] == 1).all()
    assert sorted(dynamics["cycle_period"].values) == [2, 4, 6, 6, 6, 6]
    assert chaos["attractor_kind"].values[0] == "chaos"
    assert 0.2 < chaos["basin_share"].values[0] < 1 - float(chaos["escaping_share"]) + 1e-9
    assert chaos["basin_share_low"][0] < chaos["basin_share"][0] < chaos["basin_share_high"][0]
    assert spiral["basin_share"].values[0] == 1
    assert spiral["attractor_kind"].values[0] == "fixed point"
    assert chaos["homoclinic_saddles"] >= 1 and spiral["homoclinic_saddles"] == 0
    assert np.isfinite(dynamics["unstable_manifold"].values).any()
    assert set(np.unique(dynamics["basin_map"])) == {-1.0, 0.0}


def test_symbols_and_mechanism(dynamics: xr.Dataset) -> None:
    chaos, spiral = dynamics.sel(run=0), dynamics.sel(run=1)
    assert (chaos["regions_visited"], spiral["regions_visited"]) == (2, 1)
    assert 0.47 < chaos["word_entropy"] < np.log(2) and spiral["word_entropy"] == 0
    assert spiral["coupling"].values == pytest.approx(0.95 * TURN)
    assert chaos["coupling_strength"].values == pytest.approx(np.array([[1.7, 1.0], [0.5, 0.0]]))
    assert np.nanmean(chaos["finite_time_exponent"]) == pytest.approx(47, abs=3)
    held = chaos["lesion_effect"].sel(channel="x1").values
    assert held[0] == pytest.approx(0.0, abs=1e-9)  # y' = b x stands still where x is held
    response = spiral["pulse_response"].values  # (0.95 TURN)^lag in a linear model
    assert response[0] == pytest.approx(0.5 * np.eye(2))
    assert response[7] == pytest.approx(0.5 * np.linalg.matrix_power(0.95 * TURN, 7))
    assert spiral["pulse_effect"].values[7] == pytest.approx(0.5 * 0.95**7)
    # half an sd takes some states of the Lozi map out of the basin of its attractor
    assert np.isnan(chaos["pulse_effect"].values).any()


def test_a_sweep_finds_the_flip_of_a_gain() -> None:
    """x' = g x / 2 + ... of the Lozi map with |x| scaled: the eigenvalue passes -1 on the way."""
    settings = SETTINGS | {"sweep": "gain", "sweep_from": 0.6, "sweep_to": 1.0, "basin_starts": 0}
    result = analyse(lozi_series(3000), fit_of([lozi()]), settings, np.random.default_rng(0))
    one = result.sel(run=0)
    at = one["event_parameter"].values[one["event_kind"].values == "flip"]
    # x > 0: J = [[a (1 - 2 g), 1], [b, 0]] has the eigenvalue -1 where a (1 - 2 g) = b - 1
    assert at == pytest.approx([(1 + 0.5 / 1.7) / 2], abs=1e-6)
    states = one["sweep_state"].values[..., 0]
    assert len(np.unique(np.round(states[0], 6))) == 1 < len(np.unique(np.round(states[-1], 6)))
    located = one["branch_observation"].values[..., 0]
    assert np.nanmin(np.abs(located[:, -1] - 0.454545)) < 1e-5


def test_a_sweep_of_what_is_not_there() -> None:
    with pytest.raises(RecordingError, match="neither gain nor an input nor a channel"):
        analyse(
            lozi_series(500), fit_of([lozi()]), SETTINGS | {"sweep": "x9"}, np.random.default_rng(0)
        )


def test_no_run_left() -> None:
    fit = fit_of([lozi()], ["failed: NaN"])
    result = analyse(lozi_series(500), fit, SETTINGS, np.random.default_rng(0))
    assert result.sizes["point"] == 0 and "orbit" not in result
