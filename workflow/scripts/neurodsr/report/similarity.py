"""The part of the page that says how alike the dynamics of recordings are."""

import numpy as np
import xarray as xr

from neurodsr import netcdf
from neurodsr.group.similarity.words import NAMES
from neurodsr.report.page import Picture, Section, Table
from neurodsr.report.study import Study
from neurodsr.report.text import number


def similarities(study: Study) -> list[Section]:
    """The section of a cohort, if it asks for distances between recordings."""
    if study.settings["group"]["similarity"] is None:
        return []
    folder = study.root / "group"
    result = netcdf.read(folder / "similarity.nc")
    return [similarity_section(result, (folder / "similarity.svg").read_bytes())]


def similarity_section(result: xr.Dataset, picture: bytes) -> Section:
    """What each distance says, with its numbers.

    Parameters
    ----------
    result
        From `neurodsr.group.similarity.compare.compare_dynamics`, or why there is none.
    picture
        Its figure.
    """
    title = "Similarity of dynamics"
    if netcdf.is_excluded(result):
        return Section("similarity", title, [f"No distances: {result.attrs['reason']}."])
    columns = ["distance", "recordings", "subjects tested", "R²", "p", "q", "same person nearer"]
    columns += ["silhouette", "adjusted Rand", "median distance", "to own surrogate"]
    rows = []
    for measure in result["measure"].values:
        one = result.sel(measure=measure)
        distance = one["distance"].values
        values = [
            one["subjects"],
            one["explained"],
            one["p"],
            one["q"],
            one["discriminability"],
            one["silhouette"],
            one["stability"].mean(),
            np.nanmedian(distance[np.triu_indices(len(distance), 1)]),
            one["surrogate"].median(),
        ]
        known = str(int(np.isfinite(one["cluster"]).sum()))
        rows.append([NAMES[str(measure)], known, *(number(float(value), 2) for value in values)])
    note = (
        "R², p and q: permutation of whole subjects between groups; groups of different spread can "
        "be told apart, too. Same person nearer: chance is 0.5. Adjusted Rand: agreement of the "
        "clusters with those without a fifth of the subjects. Surrogates are linear, with the "
        "spectra and the values of the recording."
    )
    return Section(
        "similarity",
        title,
        str(result.attrs["statement"]).split("\n"),
        [Table(columns, rows, frozenset(columns[1:]), note)],
        [
            Picture(
                "Distances between recordings",
                "Left: distances, ordered by group and cluster (for dynamical similarity analysis "
                "with each recording's distance to its own linear surrogate below). Middle: plane "
                "that keeps distances best, lines join recordings of a person. Right: agreement of "
                "clusters when a fifth of the subjects is left out.",
                picture,
            )
        ],
    )
