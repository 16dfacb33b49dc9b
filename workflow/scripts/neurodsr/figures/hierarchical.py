"""The hierarchical model of a cohort: where its recordings lie."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, NULL, new_figure


def draw_hierarchical(result: xr.Dataset, groups: Mapping[str, Any]) -> Figure:
    """Training, vectors by group, their agreement between runs, and what lies between two groups.

    Parameters
    ----------
    result
        From `neurodsr.training.cohort.fit_cohort`.
    groups
        Group of each recording; missing ones have none.
    """
    between = "line_place" in result
    figure = new_figure(12.0 if between else 9.0, 3.0)
    course, plane, again, *rest = figure.subplots(1, 4 if between else 3)
    loss = result["loss"].median("recording")
    for run in result["run"].values:
        course.semilogy(result["epoch"], loss.sel(run=run), lw=0.8)
    course.set_xlabel("epoch")
    course.set_ylabel("loss (median of recordings)")
    course.set_title(f"{result.sizes['run']} runs, {result.sizes['recording']} recordings")
    vector = result["vector"].values
    names = result["recording"].values
    members = np.array([str(groups.get(name)) for name in names])
    other = 1 if vector.shape[2] > 1 else 0
    for i, group in enumerate(np.unique(members)):
        mine = members == group
        ordinate = vector[0, mine, other] if other else np.full(mine.sum(), float(i))
        known = group != "None"
        plane.plot(
            vector[0, mine, 0],
            ordinate,
            "o",
            ms=4,
            color=CYCLE[i % len(CYCLE)] if known else NULL,
            label=group if known else "no group",
        )
    plane.set_xlabel("vector 1 (sd over recordings)")
    plane.set_ylabel("vector 2 (sd over recordings)" if other else "group")
    if not other:
        plane.set_yticks([])
    plane.set_title("Recordings by their vectors (run 1)")
    plane.legend()
    for feature in range(min(vector.shape[2], len(CYCLE))):
        for run in range(1, len(vector)):
            again.plot(
                vector[0, :, feature],
                vector[run, :, feature],
                ".",
                ms=3,
                color=CYCLE[feature],
                label=f"vector {feature + 1}" if run == 1 else None,
            )
    if len(vector) > 1:
        reach = float(np.abs(vector).max())
        again.plot([-reach, reach], [-reach, reach], color=DATA, lw=0.6)
        again.legend()
        again.set_title("Does another run say the same?")
    else:
        again.text(0.5, 0.5, "one run only", ha="center", transform=again.transAxes)
    again.set_xlabel("run 1")
    again.set_ylabel("other runs (turned toward it)")
    if between:
        _draw_line(rest[0], result, groups)
    return figure


def _draw_line(axes: Axes, result: xr.Dataset, groups: Mapping[str, Any]) -> None:
    """Free runs and fixed point from the first group's model to the second's, with recordings."""
    one = result.isel(run=0, channel=0)
    places = result["line"].values
    low, high = one["line_low"].values, one["line_high"].values
    axes.fill_between(places, low, high, color=CYCLE[1], alpha=0.25, lw=0, label="free run")
    axes.plot(places, low, color=CYCLE[1], lw=0.8)
    axes.plot(places, high, color=CYCLE[1], lw=0.8)
    stable = one["line_multiplier"].values < 1
    for kept, style, word in ((stable, "-", "stable"), (~stable, ":", "unstable")):
        point = np.where(kept, one["line_fixed_point"].values, np.nan)
        axes.plot(places, point, style, color=DATA, label=f"{word} fixed point")
    if np.isfinite(one["line_event"]):
        axes.axvline(float(one["line_event"]), color=NULL, ls="--", lw=0.8,
                     label=str(one["line_event_kind"].values))  # fmt: skip
    names = str(result.attrs["line_groups"]).split(", ")
    members = np.array([str(groups.get(name)) for name in result["recording"].values])
    bottom = float(np.nanmin([np.nanmin(low), np.nanmin(one["line_fixed_point"])])) - 0.3
    for i, name in enumerate(np.unique(members)):
        mine = one["line_place"].values[members == name]
        axes.plot(mine, np.full(len(mine), bottom), "o", ms=4, color=CYCLE[i % len(CYCLE)])
    axes.set_xlabel(f"{names[0]} 0, {names[1]} 1")
    axes.set_ylabel(f"{result['channel'].values[0]} (sd)")
    agreement = 100 * float(result["line_agreement"].mean())
    axes.set_title(f"Between groups: {agreement:.0f} % on their side")
    axes.legend(fontsize=5.5)
