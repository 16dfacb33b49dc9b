"""Systems with known answers, and complete settings from the schema's own defaults."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.signal import lfilter

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))


@pytest.fixture
def settings():
    """A function that completes partial settings."""
    from orchestration.config import complete

    return lambda **given: complete(given, "statespace.schema.yaml")


@pytest.fixture(scope="session")
def lorenz():
    """Lorenz-63 (10, 28, 8/3), 10000 states every 0.01, after a transient."""

    def slope(s):
        x, y, z = s
        return np.array([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])

    state, dt, states = np.array([1.0, 1.0, 20.0]), 0.01, np.empty((12000, 3))
    for t in range(len(states)):
        states[t] = state
        a = slope(state)
        b = slope(state + dt / 2 * a)
        c = slope(state + dt / 2 * b)
        state = state + dt / 6 * (a + 2 * b + 2 * c + slope(state + dt * c))
    return states[2000:]


@pytest.fixture(scope="session")
def henon():
    """Henon map (1.4, 0.3), first coordinate, 3000 values after a transient."""
    x, y, values = 0.1, 0.1, np.empty(3100)
    for t in range(len(values)):
        x, y = 1.0 - 1.4 * x * x + y, 0.3 * x
        values[t] = x
    return values[100:]


def autoregression(coefficients, samples, seed):
    """x(t) = sum of coefficients times the past + Gaussian noise, after a transient."""
    noise = np.random.default_rng(seed).standard_normal(samples + 500)
    return lfilter([1.0], [1.0, *(-np.asarray(coefficients))], noise)[500:]


@pytest.fixture
def ar():
    return autoregression


@pytest.fixture
def series():
    """A function that builds a series, all of one modality, from values (time, channel)."""

    def build(values, train=None, segment=None, interval=0.01, kernel=0.0):
        values = np.asarray(values, dtype=float)
        train = len(values) if train is None else train
        channels = values.shape[1]
        split = np.where(np.arange(len(values)) < train, 0, 2).astype(np.int8)
        scale = np.nanstd(values[:train], axis=0)
        return xr.Dataset(
            {
                "observation": (
                    ("time", "channel"),
                    (values - np.nanmean(values[:train], axis=0)) / scale,
                ),
                "segment": ("time", np.zeros(len(values), int) if segment is None else segment),
                "split": ("time", split),
            },
            coords={
                "time": interval * np.arange(len(values)),
                "channel": [f"c{i}" for i in range(channels)],
                "modality": ("channel", ["x"] * channels),
                "scale": ("channel", scale),
                "kernel": ("channel", np.full(channels, kernel)),
            },
            attrs={"recording": "sub-01", "sampling_interval": interval, "guard": 0.0},
        )

    return build


@pytest.fixture(scope="session")
def mackey_glass():
    """Mackey-Glass (0.2, 0.1, exponent 10, lag 17), 8000 values every 1, by Runge-Kutta of 0.1."""
    h, lag, steps = 0.1, 170, 90_000
    x = np.full(steps + lag + 1, 1.2)
    for t in range(lag, steps + lag):
        a, c = x[t - lag], x[t - lag + 1]
        inflow = [0.2 * d / (1.0 + d**10) for d in (a, (a + c) / 2.0, c)]
        k1 = inflow[0] - 0.1 * x[t]
        k2 = inflow[1] - 0.1 * (x[t] + h / 2 * k1)
        k3 = inflow[1] - 0.1 * (x[t] + h / 2 * k2)
        k4 = inflow[2] - 0.1 * (x[t] + h * k3)
        x[t + 1] = x[t] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return x[lag + 10_000 :: 10][:8000]
