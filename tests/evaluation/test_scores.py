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
    assert (scores["null_score"].sel(measure="D_stsp")[:2] > 2.0).all()


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
    assert sorted(len(stretch) for stretch in protocol.test) == [300, len(test) - 301]
    assert all(
        [len(piece) for piece in window] == [len(stretch) for stretch in protocol.test]
        for window in protocol.windows
    )
    assert np.isfinite(protocol.histories(5)).all()


def test_no_window_crosses_a_segment() -> None:
    series = lozi_series(4000)
    series["segment"].values[500:] = 1
    protocol = plan(series, replicas=4, burn_in=0.0, minimum=50, maximum=700)
    assert sorted(len(stretch) for stretch in protocol.train) == [500, 1900]
    assert sum(len(stretch) for stretch in protocol.test) == 700


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
