"""How alike recordings are: matrices of distances, planes and the stability of clusters."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neurodsr.figures.style import CYCLE, DATA, NULL, new_figure

SHORT = {
    "attractor": "Attractors (Wasserstein)",
    "vectors": "Hierarchical vectors",
    "lyapunov": "Lyapunov spectra",
    "dsa": "Delay operators, free runs",
    "dsa-data": "Delay operators, data",
}
LARGEST = 150
"""Recordings shown in a matrix at most."""


def draw_similarity(result: xr.Dataset) -> Figure:
    """One row a measure: matrix ordered by cluster, plane by group, stability of the clusters.

    Parameters
    ----------
    result
        From `neurodsr.group.similarity.compare.compare_dynamics`.
    """
    measures = [str(name) for name in result["measure"].values]
    figure = new_figure(9.0, 2.9 * len(measures))
    for row, measure in zip(
        figure.subplots(len(measures), 3, squeeze=False), measures, strict=True
    ):
        one = result.sel(measure=measure)
        _matrix(figure, row[0], one, SHORT[measure])
        _plane(row[1], one)
        _stability(row[2], one)
    return figure


def _matrix(figure: Figure, axes: Axes, one: xr.Dataset, name: str) -> None:
    group, cluster = one["group"].values.astype(str), one["cluster"].values
    order = np.lexsort([one["recording"].values.astype(str), cluster, group])
    order = order[np.isfinite(cluster[order])][:LARGEST]
    distance = one["distance"].values[np.ix_(order, order)]
    surrogate = one["surrogate"].values[order]
    shown = distance
    if np.isfinite(surrogate).any():
        gap = np.full((1, len(order)), np.nan)
        thick = max(1, len(order) // 20)
        shown = np.vstack([distance, *[gap] * thick, *[surrogate[None]] * thick])
        axes.text(0.5, -0.03, "own surrogate", transform=axes.transAxes, ha="center", va="top",
                  fontsize=7)  # fmt: skip
    image = axes.imshow(shown, cmap="cividis", interpolation="nearest", aspect="equal")
    named = group[order]
    borders = np.flatnonzero(named[1:] != named[:-1]) + 0.5
    for border in borders:
        axes.axhline(border, color="white", lw=0.8)
        axes.axvline(border, color="white", lw=0.8)
    middles = (np.r_[-0.5, borders] + np.r_[borders, len(order) - 0.5]) / 2
    axes.set_yticks(middles, [named[round(float(m))] or "no group" for m in middles], rotation=90,
                    va="center")  # fmt: skip
    axes.set_xticks([])
    axes.set_title(name)
    figure.colorbar(image, ax=axes, shrink=0.8, label=f"distance ({one['unit'].values})")


def _plane(axes: Axes, one: xr.Dataset) -> None:
    x = one["embedding"].transpose("recording", "axis").values
    group, subject = one["group"].values.astype(str), one["subject"].values
    gap = np.full((1, x.shape[1]), np.nan)
    joined = np.vstack([np.vstack([x[subject == one_of], gap]) for one_of in np.unique(subject)])
    axes.plot(joined[:, 0], joined[:, 1], color=NULL, lw=0.5, zorder=0)
    names = [name for name in np.unique(group) if name]
    for name in [*names, ""]:
        part = x[group == name]
        if len(part):
            color = CYCLE[names.index(name) % len(CYCLE)] if name else NULL
            axes.plot(part[:, 0], part[:, 1], "o", ms=4, color=color, label=name or "no group")
    share = one["embedding_share"].values
    axes.set_xlabel(f"axis 1 ({share[0]:.0%})")
    axes.set_ylabel(f"axis 2 ({share[1]:.0%})" if len(share) > 1 else "")
    p = float(one["p"])
    axes.set_title(f"R² = {float(one['explained']):.2f}, p = {p:.2g}" if np.isfinite(p) else "")
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend()


def _stability(axes: Axes, one: xr.Dataset) -> None:
    values = one["stability"].values
    values = values[np.isfinite(values)]
    axes.hist(values, bins=list(np.linspace(-0.5, 1.0, 31)), color=CYCLE[0],
              histtype="stepfilled")  # fmt: skip
    if len(values):
        axes.axvline(values.mean(), color=DATA, lw=1)
    count = int(np.nanmax(one["cluster"].values)) + 1
    axes.set_xlim(-0.52, 1.02)
    axes.set_xlabel("agreement without a fifth (adjusted Rand)")
    axes.set_ylabel("resamples")
    axes.set_title(f"{count} clusters, silhouette {float(one['silhouette']):.2f}")
