"""From one group's model to the other's: what bifurcation lies between, and who is on which side.

The models of a hierarchy differ along shared directions, so that the straight line between the mean
models of two groups is a path through models of the cohort, on which each recording has a place.
"""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.dynamics.fixed_points import find_fixed_points
from neurodsr.dynamics.piecewise.bifurcation import Branch, between, diagram, follow
from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

MAP = ("A", "W1", "W2", "h1", "h2", "C")
PLACES = np.round(np.linspace(-0.5, 1.5, 81), 6)
STATES, REGIONS = 200, 20_000
TRANSIENT, STEPS = 1000, 400


def between_groups(
    fit: xr.Dataset, groups: Mapping[str, str], rng: np.random.Generator
) -> xr.Dataset:
    """Follow a fixed point, the nearest to the data's mean, from one group's model to the other's.

    Parameters
    ----------
    fit
        Content of ``hierarchical.nc``.
    groups
        Group of each recording, by its name; without two groups the result is empty.
    rng
        Of the search for fixed points.

    Returns
    -------
    xr.Dataset
        Over ``run``: ``line_place (recording)``, 0 at the mean model of the first group in
        alphabetical order, 1 at that of the second; ``line_event`` and ``line_event_kind``, the
        place between -0.5 and 1.5 at which the fixed point's stability changes (of several the
        nearest to the middle), and how; ``line_agreement``, the share of recordings whose own
        fixed point is stable where the line's is at their place. Over the places ``line`` also
        ``line_multiplier`` (largest modulus), ``line_fixed_point``, ``line_low`` and ``line_high
        (channel)``, the range of the free run. The attribute ``line_groups`` names the two.
    """
    names = [str(name) for name in fit["recording"].values]
    kinds = sorted({groups[name] for name in names if groups.get(name)})
    if len(kinds) != 2:
        return xr.Dataset()
    members = [np.array([groups.get(name) == kind for name in names]) for kind in kinds]
    models = fit[[*MAP, "B", "E"]]
    runs = [_line(models.isel(run=run), members, rng) for run in range(fit.sizes["run"])]
    return xr.concat(runs, "run").assign_attrs(line_groups=", ".join(kinds))


def growth_rates(fit: xr.Dataset, rng: np.random.Generator) -> xr.DataArray:
    """How fast small perturbations grow in each recording's own model (1/s).

    ``(run, recording)``: ln |leading eigenvalue| / sampling interval at the fixed point nearest to
    the data's mean, its distance from the border of stability; missing without a fixed point.
    Groups play no part in it.
    """
    values = np.full((fit.sizes["run"], fit.sizes["recording"]), np.nan)
    for run, recording in np.ndindex(values.shape):
        one = fit.isel(run=run, recording=recording)
        states = rng.standard_normal((STATES, fit.sizes["channel"])) @ one["E"].values.T
        model = map_of(one)
        point = nearest_fixed_point(model, one["B"].values, states, rng)
        if point is not None:
            leading = np.abs(np.linalg.eigvals(model.jacobian(point[0]))).max()
            values[run, recording] = np.log(leading) / fit.attrs["sampling_interval"]
    return xr.DataArray(values, dims=("run", "recording"), attrs={"units": "1/s"})


def _line(
    fit: xr.Dataset, members: list[NDArray[np.bool_]], rng: np.random.Generator
) -> xr.Dataset:
    """One run of the hierarchy."""
    mean = [fit.isel(recording=own).mean("recording", keep_attrs=True) for own in members]
    ends = [map_of(one) for one in mean]
    family = between(*ends)
    B, E = ((mean[0][name].values + mean[1][name].values) / 2 for name in ("B", "E"))
    states = rng.standard_normal((STATES, len(B))) @ E.T
    up, down = PLACES[PLACES >= 0], PLACES[PLACES <= 0][::-1]
    start = nearest_fixed_point(ends[0], B, states, rng)
    branches = [] if start is None else [follow(family, start, side) for side in (up, down)]
    multiplier = np.full(len(PLACES), np.nan)
    located = np.full((len(PLACES), len(B)), np.nan)
    for branch in branches:
        where = np.searchsorted(PLACES, branch.parameters - 1e-9)
        multiplier[where] = np.abs(branch.eigenvalues[:, 0])
        located[where] = branch.states[:, 0] @ B.T
    place, kind = _event(branches)
    orbits = diagram(family, PLACES, states[:1], TRANSIENT, STEPS)[:, 0] @ B.T
    models = [map_of(fit.isel(recording=i)) for i in range(fit.sizes["recording"])]
    places = np.array([_place(one, *ends) for one in models])
    there = multiplier[np.abs(PLACES - places[:, None]).argmin(axis=1)] < 1
    own = [_at_rest(one, B, states, rng) for one in models]
    sd = {"units": "sd of the data"}
    return xr.Dataset(
        {
            "line_place": ("recording", places, {"long_name": "0 first group, 1 second"}),
            "line_event": ((), place),
            "line_event_kind": ((), kind),
            "line_agreement": ((), float(np.mean(there == own))),
            "line_multiplier": ("line", multiplier, {"long_name": "largest modulus"}),
            "line_fixed_point": (("line", "channel"), located, sd),
            "line_low": (("line", "channel"), orbits.min(axis=1), sd),
            "line_high": (("line", "channel"), orbits.max(axis=1), sd),
        },
        coords={"line": PLACES},
    )


def map_of(one: xr.Dataset) -> PiecewiseLinearMap:
    """The map of one recording in one run."""
    values = {name: one[name].values.astype(float) for name in MAP}
    return PiecewiseLinearMap(**values, clipped=bool(one.attrs["clipped"]))


def nearest_fixed_point(
    model: PiecewiseLinearMap, B: Array, states: Array, rng: np.random.Generator
) -> Array | None:
    """The fixed point ``(1, latent)`` nearest to the data's mean (0), if there is any."""
    found = find_fixed_points(model, states, REGIONS, rng).states
    if not len(found):
        return None
    return np.asarray(found[[np.linalg.norm(found @ B.T, axis=1).argmin()]])


def _at_rest(model: PiecewiseLinearMap, B: Array, states: Array, rng: np.random.Generator) -> bool:
    """Whether that fixed point is stable."""
    point = nearest_fixed_point(model, B, states, rng)
    return point is not None and bool(np.abs(np.linalg.eigvals(model.jacobian(point[0]))).max() < 1)


def _event(branches: list[Branch]) -> tuple[float, str]:
    """The change of stability nearest to the middle of the line."""
    events = [e for branch in branches for e in branch.events if e.kind != "border collision"]
    if not events:
        return float("nan"), ""
    nearest = min(events, key=lambda event: abs(event.parameter - 0.5))
    return nearest.parameter, nearest.kind


def _place(one: PiecewiseLinearMap, first: PiecewiseLinearMap, second: PiecewiseLinearMap) -> float:
    """Where the foot of the perpendicular from a model to the line lies."""
    base, end, own = (
        np.concatenate([getattr(model, name).ravel() for name in MAP])
        for model in (first, second, one)
    )
    way = end - base
    return float((own - base) @ way / (way @ way))
