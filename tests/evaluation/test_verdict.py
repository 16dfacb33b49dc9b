import numpy as np
import pytest

from neurodsr.evaluation.replicates import Spread
from neurodsr.evaluation.verdict import Comparison, overall, sentence


def compared(low: float, high: float, floor: float = 1.0, null: float = 5.0) -> Comparison:
    return Comparison(
        (low + high) / 2, low, high, floor, 1.1 * floor, null, 0.9 * null, 1.1 * null, "VAR"
    )


@pytest.mark.parametrize(
    "one, code",
    [
        (compared(1.0, 2.0), "better"),
        (compared(1.0, 4.6), "similar"),
        (compared(6.0, 9.0), "worse"),
        (compared(1.0, 2.0, floor=5.0), "undecided"),
        (compared(1.0, np.inf), "similar"),
        (compared(8.0, 9.0, floor=5.0), "worse"),
    ],
)
def test_codes(one: Comparison, code: str) -> None:
    assert one.code == code


@pytest.mark.parametrize(
    "geometry, spectrum, verdict",
    [
        (compared(1, 2), compared(1, 2), "better"),
        (compared(1, 2), compared(4, 6), "better"),
        (compared(1, 2), compared(6, 7), "not_better"),
        (compared(1, 2), compared(4, 5, floor=5), "better"),
        (compared(4, 6), compared(4, 6), "not_better"),
        (compared(4, 5, floor=5), compared(4, 5, floor=5), "cannot_tell"),
        (compared(7, 8, floor=5), compared(4, 5, floor=5), "not_better"),
    ],
)
def test_overall(geometry: Comparison, spectrum: Comparison, verdict: str) -> None:
    assert overall({"D_stsp": geometry, "D_H": spectrum}) == verdict


def test_words_name_the_numbers() -> None:
    text = sentence("cannot_tell", dict.fromkeys(("D_stsp", "D_H"), compared(4, 5, floor=5)), 120)
    assert text.startswith("Cannot tell: with 120 held-out samples")
    assert "D_stsp 4.5 (4 to 5; floor 5, VAR 5): undecided" in text
    said = sentence(
        "better", dict.fromkeys(("D_stsp", "D_H"), compared(1, 2)), 9, Spread(0.9, -20, 0.954)
    )
    assert "skill 0.90 (below -9 to 0.95) on the scale" in said
