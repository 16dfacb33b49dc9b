"""What the distances between recordings show, in sentences."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

NAMES = {
    "attractor": "Wasserstein distance between attractors",
    "vectors": "Distance of the vectors of the hierarchical model",
    "lyapunov": "Difference of Lyapunov spectra",
    "dsa": "Dynamical similarity of free runs",
    "dsa-data": "Dynamical similarity of the data",
}
SUBSTANTIAL = 0.25
STABLE = 0.75


def sentences(result: xr.Dataset, left_out: Mapping[str, str]) -> Iterator[str]:
    """For each measure what it says of groups, persons and clusters, and what was left out.

    Parameters
    ----------
    result
        From `neurodsr.group.similarity.compare.compare_dynamics`.
    left_out
        Reason for each measure that could not be had.
    """
    for measure in result["measure"].values:
        yield from _of_measure(str(measure), result.sel(measure=measure))
    for measure, reason in left_out.items():
        yield f"{NAMES[measure]}: not computed ({reason})."


def _of_measure(measure: str, one: xr.Dataset) -> Iterator[str]:
    known = int(np.isfinite(one["cluster"]).sum())
    missing = one.sizes["recording"] - known
    without = f", {missing} without" if missing else ""
    p = float(one["p"])
    lead = f"{NAMES[measure]} ({known} recordings{without}): "
    if np.isfinite(p):
        apart = "the groups lie apart" if float(one["q"]) < 0.05 else "no difference of groups"
        yield (
            f"{lead}{apart}; they explain {float(one['explained']):.0%} of the squared distances"
            f" (permutation of {int(one['subjects'])} subjects, p = {p:.2g}, q ="
            f" {float(one['q']):.2g} over measures)."
        )
    else:
        yield f"{lead}groups are not tested (it takes two with enough subjects)."
    nearer = float(one["discriminability"])
    if np.isfinite(nearer):
        yield (
            f"A recording is nearer to another of the same person than to one of somebody else in"
            f" {nearer:.0%} of all comparisons (chance 50%)."
        )
    yield _clusters(one)
    if measure.startswith("dsa"):
        yield _surrogates(one)


def _clusters(one: xr.Dataset) -> str:
    silhouette = float(one["silhouette"])
    if silhouette < SUBSTANTIAL:
        return f"It shows no clusters (largest silhouette {silhouette:.2f})."
    stability = float(one["stability"].mean())
    label = one["cluster"].values
    sizes = np.bincount(label[np.isfinite(label)].astype(int))
    listed = " and ".join(str(size) for size in sorted(sizes, reverse=True))
    verdict = "they come out again" if stability >= STABLE else "they are not stable"
    return (
        f"It shows {len(sizes)} clusters of {listed} recordings (silhouette {silhouette:.2f});"
        f" without a fifth of the subjects {verdict} (adjusted Rand index {stability:.2f})."
    )


def _surrogates(one: xr.Dataset) -> str:
    distance = one["distance"].values
    between = float(np.nanmedian(distance[np.triu_indices(len(distance), 1)]))
    own = float(np.nanmedian(one["surrogate"]))
    judged = (
        "so what sets recordings apart here may be linear structure (spectra) alone"
        if own < between
        else "so recordings differ less from each other than from what is linear in them"
    )
    return (
        f"Its operators are linear, of rank {int(one['rank'])}: the median distance of a recording"
        f" to a linear surrogate of its own is {own:.2g}, that to another recording {between:.2g},"
        f" {judged}."
    )
