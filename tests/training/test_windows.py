"""Windows stay inside the train split's stretches and depend on seed, run and epoch alone."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.training.windows import Batch, Noise, make_windows, stretches

NONE = Noise(0.0)


def lanes(blocks: np.ndarray, batch: int) -> np.ndarray:
    """``(run, step, row, lane)`` of one block's windows."""
    return blocks[:, 0, ..., :batch]


def counted(split: list[int], segment: list[int]) -> xr.Dataset:
    """A series whose observation is its own time index."""
    return xr.Dataset(
        {
            "observation": (("time", "channel"), np.arange(len(split), dtype=float)[:, None]),
            "split": ("time", np.array(split, np.int8)),
            "segment": ("time", segment),
        }
    )


def test_stretches_end_at_gaps_and_splits() -> None:
    series = counted([0, 0, 0, 0, 0, -1, 1, 1, 0], [0, 0, 1, 1, 1, 1, 1, 2, 2])
    assert stretches(series, 0) == [slice(0, 2), slice(2, 5), slice(8, 9)]
    assert stretches(series, 1) == [slice(6, 7), slice(7, 8)]
    assert stretches(series, 2) == []


def test_windows_cover_all_of_the_train_split_and_nothing_else() -> None:
    series = counted([0] * 30 + [1] * 10 + [0] * 20, [0] * 20 + [1] * 40)
    series["observation"][3] = np.nan
    windows = make_windows(series, 12, 99)
    expected = [*range(0, 3), *range(4, 8), *range(40, 48)]  # of 13 samples each
    np.testing.assert_array_equal(windows.starts, expected)
    epoch = windows.epoch(seed=1, epoch=0, runs=2, batches=40, batch=8, noise=NONE)
    seen = set()
    for number in range(40):
        batch = epoch.batch(number)
        assert batch.x.shape == (2, 1, 13, 1, 16)
        assert batch.s.shape == (2, 1, 12, 0, 16)
        assert batch.weight[0, 0].tolist() == [[1] * 8 + [0] * 8] * batch.weight.shape[2]
        assert batch.target is batch.x
        x = lanes(batch.x, 8)
        known = np.where(np.isnan(x), 3.0, x)
        np.testing.assert_array_equal(np.diff(known, axis=1), 1.0)
        seen |= set(x[:, 0].ravel())
    assert seen == set(expected)


def test_draws_depend_on_seed_run_and_epoch_alone() -> None:
    windows = make_windows(counted([0] * 500, [0] * 500), 20, 99)
    few = windows.epoch(5, 3, runs=1, batches=2, batch=4, noise=Noise(0.1)).batch(1).x
    many = windows.epoch(5, 3, runs=3, batches=2, batch=4, noise=Noise(0.1)).batch(1).x
    np.testing.assert_array_equal(few[0], many[0])
    assert not np.array_equal(many[0], many[1])
    other = windows.epoch(5, 4, runs=1, batches=2, batch=4, noise=Noise(0.1)).batch(1).x
    assert not np.array_equal(few, other)


def test_noise_has_the_given_size() -> None:
    series = counted([0] * 20000, [0] * 20000) * 0
    epoch = make_windows(series.astype(float).assign(segment=series.segment), 20, 99)
    windows = [
        epoch.epoch(0, 0, runs=2, batches=1, batch=40, noise=Noise(0.2, on_targets)).batch(0)
        for on_targets in (True, False)
    ]
    x = windows[0].x
    assert x.shape == (2, 3, 21, 1, 16)
    assert x.std() == pytest.approx(0.2, rel=0.05)
    assert windows[0].target is x
    np.testing.assert_array_equal(windows[1].x, x)
    assert not windows[1].target.any()
    assert abs(np.corrcoef(x[0].ravel(), x[1].ravel())[0, 1]) < 0.1
    # Lanes that only fill up repeat the first window.
    np.testing.assert_array_equal(x[:, 2, ..., 8:], np.repeat(x[:, 0, ..., :1], 8, -1))


def test_automatic_length_is_shortened_to_half_the_longest_stretch() -> None:
    series = counted([0] * 50 + [1] * 10, [0] * 60)
    assert make_windows(series, "auto", 200).steps == 25
    assert make_windows(series, "auto", 15).steps == 15


@pytest.mark.parametrize("length", [60, "auto"])
def test_too_little_data_is_an_error_before_training(length: int | str) -> None:
    series = counted([0] * 9 + [1] * 10, [0] * 19)
    with pytest.raises(RecordingError, match="longest contiguous stretch has 9"):
        make_windows(series, length, 200)


def test_inputs_travel_with_their_windows() -> None:
    series = counted([0] * 100, [0] * 100)
    series["input"] = (("time", "input"), -np.arange(100.0)[:, None])
    batch: Batch = make_windows(series, 20, 99).epoch(0, 0, 2, 1, 4, NONE).batch(0)
    np.testing.assert_array_equal(batch.s[:, :, :, 0], -batch.x[:, :, :-1, 0])


def test_short_trials_have_windows_that_end_with_them() -> None:
    """Trials of 40 and 15 samples, windows of 20 steps: from the latter, 10 to 14 steps."""
    series = counted([0] * 55, [0] * 40 + [1] * 15)
    series["input"] = (("time", "input"), np.ones((55, 1)))
    windows = make_windows(series, 20, 99)
    np.testing.assert_array_equal(windows.starts, [*range(20), *range(40, 45)])
    batch: Batch = windows.epoch(0, 0, 1, 1, 200, NONE).batch(0)
    first, x = batch.x[0, :, 0, 0], batch.x[0, :, :, 0]
    for t in range(21):
        sample = first + t
        inside = np.where(first < 40, 40, 55) > sample
        np.testing.assert_array_equal(x[:, t], np.where(inside, sample, np.nan))
        if t < 20:
            np.testing.assert_array_equal(batch.s[0, :, t, 0], inside)
    assert (first >= 40).any()
