"""Delay embedding: the copies of a channel, and what they must not reach across."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.series import make_series

RAMP = np.arange(600.0)
GIVEN = {"dimension": 3, "delay": 4}


def test_the_embedding_is_the_matrix_made_by_hand(recording, continuous, settings):
    signal = np.stack([RAMP, np.sin(RAMP)], axis=1)
    tree = recording({"eeg": continuous(signal, 10.0, names=["x", "y"])})
    plain = make_series(tree, settings(splits={"guard": 0}))
    series = make_series(tree, settings(splits={"guard": 0}, embedding=GIVEN))
    assert series["channel"].values.tolist() == [
        "x", "y", "x(t-4)", "y(t-4)", "x(t-8)", "y(t-8)"
    ]  # fmt: skip
    original = plain["observation"].values
    number = np.searchsorted(plain["time"].values, series["time"].values - 1e-6)
    expected = np.hstack([original[number], original[number - 4], original[number - 8]])
    np.testing.assert_array_equal(series["observation"].values, expected)
    restored = series["observation"] * series["scale"] + series["offset"]
    np.testing.assert_allclose(restored.sel(channel="x(t-8)"), RAMP[number - 8], atol=1e-9)
    assert set(series["modality"].values) == {"eeg"}


def test_copies_reach_across_no_border(recording, continuous, settings):
    signal = RAMP[:, None].copy()
    signal[200:300] = np.nan
    tree = recording({"eeg": continuous(signal, 10.0)})
    series = make_series(tree, settings(splits={"guard": 1.0}, embedding=GIVEN))
    values = (series["observation"] * series["scale"] + series["offset"]).values
    np.testing.assert_allclose(values - values[:, :1], [[0, -4, -8]] * len(values), atol=1e-9)
    plain = make_series(tree, settings(splits={"guard": 1.0}))
    oldest = np.searchsorted(plain["time"].values, values[:, 2] / 10 - 1e-6)
    now = np.searchsorted(plain["time"].values, series["time"].values - 1e-6)
    for name in ("split", "segment"):
        border_free = plain[name].values[oldest] == plain[name].values[now]
        assert border_free.all()
    jumps = np.diff(series["time"].values) > 0.1001
    np.testing.assert_array_equal(jumps, np.diff(series["segment"].values) == 1)


def test_the_input_is_kept_at_the_present(recording, continuous, settings):
    modalities = {"eeg": continuous(RAMP, 10.0), "drive": continuous(RAMP, 10.0)}
    given = settings(modalities={"drive": {"role": "input"}}, embedding=GIVEN)
    series = make_series(recording(modalities), given)
    drive = series["input"].values[:, 0]
    np.testing.assert_allclose(drive, series["observation"].values[:, 0])


def test_delays_that_eat_a_split_are_refused(recording, continuous, settings):
    tree = recording({"eeg": continuous(RAMP, 10.0)})
    with pytest.raises(RecordingError, match="embedding: validation split: 0 samples after delays"):
        make_series(tree, settings(embedding={"dimension": 5, "delay": 30}))
