"""How strongly a history pulls the state that is inferred from it.

One observation does not fix the state of a model with more latent units than channels. Its map can
be made to follow the data instead, as in training: a state observer (Luenberger 1964), whose gain
is a matter of the noise, which slower pulling averages, and of the map's errors, which faster
pulling corrects. The gain that forecasts the validation split best decides.
"""

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.models.model import Model
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction, load_runs
from neurodsr.preprocess.stretches import slices, stretches, windows
from neurodsr.training.selection import FORECASTS

WARM_UP = 50
"""Samples from which a state is inferred that one observation does not fix."""
GAINS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0)
"""Candidates; 0 takes the state from the last observation alone."""
AHEAD = 20
"""Samples to be forecast."""


def history(model: Model, series: xr.Dataset) -> int:
    """Samples that a state is inferred from: one where that fixes it.

    Else `WARM_UP`, but at most a quarter of the longest stretch of training data.
    """
    if model.observation.latent <= model.observation.channels:
        return 1
    longest = max(int(part.stop - part.start) for part in slices(series, "train"))
    return max(1, min(WARM_UP, longest // 4))


def gains(fit: xr.Dataset, series: xr.Dataset) -> NDArray[np.float64]:
    """Gain of each run ``(run,)``; 0 where an observation fixes the state, and for failed runs.

    Parameters
    ----------
    fit
        All of ``fit.nc`` but the gains.
    series
        The data. Histories are shorter where the longest stretch of the validation split is not
        twice as long.
    """
    chosen = np.zeros(fit.sizes["run"])
    parts = stretches(series, "validation", 2)
    if fit.attrs["history"] == 1 or not parts:
        return chosen
    longest = max(map(len, parts))
    before = min(fit.attrs["history"], longest // 2)
    data, inputs = windows(parts, min(before + AHEAD, longest), FORECASTS)
    past, future = data[:before], data[before:]
    for one in load_runs(fit.assign(gain=("run", chosen))):
        assert isinstance(one, PiecewiseLinearReconstruction)
        errors = []
        for gain in GAINS:
            found = replace(one, gain=gain).forecast(past, len(future) + 1, inputs)[1:]
            with np.errstate(over="ignore", invalid="ignore"):
                errors.append(np.mean((found - future) ** 2))
        chosen[one.run] = GAINS[int(np.argmin(np.nan_to_num(errors, nan=np.inf)))]
    return chosen
