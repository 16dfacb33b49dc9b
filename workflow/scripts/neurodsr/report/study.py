"""A cohort that has been analysed: its settings and the tables of its group stage."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr import tables


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
    effects: pd.DataFrame
    truth: pd.DataFrame
    summary: Mapping[str, Any]
    pictures: Mapping[str, bytes]


def read_group(root: Path) -> GroupResults:
    """Read the tables and figures of the group stage."""
    folder = root / "group"
    names = ("inclusion", "subjects", "reliability", "statistics", "effects", "truth")
    figures = ["differences", "reliability", "responses", "truth"]
    figures += ["hierarchical"] if (folder / "hierarchical.svg").is_file() else []
    return GroupResults(
        cohort=tables.read_table(root / "cohort.tsv"),
        summary=json.loads((folder / "summary.json").read_text(encoding="utf-8")),
        pictures={name: (folder / f"{name}.svg").read_bytes() for name in figures},
        **{name: tables.read_table(folder / f"{name}.tsv") for name in names},
    )
