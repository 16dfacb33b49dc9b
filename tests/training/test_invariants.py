"""What free runs are compared with: distribution and spectrum of the data."""

import numpy as np
import pytest

from neurodsr.training.invariants import distance_of_halves, mean_spectrum


def test_spectrum_of_a_tone_is_its_line() -> None:
    t = np.arange(4000)
    tone = np.sin(2 * np.pi * 0.05 * t)[:, None]
    spectrum = mean_spectrum([tone], 400)
    assert spectrum.sum() == pytest.approx(1)
    assert np.argmax(spectrum[:, 0]) == 20


def test_halves_of_the_data_that_differ_by_a_shift_are_as_far_apart_as_the_shift() -> None:
    rng = np.random.default_rng(0)
    half = rng.standard_normal((600, 2))
    directions = np.eye(4)
    shift = np.array([0.3, 0.5])
    pieces = [half[:200], half[200:], half[:200] + shift, half[200:] + shift]
    distance = distance_of_halves(pieces, directions, 3, 100)
    assert distance == pytest.approx(0.4)  # along each channel, at both members of a pair
    whole = [np.concatenate([half, half + shift])]
    assert distance_of_halves(whole, directions, 3, 100) == pytest.approx(0.4, abs=0.02)
    assert distance_of_halves([half, half[:2]], directions, 3, 100) == pytest.approx(0, abs=0.3)
    assert distance_of_halves([half[:3], half[:3]], directions, 3, 100) == 0
