"""Divergence of the data's density from that of free runs: what tells good models apart.

How much time is spent on either wing of an attractor differs between stretches of one system more
than good models do. These differ in the fine shape of the invariant density, which the
Kullback-Leibler divergence sees: to rank models by it is to rank them by the mean log density that
they give to the data. Free runs are as exact as a model, and data are noisy: without any noise on
free runs the noisiest samples decide, and with as much as the data have fine shape is blurred, so
they get half of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodsr.statespace.binning import BinnedReference, Binning

Floats = NDArray[np.float64]
BINS = Binning(30, "margin")
MOST_CHANNELS = 5
"""State space is binned up to so many, with that convention (Hess et al. 2023)."""
SHARE = 0.5
"""Noise on free runs, as a share of that on the data."""
FILLED = 1.0
"""Divergence of one half of the data from the other (nats) above which they are too few to tell
models apart by their density."""


@dataclass(frozen=True)
class Density:
    """Density of the data, to be compared with many free runs.

    Attributes
    ----------
    data
        Occupation of bins.
    noise : (channel,)
        Standard deviation of the noise that free runs get.
    seed
        Start of its random numbers.
    """

    data: BinnedReference
    noise: Floats
    seed: int

    def divergence(self, orbit: Floats) -> float:
        """Of the data from noisy free runs ``(step, channel, lane)``, in nats."""
        states = np.moveaxis(orbit, -1, 0).reshape(-1, len(self.noise))
        deviates = np.random.default_rng(self.seed).standard_normal(states.shape)
        return self.data.divergence(states + self.noise * deviates)


def density_of(samples: Floats, noise: float, seed: int) -> Density | None:
    """Density of complete samples ``(time, channel)``; None where it cannot be told.

    That is for more than `MOST_CHANNELS`, or where one half of the data diverges from the other by
    more than `FILLED`: divergences from so few are chance.

    Parameters
    ----------
    samples
        The data.
    noise
        Level of the noise on them, in standard deviations of a channel; NaN if unknown.
    seed
        See `Density`.
    """
    first, second = np.array_split(samples, 2)
    if samples.shape[1] > MOST_CHANNELS or not len(second):
        return None
    if BinnedReference(first, BINS).divergence(second) > FILLED:
        return None
    deviation = SHARE * np.nan_to_num(noise) * samples.std(0)
    return Density(BinnedReference(samples, BINS), deviation, seed)
