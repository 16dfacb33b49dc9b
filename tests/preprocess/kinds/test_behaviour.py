"""Categories as columns, and samples that are held, joined or left alone."""

import json

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds import behaviour

NAN = np.nan
NAMES = ["mood", "sleep", "steps"]
VALUES = np.array([[0, 2, 100.0], [2, 0, 300.0], [NAN, 1, 200.0], [1, NAN, NAN]])
ATTRIBUTES = {
    "levels": json.dumps({"mood": ["low", "mid", "high"], "sleep": ["bad", "fair", "good"]}),
    "scale": json.dumps({"mood": "nominal", "sleep": "ordinal"}),
}


def test_nominal_becomes_one_hot_and_ordinal_ranks():
    names, values, stepwise = behaviour.coded("diary", NAMES, VALUES, ATTRIBUTES, "auto")
    assert names == ["mood=low", "mood=mid", "mood=high", "sleep", "steps"]
    expected = [[1, 0, 0, 2, 100], [0, 0, 1, 0, 300], [NAN] * 3 + [1, 200], [0, 1, 0, NAN, NAN]]
    np.testing.assert_array_equal(values, expected)
    assert stepwise == [True] * 4 + [False]


def test_two_levels_need_one_column():
    attributes = {"levels": '{"sex": ["f", "m"]}', "scale": "{}"}
    names, values, _ = behaviour.coded(
        "x", ["sex"], np.array([[0.0], [1], [NAN]]), attributes, "auto"
    )
    assert names == ["sex=m"]
    np.testing.assert_array_equal(values[:, 0], [0, 1, NAN])


@pytest.mark.parametrize(
    ("coding", "names"),
    [
        ("codes", ["mood", "sleep", "steps"]),
        (
            "one-hot",
            ["mood=low", "mood=mid", "mood=high", "sleep=bad", "sleep=fair", "sleep=good", "steps"],
        ),
        ("one-hot-reference", ["mood=mid", "mood=high", "sleep=fair", "sleep=good", "steps"]),
    ],
)
def test_codings_on_request(coding, names):
    assert behaviour.coded("diary", NAMES, VALUES, ATTRIBUTES, coding)[0] == names


def test_a_code_without_a_level_is_refused():
    wrong = VALUES.copy()
    wrong[1, 0] = 3
    with pytest.raises(RecordingError, match=r"diary: mood: code 3 is no index of its 3 levels"):
        behaviour.coded("diary", NAMES, wrong, ATTRIBUTES, "auto")


def test_samples_are_held_until_they_are_too_old():
    instants, values = np.array([0.0, 1.0, 5.0]), np.array([[1.0], [NAN], [3.0]])
    target = np.array([-1.0, 0.0, 0.9, 1.0, 4.0, 5.0, 6.5, 9.0])
    held = behaviour.held(instants, values, target, 3.0, over_missing=False)[:, 0]
    np.testing.assert_array_equal(held, [NAN, 1, 1, NAN, NAN, 3, 3, NAN])
    held = behaviour.held(instants, values, target, 3.0, over_missing=True)[:, 0]
    np.testing.assert_array_equal(held, [NAN, 1, 1, 1, NAN, 3, 3, NAN])


def test_lines_are_drawn_between_samples_that_are_near():
    instants, values = np.array([0.0, 2.0, 10.0]), np.array([[0.0], [4.0], [5.0]])
    target = np.array([-1.0, 0.0, 0.5, 2.0, 6.0, 10.0, 11.0])
    lines = behaviour.linear(instants, values, target, 3.0)[:, 0]
    np.testing.assert_array_equal(lines, [NAN, 0, 1, 4, NAN, NAN, NAN])
    instants, values = np.array([0.0, 8.0, 10.0]), np.array([[0.0], [4.0], [5.0]])
    lines = behaviour.linear(instants, values, np.array([0.0, 7.9, 8.0, 9.0]), 3.0)[:, 0]
    np.testing.assert_array_equal(lines, [NAN, NAN, 4, 4.5])


def test_single_samples():
    instants, values = np.array([0.0, 2.0, 10.0]), np.array([[0.0], [4.0], [5.0]])
    target = np.array([-1.0, 0.0, 0.5, 2.0, 6.0, 10.0, 11.0])
    single = behaviour.nearest(instants, values, target, 1.0)[:, 0]
    np.testing.assert_array_equal(single, [NAN, 0, 0, 4, NAN, 5, NAN])
