"""Sections of the page about the cohort as a whole."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import neurodsr
from neurodsr.group.features.catalogue import label
from neurodsr.report import text
from neurodsr.report.citations import citations
from neurodsr.report.page import Picture, Section, Table
from neurodsr.report.recordings import RecordingResults
from neurodsr.report.study import GroupResults, Study
from neurodsr.report.text import number


def cohort_section(group: GroupResults) -> Section:
    """Every recording with its status and, if it was left out, the reason."""
    columns = ["recording", "dataset", "participant", "session", "group", "modality"]
    counted = group.inclusion.set_index("recording")
    rows = []
    for row in group.cohort.to_dict("records"):
        ours = counted.loc[[row["recording"]]] if row["recording"] in counted.index else None
        notes = [] if pd.isna(row["reason"]) else [str(row["reason"])]
        if ours is None:
            status = str(row["status"])
        else:
            status = ", ".join(dict.fromkeys(ours["status"]))
            for gone in ours[ours["status"] == "excluded"].to_dict("records"):
                notes.append(f"{gone['stage']}: {gone['reason']}")
        notes = list(dict.fromkeys(notes))
        rows.append([*(_cell(row[name]) for name in columns), status, "; ".join(notes)])
    missing = int((group.cohort["status"] != "found").sum())
    paragraphs = ["Every recording that was found, whether it counts, and why not if it does not."]
    if missing:
        paragraphs.append(f"{missing} of these rows are incomplete, see the reasons.")
    return Section(
        "cohort",
        "Cohort",
        paragraphs,
        [Table([*columns, "status", "reason"], rows)],
    )


def truth_section(group: GroupResults) -> Section:
    """Recovered features against known answers."""
    columns = ["model", "feature", "subjects", "rank correlation", "correlation"]
    columns += ["bias", "median error", "agreement"]
    rows = [
        [
            row["model"],
            label(row["feature"]),
            str(row["n"]),
            *(number(row[name]) for name in ("spearman", "pearson", "bias", "error", "agreement")),
        ]
        for row in group.truth.to_dict("records")
    ]
    return Section(
        "truth",
        "Known answers",
        [
            "The generating system of these subjects is known, so that recovered features can be "
            "held against it. Agreement is the share of subjects whose limit set (rest or "
            "oscillation) is the true one."
        ],
        [Table(columns, rows, frozenset(columns[2:]))],
        [
            Picture(
                "Recovered against true",
                "Each dot is a subject; on the line recovered and true value are equal.",
                group.pictures["truth"],
            )
        ],
    )


def sources_section(study: Study) -> Section:
    """Where the data come from, with licence and citation."""
    rows = [
        [name, data["format"].upper(), _origin(data), data["licence"], data["citation"]]
        for name, data in study.datasets.items()
    ]
    columns = ["dataset", "format", "origin", "licence", "citation"]
    return Section("sources", "Data sources", tables=[Table(columns, rows)])


def _origin(data: Mapping[str, Any]) -> str:
    if "simulate" in data:
        return f"simulated: {data['simulate']['system']}"
    converted = [f"converted ({data['convert']['kind']})"] if "convert" in data else []
    if "retrieve" not in data:
        return ", ".join([str(data["path"]), *converted])
    spec = data["retrieve"]
    named = [str(spec[key]) for key in ("package", "url", "folder") if key in spec]
    return ", ".join([*(named or ["single files"]), *converted])


def methods_section(study: Study, results: Mapping[str, RecordingResults]) -> Section:
    """How it was done, with versions and references."""
    exponents = any(one.has_exponent for one in results.values())
    simulated = [d["simulate"]["system"] for d in study.datasets.values() if "simulate" in d]
    return Section(
        "methods",
        "Methods and references",
        list(text.methods(study.settings, study.models, neurodsr.__version__, exponents)),
        items=citations(study.models, simulated, exponents),
    )


def times_section(benchmarks: Iterable[Path], models: Iterable[str]) -> Section:
    """Run times by stage; with a model ``small``, ``train_small.tsv`` is of the stage ``train``."""
    suffixes = tuple(f"_{model}" for model in models)
    frames = []
    for path in benchmarks:
        suffix = next((end for end in suffixes if path.stem.endswith(end)), "")
        stage = path.stem.removesuffix(suffix).replace("_", " ")
        frames.append(pd.read_csv(path, sep="\t", na_values=["-"]).assign(stage=stage))
    if not frames:
        return Section("times", "Run times", ["No run times were recorded."])
    times = pd.concat(frames)
    columns = ["stage", "jobs", "wall clock (s)", "CPU (s)", "longest job (s)", "memory (MB)"]
    rows = [
        [
            str(stage),
            str(len(part)),
            f"{part['s'].sum():.1f}",
            f"{part['cpu_time'].sum():.1f}",
            f"{part['s'].max():.1f}",
            number(part["max_rss"].max()),
        ]
        for stage, part in times.groupby("stage", sort=False)
    ]
    return Section(
        "times",
        "Run times",
        [f"All jobs of this cohort together: {times['s'].sum():.0f} s of wall clock."],
        [Table(columns, rows, frozenset(columns[1:]))],
    )


def warnings_section(group: GroupResults, results: Mapping[str, RecordingResults]) -> Section:
    """What preprocessing warned about, and runs that do not count."""
    items = [f"{name}: {note}" for name, one in results.items() for note in one.warnings]
    lost = group.inclusion[group.inclusion["acceptable"] < group.inclusion["runs"]]
    items += [
        f"{row['recording']}: {row['model']}: {int(row['runs'] - row['acceptable'])} of "
        f"{int(row['runs'])} runs are not acceptable (training failed or the free run diverged)"
        for row in lost.to_dict("records")
    ]
    return Section("warnings", "Warnings", [] if items else ["None."], items=items)


def _cell(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
