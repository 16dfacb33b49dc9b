"""What is wrong with a configuration beyond the form of its keys and values."""

import difflib
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.group.formula import check_columns, parse_formula
from neurodsr.recordings.query import parse as parse_query
from neurodsr.recordings.regions import spellings
from orchestration.dataset import atlas_of, with_variables

COHORT_COLUMNS = ("recording", "dataset", "participant", "session", "task", "run", "modality")
"""Columns of every cohort.tsv that a design may use."""


def problems_of_arrays(where: str, spec: dict[str, Any]) -> Iterable[str]:
    """What is wrong with the description of recordings in arrays."""
    if spec["format"] != "arrays":
        if "recordings" in spec:
            yield f"{where}: only the format arrays has them, by it alone they are described"
        return
    if "recordings" not in spec and "path" not in spec:
        yield f"{where}: needed, unless sidecars beside the files of a local folder describe them"
    for label, described in spec.get("recordings", {}).items():
        if described["sampling_interval"] is None and described["time"] is None:
            yield f"{where}.{label}: needs sampling_interval (s) or time (a column); got neither"


def formats_of(spec: dict[str, Any]) -> tuple[str, ...]:
    """Formats that a dataset can have; what is simulated is written by a writer of that format."""
    if "simulate" not in spec:
        return (spec["format"],)
    return ("nwb", "bids") if "groups" in spec["simulate"] else ("nwb",)


def problems_of_design(
    where: str, study: dict[str, Any], datasets: dict[str, Any]
) -> Iterable[str]:
    """What is wrong with the design of a cohort, as far as the tables of participants tell."""
    group = study["group"]
    design, blocks, predict = group["design"], group["blocks"], group["predict"]
    if design is None and predict is None:
        if blocks is not None:
            yield f"{where}.group.blocks: {blocks!r} says how to permute a design; there is none"
        return
    try:
        formula = None if design is None else parse_formula(design)
        columns = columns_of(study, datasets)
        if columns is None:
            return
        if formula is not None:
            check_columns(formula, sorted(columns))
        named = [] if predict is None else [predict["target"], *predict["covariates"]]
        named = [("predict", name) for name in named]
        named += [("references", name) for name in group["references"]]
        named += [] if blocks is None else [("blocks", blocks)]
        for setting, name in named:
            if name not in columns:
                near = difflib.get_close_matches(name, columns, n=1)
                hint = f", did you mean {near[0]!r}?" if near else ""
                yield (
                    f"{where}.group.{setting}: {name!r} is no column of the cohort{hint}; there are"
                    f" {', '.join(sorted(columns))}"
                )
    except ConfigError as error:
        yield f"{where}.{error}"


def columns_of(study: dict[str, Any], datasets: dict[str, Any]) -> set[str] | None:
    """Columns that cohort.tsv will have; None where files tell that are not there yet."""
    columns = {"subject", "group", *COHORT_COLUMNS}
    for name in study["datasets"]:
        spec = datasets.get(name, {})
        if "path" not in spec:
            return None
        root = with_variables(spec["path"])
        tables = [root / "participants.tsv", *islice(root.glob("sub-*/*_sessions.tsv"), 1)]
        for table in filter(Path.is_file, tables):
            with table.open(encoding="utf-8-sig") as stream:
                columns.update(stream.readline().rstrip("\r\n").split("\t"))
    return columns


def problems_of_atlas(where: str, read: dict[str, Any]) -> Iterable[str]:
    """What is wrong with the files of an atlas."""
    try:
        atlas = atlas_of(read) or {}
    except ConfigError as error:
        yield f"{where}: {error}"
        return
    for key, path in atlas.items():
        if path and not Path(path).is_file():
            yield f"{where}.{key}: {path!r} is not a file"


def problems_of_reading(where: str, read: dict[str, Any]) -> Iterable[str]:
    """What is wrong with queries, patterns and names of regions."""
    try:
        spellings(read["regions"])
    except ConfigError as error:
        yield f"{where}.{error}"
    for name, options in read["modalities"].items():
        try:
            if options["query"]:
                parse_query(options["query"])
            if isinstance(options["channels"], str):
                re.compile(options["channels"])
        except ConfigError as error:
            yield f"{where}.modalities.{name}.{error}"
        except re.error as error:
            pattern = options["channels"]
            yield f"{where}.modalities.{name}.channels: {pattern!r} is no pattern ({error})"


def problems_of_path(where: str, path: str) -> Iterable[str]:
    """What is wrong with the folder of a dataset."""
    try:
        folder = with_variables(path)
    except ConfigError as error:
        yield f"{where}: {error}"
        return
    if not folder.is_dir():
        yield f"{where}: {folder.as_posix()!r} is not a folder{nearest_path(folder)}"


def nearest_path(path: Path) -> str:
    """Hint at a sibling of similar name."""
    try:
        siblings = [entry.name for entry in path.parent.iterdir() if entry.is_dir()]
    except OSError:
        return f"; {path.parent.as_posix()!r} does not exist either"
    match = difflib.get_close_matches(path.name, siblings, n=1, cutoff=0.5)
    return f", did you mean {(path.parent / match[0]).as_posix()!r}?" if match else ""
