"""Tab-separated tables, each with a JSON data dictionary beside it (BIDS habits)."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd

from neurodsr.files import write_text

MISSING = "n/a"
IDENTIFIERS = (
    "recording",
    "dataset",
    "participant",
    "participant_id",
    "session",
    "task",
    "run",
    "group",
)

Dictionary = Mapping[str, Mapping[str, Any]]


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table; ``n/a`` is missing, identifiers such as ``01`` stay text."""
    return pd.read_csv(
        path,
        sep="\t",
        na_values=[MISSING],
        keep_default_na=False,
        dtype=dict.fromkeys(IDENTIFIERS, str),
    )


def write_table(path: str | os.PathLike[str], frame: pd.DataFrame, dictionary: Dictionary) -> None:
    """Write ``<name>.tsv`` and its data dictionary ``<name>.json``.

    Parameters
    ----------
    path
        Of the table; its folder is made if needed.
    frame
        One row per line. Missing values are written as ``n/a``.
    dictionary
        For each column its ``Description`` and, where they apply, ``Units`` and ``Levels``.

    Raises
    ------
    ValueError
        When a column is not described.
    """
    undescribed = [name for name in frame.columns if name not in dictionary]
    if undescribed:
        raise ValueError(f"{path}: no description of the columns {undescribed}")
    path = Path(path)
    described = {name: dictionary[name] for name in frame.columns}
    write_text(
        path.with_suffix(".json"), json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    )
    write_text(path, frame.to_csv(sep="\t", index=False, na_rep=MISSING, float_format="%.8g"))


def read_dictionary(path: str | os.PathLike[str]) -> dict[str, dict[str, Any]]:
    """Data dictionary of the table ``path``, without columns when there is none."""
    beside = Path(path).with_suffix(".json")
    return dict(json.loads(beside.read_text())) if beside.exists() else {}


def check_rows(frame: pd.DataFrame, schema: Mapping[str, Any], name: str) -> None:
    """Hold each row against a JSON schema; missing values count as null.

    Raises
    ------
    ValueError
        Naming table, row, column and what is wrong, for the first row that does not fit.
    """
    validator = jsonschema.Draft202012Validator(schema)
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    for number, row in enumerate(rows):
        for error in validator.iter_errors(row):
            column = ".".join(str(part) for part in error.absolute_path) or "columns"
            raise ValueError(f"{name}: row {number + 1}: {column}: {error.message}")
