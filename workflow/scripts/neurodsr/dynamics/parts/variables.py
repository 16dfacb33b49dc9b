"""Variables of one run, without the axis ``run``, and the units that they share."""

from typing import Any

from numpy.typing import NDArray

Variables = dict[str, tuple[tuple[str, ...], NDArray[Any], dict[str, str]]]
"""Dimensions, values and attributes by name."""
SD = {"units": "sd of the data"}
SAMPLES = {"units": "samples"}
COUNT = {"units": "1"}
SMOOTH_LATENT = 20
"""Latent dimension up to which a model that is not piecewise linear has cycles and a basin map."""
