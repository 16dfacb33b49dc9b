"""A trained model as it is stored in ``fit.nc``, one run after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr

from neurodsr.models.baselines.autoregression import Autoregression
from neurodsr.models.baselines.neural_ode import NeuralODE
from neurodsr.models.baselines.recurrent import GRU, LSTM
from neurodsr.models.baselines.reservoir import Reservoir
from neurodsr.models.baselines.sindy import SINDy
from neurodsr.models.interface import Baseline, Reconstruction
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

__all__ = ["BASELINES", "PiecewiseLinearReconstruction", "Reconstruction", "load_runs"]

MAP = ("A", "W1", "W2", "h1", "h2", "C")
"""Variables that make the map."""


@dataclass(frozen=True)
class PiecewiseLinearReconstruction(Reconstruction):
    """One run of a model of the PLRNN family.

    Attributes
    ----------
    map
        The latent dynamics.
    B : (channel, latent)
        Observation: ``x = B z``. For the identity observation the first rows of an identity.
    E : (latent, channel)
        Encoding of a first observation: ``z_1 = E x_1``.
    run
        Index of the run.
    gain
        How strongly each further observation of a history pulls the state toward ``E x``, as
        teacher forcing does; 0 where the last observation alone fixes the state.
    pulled
        Latent units that are pulled, the first ones.
    warm_up
        Samples of history from which a state is inferred.
    """

    map: PiecewiseLinearMap
    B: Array
    E: Array
    run: int
    gain: float = 0.0
    pulled: int = 0
    warm_up: int = 1

    @property
    def latent_dimension(self) -> int:
        return self.map.latent_dimension

    def encode(self, history: Array, inputs: Array | None = None) -> Array:
        """State that follows a history: the map's own, pulled toward the observations."""
        signal = history @ self.E.T
        if not self.gain:
            return np.asarray(signal[-1])
        z = np.array(signal[0])
        with np.errstate(over="ignore", invalid="ignore"):
            for t in range(1, len(history)):
                z = self.step(z, None if inputs is None else inputs[t - 1])
                pull = self.gain * (signal[t] - z)
                z[..., : self.pulled] += pull[..., : self.pulled]
        return z

    def decode(self, z: Array) -> Array:
        return z @ self.B.T

    def step(self, z: Array, s: Array | None = None) -> Array:
        return self.map.step(z, s)

    def tangent(self, z: Array, v: Array) -> Array:
        return self.map.jacobian(z) @ v

    def jacobian(self, z: Array) -> Array:
        return self.map.jacobian(z)

    def simulate(self, z: Array, steps: int, inputs: Array | None = None) -> Array:
        return self.map.simulate(z, steps, inputs)

    @classmethod
    def from_fit(cls, one: xr.Dataset) -> Self:
        return cls(
            map=PiecewiseLinearMap(
                **{name: one[name].values.astype(float) for name in MAP},
                clipped=bool(one.attrs["clipped"]),
            ),
            B=one["B"].values.astype(float),
            E=one["E"].values.astype(float),
            run=int(one["run"]),
            gain=float(one["gain"]),
            pulled=int(one.attrs["pulled_units"]),
            warm_up=int(one.attrs["history"]) if one["gain"] else 1,
        )


BASELINES: dict[str, type[Baseline]] = {
    "var": Autoregression,
    "reservoir": Reservoir,
    "sindy": SINDy,
    "lstm": LSTM,
    "gru": GRU,
    "neural-ode": NeuralODE,
}
"""What the families outside the PLRNN family are stored as."""


def load_runs(fit: xr.Dataset) -> Iterator[Reconstruction]:
    """All runs of a ``fit.nc`` that did not fail, in order of their index."""
    kind: type[Reconstruction] = BASELINES.get(fit.attrs["family"], PiecewiseLinearReconstruction)
    for run in np.flatnonzero(fit["run_status"].values == "ok"):
        yield kind.from_fit(fit.isel(run=int(run)))
