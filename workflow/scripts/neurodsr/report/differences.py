"""The part of the page that says what differs between people, and what does not."""

from collections.abc import Iterator

import pandas as pd

from neurodsr.group.features.catalogue import label
from neurodsr.report.findings import (
    control_sentence,
    design_sentences,
    exclusion_sentences,
    group_sentences,
    null_sentences,
)
from neurodsr.report.page import Picture, Section, Table
from neurodsr.report.study import GroupResults, Study
from neurodsr.report.text import interval, number

FAMILIES = ("dynamics", "quality", "data")


def differences_section(study: Study, group: GroupResults, verdicts: pd.DataFrame) -> Section:
    """Who was compared, what differs, and whether the models may be believed there.

    Parameters
    ----------
    study, group
        The cohort.
    verdicts
        Columns ``model``, ``group``, ``code``: verdict of every recording's scores.
    """
    settings = study.settings["group"]
    rate = settings["false_discovery_rate"]
    paragraphs = list(group_sentences(group.statistics, group.summary, rate))
    paragraphs += exclusion_sentences(group)
    paragraphs += null_sentences(verdicts)
    if group.summary["groups"]:
        paragraphs.append(control_sentence(group.summary, rate))
    paragraphs += group.summary["responses"]
    if settings["design"]:
        paragraphs += design_sentences(group.effects, settings["design"], rate)
    tables = [_statistics_table(group)] if group.summary["groups"] else []
    tables += [_effects_table(group)] if settings["design"] else []
    return Section("group", "What differs", paragraphs, tables, list(_pictures(study, group)))


def _pictures(study: Study, group: GroupResults) -> Iterator[Picture]:
    if group.summary["groups"]:
        yield Picture(
            "Differences between groups",
            "Each dot is a subject, the line its group's median. g is Hedges' g with its "
            "bootstrap interval; q is adjusted for false discoveries.",
            group.pictures["differences"],
        )
    yield Picture(
        "Answer to the same pulse",
        "A short push of one channel (or input) after the other in every subject's model: size of "
        "the mean response over all channels. Lines are medians over subjects, shades the middle "
        "half of them, the dotted line the largest difference.",
        group.pictures["responses"],
    )
    if study.settings["hierarchical"]:
        yield Picture(
            "One model for the cohort",
            "Recordings share the directions in which parameters may differ; each has a short "
            "vector of its own (standardised over recordings; axes are free up to a rotation).",
            group.pictures["hierarchical"],
        )


def _effects_table(group: GroupResults) -> Table:
    columns = ["model", "feature", "effect", "estimate", "interval", "in sd", "interval (sd)"]
    columns += ["p", "q", "recordings", "subjects", "tested"]
    table = group.effects.sort_values(["tested", "p"], ascending=[False, True])
    table = pd.concat([table[table["family"] == name] for name in FAMILIES])
    rows = [
        [
            row["model"],
            label(row["feature"]),
            str(row["term"] if pd.isna(row["effect"]) else row["effect"]),
            number(row["estimate"]),
            interval(row["low"], row["high"]),
            number(row["standardised"], 2),
            interval(row["standardised_low"], row["standardised_high"]),
            number(row["p"], 2),
            number(row["q"], 2),
            number(row["rows"]),
            number(row["subjects"]),
            "yes" if row["tested"] else "no",
        ]
        for row in table.to_dict("records")
    ]
    note = (
        "Effects of the design on each feature; p belongs to the whole term. Levels are compared "
        "with the reference (group.references, else the first)."
    )
    return Table(columns, rows, frozenset(columns[3:11]), note)


def _statistics_table(group: GroupResults) -> Table:
    first, second = group.summary["groups"]
    columns = ["model", "feature", f"{first} (n)", f"{second} (n)"]
    columns += ["Hedges' g", "interval", "p", "q", "ICC(1,k)", "tested"]
    table = group.statistics.sort_values(["tested", "p"], ascending=[False, True])
    table = pd.concat([table[table["family"] == name] for name in FAMILIES])
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
