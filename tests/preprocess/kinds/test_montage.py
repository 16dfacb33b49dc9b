"""Bad channels that were made bad, and references that leave what is known."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.montage import bad_channels, neighbours, rereference

RATE = 250.0


def noise(channels=12, samples=5000, seed=0):
    return np.random.default_rng(seed).standard_normal((samples, channels))


def test_each_bad_channel_is_found_with_its_reason(signal, nothing, options):
    values = noise()
    values[:, 1] = 3.0
    values[:, 3] *= 30.0
    values[:, 5] += 5 * np.sin(2 * np.pi * 50 * np.arange(5000) / RATE)
    values[:2500, 7] = np.nan
    values[:, 9] = np.repeat(values[::10, 9], 10)
    values[:, 11] *= 1e-5
    result = bad_channels(signal(values, RATE), options("bad_channels"), nothing)
    why = result.left_out
    assert set(why) == {"c1", "c3", "c5", "c7", "c9", "c11"}
    assert "flat in 100%" in why["c1"] and "flat in 90%" in why["c9"] and "flat" in why["c11"]
    assert "spread" in why["c3"] and "missing in 83%" in why["c7"]
    assert "line noise" in why["c5"] or "spread" in why["c5"]
    assert result.channels == ["c0", "c2", "c4", "c6", "c8", "c10"]
    np.testing.assert_array_equal(result.values, values[:, ::2])


def test_line_noise_alone_is_enough(signal, nothing, options):
    values = noise()
    values[:, 5] += 0.7 * np.sin(2 * np.pi * 60 * np.arange(5000) / RATE)
    found = bad_channels(signal(values, RATE), options("bad_channels", line=60), nothing).left_out
    assert set(found) == {"c5"} and "line noise" in found["c5"]
    assert not bad_channels(signal(values, RATE), options("bad_channels"), nothing).left_out


def test_good_channels_stay_and_the_test_split_has_no_say(signal, nothing, options):
    falsely = 0
    for seed in range(20):
        values = noise(32, 2000, seed)
        values[1300:, 4] = 1e6
        falsely += len(
            bad_channels(signal(values, RATE), options("bad_channels"), nothing).left_out
        )
    assert falsely == 0


def test_a_common_signal_disappears_under_the_average_and_the_median(signal, nothing):
    common = np.cumsum(noise(1), axis=0)
    own = noise(9)
    for word, centre in (("average", np.mean), ("median", np.median)):
        result = rereference(signal(own + common, RATE), word, nothing)
        expected = own - centre(own, axis=1, keepdims=True)
        np.testing.assert_allclose(result.values, expected, atol=1e-9)


def test_the_average_is_of_the_channels_that_are_there(signal, nothing):
    values = noise(3)
    values[:10, 0] = np.nan
    result = rereference(signal(values, RATE), "average", nothing)
    np.testing.assert_allclose(result.values[0, 1], (values[0, 1] - values[0, 2]) / 2)
    assert np.isnan(result.values[:10, 0]).all()


def test_neighbours_on_a_shaft_are_subtracted(signal, nothing):
    values = noise(6)
    names = ["LA1", "LA2", "LA3", "LA5", "RB10", "RB9"]
    result = rereference(signal(values, RATE, names=names), "bipolar", nothing)
    assert result.channels == ["LA1-LA2", "LA2-LA3", "RB9-RB10"]
    np.testing.assert_allclose(result.values[:, 2], values[:, 5] - values[:, 4])
    given = rereference(signal(values, RATE, names=names), {"pairs": [["LA5", "RB9"]]}, nothing)
    np.testing.assert_allclose(given.values[:, 0], values[:, 3] - values[:, 5])
    assert neighbours(["Fz", "Cz"]) == []


def test_a_named_reference_may_be_a_channel_that_was_not_chosen(signal, recording, continuous):
    values = noise(3)
    tree = recording({"eeg": continuous(values, RATE, names=["c0", "c1", "A2"])})
    result = rereference(signal(values[:, :2], RATE), ["A2", "c1"], tree)
    expected = values[:, :2] - values[:, 1:].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(result.values, expected)
    with pytest.raises(RecordingError, match="reference: no channel M1; it has c0, c1, A2"):
        rereference(signal(values[:, :2], RATE), ["M1"], tree)


def test_references_that_leave_nothing_are_refused(signal, nothing):
    with pytest.raises(RecordingError, match="average of a single channel leaves nothing"):
        rereference(signal(noise(1), RATE), "average", nothing)
    with pytest.raises(RecordingError, match="no two channels are neighbours"):
        rereference(signal(noise(2), RATE, names=["Fz", "Cz"]), "bipolar", nothing)
