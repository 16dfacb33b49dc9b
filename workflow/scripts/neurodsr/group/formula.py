"""A design in a formula: ``feature ~ group * session + age + (1 | subject)``.

Only the standard library is used: the workflow checks formulas at every start.
"""

import difflib
import re
from collections.abc import Collection
from dataclasses import dataclass

from neurodsr.errors import ConfigError

RESPONSE = "feature"
BAR = re.compile(r"\(([^()|]*)\|([^()|]*)\)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
ALLOWED = re.compile(r"[A-Za-z0-9_. ~+*:()|\-]*")


@dataclass(frozen=True)
class Formula:
    """A design taken apart.

    Attributes
    ----------
    fixed
        Right-hand side without the random part, e.g. ``group * session + age``.
    subject
        Column whose values share a random intercept; None without one.
    variables
        Columns that the design needs.
    """

    fixed: str
    subject: str | None
    variables: tuple[str, ...]


def parse_formula(text: str) -> Formula:
    """Take a formula apart.

    Only names of columns and ``+ - * :`` with parentheses are understood, and at most one random
    intercept ``(1 | subject)``: nothing in it is ever run as code.

    Raises
    ------
    ConfigError
        What is wrong, and what a design looks like.
    """
    example = "a design looks like 'feature ~ group * session + age + (1 | subject)'"
    if not ALLOWED.fullmatch(text):
        odd = re.sub(r"[A-Za-z0-9_. ~+*:()|\-]", "", text)[0]
        raise ConfigError(f"group.design: {text!r}: {odd!r} is not understood; {example}")
    left, tilde, right = text.partition("~")
    if not tilde or left.strip() != RESPONSE or "~" in right:
        raise ConfigError(f"group.design: {text!r}: must begin with 'feature ~'; {example}")
    bars = BAR.findall(right)
    if len(bars) > 1 or any(slope.strip() != "1" for slope, _ in bars):
        raise ConfigError(
            f"group.design: {text!r}: one random intercept (1 | subject) is understood, no random"
            f" slopes; {example}"
        )
    fixed = re.sub(r"\+\s*$", "", re.sub(r"\+\s*(?=\+)", "", BAR.sub("", right)).strip()).strip()
    fixed = fixed.removeprefix("+").strip() or "1"
    if "|" in fixed or fixed.count("(") != fixed.count(")"):
        raise ConfigError(f"group.design: {text!r}: parentheses or bars do not match; {example}")
    subject = bars[0][1].strip() if bars else None
    names = dict.fromkeys(NAME.findall(fixed))
    return Formula(fixed, subject, tuple(dict.fromkeys([*names, *([subject] if subject else [])])))


def check_columns(formula: Formula, columns: Collection[str]) -> None:
    """Refuse a design that names a column which the cohort has not.

    Raises
    ------
    ConfigError
    """
    for name in formula.variables:
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            raise ConfigError(
                f"group.design: {name!r} is no column of the cohort"
                + (f", did you mean {near[0]!r}?" if near else "")
                + f" There are {', '.join(sorted(columns))}"
            )
