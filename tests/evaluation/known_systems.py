"""Systems whose perfect model is known: the Lozi map, itself a PLRNN, and maps in closed form."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import xarray as xr
import yaml

from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import PiecewiseLinearMap

Step = Callable[[np.ndarray], np.ndarray]
SCHEMAS = Path(__file__).parents[2] / "workflow" / "schemas"


def defaults(stage: str) -> dict:
    """Default settings of a stage, from its schema."""
    schema = yaml.safe_load((SCHEMAS / f"{stage}.schema.yaml").read_text())
    return {key: entry["default"] for key, entry in schema["properties"].items()}


class KnownMap(Reconstruction):
    """A model that is a given map of observations, its derivative by central differences."""

    warm_up = 1
    latent_dimension = 2

    def __init__(self, step: Step, latent_dimension: int = 2, run: int = 0) -> None:
        self._step, self.latent_dimension, self.run = step, latent_dimension, run

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        raise NotImplementedError("a known map is in no file")

    def encode(self, history, inputs=None):
        return history[-1]

    def decode(self, z):
        return z

    def step(self, z, s=None):
        return self._step(z)

    def tangent(self, z, v):
        size = 1e-6
        moved = np.swapaxes(v, -1, -2) * size
        sides = self.step(np.stack([z[..., None, :] + moved, z[..., None, :] - moved]))
        return np.swapaxes(sides[0] - sides[1], -1, -2) / (2 * size)


def flow_map(field: Step, interval: float, substeps: int = 2) -> Step:
    """A flow over one interval, by so many steps of Runge and Kutta."""
    h = interval / substeps

    def step(z: np.ndarray) -> np.ndarray:
        for _ in range(substeps):
            k1 = field(z)
            k2 = field(z + h / 2 * k1)
            k3 = field(z + h / 2 * k2)
            k4 = field(z + h * k3)
            z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return z

    return step


def lozi(a: float = 1.7, b: float = 0.5) -> PiecewiseLinearMap:
    """x' = 1 - a |x| + y, y' = b x, with |x| = 2 max(x, 0) - x."""
    return PiecewiseLinearMap(
        A=np.array([[a, 1.0], [b, 0.0]]),
        W1=np.array([[-2 * a], [0.0]]),
        W2=np.array([[1.0, 0.0]]),
        h1=np.array([1.0, 0.0]),
        h2=np.zeros(1),
        C=np.zeros((2, 0)),
        clipped=False,
    )


def linear(A: np.ndarray, h: Sequence[float]) -> PiecewiseLinearMap:
    """z' = A z + h, with the hidden unit of a Lozi map switched off."""
    size = len(A)
    return PiecewiseLinearMap(
        A=np.asarray(A, dtype=float),
        W1=np.zeros((size, 1)),
        W2=np.ones((1, size)),
        h1=np.asarray(h, dtype=float),
        h2=np.zeros(1),
        C=np.zeros((size, 0)),
        clipped=False,
    )


def series_of(x: np.ndarray, interval: float = 0.01, guard: int = 10) -> xr.Dataset:
    """One segment, split 60 : 15 : 25 in time order; not standardised."""
    samples, channels = x.shape
    split = np.repeat([0, 1, 2], [int(0.6 * samples), int(0.15 * samples), samples])[:samples]
    for border in np.flatnonzero(np.diff(split)) + 1:
        split[border : border + guard] = -1
    names = [f"x{i}" for i in range(channels)]
    return xr.Dataset(
        {
            "observation": (("time", "channel"), x),
            "segment": ("time", np.zeros(samples, dtype=int)),
            "split": ("time", split.astype(np.int8)),
        },
        coords={
            "time": np.arange(samples) * interval,
            "channel": names,
            "offset": ("channel", np.zeros(channels)),
            "scale": ("channel", np.full(channels, 2.0)),
        },
        attrs={"sampling_interval": interval, "recording": "sub-lozi"},
    )


def fit_of(
    maps: Sequence[PiecewiseLinearMap], status: Sequence[str] = (), best: int = 0
) -> xr.Dataset:
    """A fit whose runs are the given maps, with identity observation."""
    stacked = {
        name: np.stack([getattr(one, name) for one in maps])
        for name in ("A", "W1", "W2", "h1", "h2", "C")
    }
    latent = maps[0].latent_dimension
    identity = np.broadcast_to(np.eye(latent), (len(maps), latent, latent))
    dims = {
        "A": ("run", "latent", "latent_from"),
        "W1": ("run", "latent", "hidden"),
        "W2": ("run", "hidden", "latent_from"),
        "h1": ("run", "latent"),
        "h2": ("run", "hidden"),
        "C": ("run", "latent", "input"),
    }
    return xr.Dataset(
        {name: (dims[name], values) for name, values in stacked.items()}
        | {
            "B": (("run", "channel", "latent"), identity),
            "E": (("run", "latent", "channel"), identity),
            "gain": ("run", np.zeros(len(maps))),
            "run_status": ("run", list(status) or ["ok"] * len(maps)),
        },
        coords={"run": np.arange(len(maps))},
        attrs={
            "clipped": int(maps[0].clipped),
            "pulled_units": latent,
            "history": 1,
            "best_run": best,
            "family": "shallow-plrnn",
        },
    )


def lozi_series(samples: int, seed: int = 0) -> xr.Dataset:
    """Data of the Lozi map."""
    start = 0.1 * np.random.default_rng(seed).standard_normal(2)
    return series_of(lozi().simulate(start, samples + 1000)[1000:])
