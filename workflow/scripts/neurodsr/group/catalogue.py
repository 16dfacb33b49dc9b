"""The features: family, unit, definition and source of each."""

import re
from dataclasses import dataclass

DATA = "data"
HIERARCHICAL = "hierarchical"
LONGEST_VECTOR = 10
EIGENVALUES = "dynamics.nc: eigenvalue_real, eigenvalue_imag"


@dataclass(frozen=True)
class Feature:
    """What a feature means.

    Attributes
    ----------
    family
        ``dynamics``, ``quality`` (how well a model fits) or ``data`` (of the recording itself).
    """

    family: str
    unit: str
    definition: str
    source: str


FEATURES = {
    "growth_rate": Feature(
        "dynamics",
        "1/s",
        (
            "ln |leading eigenvalue| / sampling interval at the fixed point nearest the "
            "data mean; negative: perturbations die out"
        ),
        EIGENVALUES,
    ),
    "frequency": Feature(
        "dynamics",
        "Hz",
        (
            "|argument of the leading eigenvalue| / (2 pi sampling interval) at the fixed"
            " point nearest the data mean"
        ),
        EIGENVALUES,
    ),
    "eigenvalue_modulus": Feature(
        "dynamics",
        "1/step",
        ("Largest eigenvalue modulus at the fixed point nearest the data mean; above 1: unstable"),
        EIGENVALUES,
    ),
    "oscillates": Feature(
        "dynamics",
        "1",
        ("1 when free runs keep moving (cycle or aperiodic), 0 when they come to rest"),
        "dynamics.nc: limit_set",
    ),
    "aperiodic": Feature(
        "dynamics",
        "1",
        "1 when the limit set of free runs is aperiodic, otherwise 0",
        "dynamics.nc: limit_set",
    ),
    "amplitude": Feature(
        "dynamics",
        "recorded unit",
        "Half of the range of the first channel on the limit set",
        "dynamics.nc: amplitude",
    ),
    "relative_amplitude": Feature(
        "dynamics",
        "sd of the data",
        "Half of the range on the limit set, mean over channels",
        "dynamics.nc: relative_amplitude",
    ),
    "period": Feature(
        "dynamics",
        "s",
        ("Period at the highest spectral peak of the free run, if it moves"),
        "dynamics.nc: dominant_period",
    ),
    "lyapunov_exponent": Feature(
        "dynamics", "1/s", "Largest Lyapunov exponent on the limit set", "dynamics.nc: lyapunov"
    ),
    "kaplan_yorke": Feature(
        "dynamics", "1", "Kaplan-Yorke dimension of the limit set", "dynamics.nc: kaplan_yorke"
    ),
    "fixed_points": Feature(
        "dynamics",
        "1",
        "Number of fixed points, where the search for them was complete",
        "dynamics.nc: fixed_point_count",
    ),
    "stable_fixed_points": Feature(
        "dynamics",
        "1",
        "Number of stable fixed points, where the search for them was complete",
        "dynamics.nc: stable_count",
    ),
    "D_stsp": Feature(
        "quality",
        "nat",
        (
            "Divergence of the state-space distribution of free runs from that of held-"
            "out data; smaller is better"
        ),
        "scores.nc: score",
    ),
    "D_H": Feature(
        "quality",
        "1",
        ("Hellinger distance of power spectra of free runs and held-out data; smaller is better"),
        "scores.nc: score",
    ),
    "PE": Feature(
        "quality",
        "sd^2",
        ("Mean squared n-step prediction error on held-out data; smaller is better"),
        "scores.nc: score",
    ),
    "skill_D_stsp": Feature(
        "quality",
        "1",
        ("D_stsp on the scale from the best null (0) to the noise floor (1)"),
        "scores.nc: skill",
    ),
    "skill_D_H": Feature(
        "quality",
        "1",
        ("D_H on the scale from the best null (0) to the noise floor (1)"),
        "scores.nc: skill",
    ),
    "skill_PE": Feature(
        "quality", "1", "PE on the scale from the best null (0) to no error (1)", "scores.nc: skill"
    ),
    "signal_sd": Feature(
        "data",
        "recorded unit",
        "Standard deviation of the first channel in the training data",
        "series.nc: scale",
    ),
    "first_component": Feature(
        "data",
        "1",
        (
            "Share of the variance of the standardised channels along their first "
            "principal component"
        ),
        "series.nc: observation",
    ),
    "peak_frequency": Feature(
        "data",
        "Hz",
        ("Frequency of the highest peak of the power spectrum, mean over standardised channels"),
        "series.nc: observation",
    ),
    "spectral_entropy": Feature(
        "data",
        "1",
        ("Entropy of that spectrum over its largest possible value; 1 for white noise"),
        "series.nc: observation",
    ),
    "nonlinearity_p": Feature(
        "data",
        "1",
        "p of the surrogate test for nonlinear structure",
        "statespace.nc: nonlinearity_p",
    ),
}

FEATURES |= {
    f"vector_{i}": Feature(
        "dynamics",
        "sd over recordings",
        f"Entry {i} of the recording's vector in the hierarchical model of the cohort",
        "group/hierarchical.nc: vector",
    )
    for i in range(1, LONGEST_VECTOR + 1)
}


def unit(name: str) -> str:
    """Unit of a feature for a reader, empty for a pure number."""
    written = FEATURES[name].unit
    return "" if written == "1" else written


def label(name: str) -> str:
    """Name and unit of a feature for an axis."""
    words = re.sub(r"(?<!D)_", " ", name)
    return f"{words} ({unit(name)})" if unit(name) else words
