import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.preprocess.splits import (
    automatic_guard,
    boundaries,
    codes_of,
    labelled_codes,
    pieces_of,
    with_guards,
)


def test_shares_and_guards_in_time_order():
    time = np.arange(100) * 0.5
    bounds = boundaries(np.zeros(100, int), 0.15, 0.2, whole_segments=False)
    codes = with_guards(time, codes_of(100, bounds), guard=2.0, minimum_samples=5)
    assert bounds == (65, 80)
    np.testing.assert_array_equal(np.flatnonzero(codes == 0), np.arange(65))
    np.testing.assert_array_equal(np.flatnonzero(codes == -1), [65, 66, 67, 68, 80, 81, 82, 83])
    train, validation, test = (time[codes == code] for code in range(3))
    assert validation.min() - train.max() > 2.0
    assert test.min() - validation.max() > 2.0


def test_a_gap_in_time_is_a_guard_already():
    time = np.concatenate([np.arange(65), 1000 + np.arange(35)]).astype(float)
    codes = with_guards(time, codes_of(100, (65, 80)), guard=3.0, minimum_samples=5)
    assert np.sum(codes == 1) == 15
    assert np.sum(codes == 2) == 17


def test_trials_stay_whole():
    segment = np.repeat(np.arange(10), [5, 9, 5, 5, 5, 8, 5, 5, 3, 5])
    first, second = boundaries(segment, 0.15, 0.2, whole_segments=True)
    assert segment[first] == 6 and segment[first - 1] == 5
    assert segment[second] == 8 and segment[second - 1] == 7


def test_one_trial_cannot_be_shared_out():
    with pytest.raises(RecordingError, match="trials: only 1"):
        boundaries(np.zeros(500, int), 0.15, 0.2, whole_segments=True)


def test_a_split_eaten_by_its_guard_is_refused():
    with pytest.raises(RecordingError, match="validation split: 3 of 100 samples"):
        with_guards(np.arange(100.0), codes_of(100, (65, 80)), guard=12.0, minimum_samples=5)


def test_labels_decide_and_the_end_of_training_validates():
    time = 0.1 * np.arange(60)
    starts = np.array([0.0, 2.0, 4.0])
    codes = labelled_codes(time, starts, ["test", "train", "train"], validation=0.25)
    np.testing.assert_array_equal(codes, np.repeat([2, 0, 1], [20, 30, 10]))
    codes = labelled_codes(time, starts, ["train", "validation", "test"], validation=0.25)
    np.testing.assert_array_equal(codes, np.repeat([0, 1, 2], 20))


def test_guards_follow_every_change_of_split():
    codes = np.repeat([0, 2, 0, 1], 10).astype(np.int8)
    guarded = with_guards(np.arange(40.0), codes, guard=2.0, minimum_samples=1)
    np.testing.assert_array_equal(np.flatnonzero(guarded == -1), [10, 11, 20, 21, 30, 31])


def test_automatic_guard_is_three_decay_times_within_its_bounds():
    rng = np.random.default_rng(0)
    x = np.zeros((20000, 1))
    for t in range(1, len(x)):
        x[t] = np.exp(-0.1) * x[t - 1] + rng.standard_normal()
    assert abs(automatic_guard([x], 0.5, longest=1e3, at_least=0.0) - 3 * 10 * 0.5) < 2.5
    assert automatic_guard([x], 0.5, longest=4.0, at_least=0.0) == 4.0
    assert automatic_guard([x], 0.5, longest=4.0, at_least=9.0) == 9.0


def test_autocorrelation_is_the_direct_sum_over_pairs():
    rng = np.random.default_rng(1)
    pieces = [rng.standard_normal(40), rng.standard_normal(25)]
    pieces[0][7] = np.nan
    mean = np.nanmean(np.concatenate(pieces))
    sums, pairs = np.zeros(6), np.zeros(6)
    for piece in pieces:
        for lag in range(6):
            products = (piece[: len(piece) - lag] - mean) * (piece[lag:] - mean)
            sums[lag] += np.nansum(products)
            pairs[lag] += np.isfinite(products).sum()
    expected = sums / pairs
    np.testing.assert_allclose(autocorrelation(pieces, 5), expected / expected[0], atol=1e-12)
    assert decay_time(np.array([1.0, 0.5, 0.36, 0.4])) == 2


def test_pieces_break_at_segments_and_splits():
    pieces = pieces_of(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1], dtype=np.int8))
    assert pieces == [(0, slice(0, 2)), (1, slice(2, 3)), (1, slice(3, 5))]
