"""Sections of the page about the cohort as a whole."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import neurodsr
from neurodsr.group.features.catalogue import label
from neurodsr.group.variance import variance_statement
from neurodsr.report import text
from neurodsr.report.citations import citations
from neurodsr.report.page import Picture, Section, Table
from neurodsr.report.recordings import RecordingResults
from neurodsr.report.study import GroupResults, Study
from neurodsr.report.text import interval, number


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


def group_section(study: Study, group: GroupResults) -> Section:
    """Tests, effect sizes and reliability, or features alone without two groups."""
    settings = study.settings["group"]
    rate = settings["false_discovery_rate"]
    paragraphs = list(text.group_sentences(group.statistics, group.summary, rate))
    if group.summary["groups"]:
        paragraphs.append(text.control_sentence(group.summary, rate))
    paragraphs += group.summary["responses"]
    if settings["design"]:
        paragraphs += text.design_sentences(group.effects, settings["design"], rate)
    paragraphs.append(
        "Reliability is the agreement between runs (seeds) of the same model on the same "
        f"recording; features of the dynamics with ICC(1,k) below "
        f"{settings['minimum_reliability']:g} are not tested."
    )
    nested = group.reliability.dropna(subset=["share_subject", "share_session", "share_run"])
    if len(nested):
        paragraphs.append(
            variance_statement(
                nested[["share_subject", "share_session", "share_run"]],
                nested["icc_subject"],
                settings["minimum_reliability"],
            )
        )
    pictures = []
    if group.summary["groups"]:
        pictures.append(
            Picture(
                "Differences between groups",
                "Each dot is a subject, the line its group's median. g is Hedges' g with its "
                "bootstrap interval; q is adjusted for false discoveries.",
                group.pictures["differences"],
            )
        )
    pictures.append(
        Picture(
            "Reliability over runs",
            "Bars reach to ICC(1,k), lines show its confidence interval, the dashed line the "
            "threshold. Grey features fall short of it.",
            group.pictures["reliability"],
        )
    )
    pictures.append(
        Picture(
            "Answer to the same pulse",
            "A short push of one channel (or input) after the other in every subject's model: "
            "size of the mean response over all channels. Lines are medians over subjects, shades "
            "the middle half of them, the dotted line the largest difference.",
            group.pictures["responses"],
        )
    )
    if study.settings["hierarchical"]:
        pictures.append(
            Picture(
                "One model for the cohort",
                "Recordings share the directions in which parameters may differ; each has a short "
                "vector of its own (standardised over recordings; axes are free up to a rotation).",
                group.pictures["hierarchical"],
            )
        )
    shown = _statistics_table(group) if group.summary["groups"] else _features_table(group)
    shown_too = [_effects_table(group)] if settings["design"] else []
    return Section("group", "Group results", paragraphs, [shown, *shown_too], pictures)


def _effects_table(group: GroupResults) -> Table:
    columns = ["model", "feature", "effect", "estimate", "interval", "in sd", "interval (sd)"]
    columns += ["p", "q", "recordings", "subjects", "tested"]
    table = group.effects.sort_values(["tested", "p"], ascending=[False, True])
    table = pd.concat([table[table["family"] == name] for name in ("dynamics", "quality", "data")])
    rows = [
        [
            row["model"],
            label(row["feature"]),
            _cell(row["effect"]) or str(row["term"]),
            number(row["estimate"]),
            interval(row["low"], row["high"]),
            number(row["standardised"], 2),
            interval(row["standardised_low"], row["standardised_high"]),
            number(row["p"], 2),
            number(row["q"], 2),
            _cell(row["rows"]),
            _cell(row["subjects"]),
            "yes" if row["tested"] else "no",
        ]
        for row in table.to_dict("records")
    ]
    note = "Effects of the design on each feature; p belongs to the whole term."
    return Table(columns, rows, frozenset(columns[3:11]), note)


def _statistics_table(group: GroupResults) -> Table:
    first, second = group.summary["groups"]
    columns = ["model", "feature", f"{first} (n)", f"{second} (n)"]
    columns += ["Hedges' g", "interval", "p", "q", "ICC(1,k)", "tested"]
    table = group.statistics.sort_values(["tested", "p"], ascending=[False, True])
    table = pd.concat([table[table["family"] == name] for name in ("dynamics", "quality", "data")])
    rows = [
        [
            row["model"],
            label(row["feature"]),
            f"{number(row['median_first'])} ({row['n_first']})",
            f"{number(row['median_second'])} ({row['n_second']})",
            number(row["hedges_g"]),
            interval(row["g_low"], row["g_high"]),
            number(row["p"], 2),
            number(row["q"], 2),
            number(row["icc"], 2),
            "yes" if row["tested"] else "no",
        ]
        for row in table.to_dict("records")
    ]
    note = (
        "Medians over subjects. Dynamics first, then quality of the models, then features of the "
        "data (model “data”); false discoveries are controlled within each of the three. "
        "Definitions: features.json."
    )
    return Table(columns, rows, frozenset(columns[2:9]), note)


def _features_table(group: GroupResults) -> Table:
    columns = ["model", "feature", "subjects", "median", "range", "ICC(1,k)"]
    icc = group.reliability.set_index(["model", "feature"])["icc"].to_dict()
    rows = []
    for (model, feature), part in group.subjects.groupby(["model", "feature"], sort=False):
        values = part["value"]
        rows.append(
            [
                str(model),
                label(str(feature)),
                str(len(values)),
                number(values.median()),
                f"{number(values.min())} to {number(values.max())}",
                number(icc.get((model, feature), float("nan")), 2),
            ]
        )
    return Table(columns, rows, frozenset(columns[2:]), "Definitions: features.json.")


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
