"""The summary of results whose medians are known beforehand."""

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurodsr import netcdf
from neurodsr.benchmark.across import across
from neurodsr.benchmark.page import write_page
from neurodsr.benchmark.runs import RUNS, run_table, spectrum_of
from neurodsr.benchmark.summary import (
    SUMMARY,
    known_exponents,
    middle,
    model_row,
    published_rows,
    reference_rows,
    summary_table,
    truth_row,
)
from neurodsr.figures.benchmark import draw_benchmark

MEASURES = ["D_stsp", "D_H", "PE"]
STATES = ["ok", "decayed", "ok", "diverged", "failed: loss diverged"]
SCORES = np.array(
    [
        [0.2, 0.05, 1e-3],
        [16.4, 0.85, 2e-3],
        [0.3, 0.07, 3e-3],
        [np.nan, np.nan, np.inf],
        [np.nan, np.nan, np.nan],
    ]
)
LYAPUNOV = np.array(
    [[0.9, 0.0, -20.0], [-0.1, -1.0, -2.0], [0.8, -0.02, -30.0]] + [[np.nan] * 3] * 2
)
KINDS = [["aperiodic", "aperiodic"], ["fixed point", "aperiodic"], ["cycle", "aperiodic"],
         ["unbounded", "unbounded"], ["", ""]]  # fmt: skip
SETTINGS = {"family": "shallow-plrnn", "runs": 5}


@pytest.fixture
def results():
    """Five runs of one model: two sound, one decayed, one diverged, one failed in training."""
    scores = xr.Dataset(
        {
            "score": (("run", "measure"), SCORES),
            "run_state": ("run", np.array(STATES, dtype=object)),
            "floor": ("measure", [0.12, 0.06, 0.0]),
            "null_score": (
                ("null", "measure"),
                [[2.4, 0.2, 0.5], [2.5, 0.06, np.nan], [np.nan, np.nan, 1.3]],
            ),
        },
        coords={
            "run": range(5),
            "measure": MEASURES,
            "null": ["VAR", "IAAFT", "persistence"],
        },
        attrs={"var_order": 7},
    )
    dynamics = xr.Dataset(
        {
            "lyapunov": (("run", "latent"), LYAPUNOV),
            "limit_set_start": (("run", "start"), np.array(KINDS, dtype=object)),
        },
        coords={"run": range(5)},
    )
    attrs = {"parameters": 706, "updates": 250000, "training_seconds": 12.5, "best_run": 2}
    fit = xr.Dataset(attrs=attrs)
    return {"fit": fit, "scores": scores, "dynamics": dynamics}


def one_row(results, exponents=3):
    runs = run_table({("sub-a", "model"): results})
    return model_row("model", SETTINGS, results, runs, exponents)


def test_medians_take_every_finite_score(results):
    row = one_row(results)
    assert row["D_stsp"] == pytest.approx(0.3) and row["D_stsp_mad"] == pytest.approx(0.1)
    assert row["D_H"] == pytest.approx(0.07) and row["D_H_mad"] == pytest.approx(0.02)
    assert [row[f"{name}_chosen"] for name in MEASURES] == SCORES[2].tolist()
    assert row["PE"] == pytest.approx(2e-3) and row["PE_mad"] == pytest.approx(1e-3)
    assert row["lyapunov_max"] == pytest.approx(0.8)
    np.testing.assert_allclose(spectrum_of(row["lyapunov"]), [0.8, -0.02, -20.0])
    np.testing.assert_allclose(spectrum_of(one_row(results, 1)["lyapunov"]), [0.8])


def test_failures_are_counted_and_told(results):
    row = one_row(results)
    assert (row["failed"], row["diverged"], row["decayed"]) == (1, 1, 1)
    assert row["failure_rate"] == pytest.approx(0.6)
    # of eight initial conditions one leads to a point and two to infinity
    assert row["stopped_rate"] == pytest.approx(3 / 8)
    assert row["periodic_rate"] == pytest.approx(1 / 8)
    assert row["note"].startswith(
        "run 1 decayed (D_stsp 16.4, D_H 0.85, PE 0.002); run 3 diverged;"
    )
    assert row["note"].endswith("run 4 failed: loss diverged")
    assert row["parameters"] == 706 and row["updates"] == 250000 and row["runs"] == 5
    assert row["cpu_seconds"] == 12.5


def test_an_excluded_model_says_why(results):
    gone = netcdf.excluded("train_model", "fit: none of 5 runs could be trained")
    row = one_row({name: gone for name in results})
    assert row["failed"] == 5 and row["failure_rate"] == 1.0
    assert row["note"] == "train_model: fit: none of 5 runs could be trained"


def test_the_spread_is_the_median_absolute_deviation():
    values = middle("x", pd.Series([1.0, 2.0, 4.0, 100.0, math.nan, math.inf]))
    assert values == {"x": 3.0, "x_mad": 1.5}
    assert math.isnan(middle("x", pd.Series([math.nan]))["x"])


def test_floor_and_nulls_are_medians_over_evaluations(results):
    second = results["scores"].assign(null_score=results["scores"]["null_score"] + 0.2)
    third = results["scores"].assign(null_score=results["scores"]["null_score"] + 0.1)
    floor, var, surrogate, persistence = reference_rows([results["scores"], second, third])
    assert floor["D_stsp"] == pytest.approx(0.12) and floor["kind"] == "floor"
    assert var["name"] == "VAR(7)" and var["D_stsp"] == pytest.approx(2.5)
    assert surrogate["D_H"] == pytest.approx(0.16)
    assert persistence["PE"] == pytest.approx(1.4) and math.isnan(persistence["D_stsp"])


def test_known_exponents_come_from_the_table_of_the_truth():
    truth = pd.DataFrame(
        {
            "participant_id": ["sub-a", "sub-b"],
            "lyapunov_1": [0.9, 0.07],
            "lyapunov_2": [0.0, 0.0],
            "lyapunov_3": [-14.6, math.nan],
        }
    )
    assert known_exponents(truth, "a") == [0.9, 0.0, -14.6]
    assert known_exponents(truth, "b") == [0.07, 0.0]
    assert known_exponents(truth, "c") == known_exponents(pd.DataFrame(), "a") == []
    (row,) = truth_row([0.9, 0.0, -14.6])
    assert row["lyapunov_max"] == 0.9 and row["lyapunov"] == "0.9 0 -14.6"
    assert truth_row([]) == []


def test_table_page_and_figure_hold_every_row(results):
    published = pd.DataFrame(
        {
            "data": ["lorenz63", "eeg"],
            "model": ["aGTF", "RC"],
            "D_stsp": [0.26, 14.0],
            "status": ["secondary", "published"],
            "source": ["a board", "a paper"],
        }
    )
    runs = run_table({("sub-a", "model"): results})
    rows = {
        "sub-a": [
            one_row(results),
            *reference_rows([results["scores"]]),
            *truth_row([0.906, 0.0, -14.572]),
            *published_rows(published, "lorenz63"),
        ]
    }
    summary = summary_table(rows)
    assert list(summary.columns) == list(SUMMARY) and list(runs.columns) == list(RUNS)
    assert summary["kind"].tolist() == [
        "model", "floor", "null", "null", "null", "truth", "published"
    ]  # fmt: skip
    page = write_page("Title", {"sub-a": "D_stsp gtf."}, summary, runs)
    assert "All recordings" not in page
    (line,) = [line for line in page.splitlines() if line.startswith("| model ") and "706" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells == ["model", "706", "250000", "5", "3", "38%, 12%", "0.3 ± 0.1",
                     "0.07 ± 0.02", "0.002 ± 0.001", "0.3, 0.07", "0.8 ± 0.1",
                     "0.800 -0.020 -20.000", "12"]  # fmt: skip
    assert "| aGTF (secondary) " in page and "- aGTF (secondary): a board" in page
    assert len({len(row) for row in page.splitlines() if row.startswith("|")}) == 1
    figure = draw_benchmark(summary, runs)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert labels == ["model", "aGTF (secondary)"]
    figure.canvas.draw()


def test_models_are_compared_over_recordings():
    """The first is ahead in one: of the third recording it loses a run, of the last both do."""
    scores = {
        ("sub-a", "one"): [0.1, 0.3], ("sub-a", "two"): [0.4, 0.6],
        ("sub-b", "one"): [0.2, 0.2], ("sub-b", "two"): [0.15, 0.1],
        ("sub-c", "one"): [0.5, np.inf], ("sub-c", "two"): [9.0, 9.0],
        ("sub-d", "one"): [np.inf, np.inf], ("sub-d", "two"): [np.nan, np.nan],
    }  # fmt: skip
    rows = [
        {"recording": recording, "model": model, "run": run, "D_stsp": value, "D_H": 0.1,
         "PE": 1e-3, "state": "ok" if np.isfinite(value) else "diverged", "starts": 0,
         "chosen": int(run == 1)}
        for (recording, model), values in scores.items()
        for run, value in enumerate(values)
    ]  # fmt: skip
    runs = pd.DataFrame(rows, columns=list(RUNS))
    one, two = across(runs)
    assert (one["name"], one["recordings"], one["runs"], one["failed"]) == ("one", 4, 8, 3)
    assert one["D_stsp"] == pytest.approx(0.2) and one["D_stsp_mad"] == pytest.approx(0.1)
    assert two["D_stsp"] == pytest.approx(0.5) and two["failed"] == 2
    assert (one["least"], two["least"]) == (1, 2)
    # the chosen runs of the second have 0.6, 0.1, 9 and none
    assert two["D_stsp_chosen"] == pytest.approx(0.6) and two["D_H_chosen"] == pytest.approx(0.1)
    assert across(runs[runs["recording"] == "sub-a"]) == []
    page = write_page("Title", {}, summary_table({}), runs)
    assert "| one   |          4 |    8 |      3 | 0.2 ± 0.1 |" in page
