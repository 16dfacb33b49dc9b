"""From the results of a cohort on disk to the content of its page."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

import neurodsr
from neurodsr import tables
from neurodsr.group.catalogue import label
from neurodsr.report import text
from neurodsr.report.citations import citations
from neurodsr.report.page import Picture, ReportContent, Section, Table
from neurodsr.report.recordings import RecordingResults, panel, read_results
from neurodsr.report.text import interval, number


@dataclass(frozen=True)
class Study:
    """A cohort that has been analysed.

    Attributes
    ----------
    cohort
        Its name.
    root
        Folder of its results.
    settings
        Of study.schema.yaml.
    models
        Settings of the models that the cohort uses, by name.
    datasets
        Settings of the datasets that the cohort pools, by name.
    benchmarks
        Benchmark files of Snakemake, named for the rule, or for rule and model.
    """

    cohort: str
    root: Path
    settings: Mapping[str, Any]
    models: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Mapping[str, Any]]
    benchmarks: Sequence[Path] = ()


@dataclass(frozen=True)
class GroupResults:
    """Tables of the group stage."""

    cohort: pd.DataFrame
    inclusion: pd.DataFrame
    subjects: pd.DataFrame
    reliability: pd.DataFrame
    statistics: pd.DataFrame
    truth: pd.DataFrame
    summary: Mapping[str, Any]
    pictures: Mapping[str, bytes]


def collect_report(study: Study) -> ReportContent:
    """Everything that the page of a cohort shows."""
    group = read_group(study.root)
    names = group.cohort["recording"].dropna().tolist()
    results = {name: read_results(study.root / name, list(study.models)) for name in names}
    shown = names[: study.settings["group"]["panels"]]
    rows = group.cohort.dropna(subset=["recording"]).set_index("recording")
    included = set(group.inclusion.loc[group.inclusion["status"] == "included", "recording"])
    return ReportContent(
        cohort=study.cohort,
        title=study.settings["title"],
        subtitle=f"Cohort {study.cohort}, analysed with neurodsr {neurodsr.__version__}",
        headline=list(_headline(study, group, results, included)),
        tiles=[
            ("recordings", str(len(names))),
            ("analysed", str(len(included))),
            ("subjects", str(len(group.subjects[["dataset", "participant"]].drop_duplicates()))),
            ("models" if len(study.models) > 1 else "model", str(len(study.models))),
        ],
        before=[
            _cohort_section(group),
            _group_section(study, group),
            *([_truth_section(group)] if len(group.truth) else []),
        ],
        panels=[panel(name, rows.loc[name].to_dict(), results[name]) for name in shown],
        panels_note=(
            f"The first {len(shown)} of {len(names)} recordings; the figures of the others lie in "
            "their folders beside this page."
            if len(shown) < len(names)
            else "Each recording unfolds to its data, embedding, training, scores and dynamics."
        ),
        after=[
            _sources_section(study),
            _methods_section(study),
            _times_section(study.benchmarks, study.models),
            _warnings_section(group, results),
        ],
    )


def read_group(root: Path) -> GroupResults:
    """Read the tables and figures of the group stage."""
    folder = root / "group"
    names = ("inclusion", "subjects", "reliability", "statistics", "truth")
    figures = ("differences", "reliability", "truth")
    return GroupResults(
        cohort=tables.read_table(root / "cohort.tsv"),
        summary=json.loads((folder / "summary.json").read_text(encoding="utf-8")),
        pictures={name: (folder / f"{name}.svg").read_bytes() for name in figures},
        **{name: tables.read_table(folder / f"{name}.tsv") for name in names},
    )


def _headline(
    study: Study,
    group: GroupResults,
    results: Mapping[str, RecordingResults],
    included: set[str],
) -> Iterator[str]:
    rate = study.settings["group"]["false_discovery_rate"]
    excluded = len(results) - len(included)
    yield (
        f"Of {text.counted(len(results), 'recording')} {len(included)} gave features of "
        f"reconstructed dynamics{f' and {excluded} did not (reasons below)' if excluded else ''}."
    )
    yield text.state_space_sentence([one.verdict_code for one in results.values() if one.tested])
    for model in study.models:
        codes = [
            str(one.models[model].scores.attrs["verdict_code"])
            for one in results.values()
            if one.models[model].complete
        ]
        if codes:
            yield text.skill_sentence(model, codes)
    yield from text.group_sentences(group.statistics, group.summary, rate)
    yield from text.truth_sentences(group.truth)


def _cohort_section(group: GroupResults) -> Section:
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


def _group_section(study: Study, group: GroupResults) -> Section:
    settings = study.settings["group"]
    rate = settings["false_discovery_rate"]
    paragraphs = list(text.group_sentences(group.statistics, group.summary, rate))
    if group.summary["groups"]:
        paragraphs.append(text.control_sentence(group.summary, rate))
    paragraphs.append(
        "Reliability is the agreement between runs (seeds) of the same model on the same "
        f"recording; features of the dynamics with ICC(1,k) below "
        f"{settings['minimum_reliability']:g} are not tested."
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
    shown = _statistics_table(group) if group.summary["groups"] else _features_table(group)
    return Section("group", "Group results", paragraphs, [shown], pictures)


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


def _truth_section(group: GroupResults) -> Section:
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


def _sources_section(study: Study) -> Section:
    rows = [
        [name, data["format"].upper(), _origin(data), data["licence"], data["citation"]]
        for name, data in study.datasets.items()
    ]
    columns = ["dataset", "format", "origin", "licence", "citation"]
    return Section("sources", "Data sources", tables=[Table(columns, rows)])


def _origin(data: Mapping[str, Any]) -> str:
    if "simulate" in data:
        return f"simulated: {data['simulate']['system']}"
    if "retrieve" in data:
        spec = data["retrieve"]
        named = [str(spec[key]) for key in ("package", "url", "folder") if key in spec]
        converted = [f"converted ({data['convert']['kind']})"] if "convert" in data else []
        return ", ".join([*(named or ["single files"]), *converted])
    return str(data["path"])


def _methods_section(study: Study) -> Section:
    simulated = any("simulate" in data for data in study.datasets.values())
    return Section(
        "methods",
        "Methods and references",
        list(text.methods(study.settings, study.models, neurodsr.__version__)),
        items=citations(study.models, simulated),
    )


def _times_section(benchmarks: Iterable[Path], models: Iterable[str]) -> Section:
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


def _warnings_section(group: GroupResults, results: Mapping[str, RecordingResults]) -> Section:
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
