import numpy as np
import pytest

from neurodsr.recordings.flat_ends import length_without_flat_end


def length(signal, shortest=5):
    signal = np.asarray(signal, dtype=float)
    signal = signal[:, None] if signal.ndim == 1 else signal
    return length_without_flat_end(lambda start, stop: signal[start:stop], len(signal), shortest)


def test_flat_ends_are_cut_step_by_step():
    moving = np.arange(100.0)
    assert length(moving) == 100
    assert length([*moving, *[7] * 20]) == 100
    assert length([*moving, *[7] * 20, *[0] * 20]) == 100
    assert length([*moving, *[7] * 20, *[0] * 4]) == 124  # the last step is too short
    assert length([*moving, *[7] * 4, *[0] * 20]) == 104
    assert length([*moving, 99, 99, 99, 99]) == 99


def test_all_channels_have_to_be_flat():
    signal = np.random.default_rng(0).normal(size=(100, 2))
    signal[50:] = 1
    assert length(signal) == 50
    signal[90, 1] = 2
    assert length(signal) == 91
    assert length(signal[:, :1]) == 50


def test_a_signal_that_never_changes_has_no_length():
    assert length(np.ones(100)) == 0
    assert length(np.repeat([1.0, 2.0], 50)) == 0


@pytest.mark.parametrize("flat", [4095, 4096, 4097, 20_000])
def test_only_the_end_is_read(flat):
    signal = np.concatenate([np.arange(100_000.0), np.zeros(flat)])[:, None]
    read = []

    def part(start, stop):
        read.append(start)
        return signal[start:stop]

    assert length_without_flat_end(part, len(signal), 5) == 100_000
    assert min(read) >= 100_000 - 3 * 4096
