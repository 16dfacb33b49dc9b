import numpy as np
import pytest
from scipy.special import erf

from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors
from neurodsr.statespace.sufficiency.noise import BINS, EXTRA, LARGEST, SMALLEST, fit, noise_level


def noisy(x, share, seed=0):
    return x + share * x.std() * np.random.default_rng(seed).standard_normal(len(x))


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_known_noise_is_found_within_a_quarter(lorenz, henon, share):
    # relative to the noisy channel, whose variance is 1 + share ** 2
    expected = pytest.approx(share / np.hypot(1.0, share), rel=0.25)
    assert noise_level([noisy(lorenz[:6000, 0], share)], 3, 8, 40).level == expected
    assert noise_level([noisy(henon, share)], 2, 1, 5).level == expected


def test_noise_free_data_have_at_most_one_percent(lorenz, henon):
    assert noise_level([lorenz[:6000, 0]], 3, 8, 40).level <= 0.011
    assert noise_level([henon], 2, 1, 5).level <= 0.011


def test_a_linear_process_is_mostly_noise(ar):
    assert noise_level([ar([0.5], 2000, 0)], 3, 1, 5).level > 0.5


def test_the_fit_returns_the_level_of_a_perfect_curve():
    radius = np.geomspace(0.005, 1.0, 41)
    for level in (0.01, 0.05, 0.2):
        assert fit(radius, np.log(erf(radius / (2 * level))) - 0.3) == pytest.approx(
            level, rel=0.02
        )


def test_pairs_are_counted_as_by_the_definition(henon):
    x = henon[:300] / henon[:300].std()
    found = noise_level([x[:150], x[150:]], 2, 1, 3)
    points = delay_vectors([x[:150], x[150:]], [Coordinate(0, k) for k in range(2 + EXTRA)])
    radius = SMALLEST * (LARGEST / SMALLEST) ** (np.arange(BINS + 1) / BINS)
    gap = np.abs(points.points[:, None] - points.points[None])
    apart = np.abs(points.position[:, None] - points.position[None]) > 3
    pair = apart & np.tri(len(gap), k=-1, dtype=bool)
    few, many = (gap[..., :m].max(axis=2)[pair] for m in (2, 2 + EXTRA))
    for slot in np.flatnonzero(np.isfinite(found.decline))[:-1]:
        share = np.sum(many <= radius[slot]) / np.sum(few <= radius[slot])
        assert found.decline[slot] == pytest.approx(np.log(share) / EXTRA)


def test_too_little_or_constant_data_have_no_level():
    for x in (np.zeros(100), np.arange(5.0), np.full(50, np.nan)):
        assert np.isnan(noise_level([x], 3, 1, 2).level)
