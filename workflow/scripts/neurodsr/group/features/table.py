"""Features of the recordings as tidy rows, and which recordings count."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr import netcdf
from neurodsr.group.features.catalogue import DATA, FEATURES, HIERARCHICAL, vectors
from neurodsr.group.features.data import series, statespace
from neurodsr.group.features.definition import Family
from neurodsr.group.features.dynamics import dynamics
from neurodsr.group.features.mechanism import mechanism
from neurodsr.group.features.quality import quality
from neurodsr.tables import Dictionary

ACCEPTABLE = ("ok", "decayed")


COLUMNS: Dictionary = {
    "recording": {"Description": "Recording"},
    "model": {
        "Description": "Model, `data` for a feature of the recording itself, or `hierarchical`"
    },
    "run": {"Description": "Index of the run (seed), n/a for features of the data"},
    "acceptable": {
        "Description": "Whether the run counts; decided without regard to group",
        "Levels": {"0": "training failed or the free run diverged", "1": "counts"},
    },
    "feature": {
        "Description": "Feature",
        "Levels": {
            name: {"Description": f.definition, "Units": f.unit, "Source": f.source}
            for name, f in FEATURES.items()
        },
    },
    "value": {"Description": "Value in the unit of the feature, n/a where it is not defined"},
}

INCLUSION: Dictionary = {
    "recording": {"Description": "Recording"},
    "model": {"Description": "Model"},
    "status": {
        "Description": "Whether features were computed",
        "Levels": {"included": "yes", "excluded": "no"},
    },
    "stage": {"Description": "Stage at which it was left out"},
    "reason": {"Description": "Why it was left out"},
    "runs": {"Description": "Number of runs (seeds)"},
    "acceptable": {"Description": "Number of acceptable runs"},
}

Results = Mapping[str, xr.Dataset]
Values = Iterator[tuple[str, float]]


def recording_features(
    recording: str, results: Results, models: Mapping[str, Results]
) -> pd.DataFrame:
    """All features of one recording, columns of `COLUMNS`.

    Parameters
    ----------
    recording
        Its name.
    results
        ``series`` and ``statespace``.
    models
        For each model its ``fit``, ``scores`` and ``dynamics``. Excluded ones give no rows.
    """
    rows: list[tuple[str, str, int | None, int, str, float | None]] = []
    if first_excluded(list(results.values())) is None:
        values = read_values([(series, results["series"]), (statespace, results["statespace"])])
        rows += [(recording, DATA, None, 1, name, value) for name, value in values]
    for model, one in models.items():
        if first_excluded([*results.values(), *one.values()]) is None:
            rows += [
                (recording, model, run, accepted, name, value)
                for run, accepted, name, value in run_features(one["scores"], one["dynamics"])
            ]
    return _tidy(rows)


def hierarchical_features(hierarchical: xr.Dataset) -> pd.DataFrame:
    """What a cohort's hierarchical model tells of each recording, columns of `COLUMNS`.

    A run in which a recording's own model is unbounded does not count for it.
    """
    rows: list[tuple[str, str, int | None, int, str, float | None]] = []
    if not netcdf.is_excluded(hierarchical):
        for run in hierarchical["run"].values:
            for recording in hierarchical["recording"].values:
                one = hierarchical.sel(run=run, recording=recording)
                accepted = int(str(one["free_run"].values) != "unbounded")
                rows += [
                    (str(recording), HIERARCHICAL, int(run), accepted, name, value)
                    for name, value in read_values([(vectors, one)])
                ]
    return _tidy(rows)


def _tidy(rows: Sequence[tuple[str, str, int | None, int, str, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"run": "Int64"})
    frame["value"] = frame["value"].where(np.isfinite(frame["value"].astype(float)))
    return frame


def read_values(results: Iterable[tuple[Family, xr.Dataset]]) -> Values:
    """Name and value of every feature of some results whose source was computed."""
    for family, result in results:
        for feature in family.features:
            value = feature.of(result)
            if value is not None:
                yield feature.name, value


def inclusion(
    recording: str, results: Results, models: Mapping[str, Results]
) -> list[dict[str, str | int | None]]:
    """For each model whether the recording counts, or where and why it was left out."""
    rows: list[dict[str, str | int | None]] = []
    for model, one in models.items():
        row: dict[str, str | int | None] = {"recording": recording, "model": model}
        gone = first_excluded([*results.values(), *one.values()])
        if gone is not None:
            row |= {"status": "excluded", "stage": gone.attrs["excluded_at"]}
            rows.append(row | {"reason": gone.attrs["reason"]})
            continue
        states = [str(state) for state in one["scores"]["run_state"].values]
        accepted = len(acceptable_runs(one["scores"]))
        row |= {"status": "included", "runs": len(states), "acceptable": accepted}
        if not accepted:
            why = "; ".join(sorted(set(states)))
            row |= {"status": "excluded", "stage": "train", "reason": f"no acceptable run: {why}"}
        rows.append(row)
    return rows


def first_excluded(results: Sequence[xr.Dataset]) -> xr.Dataset | None:
    return next((one for one in results if netcdf.is_excluded(one)), None)


def acceptable_runs(scores: xr.Dataset) -> list[int]:
    """Runs that count.

    A run whose free run decays to a point does: where the data are a noisy steady state, that point
    is the right answer, and leaving such runs out would bias a comparison.
    """
    if netcdf.is_excluded(scores):
        return []
    states = zip(scores["run"].values, scores["run_state"].values, strict=True)
    return [int(run) for run, state in states if str(state) in ACCEPTABLE]


def run_features(scores: xr.Dataset, found: xr.Dataset) -> Iterator[tuple[int, int, str, float]]:
    """Run, whether it is acceptable, feature and value, for every run of a model.

    Parameters
    ----------
    scores, found
        Contents of ``scores.nc`` and ``dynamics.nc``.
    """
    kept = acceptable_runs(scores)
    for run in scores["run"].values:
        score, accepted = scores.sel(run=run), int(run in kept)
        one = found.sel(run=run)
        for name, value in read_values([(dynamics, one), (mechanism, one), (quality, score)]):
            yield int(run), accepted, name, value
