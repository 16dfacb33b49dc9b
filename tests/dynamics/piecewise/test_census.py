import numpy as np
import pytest

from neurodsr.dynamics.piecewise.census import Census


def census_of(probability: np.ndarray, samples: int, seed: int = 0) -> Census:
    rng = np.random.default_rng(seed)
    census, index = Census(10), {}
    for _ in range(samples):
        met = np.flatnonzero(rng.random(len(probability)) < probability)
        for one in met:
            if one not in index:
                index[one] = len(index)
                census.add()
        census.sample([index[one] for one in met])
    return census


def test_estimate_by_hand() -> None:
    """Chao (1987): 4 objects met once, 2 twice in 10 samples: 0.9 * 4 * 3 / (2 * 3)."""
    census = Census(1)
    census.add(6)
    for met in ([0, 4], [1, 4], [2, 5], [3, 5], *[[]] * 6):
        census.sample(met)
    assert census.unseen == pytest.approx(1.8)
    assert not census.saturated


def test_unseen_objects_are_told() -> None:
    """Of 200 equally likely objects; a lower bound where they are not equal."""
    for seed in range(5):
        equal = census_of(np.full(200, 0.02), 60, seed)
        assert len(equal.counts) + equal.unseen == pytest.approx(200, rel=0.15)
    probability = np.repeat([0.2, 0.005], 100)
    uneven = census_of(probability, 60)
    assert len(uneven.counts) < len(uneven.counts) + uneven.unseen < 220


def test_saturation() -> None:
    assert not census_of(np.full(20, 0.3), 9).saturated
    assert census_of(np.full(20, 0.3), 60).saturated
    assert np.isnan(Census(3).unseen)
    assert not census_of(np.array([0.9, 0.02]), 60, seed=1).saturated
