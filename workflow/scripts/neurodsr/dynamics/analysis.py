"""The dynamics of all runs of a trained model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.dynamics.parts.attractors import basin_map, basin_variables
from neurodsr.dynamics.parts.cycles import cycle_states, cycle_variables, cycles_of
from neurodsr.dynamics.parts.mechanism import orbit_variables
from neurodsr.dynamics.parts.responses import responses
from neurodsr.dynamics.parts.saddles import connection_counts, connections, manifold_lines
from neurodsr.dynamics.parts.sweep import sweep
from neurodsr.dynamics.parts.variables import SMOOTH_LATENT, Variables
from neurodsr.dynamics.run import RunAnalysis
from neurodsr.models.interface import Reconstruction
from neurodsr.models.reconstruction import PiecewiseLinearReconstruction, load_runs
from neurodsr.preprocess.stretches import stretches


def analyse(
    series: xr.Dataset, fit: xr.Dataset, settings: Mapping[str, Any], rng: np.random.Generator
) -> xr.Dataset:
    """Fixed points, Lyapunov spectrum and limit set of every run, without external input.

    Parameters
    ----------
    series, fit
        Contents of ``series.nc`` and ``fit.nc``.
    settings
        Described by ``analysis.schema.yaml``.
    rng
        Of the search for fixed points.

    Returns
    -------
    xr.Dataset
        Over ``run`` (missing for runs that failed in training):

        - ``fixed_point_count``, ``stable_count``, ``regions_searched``, ``search_complete``,
          ``fixed_points_unseen`` (how many others there are by capture and recapture); over
          ``point`` too (the first nearest to the mean of the training data):
          ``fixed_point (latent)``, ``fixed_point_observation (channel)``, ``distance`` (to that
          mean, in sd of the data), ``eigenvalue_real`` and ``eigenvalue_imag (latent)``,
          ``stability``, ``type``;
        - ``lyapunov`` (1/s), ``lyapunov_error``, ``lyapunov_step`` (1/step), all ``(latent)``, and
          ``kaplan_yorke``, on the limit set that most starts lead to;
        - ``limit_set`` ("fixed point", "cycle", "aperiodic", "unbounded"), ``limit_set_start
          (start)``, ``cycle_length`` (samples; 0 unless the orbit repeats itself),
          ``dominant_period`` (s), ``amplitude (channel)`` (half the range, in units of the
          recording), ``relative_amplitude`` (mean over channels, in sd of the data).

        And of the best run ``orbit (time, latent)`` and ``orbit_observation (time, channel)``.
        What else is asked for is described in `of_every_run`, `of_best_run`, `responses` and
        `sweep`.
    """
    parts = stretches(series, "train", 1)
    runs = [int(run) for run in fit["run"].values]
    loaded = {one.run: one for one in load_runs(fit)}
    analyses = {
        run: RunAnalysis(one, parts, series.attrs["sampling_interval"], settings, rng)
        for run, one in loaded.items()
    }
    sizes = {
        "run": len(runs),
        "point": max((len(a.points.states) for a in analyses.values()), default=0),
        "latent": max(
            (a.orbit.shape[1] for a in analyses.values()), default=fit.sizes.get("latent", 1)
        ),
        "channel": fit.sizes["channel"],
        "start": settings["starts"],
    }
    result = xr.Dataset(
        coords={"run": fit["run"].values, "channel": series["channel"].values},
        attrs={
            "sampling_interval": series.attrs["sampling_interval"],
            "best_run": int(fit.attrs["best_run"]),
            "transient": settings["transient"],
            "steps": settings["steps"],
            "input": "zero" if "input" in series else "none",
        },
    )
    scale = series["scale"].values
    known = {run: analysis.values(scale) for run, analysis in analyses.items()}
    for name, (dims, fill, attrs) in _VARIABLES.items():
        values = np.full([sizes[dim] for dim in dims], fill, dtype=object if fill == "" else float)
        for run, all_values in known.items():
            value = np.asarray(all_values[name])
            where: tuple[Any, ...] = (runs.index(run), *(slice(n) for n in value.shape))
            values[where] = value
        result[name] = (dims, values.astype(str) if fill == "" else values, attrs)
    result["run_status"] = ("run", fit["run_status"].values.astype(str))
    more = {run: of_every_run(loaded[run], one, settings, rng) for run, one in analyses.items()}
    channels, inputs = _names(series, "channel"), _names(series, "input_name")
    for run, analysis in analyses.items():
        one = loaded[run]
        if isinstance(one, PiecewiseLinearReconstruction):
            more[run] |= responses(one, analysis, channels, inputs, settings)
            if settings["sweep"] != "none":
                more[run] |= sweep(one, analysis, channels, inputs, settings)
    result = result.assign(_stacked(more, runs))
    if analyses:
        which = result.attrs["best_run"]
        which = which if which in analyses else next(iter(analyses))
        best = analyses[which]
        time = np.arange(len(best.orbit)) * series.attrs["sampling_interval"]
        result = result.assign_coords(time=("time", time, {"units": "s"}))
        result = result.assign(of_best_run(loaded[which], best, settings, rng))
        result["orbit"] = (("time", "latent"), best.orbit)
        result["orbit_observation"] = (("time", "channel"), best.observed)
    return result


def of_every_run(
    one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any], rng: np.random.Generator
) -> Variables:
    """Variables of one run, without the axis ``run``, as far as they are asked for.

    - Over ``order`` (samples, from 2 on) ``cycle_count``, ``stable_cycle_count``,
      ``cycles_complete`` (1 if it is proved that there are no others), ``cycles_searched`` and
      ``cycles_unseen`` (how many others there are by capture and recapture, at least).
    - Over ``attractor`` (the largest basin first) ``attractor_kind``, ``attractor_period``,
      ``attractor_exponent``, ``attractor_mean (channel)``, ``basin_share`` with its interval; and
      ``attractor_count``, ``escaping_share``, ``unsettled_share``.
    - Of piecewise-linear maps ``saddle_count``, ``homoclinic_saddles``, ``heteroclinic_pairs`` and
      ``separatrix_cycles``.
    - Of piecewise-linear maps, along the free run: ``regions_visited``, ``word_entropy``,
      ``finite_time_exponent (window)``; ``coupling`` and ``coupling_strength (channel,
      channel_from)``, ``control_gain`` and ``control_direction (direction)``, ``lesion_effect
      (channel_from, channel)``.
    """
    cycles = cycles_of(one, run, settings, rng)
    found = {**cycle_variables(cycles), **basin_variables(one, run, settings, rng)}
    if isinstance(one, PiecewiseLinearReconstruction):
        if settings["manifold_length"]:
            found |= connection_counts(connections(one, run, cycles, settings))
        if run.bounded:
            found |= orbit_variables(one, run, settings)
    return found


def of_best_run(
    one: Reconstruction, run: RunAnalysis, settings: Mapping[str, Any], rng: np.random.Generator
) -> Variables:
    """What is stored of the best run alone.

    - Over ``cycle`` (the first 50) ``cycle_observation (cycle_step, channel)``, ``cycle_period``,
      ``cycle_type``, ``cycle_multiplier``.
    - ``basin_map (plane, plane_2)``, the attractor that each state in the plane of the data's first
      two principal components leads to, with ``plane_mean`` and ``plane_axis``.
    - ``stable_manifold`` and ``unstable_manifold (corner, channel)``, polygons near the data with
      NaN between two of them.
    """
    cycles = cycles_of(one, run, settings, rng)
    found = cycle_states(one, run, cycles)
    piecewise = isinstance(one, PiecewiseLinearReconstruction)
    cheap = piecewise or one.latent_dimension <= SMOOTH_LATENT
    if settings["basin_grid"] and settings["basin_starts"] and cheap:
        found |= basin_map(one, run, settings)
    if isinstance(one, PiecewiseLinearReconstruction) and settings["manifold_length"]:
        found |= manifold_lines(one, run, connections(one, run, cycles, settings))
    return found


def _names(series: xr.Dataset, coordinate: str) -> list[str]:
    known = coordinate in series.coords
    return [str(name) for name in series[coordinate].values] if known else []


def _stacked(more: Mapping[int, Variables], runs: list[int]) -> xr.Dataset:
    """Variables of all runs, filled up where one run has fewer of something than another."""
    sizes: dict[str, int] = {}
    shared: dict[str, tuple[tuple[str, ...], Any, dict[str, str]]] = {}
    for variables in more.values():
        for dims, value, _ in variables.values():
            for dim, size in zip(dims, value.shape, strict=True):
                sizes[dim] = max(sizes.get(dim, 0), size)
    for run, variables in more.items():
        for name, (dims, value, attrs) in variables.items():
            if dims == (name,):
                shared[name] = (dims, value, attrs)  # the ticks of an axis
                continue
            text = value.dtype.kind == "U"
            if name not in shared:
                shape = (len(runs), *(sizes[dim] for dim in dims))
                empty = np.full(shape, "" if text else np.nan, dtype=object if text else float)
                shared[name] = (("run", *dims), empty, attrs)
            where = (runs.index(run), *(slice(size) for size in value.shape))
            shared[name][1][where] = value
    return xr.Dataset(
        {
            name: (dims, values.astype(str) if values.dtype == object else values, attrs)
            for name, (dims, values, attrs) in shared.items()
        }
    )


_POINT = ("run", "point")
_VARIABLES: dict[str, tuple[tuple[str, ...], float | str, dict[str, str]]] = {
    "fixed_point_count": (("run",), np.nan, {"units": "1"}),
    "stable_count": (("run",), np.nan, {"units": "1"}),
    "regions_searched": (("run",), np.nan, {"units": "1"}),
    "search_complete": (("run",), np.nan, {"long_name": "1 if all linear regions were solved"}),
    "fixed_points_unseen": (
        ("run",),
        np.nan,
        {"long_name": "estimated number of others, at least", "units": "1"},
    ),
    "fixed_point": ((*_POINT, "latent"), np.nan, {"long_name": "latent state"}),
    "fixed_point_observation": ((*_POINT, "channel"), np.nan, {"units": "sd of the data"}),
    "distance": (_POINT, np.nan, {"units": "sd of the data"}),
    "eigenvalue_real": ((*_POINT, "latent"), np.nan, {"units": "1 per step"}),
    "eigenvalue_imag": ((*_POINT, "latent"), np.nan, {"units": "1 per step"}),
    "stability": (_POINT, "", {}),
    "type": (_POINT, "", {}),
    "lyapunov": (("run", "latent"), np.nan, {"units": "1/s"}),
    "lyapunov_error": (("run", "latent"), np.nan, {"units": "1/s"}),
    "lyapunov_step": (("run", "latent"), np.nan, {"units": "1 per step"}),
    "kaplan_yorke": (("run",), np.nan, {"units": "1"}),
    "limit_set": (("run",), "", {}),
    "limit_set_start": (("run", "start"), "", {}),
    "cycle_length": (("run",), np.nan, {"units": "samples"}),
    "dominant_period": (("run",), np.nan, {"units": "s"}),
    "amplitude": (("run", "channel"), np.nan, {"units": "of the recording"}),
    "relative_amplitude": (("run",), np.nan, {"units": "sd of the data"}),
}
