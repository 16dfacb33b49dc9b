"""What every family promises: tangents, histories, inputs, storage."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from small_models import CHANNELS, MODELS

from neurodsr import netcdf
from neurodsr.models.interface import Baseline
from neurodsr.models.reconstruction import BASELINES, load_runs

BOTH = [(family, inputs) for family in MODELS for inputs in (0, 1)]


@pytest.mark.parametrize(("family", "inputs"), BOTH)
def test_jacobian_is_the_derivative_of_a_step(family: str, inputs: int) -> None:
    one = MODELS[family](inputs)
    rng = np.random.default_rng(0)
    z = 0.5 * rng.standard_normal((3, one.latent_dimension))
    small = 1e-6
    shifts = small * np.eye(one.latent_dimension)[:, None]
    difference = (one.step(z + shifts) - one.step(z - shifts)) / (2 * small)
    jacobian = one.jacobian(z)
    np.testing.assert_allclose(jacobian, np.moveaxis(difference, 0, -1), atol=1e-7)
    v = rng.standard_normal((3, one.latent_dimension, 2))
    np.testing.assert_allclose(one.tangent(z, v), jacobian @ v, atol=1e-12)


@pytest.mark.parametrize(("family", "inputs"), BOTH)
def test_a_forecast_goes_on_from_the_end_of_a_history(family: str, inputs: int) -> None:
    """A forecast is decode after simulate after encode, with the inputs of its own times."""
    one = MODELS[family](inputs)
    rng = np.random.default_rng(0)
    history = 0.3 * rng.standard_normal((7, 2, CHANNELS))
    s = 0.1 * rng.standard_normal((7 + 10 - 1, 2, inputs)) if inputs else None
    forecast = one.forecast(history, 10, s)
    assert forecast.shape == (10, 2, CHANNELS)
    np.testing.assert_array_equal(forecast[0], history[-1])
    z = one.encode(history, None if s is None else s[:6])
    later = one.simulate(z, 10, None if s is None else s[6:])
    np.testing.assert_allclose(one.decode(later), forecast)
    if s is not None:
        moved = s.copy()
        moved[6] += 1.0
        other = one.forecast(history, 10, moved)
        np.testing.assert_array_equal(other[0], forecast[0])
        assert np.abs(other[1] - forecast[1]).min() > 1e-4
        # without inputs they count as zero
        np.testing.assert_allclose(one.forecast(history, 3), one.forecast(history, 3, 0 * s))


@pytest.mark.parametrize("family", ["lstm", "gru", "reservoir"])
def test_a_network_remembers_more_than_the_last_observation(family: str) -> None:
    one = MODELS[family](0)
    history = np.random.default_rng(0).standard_normal((6, CHANNELS))
    other = history.copy()
    other[3] += 1.0
    assert np.abs(one.forecast(history, 3) - one.forecast(other, 3))[1:].min() > 1e-6


def test_a_var_draws_its_free_runs_and_not_its_forecasts() -> None:
    one = MODELS["var"](0)
    history = np.zeros((3, 4000, CHANNELS))
    free, forecast = one.free_run(history, 2), one.forecast(history, 2)
    np.testing.assert_array_equal(free, one.free_run(history, 2))
    np.testing.assert_allclose(forecast[1], 1.0)
    np.testing.assert_allclose(np.cov((free - forecast)[1].T), np.eye(CHANNELS), atol=0.06)


def test_a_var_repeats_the_first_sample_of_a_short_history() -> None:
    one = MODELS["var"](0)
    short = np.random.default_rng(0).standard_normal((2, 5, CHANNELS))
    long = np.concatenate([short[:1], short])
    np.testing.assert_array_equal(one.encode(short), one.encode(long))
    np.testing.assert_array_equal(one.free_run(short, 4), one.free_run(long, 4))


def fit_of(one: Baseline, family: str) -> xr.Dataset:
    stored = {name: (("run", *dims), value[None]) for name, (dims, value) in
              one.variables().items()}  # fmt: skip
    return xr.Dataset(
        stored | {"run_status": ("run", np.array(["ok"], object))},
        coords={"run": [0]},
        attrs={"family": family, "warm_up": 5, "sampling_interval": 0.1},
    )


@pytest.mark.parametrize(("family", "inputs"), BOTH)
def test_a_stored_run_is_the_same(family: str, inputs: int, tmp_path: Path) -> None:
    one = MODELS[family](inputs)
    netcdf.write(tmp_path / "fit.nc", fit_of(one, family), {})
    (again,) = load_runs(netcdf.read(tmp_path / "fit.nc"))
    assert type(again) is type(one) is BASELINES[family]
    assert (again.warm_up, again.latent_dimension) == (one.warm_up, one.latent_dimension)
    history = 0.3 * np.random.default_rng(0).standard_normal((5, CHANNELS))
    s = 0.1 * np.ones((20, inputs)) if inputs else None
    np.testing.assert_array_equal(again.free_run(history, 8, s), one.free_run(history, 8, s))
