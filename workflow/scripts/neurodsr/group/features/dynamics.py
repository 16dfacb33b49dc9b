"""Features of the reconstructed dynamics, each read from one run of ``dynamics.nc``."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.group.features.definition import DYNAMICS, Family

dynamics = Family(DYNAMICS, "dynamics.nc")

EIGENVALUES = ("eigenvalue_real", "eigenvalue_imag")


def _step(run: xr.Dataset) -> float:
    return float(run.attrs["sampling_interval"])


def _bounded(run: xr.Dataset) -> bool:
    return str(run["limit_set"].values) in ("fixed point", "cycle", "aperiodic")


def _eigenvalues(run: xr.Dataset) -> NDArray[np.complex128]:
    """Of the fixed point nearest the data mean, which comes first, in descending modulus."""
    if not run.sizes["point"]:
        return np.empty(0, complex)
    first = run.isel(point=0)
    values = first["eigenvalue_real"].values + 1j * first["eigenvalue_imag"].values
    values = values[np.isfinite(values)]
    return values[np.argsort(-np.abs(values), kind="stable")]


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[np.isfinite(values)]


# Fixed points and cycles


@dynamics("1/s", *EIGENVALUES)
def growth_rate(run: xr.Dataset) -> float:
    """ln |leading eigenvalue| / sampling interval at the fixed point nearest the data mean;
    negative: perturbations die out, zero: the border of its stability."""
    values = np.abs(_eigenvalues(run))
    return float(np.log(values[0]) / _step(run)) if values.size and values[0] > 0 else np.nan


@dynamics("Hz", *EIGENVALUES)
def frequency(run: xr.Dataset) -> float:
    """|argument of the leading eigenvalue| / (2 pi sampling interval) at the fixed point nearest
    the data mean."""
    values = _eigenvalues(run)
    return float(abs(np.angle(values[0])) / (2 * np.pi * _step(run))) if values.size else np.nan


@dynamics("s", *EIGENVALUES)
def time_constant(run: xr.Dataset) -> float:
    """-sampling interval / ln |eigenvalue| of the slowest eigenvalue that dies out at the fixed
    point nearest the data mean."""
    modulus = np.abs(_eigenvalues(run))
    decaying = modulus[(modulus > 0) & (modulus < 1)]
    return float(-_step(run) / np.log(decaying[0])) if decaying.size else np.nan


@dynamics("1", *EIGENVALUES)
def unstable_directions(run: xr.Dataset) -> float:
    """Number of eigenvalues beyond the unit circle at the fixed point nearest the data mean."""
    values = _eigenvalues(run)
    return float(np.sum(np.abs(values) > 1)) if values.size else np.nan


@dynamics("1", "fixed_point_count", "search_complete")
def fixed_points(run: xr.Dataset) -> float:
    """Number of fixed points, where the search for them was complete."""
    return float(run["fixed_point_count"]) if bool(run["search_complete"]) else np.nan


@dynamics("1", "stable_count", "search_complete")
def stable_fixed_points(run: xr.Dataset) -> float:
    """Number of stable fixed points, where the search for them was complete."""
    return float(run["stable_count"]) if bool(run["search_complete"]) else np.nan


@dynamics("1", "cycle_count", "cycles_complete")
def cycles(run: xr.Dataset) -> float:
    """Number of cycles of all orders that were searched (from 2 samples on), where it is proved
    that there are no others."""
    complete = run["cycles_complete"].values
    return float(run["cycle_count"].sum()) if complete.size and (complete == 1).all() else np.nan


# Limit sets


@dynamics("1", "limit_set")
def oscillates(run: xr.Dataset) -> float:
    """1 when free runs keep moving (cycle or aperiodic), 0 when they come to rest."""
    return float(str(run["limit_set"].values) != "fixed point") if _bounded(run) else np.nan


@dynamics("1", "limit_set")
def aperiodic(run: xr.Dataset) -> float:
    """1 when the limit set of free runs is aperiodic, otherwise 0."""
    return float(str(run["limit_set"].values) == "aperiodic") if _bounded(run) else np.nan


@dynamics("recorded unit", "amplitude")
def amplitude(run: xr.Dataset) -> float:
    """Half of the range of the first channel on the limit set."""
    return float(run["amplitude"].values[0])


@dynamics("sd of the data", "relative_amplitude")
def relative_amplitude(run: xr.Dataset) -> float:
    """Half of the range on the limit set, mean over channels."""
    return float(run["relative_amplitude"])


@dynamics("s", "dominant_period")
def period(run: xr.Dataset) -> float:
    """Period at the highest spectral peak of the free run, if it moves."""
    return float(run["dominant_period"])


@dynamics("1/s", "lyapunov")
def lyapunov_exponent(run: xr.Dataset) -> float:
    """Largest Lyapunov exponent on the limit set."""
    return float(run["lyapunov"].max())


@dynamics("1/s", "lyapunov")
def second_exponent(run: xr.Dataset) -> float:
    """Second Lyapunov exponent on the limit set."""
    values = np.sort(_known(run["lyapunov"].values))
    return float(values[-2]) if values.size > 1 else np.nan


@dynamics("1/s", "finite_time_exponent")
def exponent_spread(run: xr.Dataset) -> float:
    """Standard deviation of the largest exponent over 100 windows of the free run."""
    values = _known(run["finite_time_exponent"].values)
    return float(values.std()) if values.size else np.nan


@dynamics("1", "kaplan_yorke")
def kaplan_yorke(run: xr.Dataset) -> float:
    """Kaplan-Yorke dimension of the limit set."""
    return float(run["kaplan_yorke"])


# Basins and symbols


@dynamics("1", "attractor_count")
def attractors(run: xr.Dataset) -> float:
    """Number of attractors that initial states around the data lead to."""
    return float(run["attractor_count"])


@dynamics("nat", "basin_share")
def basin_entropy(run: xr.Dataset) -> float:
    """Entropy of the shares of initial states that each attractor draws in; 0 for one basin."""
    shares = _known(run["basin_share"].values)
    shares = shares[shares > 0] / shares.sum()
    return float(-np.sum(shares * np.log(shares))) + 0.0 if shares.size else np.nan


@dynamics("1", "escaping_share")
def escaping_share(run: xr.Dataset) -> float:
    """Share of initial states around the data from which free runs leave without bound."""
    return float(run["escaping_share"])


@dynamics("1/s", "word_entropy")
def symbolic_entropy(run: xr.Dataset) -> float:
    """Topological entropy of the sequence of linear regions along the free run, from short words:
    an upper bound; 0 for a fixed point or a cycle."""
    value = float(run["word_entropy"])
    return value / _step(run) if np.isfinite(value) else np.nan


@dynamics("1", "regions_visited")
def regions_visited(run: xr.Dataset) -> float:
    """Number of linear regions that the free run passes through; 1: it is linear there."""
    return float(run["regions_visited"])
