import sys
from pathlib import Path

import numpy as np
import pytest

from neurodsr.statespace.sufficiency.power import (
    LENGTHS,
    NOISE,
    SAMPLES_PER_TIME,
    SHARES,
    detectable_noise,
    power,
)

sys.path.insert(0, str(Path(__file__).parents[2] / "studies"))


def test_simulated_lengths_have_their_simulated_power():
    for i, per_time in enumerate(SAMPLES_PER_TIME):
        for j, noise in enumerate(NOISE):
            for k, length in enumerate(LENGTHS):
                assert power(length, per_time * length, noise) == pytest.approx(SHARES[i, j, k])


def test_between_and_beyond_them():
    assert power(5, 500, 0.1) == 0.0
    assert power(80, 80, 0.1) == power(40, 80, 0.1)
    assert power(1000, 100_000, 0.1) == SHARES[-1, 0, -1]
    assert SHARES[0, 0, 1] < power(28, 56, 0.1) < SHARES[0, 0, 2]


def test_detectable_noise_is_the_last_with_enough_power():
    level = detectable_noise(80, 160, 0.8)
    assert power(80, 160, level) >= 0.8 > power(80, 160, level + 0.02)
    assert detectable_noise(8, 100, 0.8) == 0.0


def test_the_table_is_what_the_study_finds():
    from false_positives import p_values
    from power import SYSTEMS, simulate

    length, noise, found = 80, 0.5, []
    for name in SYSTEMS:
        for seed, x in enumerate(simulate(name, 2, 2 * length)[-6:]):
            rng = np.random.default_rng((9, seed))
            x = x + noise * x.std() * rng.standard_normal(len(x))
            found.append(p_values(x, rng)[-1] <= 0.05 + 1e-9)
    # 24 series: three standard errors
    assert np.mean(found) == pytest.approx(power(length, 2 * length, noise), abs=0.31)
