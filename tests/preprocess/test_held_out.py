import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.series import make_series


def conditions(recording, continuous, labels: list[str]):
    signal = np.random.default_rng(0).standard_normal((800, 2))
    rows = [(20 * i, 20 * (i + 1), label) for i, label in enumerate(labels)]
    return recording({"lfp": continuous(signal, 10.0)}, {"trials": rows})


def test_a_condition_can_be_held_out(recording, continuous, settings):
    """All trials of one label are test data; the others train, the last share of them validates."""
    tree = conditions(recording, continuous, ["left", "right", "left", "centre"])
    given = settings(
        trials="trials",
        splits={"column": "label", "held_out": ["right"], "validation": 0.25, "guard": 0.0},
    )
    series = make_series(tree, given)
    time, split = series["time"].values, series["split"].values
    assert set(split[(time >= 20.2) & (time < 40)]) == {2}
    assert set(split[(time < 20) | ((time >= 40.2) & (time < 60))]) <= {0, 1}
    assert 2 not in split[time >= 60]


def test_a_condition_that_is_not_there_is_named(recording, continuous, settings):
    tree = conditions(recording, continuous, ["left", "left", "left", "centre"])
    given = settings(trials="trials", splits={"column": "label", "held_out": ["right"]})
    with pytest.raises(RecordingError, match="no trial is labelled 'right', which is held out"):
        make_series(tree, given)
