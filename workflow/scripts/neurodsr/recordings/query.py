"""Conditions on the columns of a table, such as ``location == "CA1" and quality == "good"``.

A condition comes from the configuration, the values from a file. It is evaluated here, row by row,
and can do nothing but compare: there are no calls, attributes or variables in its grammar.
"""

import ast
import difflib
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from neurodsr.errors import ConfigError, RecordingError

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}
GRAMMAR = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.Compare),
    *(ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple, *COMPARISONS),
)
TOKEN = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|[&|~]")
WORDS = {"&": " and ", "|": " or ", "~": " not "}
SHOWN = 8


def parse(query: str) -> ast.expr:
    """Check a condition.

    Parameters
    ----------
    query
        Comparisons (``== != < <= > >= in``, ``not in``) of columns, texts, numbers and lists,
        joined by ``and``, ``or``, ``not`` (or ``& | ~``) and parentheses.

    Raises
    ------
    ConfigError
        It is anything else.
    """

    def plain(match: re.Match[str]) -> str:
        token = match.group()
        return f" {identifier(token)} " if token[0] == "`" else WORDS.get(token, token)

    try:
        tree = ast.parse(TOKEN.sub(plain, query).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ConfigError(f"query: {query!r} cannot be understood ({what})") from None
    for node in ast.walk(tree):
        if not isinstance(node, GRAMMAR):
            raise ConfigError(
                f"query: {query!r} holds {type(node).__name__.lower()}; only columns, texts,"
                " numbers and lists can be compared, joined by and, or, not"
            )
        if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float):
            raise ConfigError(f"query: {query!r} holds {node.value!r}; use texts and numbers")
    return tree.body


def matching(where: str, query: str, columns: Mapping[str, Iterable[Any]]) -> list[int]:
    """Rows of a table that satisfy a condition.

    Parameters
    ----------
    where
        File and field, named in errors.
    query
        See `parse`.
    columns
        Of equal length. Their names count as `identifier` spells them.

    Raises
    ------
    RecordingError
        A column is not there, text is compared with numbers, or no row satisfies the condition.
    """
    condition = parse(query)
    table = {identifier(name): [_plain(value) for value in c] for name, c in columns.items()}
    named = [node.id for node in ast.walk(condition) if isinstance(node, ast.Name)]
    unknown = [name for name in named if name not in table]
    if unknown:
        near = difflib.get_close_matches(unknown[0], table, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        there = "; ".join(f"{name}: {_values(values)}" for name, values in table.items())
        raise RecordingError(
            f"{where}.query: {query!r}: no column {unknown[0]!r}; {hint}There are {there}"
        )
    count = max(map(len, table.values()), default=0)
    try:
        kept = [
            row
            for row in range(count)
            if _holds(condition, {name: table[name][row] for name in named})
        ]
    except TypeError as error:
        there = "; ".join(f"{name}: {_values(table[name])}" for name in dict.fromkeys(named))
        raise RecordingError(f"{where}.query: {query!r}: {error}; there are {there}") from None
    if not kept:
        there = "; ".join(f"{name}: {_values(table[name])}" for name in dict.fromkeys(named))
        raise RecordingError(
            f"{where}.query: {query!r} keeps none of {count}; there are {there or 'no columns'};"
            " change the query or leave the recording out"
        )
    return kept


def identifier(name: str) -> str:
    """Name of a column as a query writes it: ``peak channel`` becomes ``peak_channel``."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "unnamed"


def _holds(node: ast.expr, row: Mapping[str, Any]) -> bool:
    """Whether a part of a condition is true; a missing number is not."""
    value = _evaluate(node, row)
    return bool(value) and value == value


def _evaluate(node: ast.expr, row: Mapping[str, Any]) -> Any:
    match node:
        case ast.BoolOp(op=ast.And()):
            return all(_holds(part, row) for part in node.values)
        case ast.BoolOp():
            return any(_holds(part, row) for part in node.values)
        case ast.UnaryOp(op=ast.Not()):
            return not _holds(node.operand, row)
        case ast.UnaryOp():
            return -_evaluate(node.operand, row)
        case ast.Compare():
            values = [_evaluate(part, row) for part in (node.left, *node.comparators)]
            return all(
                _compare(type(op), values[i], values[i + 1]) for i, op in enumerate(node.ops)
            )
        case ast.Name():
            return row[node.id]
        case ast.List() | ast.Tuple():
            return [_evaluate(part, row) for part in node.elts]
        case _:
            return node.value if isinstance(node, ast.Constant) else None


def _compare(kind: type[ast.cmpop], left: Any, right: Any) -> bool:
    if isinstance(right, list) and kind in (ast.Eq, ast.NotEq):
        kind = ast.In if kind is ast.Eq else ast.NotIn
    if not isinstance(right, list) and isinstance(left, str) != isinstance(right, str):
        raise TypeError(f"text is compared with a number ({left!r}, {right!r})")
    return bool(COMPARISONS[kind](left, right))


def _plain(value: Any) -> Any:
    """A text or a number of Python's own."""
    plain = value.item() if hasattr(value, "item") else value
    return plain if isinstance(plain, int | float) else str(plain)


def _values(values: list[Any]) -> str:
    distinct = sorted(set(map(str, values)))
    more = f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else ""
    return (
        ", ".join(text if len(text) <= 40 else text[:39] + "…" for text in distinct[:SHOWN]) + more
    )
