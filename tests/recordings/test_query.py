"""Conditions on tables: what they keep, what they say, and that they can do nothing else."""

import numpy as np
import pytest

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.recordings.query import matching, parse
from neurodsr.recordings.regions import spellings, unified

UNITS = {
    "location": np.array(["CA1", "CA3", "CA1", "VISp, layer 2/3 (left)"]),
    "quality": np.array(["good", "good", "mua", "good"]),
    "rate": np.array([5.0, 0.1, np.nan, 12.0]),
    "kept by hand": np.array([1.0, 0.0, 1.0, 0.0]),
}


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ('location == "CA1" and quality == "good"', [0]),
        ("location == 'CA1' & quality == 'good'", [0]),
        ("location in ['CA1', 'CA3']", [0, 1, 2]),
        ("location == ['CA1', 'CA3'] and not quality == 'mua'", [0, 1]),
        ("location not in ('CA1', 'CA3')", [3]),
        ("location == 'VISp, layer 2/3 (left)'", [3]),
        ("rate > 1", [0, 3]),
        ("1 < rate <= 5 | rate == 0.1", [0, 1]),
        ("kept_by_hand", [0, 2]),
        ("rate", [0, 1, 3]),
        ("`kept by hand` == 0 and rate > -1", [1, 3]),
        ("not (quality == 'good') or rate >= 12", [2, 3]),
        ("~(quality == 'good' & rate >= 0)", [2]),
        ("quality != 'a & b'", [0, 1, 2, 3]),
    ],
)
def test_rows_that_satisfy_a_condition(query, kept):
    assert matching("x", query, UNITS) == kept


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("locaton == 'CA1'", "no column 'locaton'; did you mean location.*location: CA1, CA3"),
        ("qqq == 1", "no column 'qqq'; There are location"),
        ("location == 'CA2'", r"keeps none of 4; there are location: CA1, CA3, VISp, layer 2/3"),
        ("location > 3", r"text is compared with a number.*location: CA1"),
        ("rate == 'good'", "text is compared with a number"),
    ],
)
def test_a_condition_that_does_not_fit_says_what_there_is(query, words):
    with pytest.raises(RecordingError, match=f"^file: units.query: .*{words}"):
        matching("file: units", query, UNITS)


@pytest.mark.parametrize(
    "query",
    [
        "location.str.contains('CA')",
        "@np.isnan(rate)",
        "__import__('os').system('true')",
        "location[0] == 'C'",
        "rate ** 9 ** 9 ** 9 > 1",
        "rate + 1 > 2",
        "[x for x in quality]",
        "lambda: 1",
        "(x := 3)",
        "f'{rate}' == '1'",
        "rate == None",
        "location ==",
        "a; b",
        "(" * 3000 + "rate" + ")" * 3000,
        "",
    ],
)
def test_anything_but_comparisons_is_refused(query):
    with pytest.raises(ConfigError, match=r"^query: "):
        parse(query)


def test_regions_spelled_differently_get_one_name():
    known = spellings({"CA1": ["Cornu ammonis 1", "CA1 (left, dorsal)"], "V1": ["VISp"]})
    columns = {
        "location": ["ca1", "CA-1", "CA1 (left; dorsal)", "cornu  Ammonis 1", "visp", "CA2"],
        "label": ["ca1"] * 6,
    }
    assert unified(columns, known) == {
        "location": ["CA1", "CA1", "CA1", "CA1", "V1", "CA2"],
        "label": ["ca1"] * 6,
    }
    assert unified(columns, {}) == columns


@pytest.mark.parametrize(
    ("regions", "words"),
    [
        ({"CA1": ["hpc"], "CA3": ["HPC"]}, "regions.CA3: 'HPC' also stands for 'CA1'"),
        ({"CA1": ["?!"]}, "neither letter nor digit"),
    ],
)
def test_ambiguous_regions_are_refused(regions, words):
    with pytest.raises(ConfigError, match=words):
        spellings(regions)
