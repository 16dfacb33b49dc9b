"""Schedules of forcing strength."""

import numpy as np
import pytest

from neurodsr.training.forcing import strengths


def test_sparse_forcing_acts_once_every_interval() -> None:
    given = strengths({"kind": "sparse", "interval": 4}, 2, 10, interval=99)
    np.testing.assert_array_equal(given, [[0, 0, 0, 0, 1, 0, 0, 0, 1, 0]] * 2)
    automatic = strengths({"kind": "sparse", "interval": "auto"}, 1, 7, interval=3)
    np.testing.assert_array_equal(automatic, [[0, 0, 0, 1, 0, 0, 1]])


def test_generalised_forcing_is_constant_or_falls_exponentially() -> None:
    constant = {"kind": "generalised", "strength": 0.2, "final_strength": None}
    np.testing.assert_allclose(strengths(constant, 3, 2, 0), 0.2)
    falling = constant | {"final_strength": 0.002}
    assert strengths(falling, 3, 2, 0)[:, 1] == pytest.approx([0.2, 0.02, 0.002])
    assert strengths(falling, 1, 2, 0)[0, 0] == pytest.approx(0.2)
