"""Words for a comparison: is a model better than a linear one?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurodsr.evaluation.replicates import Spread

WORDS = {
    "better": "Better than a linear model",
    "not_better": "Not better than a linear model",
    "cannot_tell": "Cannot tell",
    "failed": "No run of this model could be evaluated",
}
READS = {
    "better": "better than a linear model",
    "similar": "not better than a linear model",
    "worse": "worse than a linear model",
    "undecided": "undecided: the floor is not below the null",
}
"""What the code of one measure means."""
INVARIANT = ("D_stsp", "D_H")


@dataclass(frozen=True)
class Comparison:
    """One measure of a model against its scale; smaller is better.

    Attributes
    ----------
    middle, low, high
        Median over runs with its interval; inf where runs diverged.
    floor, floor_high
        Of other data of the system, median and 95 % quantile (0 for a forecast's error, -inf where
        there is none).
    null, null_low, null_high
        Median, 5 % and 95 % quantile of the best null.
    null_name
        Which null that is.
    """

    middle: float
    low: float
    high: float
    floor: float
    floor_high: float
    null: float
    null_low: float
    null_high: float
    null_name: str

    @property
    def decidable(self) -> bool:
        """Whether the floor lies below the null."""
        return self.floor < self.null_low

    @property
    def code(self) -> str:
        """``"worse"`` when above null and floor; else ``"undecided"`` when the floor is not below
        the null; else ``"better"`` or ``"similar"``.
        """
        if self.low > max(self.null_high, self.floor_high):
            return "worse"
        if not self.decidable:
            return "undecided"
        return "better" if self.high < self.null_low else "similar"


def overall(comparisons: Mapping[str, Comparison]) -> str:
    """Code of the verdict, from D_stsp and D_H, of which each sees what the other is blind to.

    ``"better"`` needs one that is better and none that is worse; ``"cannot_tell"`` is said when all
    are undecided.
    """
    codes = [comparisons[name].code for name in INVARIANT]
    if all(code == "undecided" for code in codes):
        return "cannot_tell"
    return "better" if "better" in codes and "worse" not in codes else "not_better"


def sentence(
    code: str, comparisons: Mapping[str, Comparison], length: int, skill: Spread | None = None
) -> str:
    """The verdict in words, with the numbers it rests on."""
    if code == "cannot_tell":
        reason = (
            f": with {length} held-out samples, data of the same system differ from each other as "
            "much as simulations of a linear model differ from them (the floor is not below the "
            "null)."
        )
    else:
        reason = "."
    parts = []
    for name in INVARIANT:
        one = comparisons[name]
        word = {"undecided": "undecided", "similar": "not better"}.get(one.code, one.code)
        parts.append(
            f"{name} {number(one.middle)} ({number(one.low)} to {number(one.high)}; floor "
            f"{number(one.floor)}, {one.null_name} {number(one.null)}): {word}"
        )
    if skill is not None and not np.isnan(skill.middle):
        parts.append(
            f"skill {limited(skill.middle)} ({limited(skill.low)} to {limited(skill.high)}) on the "
            "scale from the best linear null, 0, to the floor, 1"
        )
    return f"{WORDS[code]}{reason} {'; '.join(parts)}."


def number(value: float) -> str:
    """Three digits, in words where there is no number."""
    if np.isnan(value):
        return "n/a"
    return "diverged" if np.isinf(value) else f"{value:.3g}"


def limited(skill: float) -> str:
    """Two decimals; far below 0 says no more than that."""
    return "below -9" if skill < -9 else f"{skill:.2f}"
