"""Figure of the dynamics.

Orbit with fixed points, cycles and manifolds, eigenvalues, Lyapunov spectra; basins, return map,
and the coupling between channels or a bifurcation diagram.
"""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, NULL, new_figure

MARKS = {
    "stable node": ("o", CYCLE[5]),
    "stable focus": ("P", CYCLE[5]),
    "saddle node": ("X", CYCLE[2]),
    "saddle focus": ("D", CYCLE[2]),
    "unstable node": ("s", CYCLE[1]),
    "unstable focus": ("^", CYCLE[1]),
}


def draw_dynamics(dynamics: xr.Dataset, series: xr.Dataset, **inputs: xr.Dataset) -> Figure:
    """Best run's orbit in the data's plane, eigenvalues and exponents of all runs, and so on."""
    below = [
        draw
        for name, draw in (
            ("basin_map", _draw_basins),
            ("orbit_observation", _draw_return_map),
            ("sweep_state" if "sweep_state" in dynamics else "coupling_strength", _draw_last),
        )
        if name in dynamics
    ]
    figure = new_figure(9.0, 5.8 if below else 3.3)
    rows = figure.subplots(2 if below else 1, 3, width_ratios=[1.2, 1, 1.2], squeeze=False)
    _draw_orbit(rows[0, 0], dynamics, series)
    _draw_eigenvalues(rows[0, 1], dynamics)
    _draw_exponents(rows[0, 2], dynamics)
    for axes in rows[1:].ravel():
        axes.set_visible(False)
    for axes, draw in zip(rows[-1], below, strict=False):
        axes.set_visible(True)
        draw(axes, dynamics)
    return figure


def _draw_orbit(axes: Axes, dynamics: xr.Dataset, series: xr.Dataset) -> None:
    data = series["observation"].values[series["split"].values == 0]
    data = data[np.isfinite(data).all(axis=1)][-4000:]
    mean = data.mean(axis=0)
    names = [str(name) for name in series["channel"].values]
    if data.shape[1] <= 2:
        plane = np.eye(data.shape[1], 2)
        mean = 0 * mean
        labels = (f"{names[0]} (sd)", f"{names[1]} (sd)" if len(names) > 1 else "")
    else:
        plane = np.linalg.svd(data - mean, full_matrices=False)[2][:2].T
        labels = ("first component (sd)", "second component (sd)")
    shown = (data - mean) @ plane
    axes.plot(*shown.T, ".", color=NULL, markersize=1, alpha=0.5, rasterized=True, zorder=0)
    best = dynamics.sel(run=dynamics.attrs["best_run"])
    if "orbit_observation" in dynamics:
        orbit = (dynamics["orbit_observation"].values - mean) @ plane
        axes.plot(*orbit.T, ".", color=DATA, markersize=1.2, rasterized=True)
    for side, colour in (("unstable", CYCLE[2]), ("stable", CYCLE[0])):
        if f"{side}_manifold" in dynamics:
            line = (dynamics[f"{side}_manifold"].values - mean) @ plane
            axes.plot(*line.T, color=colour, linewidth=0.7, label=f"{side} manifold",
                      rasterized=True, zorder=1)  # fmt: skip
    if "cycle_observation" in dynamics:
        states = (dynamics["cycle_observation"].values - mean) @ plane
        shown_cycles = states.reshape(-1, states.shape[-1])
        axes.plot(*shown_cycles.T, ".", color=CYCLE[4], markersize=3, label="cycles",
                  rasterized=True)  # fmt: skip
    located = (best["fixed_point_observation"].values - mean) @ plane
    kinds = best["type"].values
    for kind, (mark, colour) in MARKS.items():
        chosen = kinds == kind
        if chosen.any():
            axes.plot(
                *located[chosen].T,
                mark,
                color=colour,
                markeredgecolor="white",
                markersize=7,
                linestyle="none",
                label=kind,
            )
    low, high = shown.min(axis=0), shown.max(axis=0)
    margin = 0.4 * (high - low) + 1e-3
    axes.set(
        xlim=(low[0] - margin[0], high[0] + margin[0]),
        ylim=(low[1] - margin[1], high[1] + margin[1]),
        xlabel=labels[0],
        ylabel=labels[1],
    )
    limit = str(best["limit_set"].values) or "no limit set"
    axes.set_title(f"Best run: {limit}{_period(best)}")
    inside = (np.abs(located - (low + high) / 2) < (high - low) / 2 + margin).all(axis=1)
    beyond = int(((kinds != "") & ~inside).sum())
    if beyond:
        axes.annotate(
            f"{beyond} fixed points outside", (0.02, 0.02), xycoords="axes fraction", fontsize=6
        )
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", fontsize=6)


def _period(run: xr.Dataset) -> str:
    period = float(run["dominant_period"])
    return f", {period:.3g} s" if np.isfinite(period) else ""


def _draw_eigenvalues(axes: Axes, dynamics: xr.Dataset) -> None:
    """Eigenvalues of each run's fixed point nearest to the mean of the data."""
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(np.cos(angle), np.sin(angle), color=NULL, linewidth=0.8)
    if dynamics.sizes["point"]:
        nearest = dynamics.isel(point=0)
        for i, run in enumerate(dynamics["run"].values):
            axes.plot(
                nearest["eigenvalue_real"].sel(run=run).values,
                nearest["eigenvalue_imag"].sel(run=run).values,
                "o",
                markersize=3.5,
                alpha=0.8,
                color=CYCLE[i % len(CYCLE)],
            )
    largest = 1.2
    if dynamics.sizes["point"]:
        moduli = np.hypot(nearest["eigenvalue_real"].values, nearest["eigenvalue_imag"].values)
        largest = float(np.clip(1.1 * np.nanmax(moduli, initial=0.0), 1.2, 3.0))
    axes.set_xlim(-largest, largest)
    axes.set_ylim(-largest, largest)
    axes.set_aspect("equal")
    axes.set(xlabel="real part", ylabel="imaginary part")
    axes.set_title("Eigenvalues at the fixed point\nnearest to the data's mean, all runs")


def _draw_exponents(axes: Axes, dynamics: xr.Dataset) -> None:
    index = np.arange(1, dynamics.sizes["latent"] + 1)
    exponents = dynamics["lyapunov"].where(dynamics["lyapunov_step"] > -30)
    axes.axhline(0, color=NULL, linewidth=0.8)
    for i, run in enumerate(dynamics["run"].values):
        one = dynamics.sel(run=run)
        if not np.isfinite(one["lyapunov"].values).any():
            continue
        axes.errorbar(
            index,
            exponents.sel(run=run).values,
            yerr=2 * one["lyapunov_error"].values,
            fmt="o-",
            markersize=3,
            color=CYCLE[i % len(CYCLE)],
            label=f"run {run}: {one['limit_set'].values!s}, D_KY {float(one['kaplan_yorke']):.2f}, "
            f"{int(one['fixed_point_count'])} fixed p.",
        )
    largest = float(np.nanmax(np.abs(exponents.values), initial=0.0)) or 1.0
    leading = np.abs(exponents.isel(latent=0).values)
    threshold = float(np.nanmax(leading, initial=0.0)) or largest
    axes.set_yscale("symlog", linthresh=threshold)
    axes.set_ylim(-2 * largest, 2 * max(threshold, 1e-3 * largest))
    axes.set_xticks(index[:: max(1, len(index) // 10)])
    axes.set(xlabel="index", ylabel="Lyapunov exponent (1/s)", title="Lyapunov spectra, all runs")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", fontsize=6)


def _draw_basins(axes: Axes, dynamics: xr.Dataset) -> None:
    """Attractor that each state in the plane of the data leads to, best run."""
    labels = dynamics["basin_map"].values
    ticks = dynamics["plane"].values
    names = {-2: "not settled", -1: "unbounded"}
    best = dynamics.sel(run=dynamics.attrs["best_run"])
    if "attractor_kind" in dynamics:
        kinds = best["attractor_kind"].values
        names |= {i: f"{kind}" for i, kind in enumerate(kinds) if kind}
    present = np.unique(labels)
    colours = {-2.0: "#ffffff", -1.0: "#d9dee1"}
    shown = [colours.get(label, CYCLE[int(label) % len(CYCLE)]) for label in present]
    axes.imshow(
        np.searchsorted(present, labels).T,
        origin="lower",
        extent=(ticks[0], ticks[-1], ticks[0], ticks[-1]),
        cmap=ListedColormap(shown),
        vmin=-0.5,
        vmax=len(present) - 0.5,
        interpolation="nearest",
        alpha=0.75,
        aspect="auto",
    )
    for label, colour in list(zip(present, shown, strict=True))[:6]:
        share = float(np.mean(labels == label))
        axes.plot([], [], "s", color=colour, markeredgecolor=NULL,
                  label=f"{names.get(int(label), 'another')}: {100 * share:.0f} %")  # fmt: skip
    axes.legend(loc="upper right", fontsize=6, frameon=True)
    axes.set(
        xlabel="first component (sd)",
        ylabel="second component (sd)",
        title="Basins, best run",
    )


def _draw_return_map(axes: Axes, dynamics: xr.Dataset) -> None:
    """Successive maxima of the best run's first principal component."""
    orbit = dynamics["orbit_observation"].values
    axes.set_title("Return map, best run")
    centred = orbit - orbit.mean(axis=0)
    if not np.isfinite(centred).all() or not np.ptp(centred) > 1e-9:
        axes.text(0.5, 0.5, "at rest", ha="center", va="center", transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return
    leading = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    inner = leading[1:-1]
    maxima = inner[(inner > leading[:-2]) & (inner >= leading[2:])]
    limits = (leading.min(), leading.max())
    axes.plot(limits, limits, color=NULL, linewidth=0.8)
    axes.plot(maxima[:-1], maxima[1:], ".", color=DATA, markersize=2.5, rasterized=True)
    axes.set(xlabel="maximum of the first component (sd)", ylabel="the next one (sd)")


def _draw_last(axes: Axes, dynamics: xr.Dataset) -> None:
    if "sweep_state" in dynamics:
        _draw_sweep(axes, dynamics)
    else:
        _draw_coupling(axes, dynamics)


def _draw_sweep(axes: Axes, dynamics: xr.Dataset) -> None:
    """Attractor, fixed points and events of the best run along the parameter."""
    best = dynamics.sel(run=dynamics.attrs["best_run"])
    ticks = dynamics["sweep"].values
    states = best["sweep_state"].values[..., 0]
    axes.plot(np.repeat(ticks, states.shape[1]), states.ravel(), ".", color=DATA, markersize=1.2,
              rasterized=True, label="attractor")  # fmt: skip
    branches, sizes = best["branch_observation"].values[..., 0], best["branch_multiplier"].values
    for stable, style in ((True, "-"), (False, ":")):
        where = (sizes < 1) if stable else (sizes >= 1)
        lines = np.where(where, branches, np.nan)
        axes.plot(ticks, lines.T, style, color=CYCLE[5 if stable else 1], linewidth=1.2)
        axes.plot([], [], style, color=CYCLE[5 if stable else 1],
                  label=f"{'stable' if stable else 'unstable'} fixed point")  # fmt: skip
    kinds, places = best["event_kind"].values, best["event_parameter"].values
    named = {str(kind) for kind in kinds} - {"", "border collision"}
    for i, kind in enumerate(sorted(named)):
        for n, place in enumerate(places[kinds == kind]):
            axes.axvline(place, color=CYCLE[(i + 2) % len(CYCLE)], linewidth=0.7, linestyle="--",
                         label=kind if n == 0 else None)  # fmt: skip
    bounded = states[np.isfinite(states)]
    if bounded.size:
        margin = 0.3 * np.ptp(bounded) + 0.1
        axes.set_ylim(bounded.min() - margin, bounded.max() + margin)
    name = str(dynamics["sweep"].attrs.get("long_name", "parameter"))
    axes.set(
        xlabel=name, ylabel=f"{dynamics['channel'].values[0]} (sd)", title="Bifurcation diagram"
    )
    axes.legend(loc="upper right", fontsize=5.5)


def _draw_coupling(axes: Axes, dynamics: xr.Dataset) -> None:
    """Mean derivative of each channel with respect to each, without the identity, best run."""
    best = dynamics.sel(run=dynamics.attrs["best_run"])
    coupling = best["coupling"].values - np.eye(dynamics.sizes["channel"])
    names = [str(name) for name in dynamics["channel"].values]
    axes.set_title("Coupling, best run")
    if not np.isfinite(coupling).all():
        axes.text(0.5, 0.5, "unbounded", ha="center", va="center", transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])
        return
    largest = float(np.abs(coupling).max()) or 1.0
    image = axes.imshow(coupling, cmap="RdBu_r", vmin=-largest, vmax=largest, aspect="auto")
    axes.figure.colorbar(image, ax=axes, label="change (sd per sd)")
    few = range(0, len(names), max(1, len(names) // 12))
    axes.set_xticks(list(few), [names[i] for i in few], rotation=90)
    axes.set_yticks(list(few), [names[i] for i in few])
    axes.set(xlabel="from", ylabel="to")
