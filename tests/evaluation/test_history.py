"""Models that need a history before a free run are scored on the same footing."""

import numpy as np
import pytest
import xarray as xr
from known_systems import defaults, lozi_series, series_of

from neurodsr.evaluation.protocol import plan
from neurodsr.evaluation.scores import evaluate
from neurodsr.preprocess.stretches import histories, stretches

ORDER = 6


def var_fit(A: np.ndarray, C: np.ndarray) -> xr.Dataset:
    """Fit of one VAR without innovations."""
    return xr.Dataset(
        {
            "lag_coefficients": (("run", "lag", "channel", "channel_from"), A[None]),
            "intercept": (("run", "channel"), np.zeros((1, 2))),
            "innovation_covariance": (("run", "channel", "channel_from"), np.zeros((1, 2, 2))),
            "input_coefficients": (("run", "channel", "input"), C[None]),
            "run_status": ("run", ["ok"]),
        },
        coords={"run": [0]},
        attrs={"family": "var", "best_run": 0},
    )


def test_a_driven_model_with_a_history_reproduces_what_it_made() -> None:
    """Data of a VAR(6) with an input and no noise: its own free runs are the data."""
    rng = np.random.default_rng(0)
    A = np.zeros((ORDER, 2, 2))
    A[0], A[-1] = [[0.4, 0.2], [-0.2, 0.4]], [[0.0, 0.3], [-0.3, 0.0]]
    C = np.array([[1.0], [-0.5]])
    s, x = rng.standard_normal((4000, 1)), np.zeros((4000, 2))
    for t in range(ORDER, 4000):
        x[t] = sum(A[k] @ x[t - 1 - k] for k in range(ORDER)) + C @ s[t - 1]
    series = series_of(x).assign(input=(("time", "input"), s))
    result = evaluate(series, var_fit(A, C), defaults("evaluation"), rng)
    assert result["score"].sel(run=0, measure="PE") == pytest.approx(0.0, abs=1e-20)
    assert result["score"].sel(run=0, measure="D_H") == pytest.approx(0.0, abs=1e-6)
    assert result["score"].sel(run=0, measure="D_stsp") == pytest.approx(0.0, abs=1e-9)


def test_only_a_driven_model_gives_up_samples_to_its_history() -> None:
    series = lozi_series(4000)
    (free,) = plan(series, 3, 0.25, 20, 10_000, warm_up=50).folds
    assert free.lead == 0 and len(free.pieces[0]) == len(free.test[0])
    assert free.histories(50).shape == (50, 3, 2)
    driven = series.assign(input=(("time", "input"), np.zeros((4000, 1))))
    (fold,) = plan(driven, 3, 0.25, 20, 10_000, warm_up=50).folds
    assert len(fold.pieces[0]) == len(fold.test[0]) - 49 == len(fold.windows[0][0])
    np.testing.assert_array_equal(fold.histories(50)[:, 0], fold.test[0].x[:50])
    np.testing.assert_array_equal(fold.pieces[0][0], fold.histories(50)[-1, 0])
    assert len(fold.inputs()) == 49 + fold.run_length


def test_histories_do_not_reach_back_across_a_gap() -> None:
    series = lozi_series(100)
    series["segment"].values[40:] = 1
    parts = stretches(series, "train", 1)
    x = series["observation"].values
    found = histories(parts, np.array([0, 39, 42, 50]), 5)
    np.testing.assert_array_equal(found[:, 0], x[:5])  # too near to the beginning: moved inside
    np.testing.assert_array_equal(found[:, 1], x[35:40])
    np.testing.assert_array_equal(found[:, 2], x[40:45])
    np.testing.assert_array_equal(found[:, 3], x[46:51])
    np.testing.assert_array_equal(histories(parts, np.array([7]), 1)[:, 0], x[7:8])
