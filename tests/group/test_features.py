"""Features read from scores and dynamics, with their known values."""

import numpy as np
import pytest
import xarray as xr

from neurodsr import netcdf
from neurodsr.group.features.catalogue import FEATURES
from neurodsr.group.features.data import series as of_series
from neurodsr.group.features.data import statespace as of_statespace
from neurodsr.group.features.table import (
    COLUMNS,
    inclusion,
    read_values,
    recording_features,
    run_features,
)

INTERVAL = 0.01


def scores(states: list[str]) -> xr.Dataset:
    runs = len(states)
    return xr.Dataset(
        {
            "score": (("run", "measure"), np.full((runs, 3), 0.2)),
            "skill": (("run", "measure"), np.tile([0.9, 0.8, np.nan], (runs, 1))),
            "run_state": ("run", states),
        },
        {"run": np.arange(runs), "measure": ["D_stsp", "D_H", "PE"]},
    )


def dynamics(eigenvalues: list[complex], kinds: list[str], points: int = 1) -> xr.Dataset:
    """For each run two eigenvalues at one fixed point: the given one and a smaller one."""
    runs = len(kinds)
    table = np.zeros((runs, points, 2), complex)
    if points:
        table[:, 0, 0], table[:, 0, 1] = eigenvalues, 0.1
    moves = np.array([kind in ("cycle", "aperiodic") for kind in kinds])
    return xr.Dataset(
        {
            "fixed_point_count": ("run", np.full(runs, float(points))),
            "stable_count": ("run", np.zeros(runs)),
            "search_complete": ("run", np.arange(runs) < 3),
            "eigenvalue_real": (("run", "point", "latent"), table.real),
            "eigenvalue_imag": (("run", "point", "latent"), table.imag),
            "lyapunov": (("run", "latent"), np.tile([-3.0, -1.0], (runs, 1))),
            "kaplan_yorke": ("run", np.zeros(runs)),
            "limit_set": ("run", kinds),
            "dominant_period": ("run", np.where(moves, 0.25, np.nan)),
            "amplitude": (("run", "channel"), np.tile([2.0, 5.0], (runs, 1))),
            "relative_amplitude": ("run", np.ones(runs)),
        },
        {"run": np.arange(runs)},
        {"sampling_interval": INTERVAL},
    )


def of_run(states: list[str], result: xr.Dataset, wanted: int = 0) -> dict[str, float]:
    return {
        name: value for run, _, name, value in run_features(scores(states), result) if run == wanted
    }


def test_growth_rate_and_frequency_of_a_known_eigenvalue() -> None:
    """exp((2 + 2 pi 7 i) dt): grows with 2 / s and turns 7 times a second."""
    leading = np.exp((2 + 2j * np.pi * 7) * INTERVAL)
    values = of_run(["ok"], dynamics([complex(leading)], ["cycle"]))
    assert values["growth_rate"] == pytest.approx(2.0)
    assert values["frequency"] == pytest.approx(7.0)
    assert values["unstable_directions"] == 1
    # the other eigenvalue is 0.1: e-fold in -dt / ln 0.1
    assert values["time_constant"] == pytest.approx(INTERVAL / np.log(10))
    assert values["lyapunov_exponent"] == -1.0
    assert (values["oscillates"], values["aperiodic"]) == (1.0, 0.0)
    assert values["amplitude"] == 2.0 and values["period"] == 0.25
    assert values["skill_D_H"] == 0.8 and np.isnan(values["skill_PE"])


def test_kinds_of_limit_sets() -> None:
    kinds = ["fixed point", "aperiodic", "unbounded", ""]
    result = dynamics([0.9] * 4, kinds)
    found = [of_run(["ok"] * 4, result, run)["oscillates"] for run in range(4)]
    assert found[:2] == [0.0, 1.0] and np.isnan(found[2:]).all()


def test_no_fixed_point() -> None:
    values = of_run(["ok"], dynamics([], ["cycle"], points=0))
    assert np.isnan(values["growth_rate"]) and values["fixed_points"] == 0


def test_a_decayed_run_counts_and_a_diverged_one_does_not() -> None:
    result = dynamics([0.9] * 4, ["fixed point"] * 4)
    states = ["ok", "decayed", "diverged", "failed: loss"]
    accepted = {run: a for run, a, _, _ in run_features(scores(states), result)}
    assert accepted == {0: 1, 1: 1, 2: 0, 3: 0}


def series(observation: np.ndarray) -> xr.Dataset:
    samples = len(observation)
    return xr.Dataset(
        {
            "observation": (("time", "channel"), observation),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", np.zeros(samples, np.int8)),
        },
        {"channel": ["a", "b"], "scale": ("channel", [3.0, 1.0])},
        {"sampling_interval": INTERVAL},
    )


STATESPACE = xr.Dataset(attrs={"nonlinearity_p": 0.04})


def data_features(one: xr.Dataset) -> dict[str, float]:
    return dict(read_values([(of_series, one), (of_statespace, STATESPACE)]))


def test_features_of_a_rhythm_and_of_noise() -> None:
    time = np.arange(2000) * INTERVAL
    rng = np.random.default_rng(0)
    rhythm = data_features(series(np.sin(2 * np.pi * 5 * time)[:, None] * [1, 1]))
    assert rhythm["peak_frequency"] == pytest.approx(5.0, abs=0.1)
    assert rhythm["first_component"] == pytest.approx(1.0)
    assert rhythm["signal_sd"] == 3.0 and rhythm["nonlinearity_p"] == 0.04
    noise = data_features(series(rng.normal(size=(2000, 2))))
    assert noise["first_component"] == pytest.approx(0.5, abs=0.05)
    assert noise["spectral_entropy"] > 0.9 > 0.5 > rhythm["spectral_entropy"]
    assert noise["spectral_slope"] == pytest.approx(0.0, abs=0.15)
    assert noise["correlation_time"] == INTERVAL
    # cos(2 pi 5 t) falls below 1/e after acos(1/e) / (2 pi 5)
    fall = np.arccos(np.exp(-1)) / (10 * np.pi)
    assert rhythm["correlation_time"] == pytest.approx(fall, abs=1.5 * INTERVAL)
    walk = data_features(series(np.cumsum(rng.normal(size=(20000, 2)), axis=0)))
    assert walk["spectral_slope"] == pytest.approx(-2.0, abs=0.2)


def test_excluded_recordings_give_a_reason_and_no_values() -> None:
    gone = netcdf.excluded("preprocess", "signal: all missing")
    results = {"series": gone, "statespace": gone}
    models = {"small": {"fit": gone, "scores": gone, "dynamics": gone}}
    assert recording_features("sub-01", results, models).empty
    (row,) = inclusion("sub-01", results, models)
    assert row["status"] == "excluded" and row["stage"] == "preprocess"
    assert row["reason"] == "signal: all missing"


def test_one_failed_model_leaves_the_other() -> None:
    gone = netcdf.excluded("train", "too short")
    rng = np.random.default_rng(0)
    results = {"series": series(rng.normal(size=(200, 2))), "statespace": STATESPACE}
    good = {
        "fit": xr.Dataset(),
        "scores": scores(["ok", "diverged"]),
        "dynamics": dynamics([0.9, 0.9], ["cycle", "cycle"]),
    }
    models = {"good": good, "bad": {"fit": gone, "scores": gone, "dynamics": gone}}
    frame = recording_features("sub-01", results, models)
    assert set(frame["model"]) == {"data", "good"}
    rows = {row["model"]: row for row in inclusion("sub-01", results, models)}
    assert rows["good"]["acceptable"] == 1 and rows["good"]["runs"] == 2
    assert rows["bad"]["stage"] == "train"


def test_a_count_counts_only_where_the_search_was_complete() -> None:
    result = dynamics([0.9] * 4, ["fixed point"] * 4)
    found = [of_run(["ok"] * 4, result, run)["fixed_points"] for run in range(4)]
    assert found[:3] == [1.0] * 3 and np.isnan(found[3])


def known(**variables: object) -> xr.Dataset:
    """One run with further variables."""
    return dynamics([0.9], ["cycle"]).assign(variables)


def test_basins_and_symbols() -> None:
    result = known(
        basin_share=(("run", "attractor"), [[0.5, 0.25, 0.25, np.nan]]),
        attractor_count=("run", [3.0]),
        escaping_share=("run", [0.1]),
        word_entropy=("run", [np.log(2)]),
        regions_visited=("run", [4.0]),
    )
    values = of_run(["ok"], result)
    assert values["basin_entropy"] == pytest.approx(1.5 * np.log(2))  # 1.5 bits
    assert values["symbolic_entropy"] == pytest.approx(np.log(2) / INTERVAL)
    assert (values["attractors"], values["escaping_share"], values["regions_visited"]) == (
        3,
        0.1,
        4,
    )


def test_coupling_and_lesions_are_of_different_channels() -> None:
    pair = ("run", "channel", "channel_from")
    result = known(
        coupling_strength=(pair, [[[9.0, 0.4], [0.0, 9.0]]]),
        lesion_effect=(("run", "channel_from", "channel"), [[[0.0, 0.5], [0.7, 0.0]]]),
        control_gain=(("run", "direction"), [[2.0, 1.0]]),
    )
    values = of_run(["ok"], result)
    assert values["coupling"] == pytest.approx(0.2)
    assert values["coupling_asymmetry"] == pytest.approx(1.0)  # all of it one way
    assert values["lesion_effect"] == pytest.approx(0.6)
    assert values["control_gain"] == 2.0
    at_rest = result.assign(limit_set=("run", ["fixed point"]))
    assert np.isnan(of_run(["ok"], at_rest)["lesion_effect"])


def test_a_pulse_that_dies_out_exponentially() -> None:
    """exp(-t / 0.05 s) falls below 1/e of its largest at 0.05 s; the other lasts to the end."""
    lag = np.arange(20) * INTERVAL
    effect = np.stack([0.5 * np.exp(-lag / 0.05 - 1e-6), np.full(20, 1.0)], axis=1)
    result = known(
        pulse_effect=(("run", "pulse_lag", "source"), effect[None], {"size": "0.5"}),
    )
    values = of_run(["ok"], result)
    assert values["pulse_gain"] == pytest.approx((1 + 2) / 2, rel=1e-4)
    assert values["pulse_recovery"] == pytest.approx((0.05 + 0.2) / 2, abs=1e-9)


def test_distance_to_the_nearest_bifurcation_of_a_sweep() -> None:
    def swept(at: list[float], kinds: list[str], name: str = "E") -> dict[str, float]:
        result = known(
            event_parameter=(("run", "event"), [at]),
            event_kind=(("run", "event"), [kinds]),
            sweep=("sweep", np.linspace(-1, 2, 7), {"long_name": name}),
        )
        return of_run(["ok"], result)

    events = [0.1, -0.3, 0.8, np.nan], ["border collision", "Neimark-Sacker", "fold", ""]
    values = swept(*events)
    assert values["bifurcation_shift"] == -0.3 and values["bifurcation_distance"] == 0.3
    gain = swept(*events, name="gain")  # a gain of 1 is the model itself
    assert gain["bifurcation_distance"] == pytest.approx(0.2)
    none = swept([np.nan], [""])
    assert np.isnan(none["bifurcation_shift"]) and none["bifurcation_distance"] == 1.0


def test_what_was_not_computed_has_no_row() -> None:
    values = of_run(["ok"], dynamics([0.9], ["cycle"]))
    assert "bifurcation_distance" not in values and "symbolic_entropy" not in values
    assert "W1" not in values and "D_stsp" in values


def test_every_feature_is_in_the_data_dictionary() -> None:
    levels = COLUMNS["feature"]["Levels"]
    assert set(levels) == set(FEATURES)
    for name, one in levels.items():
        assert len(one["Description"]) > 20, name
        assert one["Units"] and ".nc: " in one["Source"], name
