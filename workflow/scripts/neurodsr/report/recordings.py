"""One recording's results, and its panel on the page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr import netcdf
from neurodsr.report.page import Panel, Picture, Table
from neurodsr.report.text import counted, interval, listed, number
from neurodsr.report.view import state_space_view

STAGES = {
    "recording": ("Data", "What was recorded, with its epochs or trials."),
    "series": ("Preprocessing", "What the models see: one clock, standardised, split in time."),
    "statespace": (
        "State space",
        "Delay and dimension of an embedding, the data against linear surrogates, drifts over the "
        "training time, and whether the observed channels are an embedding.",
    ),
}
NULLS = ("VAR", "IAAFT", "persistence")
MODEL_STAGES = {
    "fit": ("Training", "Loss and validation criterion of every run, with the chosen epochs."),
    "scores": (
        "Attractor, spectra and scores",
        "Held-out data against the free-running model; scores beside noise floor and nulls.",
    ),
    "dynamics": (
        "Dynamics",
        "Fixed points, cycles and manifolds, eigenvalues, Lyapunov spectra, basins, return map, "
        "and coupling or bifurcation diagram.",
    ),
}


@dataclass(frozen=True)
class ModelResults:
    """Fit, scores and dynamics of one model; any may be an exclusion."""

    fit: xr.Dataset
    scores: xr.Dataset
    dynamics: xr.Dataset

    @property
    def complete(self) -> bool:
        return not any(map(netcdf.is_excluded, (self.fit, self.scores, self.dynamics)))


@dataclass(frozen=True)
class RecordingResults:
    """All results of one recording."""

    series: xr.Dataset
    statespace: xr.Dataset
    models: Mapping[str, ModelResults]
    pictures: Sequence[Picture]

    @property
    def tested(self) -> bool:
        """Whether it reached the test for nonlinear dynamics."""
        return not netcdf.is_excluded(self.statespace)

    @property
    def verdict_code(self) -> str:
        return str(self.statespace.attrs["verdict_code"])

    @property
    def has_exponent(self) -> bool:
        """Whether the data have a largest Lyapunov exponent."""
        return bool(np.isfinite(self.statespace.attrs.get("largest_exponent", np.nan)))

    @property
    def warnings(self) -> Iterator[str]:
        """What preprocessing had to warn about or leave out."""
        if not netcdf.is_excluded(self.series):
            yield from json.loads(self.series.attrs["warnings"])
            dropped = json.loads(self.series.attrs["dropped_channels"])
            if dropped:
                yield f"channels left out: {listed([str(name) for name in dropped])}"


def read_results(folder: Path, models: Sequence[str]) -> RecordingResults:
    """Read the results of one recording with the figures of its stages."""
    pictures = [
        Picture(title, caption, (folder / f"{stage}.svg").read_bytes())
        for stage, (title, caption) in STAGES.items()
    ]
    for model in models:
        pictures += [
            Picture(
                f"{title} ({model})",
                caption,
                (folder / "models" / model / f"{stage}.svg").read_bytes(),
            )
            for stage, (title, caption) in MODEL_STAGES.items()
        ]
    return RecordingResults(
        netcdf.read(folder / "series.nc"),
        netcdf.read(folder / "statespace.nc"),
        {
            model: ModelResults(
                *(netcdf.read(folder / "models" / model / f"{stage}.nc") for stage in MODEL_STAGES)
            )
            for model in models
        },
        pictures,
    )


def panel(name: str, row: Mapping[str, Any], results: RecordingResults) -> Panel:
    """The panel of one recording; `row` is its row of the cohort table."""
    gone = next((one for one in _stages(results) if netcdf.is_excluded(one)), None)
    if gone is not None and not any(one.complete for one in results.models.values()):
        reason = f"left out at {gone.attrs['excluded_at']}: {gone.attrs['reason']}"
        pictures = [one for one in results.pictures if b"Excluded at" not in one.svg]
        return Panel(name, reason, True, list(_origin(row)), pictures=pictures)
    return Panel(
        name,
        " · ".join(_summary(results)),
        False,
        [*_origin(row), *_facts(results)],
        [_score_table(results), _dynamics_table(results)],
        results.pictures,
        [
            view
            for model, one in results.models.items()
            if one.complete
            for view in state_space_view(
                model, results.series, one.dynamics, int(results.statespace.attrs["delay"])
            )
        ],
    )


def _stages(results: RecordingResults) -> Iterator[xr.Dataset]:
    yield from (results.series, results.statespace)
    for one in results.models.values():
        yield from (one.fit, one.scores, one.dynamics)


def _summary(results: RecordingResults) -> Iterator[str]:
    words = {
        "nonlinear": "nonlinear",
        "undetermined": "unlike linear, determinism not shown",
        "linear": "not distinguishable from linear",
    }
    yield words.get(results.verdict_code, "too short to say")
    said = {"better": "better than linear", "not_better": "not better than linear"}
    for model, one in results.models.items():
        code = one.scores.attrs["verdict_code"] if one.complete else "failed"
        yield f"{model}: {said.get(code, str(code).replace('_', ' '))}"


def _origin(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("dataset", "participant", "session", "task", "group", "source_files"):
        if not pd.isna(row[name]):
            yield name.replace("_", " "), str(row[name])


def _facts(results: RecordingResults) -> Iterator[tuple[str, str]]:
    series, statespace = results.series, results.statespace
    split = series["split"].values
    step = float(series.attrs["sampling_interval"])
    channels = [str(channel) for channel in series["channel"].values]
    yield (
        "channels",
        f"{len(channels)}: {', '.join(channels[:12])}{' …' if len(channels) > 12 else ''}",
    )
    yield (
        "samples",
        f"{split.size} every {number(step, 4)} s in "
        f"{counted(len(set(series['segment'].values.tolist())), 'segment')} "
        f"(training {(split == 0).sum()}, validation {(split == 1).sum()}, "
        f"test {(split == 2).sum()})",
    )
    yield "state space", str(statespace.attrs["verdict"])
    yield (
        "embedding",
        f"delay {statespace.attrs['delay']} samples, dimension "
        f"{statespace.attrs['embedding_dimension']}; the channels: "
        f"{statespace.attrs['is_embedding']}",
    )
    yield "amount of data", str(statespace.attrs["data"])
    for caution in json.loads(statespace.attrs["cautions"]):
        yield "caution", str(caution)
    if "largest_exponent" in statespace.attrs:
        yield "largest Lyapunov exponent", _exponent(statespace.attrs, step)
    for model, one in results.models.items():
        if one.complete:
            yield model, str(one.scores.attrs["verdict"])
        else:
            gone = next(x for x in (one.fit, one.scores, one.dynamics) if netcdf.is_excluded(x))
            yield model, f"left out at {gone.attrs['excluded_at']}: {gone.attrs['reason']}"


def _exponent(attributes: Mapping[Any, Any], step: float) -> str:
    """Largest exponent of the data with its interval and doubling time, or why there is none."""
    low, high = attributes["largest_exponent_low"], attributes["largest_exponent_high"]
    where = str(attributes["predictability"])
    if np.isnan(attributes["largest_exponent"]):
        return where.split(":")[0]
    samples = attributes["predictability_time"]
    return (
        f"{number(attributes['largest_exponent'])} per s (95 % interval {interval(low, high)}), "
        f"errors double in {number(samples * step)} s ({counted(samples, 'sample')}); {where}"
    )


def _score_table(results: RecordingResults) -> Table:
    columns = ["model", "measure", "median over runs", "interval", "floor", *NULLS]
    columns += ["skill", "95 % interval", "reads"]
    rows = []
    for model, one in results.models.items():
        for measure in one.scores["measure"].values if one.complete else ():
            score = one.scores.sel(measure=measure)
            rows.append(
                [
                    model,
                    str(measure),
                    number(float(score["median"])),
                    interval(float(score["median_low"]), float(score["median_high"])),
                    number(float(score["floor"])),
                    *(number(float(score["null_score"].sel(null=null))) for null in NULLS),
                    number(float(score["skill_median"])),
                    interval(float(score["skill_median_low"]), float(score["skill_median_high"])),
                    str(score["reads"].values),
                ]
            )
    note = (
        "Smaller is better, but for VPT. Skill is 0 at the best null and 1 at the floor; n/a where "
        "the floor is not below the null. An IAAFT surrogate copies spectrum and correlations: no "
        "rival in D_H, ACE and CCE."
    )
    return Table(columns, rows, frozenset(columns[2:-1]), note)


def _dynamics_table(results: RecordingResults) -> Table:
    columns = ["model", "run", "free run ends in", "fixed points", "all of them?", "stable"]
    columns += ["largest Lyapunov exponent (1/s)", "Kaplan-Yorke dimension", "period (s)"]
    rows = []
    for model, one in results.models.items():
        for run in one.dynamics["run"].values if one.complete else ():
            dynamics = one.dynamics.sel(run=run)
            best = int(run) == int(one.fit.attrs["best_run"])
            kind = str(dynamics["limit_set"].values)
            rows.append(
                [
                    model,
                    f"{run} (best)" if best else str(run),
                    kind or str(one.fit.sel(run=run)["run_status"].values),
                    number(float(dynamics["fixed_point_count"])),
                    _completeness(dynamics),
                    number(float(dynamics["stable_count"])),
                    number(float(dynamics["lyapunov"].max())),
                    number(float(dynamics["kaplan_yorke"])),
                    number(float(dynamics["dominant_period"])),
                ]
            )
    numeric = frozenset(columns[3:]) - {"all of them?"}
    return Table(columns, rows, numeric)


def _completeness(dynamics: xr.Dataset) -> str:
    """Whether all fixed points of a run were found, as far as that is known."""
    if not np.isfinite(float(dynamics["fixed_point_count"])):
        return ""
    if float(dynamics["search_complete"]):
        return "proved"
    unseen = float(dynamics["fixed_points_unseen"])
    if np.isnan(unseen):
        return "not known"
    return "as far as searched" if unseen < 0.5 else f"at least {unseen:.0f} more"
