"""D_stsp: the Kullback-Leibler divergence of two trajectories' occupation of state space.

The codes of the literature disagree on box, bins and outliers; each convention is a named preset
(Koppe et al. 2019; Brenner et al. 2022; Hess et al. 2023).
"""

import numpy as np

from neurodsr.errors import ConfigError
from neurodsr.evaluation.measures.mixture import Mixture, MixtureReference
from neurodsr.models.piecewise_linear import Array
from neurodsr.statespace.binning import BinnedReference, Binning

__all__ = ["PRESETS", "BinnedReference", "Binning", "Mixture", "MixtureReference"]

PRESETS: dict[str, Binning | Mixture] = {
    "gtf": Binning(30, "margin"),
    "gtf-keep": Binning(30, "margin", outside="keep"),
    "gtf-legacy": Binning(30, "two sd"),
    "gtf-gmm": Mixture(1.0, thinning="first", underflow="float32"),
    "al-rnn-8": Binning(8, "margin"),
    "dendplrnn": Binning(30, "two sd", first_bin=1),
    "dendplrnn-gmm": Mixture(1.0, True, thinning="first", underflow="float32"),
    "mtf": Binning(10, "two sd", first_bin=1),
    "chaosrnn": Binning(10, "two sd", first_bin=1),
    "dynamix": Binning(30, "range", first_bin=1),
    "hierarchical": Binning(30, "range", first_bin=1, standardise=True),
    "gmm": Mixture(1.0),
    "gmm-0.3": Mixture(0.3),
    "gmm-0.1": Mixture(0.1),
    "gmm-0.01": Mixture(0.01),
    "gmm-symmetric": Mixture(1.0, symmetric=True),
}
"""By the code that uses it; ``gtf-keep`` and ``gmm...`` are ours and drop nothing."""


def choose_preset(name: str, channels: int) -> str:
    """Resolve ``"auto"``: ``"gtf"`` (binning) to 5 channels, ``"gmm"`` above, as GTF does."""
    if name == "auto":
        return "gtf" if channels <= 5 else "gmm"
    if name not in PRESETS:
        raise ConfigError(f"divergence: {name!r} is none of auto, {', '.join(PRESETS)}")
    return name


def state_space_divergence(
    true: Array, generated: Array, preset: str, rng: np.random.Generator
) -> float:
    """D_stsp of a generated from a true trajectory, in nats.

    Parameters
    ----------
    true, generated : (time, channel)
        Finite values; lengths may differ, but scores compare only at equal lengths.
    preset
        A key of `PRESETS`.
    rng
        Draws of a mixture; binning uses none.
    """
    return reference(true, preset, rng).divergence(generated)


def reference(
    true: Array, preset: str, rng: np.random.Generator
) -> BinnedReference | MixtureReference:
    """The true trajectory made ready to be compared with many generated ones."""
    convention = PRESETS[preset]
    if isinstance(convention, Binning):
        return BinnedReference(true, convention)
    return MixtureReference(true, convention, rng)
