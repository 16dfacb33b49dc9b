"""Trials of which some end left of zero and some right of it."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.series import make_series
from neurodsr.preprocess.settings import problems_of_splits

RATE, LENGTH = 10.0, 20


def trials(recording, continuous, starts: list[float], ends: list[float]):
    ramps = [np.linspace(a, b, LENGTH) for a, b in zip(starts, ends, strict=True)]
    x = np.concatenate(ramps)
    noise = np.random.default_rng(0).standard_normal(len(x))
    duration = LENGTH / RATE
    rows = [(i * duration, (i + 1) * duration - 0.5 / RATE, "") for i in range(len(starts))]
    return recording({"lfp": continuous(np.stack([x, noise], 1), RATE, names=["x", "v"])},
                     {"trials": rows})  # fmt: skip


STARTS, ENDS = [-3.0, 1.0, 2.0, -1.0, 3.0, 2.0], [1.0, 2.0, -2.0, -1.5, 2.0, 4.0]


@pytest.mark.parametrize(
    "region, held_out",
    [
        ({"at": "end", "channels": {"x": [None, 0.0]}}, {2, 3}),
        ({"at": "start", "channels": {"x": [None, 0.0]}}, {0, 3}),
        ({"at": "end", "channels": {"x": [1.5, 2.0], "v": [None, None]}}, {1, 4}),
    ],
)
def test_trials_in_a_region_are_test_data(recording, continuous, settings, region, held_out):
    given = settings(trials="trials", splits={"region": region, "validation": 0.3, "guard": 0.0})
    series = make_series(trials(recording, continuous, STARTS, ENDS), given)
    trial = (series["time"].values / 2.0 + 1e-6).astype(int)
    split = series["split"].values
    assert set(trial[split == 2]) == held_out
    assert set(trial[(split == 0) | (split == 1)]) <= set(range(6)) - held_out
    # nothing is fitted to what is held out
    kept = series["observation"].sel(channel="x").values[split == 0]
    assert (kept.mean(), kept.std()) == pytest.approx((0.0, 1.0), abs=1e-6)


@pytest.mark.parametrize(
    "channels, words",
    [({"y": [0, 1]}, "'y' is the channel of 0 .*there are v, x"),
     ({"x": [50, 60]}, "0 of 6 .*test"),
     ({"x": [-9, 9]}, "6 of 6 .*train")],
)  # fmt: skip
def test_a_region_without_trials_is_refused(recording, continuous, settings, channels, words):
    given = settings(trials="trials", splits={"region": {"channels": channels}})
    with pytest.raises(RecordingError, match=words):
        make_series(trials(recording, continuous, STARTS, ENDS), given)


def test_contradictions_are_told_beforehand(settings):
    wanted = settings(splits={"region": {"channels": {"x": [1, 0]}}, "column": "split"})["splits"]
    told = "\n".join(problems_of_splits("p.splits", wanted, None))
    for words in ("name their table", "not by both", "1 is not below 0", "splits.column: 'split'"):
        assert words in told
