"""From the results of a cohort to distances between its recordings, with what they show."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from neurodsr import netcdf
from neurodsr.errors import RecordingError
from neurodsr.group.inference import false_discovery
from neurodsr.group.similarity.delay_operators import analyse_similarity
from neurodsr.group.similarity.distances import exponent_distances, pairwise, sliced_wasserstein
from neurodsr.group.similarity.recording import Recording
from neurodsr.group.similarity.structure import (
    RESAMPLES,
    clusters,
    discriminability,
    plane,
    separation,
)
from neurodsr.group.similarity.words import sentences

Array = NDArray[np.float64]
Codes = NDArray[np.intp]

FEWEST = 4
LONGEST = 4000
UNITS = {
    "vectors": "sd over recordings",
    "lyapunov": "1/s",
    "dsa": "1",
    "dsa-data": "1",
}


def compare_dynamics(
    recordings: Sequence[Recording],
    hierarchical: xr.Dataset | None,
    cohort: pd.DataFrame,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Distances between recordings by several measures, and the structure in them.

    Parameters
    ----------
    recordings
        That were analysed with one model.
    hierarchical
        Contents of ``hierarchical.nc``, for the distance of vectors.
    cohort
        Columns ``recording``, ``dataset``, ``participant``, ``group``.
    settings
        Of group.schema.yaml, with ``similarity``.
    rng
        Source of all random numbers.

    Returns
    -------
    xr.Dataset
        ``distance (measure, recording, other)`` (NaN where unknown), ``surrogate (measure,
        recording)``: distance to a linear surrogate of one's own (of dsa); ``embedding (measure,
        recording, axis)`` and ``embedding_share``; ``cluster``, ``silhouette`` and ``stability
        (measure, resample)``; ``F``, ``explained``, ``p``, ``q``, ``subjects`` of the test of
        groups; ``discriminability``. Attribute ``left_out``: measures that cannot be had, with the
        reason (JSON); ``statement``: all of it in words.

    Raises
    ------
    RecordingError
        There are fewer than four recordings.
    """
    wanted = settings["similarity"]
    if len(recordings) < FEWEST:
        raise RecordingError(
            f"similarity: {len(recordings)} recordings have results; it takes at least {FEWEST}"
        )
    names = [one.name for one in recordings]
    people = cohort.dropna(subset=["recording"]).set_index("recording").loc[names]
    people = people.assign(participant=people["participant"].fillna(pd.Series(names, index=names)))
    persons = people.groupby(["dataset", "participant"], dropna=False)
    subject: Codes = np.asarray(persons.ngroup(), dtype=np.intp)
    groups = people["group"].to_numpy(object)
    found, left_out = {}, {}
    for measure in wanted["measure"]:
        try:
            one = _measured(measure, recordings, hierarchical, wanted, rng)
            _check(one["distance"].values)
            found[measure] = one.merge(_structure(one, subject, groups, settings, rng))
        except RecordingError as error:
            left_out[measure] = str(error)
    if not found:
        raise RecordingError("; ".join(left_out.values()))
    result = xr.concat(found.values(), pd.Index(list(found), name="measure"), join="outer")
    result["q"] = ("measure", _adjusted(result["p"].values))
    result = result.assign_coords(
        recording=np.array(names, object),
        subject=("recording", subject),
        group=("recording", np.array(["" if pd.isna(g) else str(g) for g in groups], object)),
        unit=("measure", [_unit(name, wanted["units"]) for name in found]),
    )
    result.attrs["left_out"] = json.dumps(left_out)
    result.attrs["statement"] = "\n".join(sentences(result, left_out))
    return result


def _unit(measure: str, units: str) -> str:
    if measure == "attractor":
        return "sd of the cohort" if units == "recorded" else "sd of each recording"
    return UNITS[measure]


def _measured(
    measure: str,
    recordings: Sequence[Recording],
    hierarchical: xr.Dataset | None,
    wanted: Mapping[str, Any],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Distances by one measure, and to surrogates where they belong to it."""
    if measure == "attractor":
        return _dataset(_attractors(recordings, wanted["units"] == "recorded", rng))
    if measure == "lyapunov":
        return _dataset(_exponents(recordings, wanted["exponents"]))
    if measure == "vectors":
        return _dataset(_vectors([one.name for one in recordings], hierarchical))
    _same_channels(recordings)
    intervals = [float(one.series.attrs["sampling_interval"]) for one in recordings]
    if not np.allclose(intervals, intervals[0], rtol=1e-6):
        raise RecordingError(
            f"similarity: {measure}: sampling rates differ; set preprocess.sampling_rate"
        )
    trajectories = [
        one.data(LONGEST) if measure == "dsa-data" else one.movement() for one in recordings
    ]
    similarity = analyse_similarity(
        trajectories, wanted["delays"], wanted["rank"], wanted["unequal_noise"], rng
    )
    result = _dataset(similarity.distance, similarity.surrogate)
    return result.assign(rank=similarity.rank, noise=("recording", similarity.noise))


def _dataset(distance: Array, surrogate: Array | None = None) -> xr.Dataset:
    nothing = np.full(len(distance), np.nan)
    return xr.Dataset(
        {
            "distance": (("recording", "other"), distance),
            "surrogate": ("recording", nothing if surrogate is None else surrogate),
            "noise": ("recording", nothing),
            "rank": ((), np.nan),
        }
    )


def _attractors(recordings: Sequence[Recording], recorded: bool, rng: np.random.Generator) -> Array:
    _same_channels(recordings)
    clouds = [one.free_run(recorded) for one in recordings]
    if recorded:
        unit = np.median([one.series["scale"].values for one in recordings], axis=0)
        clouds = [cloud / unit for cloud in clouds]
    return sliced_wasserstein(clouds, rng)


def _exponents(recordings: Sequence[Recording], exponents: int) -> Array:
    spectra = [
        one.best["lyapunov"].values if one.bounded else np.full(1, np.nan) for one in recordings
    ]
    if not any(np.isfinite(one).any() for one in spectra):
        raise RecordingError("similarity: lyapunov: no recording has exponents")
    return exponent_distances(spectra, exponents)


def _vectors(names: Sequence[str], hierarchical: xr.Dataset | None) -> Array:
    if hierarchical is None or netcdf.is_excluded(hierarchical):
        raise RecordingError("similarity: vectors: the cohort has no hierarchical model")
    vector = hierarchical["vector"].transpose("run", "recording", "feature").values
    bounded = hierarchical["free_run"].transpose("run", "recording").values != "unbounded"
    known = [str(name) for name in hierarchical["recording"].values]
    rows = np.full((len(names), vector.shape[2]), np.nan)
    for i, name in enumerate(names):
        if name in known and bounded[:, known.index(name)].all():
            rows[i] = vector[:, known.index(name)].mean(axis=0)
    return pairwise(rows, "euclidean")


def _same_channels(recordings: Sequence[Recording]) -> None:
    counts = {one.series.sizes["channel"] for one in recordings}
    if len(counts) > 1:
        raise RecordingError(
            f"similarity: recordings have different numbers of channels ({sorted(counts)}); choose"
            " the same ones in `preprocess`"
        )


def _check(distance: Array) -> None:
    known = int(_complete(distance).sum())
    if known < FEWEST:
        raise RecordingError(
            f"similarity: only {known} recordings have this distance; it takes at least {FEWEST}"
        )
    if not np.nanmax(distance) > 0:
        raise RecordingError("similarity: all recordings are at the same place")


def _complete(distance: Array) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(np.diag(distance)))


def _structure(
    measured: xr.Dataset,
    subject: Codes,
    groups: NDArray[np.object_],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> xr.Dataset:
    """What the distances of the recordings that have them show."""
    everything = measured["distance"].values
    kept = np.flatnonzero(_complete(everything))
    distance = everything[np.ix_(kept, kept)]
    own = subject[kept]
    grouped = clusters(distance, own, rng)
    label = np.full(len(everything), np.nan)
    label[kept] = grouped.label
    coordinates, share = plane(distance)
    embedding = np.full((len(everything), coordinates.shape[1]), np.nan)
    embedding[kept] = coordinates
    stability = np.full(RESAMPLES, np.nan)
    stability[: len(grouped.stability)] = grouped.stability
    result = xr.Dataset(
        {
            "cluster": ("recording", label),
            "silhouette": grouped.silhouette,
            "stability": ("resample", stability),
            "embedding": (("recording", "axis"), embedding),
            "embedding_share": ("axis", share),
            "discriminability": discriminability(distance, own),
            **dict.fromkeys(("F", "explained", "p"), np.nan),
            "subjects": 0,
        }
    )
    chosen = _testable(groups[kept], own, settings)
    if chosen.any():
        part = np.flatnonzero(chosen)
        _, codes = np.unique(groups[kept][part].astype(str), return_inverse=True)
        test = separation(
            distance[np.ix_(part, part)], own[part], codes, settings["permutations"], rng
        )
        result = result.assign(F=test.F, explained=test.share, p=test.p, subjects=test.subjects)
    return result


def _testable(
    groups: NDArray[np.object_], subject: Codes, settings: Mapping[str, Any]
) -> NDArray[np.bool_]:
    """Recordings of the groups with enough subjects; none without two such groups."""
    table = pd.DataFrame({"group": groups, "subject": subject}).dropna()
    if table.groupby("subject")["group"].nunique().gt(1).any():
        return np.zeros(len(groups), dtype=bool)
    sizes = table.drop_duplicates().groupby("group").size()
    names = [
        str(name)
        for name, size in sizes.items()
        if size >= settings["minimum_subjects"]
        and (settings["compare"] is None or name in settings["compare"])
    ]
    return np.isin(groups.astype(str), names) if len(names) > 1 else np.zeros(len(groups), bool)


def _adjusted(p: Array) -> Array:
    q = np.full(p.size, np.nan)
    tested = np.isfinite(p)
    if tested.any():
        q[tested] = false_discovery(p[tested])
    return q
