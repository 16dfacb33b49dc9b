"""Training as a whole: what it reaches, what it stores, what it refuses, how it resumes."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neurodsr import netcdf
from neurodsr.errors import ConfigError, RecordingError
from neurodsr.models.model import Model
from neurodsr.models.reconstruction import load_runs
from neurodsr.training import descent, optimise
from neurodsr.training import fit as training

log = logging.getLogger("test")
Settings = dict[str, Any]


def test_a_linear_map_is_recovered(statespace: xr.Dataset, settings: Settings) -> None:
    """A noise-driven rotation: the trained map is the known matrix where there are data."""
    rotation = 0.98 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    rng = np.random.default_rng(0)
    x = np.zeros((4000, 2))
    for t in range(3999):
        x[t + 1] = rotation @ x[t] + 0.1 * rng.standard_normal(2)
    series = xr.Dataset(
        {
            "observation": (("time", "channel"), x / x.std()),
            "segment": ("time", np.zeros(4000, int)),
            "split": ("time", np.repeat([0, 1, 2], [3000, 500, 500]).astype(np.int8)),
        },
        coords={"channel": ["a", "b"]},
        attrs={"sampling_interval": 1.0, "recording": "r"},
    )
    settings |= {"clipped": False, "latent": 2, "epochs": 30, "noise": 0.0}
    settings |= {
        "validate_every": 30,
        "learning_rate": settings["learning_rate"] | {"start": 2e-2, "end": 1e-4},
    }
    settings |= {"batches_per_epoch": 30, "forcing": settings["forcing"] | {"strength": 1.0,
                 "final_strength": None}}  # fmt: skip
    result = training.fit(series, statespace, settings, 0, None, log)
    best = next(one for one in load_runs(result) if one.run == result.attrs["best_run"])
    states = x[3500:] / x.std()
    error = best.map.step(states) - states @ rotation.T
    assert np.sqrt(np.mean(error**2)) < 0.05 * states.std()


def test_fit_holds_what_the_contract_says(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, tmp_path: Path
) -> None:
    settings |= {"latent": 5, "validate_every": 4}
    result = training.fit(series, statespace, settings, 3, None, log)
    assert dict(result.sizes) == {
        "run": 2, "latent": 5, "latent_from": 5, "hidden": 12, "input": 0, "channel": 3, "epoch": 6,
    }  # fmt: skip
    assert list(result["run_status"].values) == ["ok", "ok"]
    assert np.isfinite(result["loss"]).all()
    evaluated = np.isfinite(result["validation"].values)
    np.testing.assert_array_equal(evaluated, [[False, False, False, True, False, True]] * 2)
    assert set(result["chosen_epoch"].values) <= {4, 6}
    assert result["forcing_strength"].values[0, [0, -1]] == pytest.approx([0.3, 0.1])
    assert result.attrs["parameters"] == 5 + 2 * 5 * 12 + 5 + 12 + 2 * 3
    netcdf.write(tmp_path / "fit.nc", result, {})
    runs = list(load_runs(netcdf.read(tmp_path / "fit.nc")))
    x = series["observation"].values[100:101]
    np.testing.assert_allclose(runs[1].decode(runs[1].encode(x)), x[0])
    assert runs[0].free_run(x, 20).shape == (20, 3)


def test_runs_do_not_depend_on_each_other(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    two = training.fit(series, statespace, settings, 3, None, log)
    three = training.fit(series, statespace, settings | {"runs": 3}, 3, None, log)
    np.testing.assert_allclose(three["loss"][:2], two["loss"], rtol=1e-4)


@pytest.mark.parametrize(
    "change",
    [
        {"family": "al-rnn", "latent": 6},
        {"observation": "affine", "latent": 2, "regularisation": {"manifold": 0.0, "curvature": 0.0,
         "invertibility": 0.0, "latent": 1e-5, "observation": 1e-3}},
        {"clipped": False},
        {"family": "plrnn", "latent": 8},
        {"family": "mc-plrnn", "latent": 8},
        {"family": "dend-plrnn", "latent": 6},
        {"forcing": {"kind": "sparse", "interval": "auto", "partial": True, "neighbours": 5}},
        {"forcing": {"kind": "sparse", "interval": "predictability", "partial": False,
         "neighbours": 0},
         "latent": 5},
        {"forcing": {"kind": "adaptive", "estimator": "product_upper_bound", "every": 5,
         "decay": 0.999, "partial": True, "neighbours": 0}},
        {"optimiser": "adam", "noise_on": "inputs"},
        {"optimiser": "soap", "latent": 5},
        {"regularisation": {"latent": 0.0, "observation": 0.0, "manifold": 1e-3,
         "manifold_share": 0.5, "curvature": 1e-3, "invertibility": 0.2}},
    ],
    ids=["al-rnn", "affine", "unclipped", "plrnn", "mc-plrnn", "dend-plrnn", "sparse",
         "predictability", "adaptive", "adam", "soap", "regularised"],
)  # fmt: skip
def test_loss_falls(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, change: Settings
) -> None:
    settings["forcing"]["final_strength"] = None
    settings |= {"epochs": 30, "batches_per_epoch": 10} | change
    loss = training.fit(series, statespace, settings, 0, None, log)["loss"].values
    assert np.all(loss[:, -1] < 0.7 * loss[:, 0])


def test_missing_values_and_inputs_are_trained_on(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    rng = np.random.default_rng(0)
    series["observation"].values[rng.random((1200, 3)) < 0.05] = np.nan
    series["input"] = (("time", "input"), rng.standard_normal((1200, 2)))
    result = training.fit(series, statespace, settings, 0, None, log)
    assert np.isfinite(result["loss"]).all()
    assert result.sizes["input"] == 2
    assert np.abs(result["C"]).min() > 0


def test_unusable_data_are_refused_before_training(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings
) -> None:
    with pytest.raises(ConfigError, match="latent: 2"):
        training.fit(series, statespace, settings | {"latent": 2}, 0, None, log)
    with pytest.raises(RecordingError, match="lower sequence_length"):
        training.fit(series, statespace, settings | {"sequence_length": 900}, 0, None, log)
    blank = series.copy(deep=True)
    blank["observation"][:, 1] = np.nan
    with pytest.raises(RecordingError, match="missing values"):
        training.fit(blank, statespace, settings, 0, None, log)
    blank = series.where(series["split"] != 1)
    blank["split"], blank["segment"] = series["split"], series["segment"]
    with pytest.raises(RecordingError, match="validation split"):
        training.fit(blank, statespace, settings, 0, None, log)


def test_a_run_that_diverges_is_restarted_then_given_up(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings |= {"gradient_clip": 0.0, "runs": 3}
    undisturbed = training.fit(series, statespace, settings, 0, None, log)
    calls = 0
    gradients = optimise.penalised_gradients

    def poisoned(*arguments: Any) -> tuple[np.ndarray, np.ndarray]:
        nonlocal calls
        calls += 1
        loss, gradient = gradients(*arguments)
        epoch = (calls - 1) // 4
        if epoch == 1:
            loss = loss * np.array([np.nan, 1, 1])
        if epoch in (2, 4):
            gradient = gradient * np.array([[1], [np.inf], [1]])
        return loss, gradient

    monkeypatch.setattr(optimise, "penalised_gradients", poisoned)
    result = training.fit(series, statespace, settings, 0, None, log)
    assert list(result["run_status"].values) == [
        "ok", "failed: loss or gradient diverged twice", "ok",
    ]  # fmt: skip
    assert np.isnan(result["loss"].values[0]).tolist() == [False, True] + [False] * 4
    np.testing.assert_array_equal(result["loss"][2], undisturbed["loss"][2])
    assert [one.run for one in load_runs(result)] == [0, 2]
    for name in ("A", "W1", "B"):
        assert np.isfinite(result[name]).all()


def test_a_run_that_diverges_at_once_gets_other_initial_values(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gradient that is infinite before the first update stays so at any rate."""
    settings |= {"runs": 3}
    undisturbed = training.fit(series, statespace, settings, 0, None, log)
    initial = Model.initial
    seen: list[int] = []

    def explosive(model: Model, rng: np.random.Generator) -> np.ndarray:
        values = initial(model, rng)
        seen.append(len(seen))
        return np.full_like(values, 1e30) if seen[-1] == 1 else values

    monkeypatch.setattr(Model, "initial", explosive)
    result = training.fit(series, statespace, settings, 0, None, log)
    assert len(seen) == 4
    assert list(result["run_status"].values) == ["ok"] * 3
    assert np.isnan(result["loss"].values[1]).tolist() == [True] + [False] * 5
    for run in (0, 2):
        np.testing.assert_array_equal(result["loss"][run], undisturbed["loss"][run])


def test_no_run_left_is_an_error(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradients = optimise.penalised_gradients
    monkeypatch.setattr(
        optimise, "penalised_gradients", lambda *a: [g * np.nan for g in gradients(*a)]
    )
    with pytest.raises(RecordingError, match="none of 2 runs"):
        training.fit(series, statespace, settings, 0, None, log)


class Killed(Exception):
    pass


def stop_after(epochs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    run_epoch = descent.run_epoch
    done = 0

    def limited(*arguments: Any) -> None:
        nonlocal done
        if done == epochs:
            raise Killed
        run_epoch(*arguments)
        done += 1

    monkeypatch.setattr(descent, "run_epoch", limited)


def same(here: xr.Dataset, there: xr.Dataset) -> None:
    xr.testing.assert_identical(
        here.drop_attrs().drop_vars("run_status"), there.drop_attrs().drop_vars("run_status")
    )
    assert {k: v for k, v in here.attrs.items() if k != "training_seconds"} == {
        k: v for k, v in there.attrs.items() if k != "training_seconds"
    }


@pytest.mark.parametrize(
    ("change", "epochs"),
    [
        ({"family": "shallow-plrnn"}, 1),
        ({"family": "shallow-plrnn"}, 3),
        ({"family": "gru"}, 3),
        ({"family": "shallow-plrnn", "optimiser": "soap"}, 3),
        ({"family": "gru", "optimiser": "soap"}, 3),
    ],
    ids=["first epoch", "third epoch", "gru", "soap", "gru, soap"],
)
def test_a_resumed_training_is_bit_identical(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Settings,
    tmp_path: Path,
    change: Settings,
    epochs: int,
) -> None:
    settings |= change
    whole = training.fit(series, statespace, settings, 1, None, log)
    path = tmp_path / "checkpoint.nc"
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        stop_after(epochs, patch)
        training.fit(series, statespace, settings, 1, path, log)
    assert netcdf.read(path)["epoch"] == epochs
    same(training.fit(series, statespace, settings, 1, path, log), whole)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stale", ["settings", "data", "seed", "truncated"])
def test_a_stale_checkpoint_is_ignored(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, tmp_path: Path, stale: str
) -> None:
    whole = training.fit(series, statespace, settings, 1, None, log)
    path = tmp_path / "checkpoint.nc"
    other = series
    if stale == "data":
        other = series.assign(observation=series["observation"] * 1.01)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        stop_after(3, patch)
        training.fit(
            other, statespace, settings | ({"noise": 0.02} if stale == "settings" else {}),
            2 if stale == "seed" else 1, path, log,
        )  # fmt: skip
    if stale == "truncated":
        path.write_bytes(path.read_bytes()[:200])
    same(training.fit(series, statespace, settings, 1, path, log), whole)


def test_a_training_killed_by_the_system_resumes(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings, tmp_path: Path
) -> None:
    settings |= {"epochs": 150, "validate_every": 50}
    netcdf.write(tmp_path / "series.nc", series, {})
    path = tmp_path / "checkpoint.nc"
    code = (
        "import json, logging, pathlib, sys, numba, torch, xarray as xr\n"
        "from neurodsr import netcdf\n"
        "from neurodsr.training.fit import fit\n"
        "torch.set_num_threads(1)\nnumba.set_num_threads(1)\n"
        "series, checkpoint, settings, check = sys.argv[1:]\n"
        "fit(netcdf.read(series), xr.Dataset(attrs=json.loads(check)), json.loads(settings), 1,\n"
        "    pathlib.Path(checkpoint), logging.getLogger())\n"
    )

    library = Path(training.__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "series.nc"), str(path), json.dumps(settings),
         json.dumps(statespace.attrs)],
        env=os.environ | {"PYTHONPATH": str(library)},
    )  # fmt: skip
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = int(netcdf.read(path)["epoch"])
    assert 0 < done < 150
    same(
        training.fit(series, statespace, settings, 1, path, log),
        training.fit(series, statespace, settings, 1, None, log),
    )
