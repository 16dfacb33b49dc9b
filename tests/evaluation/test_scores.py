import json

import numpy as np
import pytest
import xarray as xr
from known_systems import defaults, fit_of, linear, lozi, lozi_series, series_of

from neurodsr.errors import RecordingError
from neurodsr.evaluation.protocol import plan
from neurodsr.evaluation.scores import evaluate

SETTINGS = defaults("evaluation")
MODELS = [
    lozi(),
    lozi(1.69, 0.5),
    linear(0.9 * np.eye(2), [0.02, 0.0]),  # decays to (0.2, 0)
    linear(1.5 * np.eye(2), [0.1, 0.0]),  # diverges
    lozi(),
]
STATUS = ["ok", "ok", "ok", "ok", "failed: loss is NaN"]


@pytest.fixture(scope="module")
def scores() -> xr.Dataset:
    fit = fit_of(MODELS, STATUS)
    return evaluate(lozi_series(24000), fit, SETTINGS, np.random.default_rng(1))


def test_the_true_system_scores_at_the_floor(scores: xr.Dataset) -> None:
    truth = scores.sel(run=0)
    assert truth["skill"].sel(measure="D_stsp") == pytest.approx(1.0, abs=0.05)
    assert truth["score"].sel(measure="D_H") < 1.5 * scores["floor"].sel(measure="D_H")
    assert (scores["null_score"].sel(measure="D_stsp")[:2] > 1.5).all()


def test_runs_that_fail_are_named_and_scored_as_far_as_possible(scores: xr.Dataset) -> None:
    assert list(scores["run_state"].values) == ["ok", "ok", "decayed", "diverged", STATUS[4]]
    assert scores["score"].sel(run=2, measure="D_stsp") > 5
    assert np.isnan(scores["score"].sel(run=3, measure="D_stsp"))
    assert np.isnan(scores["skill"].sel(run=4)).all()
    assert "3 of 5 runs" in scores.attrs["verdict"]


def test_the_verdict_speaks_for_the_majority_of_runs() -> None:
    series = lozi_series(12000)
    good = evaluate(series, fit_of([lozi()] * 5), SETTINGS, np.random.default_rng(0))
    assert good.attrs["verdict_code"] == "better"
    assert good.attrs["verdict"].startswith("Better than a linear model")
    decaying = [lozi()] + [MODELS[2]] * 4
    bad = evaluate(series, fit_of(decaying), SETTINGS, np.random.default_rng(0))
    assert bad.attrs["verdict_code"] == "not_better"
    none = evaluate(series, fit_of([lozi()], ["failed: NaN"]), SETTINGS, np.random.default_rng(0))
    assert none.attrs["verdict_code"] == "failed"


def test_linear_data_leave_nothing_to_tell() -> None:
    """Even the floor of a linear process is no lower than the linear null."""
    rng = np.random.default_rng(3)
    x = np.zeros((6000, 2))
    A = 0.97 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    for t in range(1, len(x)):
        x[t] = A @ x[t - 1] + rng.standard_normal(2)
    result = evaluate(series_of(x), fit_of([linear(A, [0, 0])]), SETTINGS, rng)
    assert result.attrs["verdict_code"] in ("cannot_tell", "not_better")
    assert (result["comparison"].sel(measure=["D_stsp", "D_H"]) != "better").all()
    # the linear model's forecast is that of the VAR, and no better
    assert result["score"].sel(run=0, measure="PE") == pytest.approx(
        float(result["null_score"].sel(null="VAR", measure="PE")), rel=0.05
    )


def test_prediction_error_of_the_true_system_is_zero(scores: xr.Dataset) -> None:
    # an error of 1e-16 grows by exp(0.47) a step
    assert scores["prediction_error"].sel(run=0, step=10) < 1e-20
    assert scores["null_prediction_error"].sel(null="persistence", step=1) > 0.1


def test_same_seed_same_scores() -> None:
    series, fit = lozi_series(3000), fit_of([lozi(1.6, 0.5)])
    first, second = (evaluate(series, fit, SETTINGS, np.random.default_rng(7)) for _ in range(2))
    xr.testing.assert_identical(first, second)


def test_only_training_data_make_floor_and_nulls() -> None:
    series, fit = lozi_series(3000), fit_of([lozi()])
    changed = series.copy(deep=True)
    changed["observation"].values[series["split"].values == 1] = 100.0
    first, second = (
        evaluate(data, fit, SETTINGS, np.random.default_rng(7)) for data in (series, changed)
    )
    xr.testing.assert_identical(first, second)


def test_missing_values_cut_stretches() -> None:
    series = lozi_series(4000)
    test = np.flatnonzero(series["split"].values == 2)
    series["observation"].values[test[300], 1] = np.nan
    protocol = plan(series, replicas=3, burn_in=0.5, minimum=50, maximum=10_000)
    (fold,) = protocol.folds
    assert sorted(len(stretch) for stretch in fold.test) == [300, len(test) - 301]
    assert all(
        [len(piece) for piece in window] == [len(stretch) for stretch in fold.test]
        for window in fold.windows
    )
    assert np.isfinite(fold.histories(5)).all()


def test_no_window_crosses_a_segment() -> None:
    series = lozi_series(4000)
    series["segment"].values[500:] = 1
    protocol = plan(series, replicas=4, burn_in=0.0, minimum=50, maximum=700)
    assert sorted(len(stretch) for stretch in protocol.train) == [500, 1900]
    assert protocol.samples == 700


def labelled(train: int, test: int) -> xr.Dataset:
    """Data of the Lozi map: so many samples for training, and so many held out."""
    series = lozi_series(train + test + 100)
    split = np.full(train + test + 100, -1)
    split[:train], split[train + 100 :] = 0, 2
    return series.assign(split=("time", split.astype(np.int8)))


@pytest.mark.parametrize("train", [500, 3000])
def test_all_held_out_data_count_where_training_data_are_short(train: int) -> None:
    """Halves then make each other's floor; training data help where they are long enough."""
    series = labelled(train, 4000)
    protocol = plan(series, replicas=5, burn_in=0.25, minimum=50, maximum=10_000)
    assert protocol.samples == 4000 and len(protocol.folds) == 2
    held_out = series["observation"].values[series["split"].values == 2]
    together = np.concatenate([fold.pieces[0] for fold in protocol.folds])
    np.testing.assert_array_equal(together, held_out)
    for fold, other in zip(protocol.folds, protocol.folds[::-1], strict=True):
        assert all(len(window[0]) == 2000 for window in fold.windows)
        assert len(fold.windows) == (1 if train == 500 else 5)
        np.testing.assert_array_equal(fold.windows[-1][0], other.pieces[0])


def test_a_short_training_split_leaves_scores_and_floor_comparable() -> None:
    """The true system scores at the floor, and far lower than on as few samples as for training."""
    rng = np.random.default_rng(0)
    scores = evaluate(labelled(400, 8000), fit_of([lozi()] * 3), SETTINGS, rng)
    divergence = scores.sel(measure="D_stsp")
    assert scores.attrs["test_samples"] == 8000 and scores.attrs["folds"] == 2
    assert divergence["median"] == pytest.approx(float(divergence["floor"]), rel=0.6)
    assert scores.attrs["verdict_code"] == "better"
    short = plan(labelled(400, 8000), 5, 0.25, 50, 400)
    assert short.samples == 400


def test_short_stretches_are_shared_out_between_halves() -> None:
    series = labelled(300, 2000)
    segment = series["segment"].values
    segment[-500:], segment[-250:] = 1, 2
    protocol = plan(series, replicas=2, burn_in=0.0, minimum=50, maximum=10_000)
    assert [[len(one) for one in fold.test] for fold in protocol.folds] == [[750, 250], [750, 250]]
    assert protocol.samples == 2000


def test_inputs_drive_the_free_runs() -> None:
    """A map that copies its input predicts perfectly only if it gets the right input."""
    rng = np.random.default_rng(0)
    s = rng.standard_normal((4000, 1))
    x = np.vstack([np.zeros((1, 2)), np.hstack([s, -s])])[:-1]
    series = series_of(x).assign(input=(("time", "input"), s))
    model = linear(np.zeros((2, 2)), [0, 0])
    fit = fit_of([model]).drop_vars("C")
    fit["C"] = (("run", "latent", "input"), np.array([[[1.0], [-1.0]]]))
    result = evaluate(series, fit, SETTINGS, rng)
    assert result["score"].sel(run=0, measure="PE") == pytest.approx(0.0, abs=1e-20)
    assert result["score"].sel(run=0, measure="D_H") == pytest.approx(0.0, abs=1e-6)
    assert result.attrs["burn_in"] == 0


def test_too_little_data_names_the_remedy() -> None:
    with pytest.raises(RecordingError, match="test data have no 22 samples"):
        evaluate(lozi_series(60), fit_of([lozi()]), SETTINGS, np.random.default_rng(0))


def test_every_score_says_what_it_rests_on(scores: xr.Dataset) -> None:
    assert scores.attrs["starts"] == 5 and scores.attrs["floor_windows"] == 5
    assert scores.attrs["run_samples"] == scores.attrs["test_samples"] == 5990
    assert scores.attrs["burn_in"] == 1497 and scores.attrs["forecasts"] == 2000
    assert scores.attrs["floor_from"] == "training data"
    assert scores["initial_condition"].shape == (5, 2)
    assert (scores["median_low"] <= scores["median"]).all()
    assert (scores["median"] <= scores["median_high"]).all()
    measured = scores.sel(null=["VAR", "IAAFT"], measure=["D_stsp", "D_H", "W1", "ACE", "CCE"])
    assert np.isfinite(measured["null_score"]).all() and np.isfinite(measured["floor"]).all()
    assert scores["null_score"].sel(null="persistence", measure="D_H") == 1.0
    assert scores.attrs["overall_skill_low"] <= scores.attrs["overall_skill"]


def test_valid_prediction_time_is_in_lyapunov_times() -> None:
    """A map that is exact is valid to the end; the true one's exponent is 0.47 a step."""
    statespace = xr.Dataset(attrs={"largest_exponent": 0.47 / 0.01})
    settings = SETTINGS | {"valid_steps": 50}
    series, fit = lozi_series(4000), fit_of([lozi(), lozi(1.7 + 1e-6, 0.5)])
    found = evaluate(series, fit, settings, np.random.default_rng(0), statespace)
    time = found["score"].sel(measure="VPT")
    assert found.attrs["valid_time_unit"] == "Lyapunov times"
    assert time.sel(run=0) == pytest.approx(50 * 0.47)
    # an error of 1e-6 grows to about one in ln(1e6) = 14 Lyapunov times
    assert 9 < time.sel(run=1) < 16
    assert found["comparison"].sel(measure="VPT") == "better"
    assert np.isnan(found["skill_median"].sel(measure="VPT"))
    low, middle, high = (found["median" + end].sel(measure="VPT") for end in ("_low", "", "_high"))
    assert low <= middle <= high


def test_exponent_and_dimension_of_model_and_data() -> None:
    """Lozi map: exponent 0.47 a step, Kaplan-Yorke dimension 1.40."""
    statespace = xr.Dataset(attrs={"embedding_dimension": 2, "delay": 1})
    fit = fit_of([lozi(), linear(0.9 * np.eye(2), [0.02, 0.0])])
    found = evaluate(lozi_series(12000), fit, SETTINGS, np.random.default_rng(0), statespace)
    assert found["invariant_data"].values == pytest.approx([47, 1.40], rel=0.15)
    assert found["invariant"].sel(run=0).values == pytest.approx([47, 1.40], rel=0.15)
    assert found["invariant"].sel(run=1).values == pytest.approx([0.0, 0.0])
    dimension = found.sel(measure="D2")
    assert dimension["score"].sel(run=0) < 0.1 < dimension["null_score"].sel(null="VAR")


def test_events_are_looked_for_in_spiking_channels() -> None:
    series = lozi_series(4000)
    series = series.assign_coords(modality=("channel", ["units", "lfp"]))
    series.attrs["quality"] = json.dumps({"units": {"kind": "spikes"}, "lfp": {"kind": "other"}})
    found = evaluate(series, fit_of([lozi()]), SETTINGS, np.random.default_rng(0))
    assert {"event_rate", "event_timing"} <= set(found["measure"].values)
    assert found["score"].sel(run=0, measure="event_rate") < 0.3
    none = evaluate(
        series, fit_of([lozi()]), SETTINGS | {"events": "none"}, np.random.default_rng(0)
    )
    assert "event_rate" not in none["measure"].values


def test_a_linear_null_gets_the_inputs_too() -> None:
    """Driven linear data: the VAR forecasts them as well as the model that made them."""
    rng = np.random.default_rng(0)
    s, x = rng.standard_normal((4000, 1)), np.zeros((4000, 2))
    A, C = np.array([[0.5, 0.2], [-0.2, 0.5]]), np.array([[1.0], [-0.5]])
    for t in range(1, 4000):
        x[t] = A @ x[t - 1] + C @ s[t - 1] + 0.1 * rng.standard_normal(2)
    series = series_of(x).assign(input=(("time", "input"), s))
    fit = fit_of([linear(A, [0, 0])]).drop_vars("C")
    fit["C"] = (("run", "latent", "input"), C[None])
    found = evaluate(series, fit, SETTINGS, rng)
    error = found["score"].sel(run=0, measure="PE")
    assert found["null_score"].sel(null="VAR", measure="PE") == pytest.approx(
        float(error), rel=0.05
    )
    assert found["comparison"].sel(measure="PE") == "similar"


def test_only_wanted_measures_are_made() -> None:
    settings = SETTINGS | {"measures": ["W1"]}
    found = evaluate(lozi_series(3000), fit_of([lozi()]), settings, np.random.default_rng(0))
    assert list(found["measure"].values) == ["D_stsp", "D_H", "PE", "W1"]
