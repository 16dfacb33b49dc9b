"""Models trained on one and on both basins of the Duffing oscillator (Göring et al. 2024).

Published: whatever the method, from half of the initial conditions the wrong set is reached by
models that have seen one basin only.
"""

import logging
from functools import cache

import numpy as np
import pytest
import xarray as xr
from known_systems import defaults
from test_domain import duffing

from neurodsr.evaluation.scores import evaluate
from neurodsr.preprocess.series import make_series
from neurodsr.training.fit import fit
from orchestration.config import complete

DT, LENGTH, TRAINING = 0.1, 200, 100
BASINS = {
    "both": {"column": "split"},
    "one": {"region": {"at": "end", "channels": {"x": [None, 0.0]}}},
}


@cache
def recording() -> xr.DataTree:
    """Trials from random initial conditions for training, and from a grid for testing."""
    rng = np.random.default_rng(0)
    axis = np.linspace(-1.45, 1.45, 10)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    orbit = [np.concatenate([rng.uniform(-1.5, 1.5, (TRAINING, 2)), grid])]
    for _ in range(LENGTH - 1):
        orbit.append(duffing(orbit[-1]))
    x = np.stack(orbit, axis=1)
    start = np.arange(len(x)) * LENGTH * DT
    label = ["train"] * TRAINING + ["test"] * len(grid)
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs={"recording": "sub-duffing", "dataset": "duffing"}),
            "/flow": xr.Dataset(
                {"signal": (("time", "channel"), x.reshape(-1, 2))},
                coords={"time": np.arange(x[..., 0].size) * DT, "channel": ["x", "v"]},
                attrs={"kind": "continuous", "sampling_rate": 1 / DT, "units": "1"},
            ),
            "/intervals/trials": xr.Dataset(
                {
                    "start": ("interval", start - DT / 4),
                    "stop": ("interval", start + (LENGTH - 0.75) * DT),
                    "split": ("interval", np.array(label, dtype=object)),
                }
            ),
        }
    )


@pytest.fixture
def scores(request) -> xr.Dataset:
    wanted = {"trials": "trials", "splits": BASINS[request.param] | {"guard": 0.0}}
    series = make_series(recording(), complete(wanted, "preprocess.schema.yaml"))
    model = {
        "family": "shallow-plrnn", "hidden": 50, "runs": 3, "epochs": 200, "sequence_length": 100,
        "latent": 2, "forcing": {"kind": "sparse", "interval": 15},
    }  # fmt: skip
    trained = fit(
        series,
        xr.Dataset(
            attrs={
                "sequence_length": 100,
                "forcing_interval": 15,
                "predictability_time": 15,
                "noise_level": 0.0,
            }
        ),
        complete(model, "models.schema.yaml"),
        0,
        None,
        logging.getLogger(),
    )
    settings = defaults("evaluation") | {"measures": [], "domain_radius": 0.3}
    return evaluate(series, trained, settings, np.random.default_rng(0))


@pytest.mark.parametrize("scores", ["both"], indirect=True)
def test_a_model_of_both_basins_errs_at_their_border_only(scores: xr.Dataset) -> None:
    error = scores["topological_error"].median("run")
    assert scores.attrs["new_trials"] == 0 and scores.sizes["trial"] == 50  # of the longest 50
    assert float(error.sel(domain="seen")) < 0.1
    assert float(scores["statistical_error_mean"].sel(domain="seen").median()) < 0.1


@pytest.mark.parametrize("scores", ["one"], indirect=True)
def test_a_model_of_one_basin_does_not_know_the_other(scores: xr.Dataset) -> None:
    assert scores.attrs["new_trials"] == scores.sizes["trial"] == 50
    assert float(scores["topological_error"].sel(domain="new").median()) > 0.9
    assert float(scores["statistical_error_mean"].sel(domain="new").median()) > 0.2
    assert "reproduces what it was trained on only" in scores.attrs["verdict"]
