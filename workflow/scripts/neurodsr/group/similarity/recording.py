"""What one recording brings along to be compared with others."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess.stretches import stretches

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Recording:
    """A recording with the dynamics of its model.

    Attributes
    ----------
    series, dynamics
        Contents of ``series.nc`` and ``dynamics.nc``.
    """

    series: xr.Dataset
    dynamics: xr.Dataset

    @property
    def name(self) -> str:
        return str(self.series.attrs["recording"])

    @property
    def bounded(self) -> bool:
        """Whether the free run of the best run stays finite."""
        kind = str(self.best["limit_set"].values)
        return (
            kind in ("fixed point", "cycle", "aperiodic") and "orbit_observation" in self.dynamics
        )

    @property
    def best(self) -> xr.Dataset:
        return self.dynamics.sel(run=int(self.dynamics.attrs["best_run"]))

    def movement(self) -> Array:
        """Standardised free run ``(time, channel)``, constant when it comes to rest."""
        x = self.free_run(False)
        rests = str(self.best["limit_set"].values) == "fixed point"
        return np.zeros_like(x) if rests else x

    def free_run(self, recorded: bool) -> Array:
        """Free run of the best run ``(time, channel)``, standardised or in recorded units."""
        channels = self.series.sizes["channel"]
        if not self.bounded:
            return np.full((1, channels), np.nan)
        x = self.dynamics["orbit_observation"].transpose("time", "channel").values.astype(float)
        x = x[np.isfinite(x).any(axis=1)]
        if recorded:
            x = x * self.series["scale"].values + self.series["offset"].values
        return np.asarray(x)

    def data(self, most: int) -> Array:
        """Longest contiguous piece of the training data, at most so many samples of it."""
        pieces = [stretch.x for stretch in stretches(self.series, "train", 2)]
        return max(pieces, key=len)[:most]
