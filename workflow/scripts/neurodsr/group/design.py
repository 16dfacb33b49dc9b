"""The matrix of a design: what each row of a table has of each effect."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurodsr.errors import ConfigError
from neurodsr.group.formula import Formula, check_columns

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """A design for some rows of a table.

    Attributes
    ----------
    matrix : (row, column)
        Fixed effects: the mean, and differences to a category's first level.
    columns
        Names of the columns.
    terms
        For each term but the intercept, the columns that belong to it.
    subject : (row,)
        Number of the random intercept that a row has; rows of their own without one.
    rows : (row,)
        Positions in the table of the rows without missing values.
    """

    matrix: Array
    columns: tuple[str, ...]
    terms: dict[str, NDArray[np.intp]]
    subject: NDArray[np.intp]
    rows: NDArray[np.intp]


def make_design(
    formula: Formula, table: pd.DataFrame, references: Mapping[str, str] | None = None
) -> Design:
    """Design matrix of a table; rows that lack a value of the design are left out.

    Text columns are categories, numbers are covariates. ``references`` names the level with which
    the others of a category are compared, where it is not the first in alphabetical order.

    Raises
    ------
    ConfigError
        A column is not there, or its effects cannot be told from those of others.
    """
    from formulaic import Formula as Parsed

    check_columns(formula, [str(name) for name in table.columns])
    rows = np.flatnonzero(table[list(formula.variables)].notna().all(axis=1))
    used = table.iloc[rows]
    coded = {
        name: _coded(used[name], (references or {}).get(name))
        for name in formula.variables
        if name != formula.subject
    }
    blocks: dict[str, dict[str, Array]] = {}
    for term in Parsed(formula.fixed):
        block = {"": np.ones(len(used))}
        for factor in (str(one.expr) for one in term.factors if str(one.expr) != "1"):
            block = {
                f"{before}:{name}".lstrip(":"): product * values
                for before, product in block.items()
                for name, values in coded[factor].items()
            }
        blocks[str(term)] = block
    names = [name or "mean" for block in blocks.values() for name in block]
    matrix = np.stack([values for block in blocks.values() for values in block.values()], axis=1)
    starts = np.cumsum([0, *(len(block) for block in blocks.values())])
    terms = {
        name: np.arange(start, stop, dtype=np.intp)
        for name, start, stop in zip(blocks, starts[:-1], starts[1:], strict=True)
        if name != "1"
    }
    if len(matrix) <= matrix.shape[1] or np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise ConfigError(
            f"group.design: {formula.fixed!r}: its {matrix.shape[1]} effects cannot be told apart"
            f" by {len(matrix)} rows ({', '.join(names)}); leave out a term, or a level that is"
            " the same in all rows"
        )
    subject = pd.factorize(used[formula.subject])[0] if formula.subject else np.arange(len(used))
    return Design(matrix, tuple(names), terms, subject.astype(np.intp), rows)


def _coded(column: pd.Series, reference: str | None) -> dict[str, Array]:
    """Columns of one variable.

    Numbers are centred. A category has a column for each level but the reference, the level's
    indicator minus the share of an even distribution: its coefficient is the difference to that,
    and that of any other term is the average over levels.
    """
    name = str(column.name)
    if pd.api.types.is_numeric_dtype(column):
        return {name: (column - column.mean()).to_numpy(float)}
    levels = sorted(column.astype(str).unique(), key=lambda level: (level != reference, level))
    if len(levels) < 2:
        raise ConfigError(
            f"group.design: {name!r}: only one level ({levels[0] if levels else 'none'}) among the"
            " rows with results; leave the term out"
        )
    if reference is not None and levels[0] != reference:
        raise ConfigError(
            f"group.references: {name}: {reference!r} is none of its levels among the rows with"
            f" results ({', '.join(levels)})"
        )
    return {
        f"{name}[{level}]": (column.astype(str) == level).to_numpy(float) - 1 / len(levels)
        for level in levels[1:]
    }
