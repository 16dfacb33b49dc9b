"""A trainable model: a family with an observation model, the parameters of each run in one row.

Runs never mix, and optimiser, clipping and checkpoints see one array ``(run, parameter)``.
"""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neurodsr.models.families import (
    PLRNN,
    AlmostLinearRNN,
    DendriticPLRNN,
    Family,
    Parameters,
    ShallowPLRNN,
)
from neurodsr.models.observation import Affine, Identity, Observation

AFFINE_LATENT = 10
"""Automatic latent dimension under an affine observation of more channels than that."""


class Model:
    """A family with an observation model, and the layout of their parameters in one row."""

    def __init__(self, family: Family, observation: Observation) -> None:
        self.family = family
        self.observation = observation
        self.shapes = {**family.shapes, **observation.shapes}
        self.sizes = [prod(shape) for shape in self.shapes.values()]

    @property
    def count(self) -> int:
        """Number of parameters of one run, as the literature counts them."""
        return sum(self.sizes)

    def initial(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Initial parameters ``(parameter,)`` of one run."""
        values = self.family.initial(rng) | self.observation.initial(rng)
        return np.concatenate([values[name].ravel() for name in self.shapes])

    def unpack(self, stacked: Tensor) -> Parameters:
        """Named parameters of all runs, views of ``(run, parameter)``."""
        parts = torch.split(stacked, self.sizes, 1)
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.view(len(part), *shape) for (name, shape), part in named}


FAMILIES: dict[str, Callable[[Mapping[str, Any], int, int, tuple[float, float] | None], Family]] = {
    "shallow-plrnn": lambda settings, latent, inputs, extent: ShallowPLRNN(
        latent, settings["hidden"], inputs, settings["clipped"]
    ),
    "plrnn": lambda settings, latent, inputs, extent: PLRNN(latent, inputs),
    "mc-plrnn": lambda settings, latent, inputs, extent: PLRNN(latent, inputs, centred=True),
    "dend-plrnn": lambda settings, latent, inputs, extent: DendriticPLRNN(
        latent, settings["basis"], inputs, settings["clipped"], extent
    ),
    "al-rnn": lambda settings, latent, inputs, extent: AlmostLinearRNN(
        latent, settings["rectified"], inputs
    ),
}


def build(
    settings: Mapping[str, Any],
    channels: int,
    inputs: int,
    extent: tuple[float, float] = (-1.0, 1.0),
) -> Model:
    """The model that the settings describe (`models.schema.yaml`).

    Parameters
    ----------
    settings
        Of one model.
    channels, inputs
        Of the series.
    extent
        Smallest and largest observation of the training data.

    Raises
    ------
    ConfigError
        When sizes do not fit each other or the number of channels.
    """
    identity = settings["observation"] == "identity"
    latent = settings["latent"]
    if latent == "auto":
        latent = channels if identity else min(channels, AFFINE_LATENT)
    make = FAMILIES[settings["family"]]
    family = make(settings, latent, inputs, extent if identity else None)
    if identity:
        return Model(family, Identity(latent, channels, settings["forcing"]["partial"]))
    return Model(family, Affine(latent, channels))
