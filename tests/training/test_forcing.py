"""Schedules of forcing strength and learning rate."""

import numpy as np
import pytest

from neurodsr.training.forcing import learning_rates, strengths

GENERALISED = {"kind": "generalised", "strength": 0.2, "final_strength": None}
GENERALISED["annealing"] = "exponential"
INTERVALS = {"auto": 3, "predictability": 5}


def test_sparse_forcing_acts_once_every_interval() -> None:
    given = strengths({"kind": "sparse", "interval": 4}, 2, 10, INTERVALS)
    np.testing.assert_array_equal(given, [[0, 0, 0, 0, 1, 0, 0, 0, 1, 0]] * 2)


@pytest.mark.parametrize(
    ("word", "expected"), [("auto", [0, 0, 0, 1, 0, 0, 1]), ("predictability", [0] * 5 + [1, 0])]
)
def test_sparse_forcing_takes_its_interval_from_the_data(word: str, expected: list[int]) -> None:
    schedule = strengths({"kind": "sparse", "interval": word}, 1, 7, INTERVALS)
    np.testing.assert_array_equal(schedule, [expected])


def test_generalised_forcing_is_constant_or_falls_exponentially_or_linearly() -> None:
    np.testing.assert_allclose(strengths(GENERALISED, 3, 2, {}), 0.2)
    falling = GENERALISED | {"final_strength": 0.002}
    assert strengths(falling, 3, 2, {})[:, 1] == pytest.approx([0.2, 0.02, 0.002])
    assert strengths(falling, 1, 2, {})[0, 0] == pytest.approx(0.2)
    linear = falling | {"annealing": "linear"}
    assert strengths(linear, 3, 2, {})[:, 0] == pytest.approx([0.2, 0.101, 0.002])


def test_end_points_and_what_has_no_schedule() -> None:
    np.testing.assert_array_equal(strengths({"kind": "full"}, 2, 3, {}), np.ones((2, 3)))
    np.testing.assert_array_equal(strengths({"kind": "free"}, 2, 3, {}), np.zeros((2, 3)))
    assert strengths({"kind": "adaptive"}, 2, 3, {}) is None


def test_learning_rate_decays_exponentially() -> None:
    settings = {"decay": "exponential", "start": 1e-2, "end": 1e-4}
    assert learning_rates(settings, 3) == pytest.approx([1e-2, 1e-3, 1e-4])
    assert learning_rates(settings, 1) == pytest.approx([1e-2])


def test_learning_rate_decays_in_steps() -> None:
    settings = {"decay": "step", "start": 1e-2, "steps": [0.8, 0.1, 0.9], "factor": 0.1}
    expected = [1e-2] + [1e-3] * 7 + [1e-4] + [1e-5]
    assert learning_rates(settings, 10) == pytest.approx(expected)


def test_cosine_decay_is_half_a_wave() -> None:
    settings = {"start": 0.1, "end": 0.001, "decay": "cosine"}
    assert learning_rates(settings, 3) == pytest.approx([0.1, 0.0505, 0.001])
