"""Figure of the dynamics: orbit with fixed points, eigenvalues, Lyapunov spectra."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
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
    """Best run's orbit in the data's plane; eigenvalues and exponents of all runs."""
    figure = new_figure(9.0, 3.3)
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.2, 1, 1.2])
    _draw_orbit(left, dynamics, series)
    _draw_eigenvalues(middle, dynamics)
    _draw_exponents(right, dynamics)
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
        axes.legend(loc="upper right")


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
