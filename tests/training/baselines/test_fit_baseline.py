"""Every family through the same door: what is stored, refused, repeated, and used later on."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml

from neurodsr import netcdf
from neurodsr.dynamics.analysis import analyse
from neurodsr.errors import ConfigError, RecordingError
from neurodsr.evaluation.scores import evaluate
from neurodsr.figures.dynamics import draw_dynamics
from neurodsr.figures.fit import draw_fit
from neurodsr.figures.scores import draw_scores
from neurodsr.group.features.table import run_features
from neurodsr.models.reconstruction import BASELINES, load_runs
from neurodsr.training.baselines.validation import make_validation
from neurodsr.training.fit import fit

log = logging.getLogger("test")
Settings = dict[str, Any]
SCHEMAS = Path(__file__).parents[3] / "workflow" / "schemas"


def defaults(stage: str) -> Settings:
    schema = yaml.safe_load((SCHEMAS / f"{stage}.schema.yaml").read_text())
    return {key: entry["default"] for key, entry in schema["properties"].items()}


def train(series: xr.Dataset, statespace: xr.Dataset, settings: Settings, seed: int = 0) -> Any:
    return fit(series, statespace, settings, seed, None, log)


def test_driven_free_runs_are_longer_than_a_short_validation_split(
    series: xr.Dataset,
) -> None:
    split = np.repeat(np.int8([0, 1, 2]), [1000, 60, 140])
    series = series.assign(split=("time", split))
    series["input"] = (("time", "input"), np.random.default_rng(0).standard_normal((1200, 1)))
    validation = make_validation(series, 40, 20, 0, 0.0)
    assert validation.steps == 500
    assert validation.inputs is not None
    assert validation.inputs.shape == (519, 16, 1)
    validation = make_validation(series.drop_vars("input"), 40, 20, 0, 0.0)
    assert (validation.steps, validation.history.shape) == (1000, (20, 16, 3))


@pytest.mark.parametrize("family", list(BASELINES))
def test_from_training_to_figures(
    family: str, series: xr.Dataset, statespace: xr.Dataset, settings: Settings, tmp_path: Path
) -> None:
    """With an input; repeated, it is the same."""
    rng = np.random.default_rng(0)
    series["input"] = (("time", "input"), rng.standard_normal((1200, 1)))
    series = series.assign_coords(scale=("channel", np.ones(3)))
    settings |= {"family": family}
    result = train(series, statespace, settings)
    again = train(series, statespace, settings)
    xr.testing.assert_identical(result.drop_attrs(), again.drop_attrs())
    assert list(result["run_status"].values) == ["ok", "ok"]
    netcdf.write(tmp_path / "fit.nc", result, {})
    result = netcdf.read(tmp_path / "fit.nc")
    first, second = load_runs(result)
    x, s = series["observation"].values[100:150], series["input"].values[100:200]
    assert np.abs(first.free_run(x, 9, s) - second.free_run(x, 9, s))[1:].min() > 0
    assert np.abs(first.forecast(x, 9, s) - first.forecast(x, 9, 0 * s))[1:].min() > 0

    scores = evaluate(series, result, defaults("evaluation") | {"starts": 2}, rng)
    assert np.isfinite(scores["score"]).all()
    short = defaults("analysis") | {"steps": 200, "transient": 100, "starts": 2}
    dynamics = analyse(series, result, short, rng)
    assert np.isfinite(dynamics["lyapunov"].values[:, 0]).all()
    assert len(list(run_features(scores, dynamics))) > 20
    for figure in (
        draw_fit(result, series=series),
        draw_scores(scores, series=series, fit=result),
        draw_dynamics(dynamics, series=series, fit=result),
    ):
        figure.canvas.draw()


@pytest.mark.parametrize("family", list(BASELINES))
def test_gaps_are_left_out(
    family: str, series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    """A jump between segments and missing values leave the forecasts what they are."""
    series["observation"].values[400:] += 5.0 * (np.arange(1200) >= 400)[400:, None]
    series["observation"].values[400:] -= 5.0
    series["segment"].values[400:] = 1
    series["observation"].values[200:210, 1] = np.nan
    settings |= {"family": family, "runs": 1}
    result = train(series, statespace, settings)
    assert list(result["run_status"].values) == ["ok"]
    for name, values in result.data_vars.items():
        if values.dtype.kind == "f" and name not in ("validation", "loss"):
            assert np.isfinite(values).all(), name


@pytest.mark.parametrize("family", list(BASELINES))
def test_data_that_do_not_suffice_are_refused(
    family: str, series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    series["observation"].values[::2] = np.nan
    with pytest.raises(RecordingError, match="observation"):
        train(series, statespace, settings | {"family": family, "sequence_length": 900})


def test_adaptive_forcing_is_for_the_plrnn_family(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    settings |= {"family": "lstm", "forcing": settings["forcing"] | {"kind": "adaptive"}}
    with pytest.raises(ConfigError, match="'adaptive' cannot train family: lstm"):
        train(series, statespace, settings)
