"""From the results of a cohort on disk to the content of its page."""

from collections.abc import Iterator, Mapping

import pandas as pd

import neurodsr
from neurodsr.report import text
from neurodsr.report.differences import differences_section
from neurodsr.report.findings import group_sentences
from neurodsr.report.page import ReportContent
from neurodsr.report.prediction import predictions
from neurodsr.report.recordings import RecordingResults, panel, read_results
from neurodsr.report.reliability import reliability_counts, reliability_section
from neurodsr.report.sections import (
    cohort_section,
    methods_section,
    sources_section,
    times_section,
    truth_section,
    warnings_section,
)
from neurodsr.report.similarity import similarities
from neurodsr.report.study import GroupResults, Study, read_group


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
            cohort_section(group),
            reliability_section(study, group),
            differences_section(study, group, verdicts(rows, results)),
            *predictions(study),
            *similarities(study),
            *([truth_section(group)] if len(group.truth) else []),
        ],
        panels=[panel(name, rows.loc[name].to_dict(), results[name]) for name in shown],
        panels_note=(
            f"The first {len(shown)} of {len(names)} recordings; the figures of the others lie in "
            "their folders beside this page."
            if len(shown) < len(names)
            else "Each recording unfolds to its data, embedding, training, scores and dynamics."
        ),
        after=[
            sources_section(study),
            methods_section(study, results),
            times_section(study.benchmarks, study.models),
            warnings_section(group, results),
        ],
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
    yield from (f"{said}." for said in reliability_counts(group.reliability).values())
    yield from group_sentences(group.statistics, group.summary, rate)
    yield from text.truth_sentences(group.truth)


def verdicts(rows: pd.DataFrame, results: Mapping[str, RecordingResults]) -> pd.DataFrame:
    """Verdict of the scores of every recording that has them, by model and group."""
    found = [
        (model, rows["group"].get(name), str(one.scores.attrs["verdict_code"]))
        for name, result in results.items()
        for model, one in result.models.items()
        if one.complete
    ]
    return pd.DataFrame(found, columns=["model", "group", "code"])
