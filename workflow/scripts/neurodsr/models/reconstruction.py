"""A trained model as it is stored in ``fit.nc``: the map, and how it meets the observations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

MAP = ("A", "W1", "W2", "h1", "h2", "C")
"""Variables that make the map."""


@dataclass(frozen=True)
class Reconstruction:
    """One run (seed) of a trained model.

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
    """

    map: PiecewiseLinearMap
    B: Array
    E: Array
    run: int

    def decode(self, z: Array) -> Array:
        """Observations ``(..., channel)`` of latent states ``(..., latent)``."""
        return z @ self.B.T

    def encode(self, x: Array) -> Array:
        """Latent states ``(..., latent)`` for observations ``(..., channel)``."""
        return x @ self.E.T

    def free_run(self, x: Array, steps: int, inputs: Array | None = None) -> Array:
        """Observations ``(steps, ..., channel)`` of a free run started at observations ``x``."""
        return self.decode(self.map.simulate(self.encode(x), steps, inputs))


def load_runs(fit: xr.Dataset) -> Iterator[Reconstruction]:
    """All runs of a ``fit.nc`` that did not fail, in order of their index."""
    for run in np.flatnonzero(fit["run_status"].values == "ok"):
        one = fit.isel(run=int(run))
        yield Reconstruction(
            map=PiecewiseLinearMap(
                **{name: one[name].values.astype(float) for name in MAP},
                clipped=bool(fit.attrs["clipped"]),
            ),
            B=one["B"].values.astype(float),
            E=one["E"].values.astype(float),
            run=int(one["run"]),
        )
