"""Features of the mechanism: coupling, lesions, pulses and bifurcations of one run."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.group.features.definition import DYNAMICS, Family

mechanism = Family(DYNAMICS, "dynamics.nc")

STABLE_BORDER = "border collision"
"""Kind of an event of a sweep at which stability stays what it was."""


def _step(run: xr.Dataset) -> float:
    return float(run.attrs["sampling_interval"])


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[np.isfinite(values)]


def _between(pairs: xr.DataArray) -> NDArray[np.float64]:
    """Entries ``(channel, channel)`` of two different channels."""
    values = pairs.values
    return _known(values[~np.eye(len(values), dtype=bool)])


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.mean(values)) if values.size else np.nan


@mechanism("sd per sd", "coupling_strength")
def coupling(run: xr.Dataset) -> float:
    """Root mean square derivative of a channel with respect to another one some samples before
    (`coupling_lag`) along the free run, mean over pairs."""
    return _mean(_between(run["coupling_strength"]))


@mechanism("1", "coupling_strength")
def coupling_asymmetry(run: xr.Dataset) -> float:
    """Norm of the antisymmetric over that of the symmetric part of the coupling between different
    channels; 0: all of it goes both ways alike, 1: all of it goes one way."""
    values = run["coupling_strength"].values
    if len(values) < 2 or not np.isfinite(values).all():
        return np.nan
    values = values - np.diag(np.diag(values))
    both = np.linalg.norm(values + values.T)
    return float(np.linalg.norm(values - values.T) / both) if both > 0 else np.nan


@mechanism("1", "control_gain")
def control_gain(run: xr.Dataset) -> float:
    """What is left, some samples on (`coupling_lag`), of a small change of the channels in the
    most effective direction."""
    values = _known(run["control_gain"].values)
    return float(values.max()) if values.size else np.nan


@mechanism("1", "lesion_effect", "limit_set")
def lesion_effect(run: xr.Dataset) -> float:
    """Range of the other channels while one is held at its mean, over that before, median over
    pairs; 0: they come to rest. Only where free runs move."""
    if str(run["limit_set"].values) not in ("cycle", "aperiodic"):
        return np.nan
    values = _between(run["lesion_effect"])
    return float(np.median(values)) if values.size else np.nan


@mechanism("1", "pulse_effect")
def pulse_gain(run: xr.Dataset) -> float:
    """Largest effect of a pulse on all channels (norm of the mean response) over its size, mean
    over the channels and inputs that are pulsed; 1 where it only dies out."""
    return _mean(_known(run["pulse_effect"].max("pulse_lag").values)) / float(
        run["pulse_effect"].attrs["size"]
    )


@mechanism("s", "pulse_effect")
def pulse_recovery(run: xr.Dataset) -> float:
    """Time after which the effect of a pulse stays below 1/e of its largest, mean over what is
    pulsed; where it does not so long as it is followed, that time."""
    effect = run["pulse_effect"].transpose("pulse_lag", "source").values
    effect = effect[:, np.isfinite(effect).all(axis=0)]
    last = (effect > effect.max(axis=0, initial=0.0) / np.e)[::-1].argmax(axis=0)
    return _mean((len(effect) - last) * _step(run))


@mechanism("unit of the sweep", "event_parameter", "event_kind", "sweep")
def bifurcation_shift(run: xr.Dataset) -> float:
    """Change of the parameter of the sweep that leads to the nearest bifurcation (where a fixed
    point changes its stability or ends), with its sign; n/a where the sweep meets none."""
    shifts = _shifts(run)
    return float(shifts[np.argmin(np.abs(shifts))]) if shifts.size else np.nan


@mechanism("unit of the sweep", "event_parameter", "event_kind", "sweep")
def bifurcation_distance(run: xr.Dataset) -> float:
    """Size of the change of the parameter of the sweep that leads to the nearest bifurcation, or
    to the nearer end of the sweep where there is none (a lower bound)."""
    shifts = _shifts(run)
    ends = run["sweep"].values[[0, -1]] - _now(run)
    return float(np.abs(shifts if shifts.size else ends).min())


def _now(run: xr.Dataset) -> float:
    """Value of the parameter in the model itself."""
    return 1.0 if run["sweep"].attrs["long_name"] == "gain" else 0.0


def _shifts(run: xr.Dataset) -> NDArray[np.float64]:
    kinds, at = run["event_kind"].values.astype(str), run["event_parameter"].values
    return np.asarray(at[(kinds != STABLE_BORDER) & (kinds != "") & np.isfinite(at)] - _now(run))
