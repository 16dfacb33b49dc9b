"""How well a model fits: scores and skills, each read from one run of ``scores.nc``."""

from functools import partial

import xarray as xr

from neurodsr.group.features.definition import QUALITY, Family

quality = Family(QUALITY, "scores.nc")

MEASURES = {
    "D_stsp": ("nat", "Divergence of the state-space distribution of free runs from held-out data"),
    "D_H": ("1", "Hellinger distance of the power spectra of free runs and held-out data"),
    "PE": ("sd^2", "Mean squared n-step prediction error on held-out data"),
    "W1": ("sd", "Sliced Wasserstein distance of free runs and held-out data"),
    "ACE": ("1", "Difference of the autocorrelations of free runs and held-out data"),
    "CCE": ("1", "Difference of the cross-correlations of free runs and held-out data"),
    "VPT": ("s or 1/exponent", "Valid prediction time on held-out data; larger is better"),
    "LLE": ("1/s", "Difference of the largest Lyapunov exponents of free runs and held-out data"),
    "D2": ("1", "Difference of the correlation dimensions of free runs and held-out data"),
    "event_rate": ("1", "Log ratio of the rates of events in free runs and held-out data"),
    "event_timing": ("1", "Log distance of the intervals and durations of events"),
}


def _entry(run: xr.Dataset, variable: str, measure: str) -> float | None:
    """None where the settings do not ask for the measure."""
    known = measure in run["measure"].values
    return float(run[variable].sel(measure=measure)) if known else None


for _name, (_unit, _meaning) in MEASURES.items():
    quality.add(
        _name, _unit, _meaning, ("score",), partial(_entry, variable="score", measure=_name)
    )
for _name in MEASURES:
    quality.add(
        f"skill_{_name}",
        "1",
        f"{_name} on the scale from the best null (0) to the noise floor (1)",
        ("skill",),
        partial(_entry, variable="skill", measure=_name),
    )
