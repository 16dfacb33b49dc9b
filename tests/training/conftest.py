"""A short Lorenz-63 series and settings of a small training."""

from typing import Any

import numpy as np
import pytest
import xarray as xr


def lorenz(samples: int, dt: float = 0.02) -> np.ndarray:
    """Lorenz-63 on its attractor, by the fourth-order Runge-Kutta method."""

    def flow(s: np.ndarray) -> np.ndarray:
        return np.array([10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]])

    state, orbit = np.array([1.0, 2.0, 20.0]), np.empty((samples + 500, 3))
    for t in range(len(orbit)):
        k1 = flow(state)
        k2 = flow(state + dt / 2 * k1)
        k3 = flow(state + dt / 2 * k2)
        k4 = flow(state + dt * k3)
        state = orbit[t] = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return orbit[500:]


def make_series(observation: np.ndarray, dt: float = 0.02) -> xr.Dataset:
    samples = len(observation)
    split = np.zeros(samples, np.int8)
    split[int(0.65 * samples) :] = 1
    split[int(0.8 * samples) :] = 2
    train = observation[split == 0]
    return xr.Dataset(
        {
            "observation": (
                ("time", "channel"),
                (observation - train.mean(0)) / train.std(0),
            ),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", split),
        },
        coords={
            "time": dt * np.arange(samples),
            "channel": [f"x{i}" for i in range(observation.shape[1])],
        },
        attrs={"sampling_interval": dt, "recording": "lorenz"},
    )


@pytest.fixture
def series() -> xr.Dataset:
    return make_series(lorenz(1200))


@pytest.fixture
def statespace() -> xr.Dataset:
    return xr.Dataset(
        attrs={
            "sequence_length": 40,
            "forcing_interval": 8,
            "predictability_time": 12,
            "noise_level": 0.0,
        }
    )


@pytest.fixture
def settings() -> dict[str, Any]:
    return {
        "family": "shallow-plrnn",
        "clipped": True,
        "latent": 3,
        "hidden": 12,
        "rectified": 2,
        "basis": 5,
        "observation": "identity",
        "device": "cpu",
        "runs": 2,
        "epochs": 6,
        "batches_per_epoch": 4,
        "batch": 16,
        "sequence_length": "auto",
        "forcing": {
            "kind": "generalised",
            "strength": 0.3,
            "final_strength": 0.1,
            "annealing": "exponential",
            "interval": 5,
            "partial": True,
            "neighbours": 0,
            "estimator": "product_upper_bound",
            "every": 5,
            "decay": 0.999,
        },
        "optimiser": "radam",
        "learning_rate": {
            "start": 1e-2,
            "end": 1e-3,
            "decay": "exponential",
            "steps": [0.1, 0.8],
            "factor": 0.1,
        },
        "regularisation": {
            "latent": 0.0,
            "observation": 0.0,
            "manifold": 0.0,
            "manifold_share": 0.5,
            "curvature": 0.0,
            "invertibility": 0.0,
        },
        "rarity": 0,
        "emphasis": 0,
        "noise": 0.01,
        "noise_on": "window",
        "gradient_clip": 5.0,
        "validate_every": 2,
        "forecast_tolerance": 0.05,
        "checkpoint_every": 1,
    }
