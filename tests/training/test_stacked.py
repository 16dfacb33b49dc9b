"""All runs stacked on a device against the compiled kernels, with the models of those tests.

Without a GPU the very same program runs on the processor, but is not recorded as a graph.
"""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

from neurodsr.errors import ConfigError
from neurodsr.training import fused
from neurodsr.training.fit import fit
from neurodsr.training.stacked import StackedGradients

spec = importlib.util.spec_from_file_location(
    "fused_problems", Path(__file__).parent / "test_fused.py"
)
assert spec is not None and spec.loader is not None
problems = importlib.util.module_from_spec(spec)
sys.modules["fused_problems"] = problems
spec.loader.exec_module(problems)

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("schedule", problems.SCHEDULES)
@pytest.mark.parametrize("name", problems.MODELS)
def test_stacked_equals_fused(name: str, schedule: str, missing: bool) -> None:
    model = problems.MODELS[name]
    parameters, batch = problems.problem(model, "float32", missing)
    strength = np.tile(problems.SCHEDULES[schedule], (2, 1)).astype(np.float32)
    strength[1] *= 0.9
    loss, gradient = StackedGradients(DEVICE)(model, parameters, batch, strength)
    expected, direction = fused.gradients(model, parameters, batch, strength)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    assert np.linalg.norm(gradient - direction) < 1e-4 * np.linalg.norm(direction)


def test_a_second_batch_of_the_shape_is_computed_anew() -> None:
    model = problems.MODELS["shallow, affine below"]
    gradients = StackedGradients(DEVICE)
    parameters, batch = problems.problem(model, "float32", missing=False)
    strength = np.full((2, problems.STEPS), 0.2, np.float32)
    first = gradients(model, parameters, batch, strength)[0]
    with torch.no_grad():
        for value in parameters.values():
            value *= 0.5
    loss, gradient = gradients(model, parameters, batch, 2 * strength)
    expected, direction = fused.gradients(model, parameters, batch, 2 * strength)
    assert len(gradients.programs) == 1
    assert not np.allclose(loss, first)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, direction, rtol=1e-3, atol=1e-4 * abs(direction).max())


@pytest.mark.skipif(DEVICE == "cuda", reason="there is a GPU here")
def test_without_a_gpu_the_setting_is_refused(
    series: xr.Dataset, statespace: xr.Dataset, settings: dict[str, Any]
) -> None:
    import logging

    with pytest.raises(ConfigError, match=r"device: 'cuda'.*set device: cpu"):
        fit(series, statespace, {**settings, "device": "cuda"}, 0, None, logging.getLogger())


def test_a_gpu_without_triton_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr("neurodsr.training.stacked.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"device: 'cuda'.*Triton.*set device: cpu"):
        StackedGradients("cuda")


@pytest.mark.skipif(DEVICE == "cpu", reason="no GPU here: the recorded graph is not tested")
def test_training_on_the_gpu_follows_that_on_the_processor(
    series: xr.Dataset, statespace: xr.Dataset, settings: dict[str, Any]
) -> None:
    import logging

    here, there = (
        fit(series, statespace, {**settings, "device": d}, 0, None, logging.getLogger())
        for d in ("cpu", "cuda")
    )
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-3)
