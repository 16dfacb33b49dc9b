"""The dynamics of all runs of a trained model."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.dynamics.fixed_points import FixedPoints, find_fixed_points
from neurodsr.dynamics.limit_sets import classify, dominant_period
from neurodsr.dynamics.lyapunov import kaplan_yorke, lyapunov_spectrum, zero_tolerance
from neurodsr.dynamics.newton import search_smooth
from neurodsr.dynamics.tangents import tangent_spectrum
from neurodsr.models.piecewise_linear import Array
from neurodsr.models.reconstruction import (
    PiecewiseLinearReconstruction,
    Reconstruction,
    load_runs,
)
from neurodsr.preprocess.stretches import Stretch, histories, stretches

SHOWN = 2000
EXPONENTS = 30
"""Exponents computed at most of a model that is not piecewise linear."""


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

        - ``fixed_point_count``, ``stable_count``, ``regions_searched``, ``search_complete``; over
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
    """
    parts = stretches(series, "train", 1)
    runs = [int(run) for run in fit["run"].values]
    analyses = {
        one.run: _Run(one, parts, series.attrs["sampling_interval"], settings, rng)
        for one in load_runs(fit)
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
    for name, (dims, fill, attrs) in _VARIABLES.items():
        values = np.full([sizes[dim] for dim in dims], fill, dtype=object if fill == "" else float)
        for run, analysis in analyses.items():
            value = np.asarray(analysis.values(scale)[name])
            where: tuple[Any, ...] = (runs.index(run), *(slice(n) for n in value.shape))
            values[where] = value
        result[name] = (dims, values.astype(str) if fill == "" else values, attrs)
    result["run_status"] = ("run", fit["run_status"].values.astype(str))
    best = analyses.get(result.attrs["best_run"], next(iter(analyses.values()), None))
    if best is not None:
        time = np.arange(len(best.orbit)) * series.attrs["sampling_interval"]
        result = result.assign_coords(time=("time", time, {"units": "s"}))
        result["orbit"] = (("time", "latent"), best.orbit)
        result["orbit_observation"] = (("time", "channel"), best.observed)
    return result


class _Run:
    """The analysis of one run."""

    def __init__(
        self,
        one: Reconstruction,
        parts: Sequence[Stretch],
        interval: float,
        settings: Mapping[str, Any],
        rng: np.random.Generator,
    ) -> None:
        steps, transient = settings["steps"], settings["transient"]
        data = np.concatenate([part.x for part in parts])
        some = np.arange(len(data))[:: max(1, len(data) // 500)]
        states = one.encode(histories(parts, some, one.warm_up))
        chosen = np.linspace(0, len(data) - 1, settings["starts"]).astype(int)
        starts = one.encode(histories(parts, chosen, one.warm_up))
        orbits = one.simulate(starts, transient + steps)[transient:]
        finite = np.abs(np.nan_to_num(orbits, nan=np.inf)).max(axis=(0, 2)) < 1e12
        visited = orbits[:: max(1, steps // 100), finite].reshape(-1, orbits.shape[-1])

        self.interval = interval
        self.points = _nearest_first(
            _fixed_points(
                one, np.concatenate([states, visited]), settings["fixed_point_regions"], rng
            ),
            one,
            data,
        )
        self.located = one.decode(self.points.states)
        self.distance = np.linalg.norm(self.located - data.mean(axis=0), axis=1)

        scale = float(np.sqrt(states.var(axis=0).sum()))
        leading, error = _exponents(one, orbits[0], steps, 1)
        tolerance = zero_tolerance(error, steps)
        kinds = [
            classify(orbits[:, i], scale, float(leading[i, 0]), float(tolerance[i, 0]))
            for i in range(orbits.shape[1])
        ]
        self.kinds = [kind for kind, _ in kinds]
        self.kind = Counter(self.kinds).most_common(1)[0][0]
        typical = self.kinds.index(self.kind)
        self.cycle_length = kinds[typical][1]

        spectrum, error = _exponents(one, orbits[:1, typical], steps)
        self.exponents, self.error = spectrum[0], error[0]
        self.dimension = kaplan_yorke(self.exponents, zero_tolerance(self.error, steps))
        bounded = self.kind != "unbounded"
        full = one.decode(orbits[:, typical]) if bounded else np.full((1, data.shape[1]), np.nan)
        moves = self.kind in ("cycle", "aperiodic")
        self.period = dominant_period(full, interval) if moves else np.nan
        self.half_range = np.ptp(full, axis=0) / 2 if self.kind != "fixed point" else 0 * full[0]
        self.relative = float(np.mean(self.half_range / data.std(axis=0)))
        self.orbit = orbits[:SHOWN, typical] if bounded else np.full_like(orbits[:1, 0], np.nan)
        self.observed = one.decode(self.orbit)

    def values(self, scale: Array) -> dict[str, Any]:
        """All variables of the result; `scale` turns standardised into original units."""
        return {
            "fixed_point_count": len(self.points.states),
            "stable_count": self.points.stability.count("stable"),
            "regions_searched": self.points.regions,
            "search_complete": self.points.complete,
            "fixed_point": self.points.states,
            "fixed_point_observation": self.located,
            "distance": self.distance,
            "eigenvalue_real": self.points.eigenvalues.real,
            "eigenvalue_imag": self.points.eigenvalues.imag,
            "stability": np.array(self.points.stability, dtype=object),
            "type": np.array(self.points.type, dtype=object),
            "lyapunov": self.exponents / self.interval,
            "lyapunov_error": self.error / self.interval,
            "lyapunov_step": self.exponents,
            "kaplan_yorke": self.dimension,
            "limit_set": self.kind,
            "limit_set_start": np.array(self.kinds, dtype=object),
            "cycle_length": self.cycle_length,
            "dominant_period": self.period,
            "amplitude": self.half_range * scale,
            "relative_amplitude": self.relative,
        }


def _fixed_points(
    one: Reconstruction, states: Array, regions: int, rng: np.random.Generator
) -> FixedPoints:
    """Exactly, region by region, where the map is piecewise linear."""
    if isinstance(one, PiecewiseLinearReconstruction):
        return find_fixed_points(one.map, states, regions, rng)
    return search_smooth(one, states, rng)


def _exponents(
    one: Reconstruction, z: Array, steps: int, count: int | None = None
) -> tuple[Array, Array]:
    """Lyapunov exponents per step and their errors ``(orbit, count)``."""
    if isinstance(one, PiecewiseLinearReconstruction):
        return lyapunov_spectrum(one.map, z, steps, steps // 10, count)
    count = min(one.latent_dimension, EXPONENTS) if count is None else count
    return tangent_spectrum(one, z, steps, steps // 10, count)


def _nearest_first(points: FixedPoints, one: Reconstruction, data: Array) -> FixedPoints:
    distance = np.linalg.norm(one.decode(points.states) - data.mean(axis=0), axis=1)
    order = np.argsort(distance, kind="stable")
    return FixedPoints(
        points.states[order], points.eigenvalues[order], points.regions, points.complete
    )


_POINT = ("run", "point")
_VARIABLES: dict[str, tuple[tuple[str, ...], float | str, dict[str, str]]] = {
    "fixed_point_count": (("run",), np.nan, {"units": "1"}),
    "stable_count": (("run",), np.nan, {"units": "1"}),
    "regions_searched": (("run",), np.nan, {"units": "1"}),
    "search_complete": (("run",), np.nan, {"long_name": "1 if all linear regions were solved"}),
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
