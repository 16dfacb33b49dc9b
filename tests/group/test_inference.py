"""Effect sizes, permutation tests and false discovery rates against known answers."""

import numpy as np
import pytest
from scipy import stats

from neurodsr.group.inference import (
    effect_size,
    false_discovery,
    permutation_p,
    relabelings,
    shuffled_control,
)

BH_1995 = [
    *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240),
    *(0.4262, 0.5719, 0.6528, 0.7590, 1.0),
]


def groups(n: int, m: int) -> np.ndarray:
    return np.arange(n + m) >= n


def test_hedges_g_by_hand() -> None:
    """Means 2 and 5, both variances 1: d = 3, exact correction for 4 degrees of freedom."""
    first, second = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    effect = effect_size(first, second, 200, 0.95, np.random.default_rng(0))
    # J(4) = Gamma(2) / (sqrt(2) Gamma(3/2)) = sqrt(2 / pi)
    assert effect.hedges_g == pytest.approx(3 * np.sqrt(2 / np.pi))
    assert effect.rank_biserial == 1.0
    opposite = effect_size(second, first, 200, 0.95, np.random.default_rng(0))
    assert opposite.hedges_g == pytest.approx(-effect.hedges_g)


def test_hedges_g_is_unbiased_and_its_interval_covers() -> None:
    rng = np.random.default_rng(3)
    effects = [
        effect_size(rng.normal(size=20), rng.normal(0.8, size=20), 300, 0.95, rng)
        for _ in range(400)
    ]
    assert np.mean([e.hedges_g for e in effects]) == pytest.approx(0.8, abs=0.05)
    assert 0.90 <= np.mean([e.low <= 0.8 <= e.high for e in effects]) <= 0.98


def test_effect_without_any_variance_is_unknown() -> None:
    effect = effect_size(np.ones(4), np.ones(4), 50, 0.95, np.random.default_rng(0))
    assert np.isnan(effect.hedges_g) and np.isnan(effect.low)


def test_all_relabelings_when_there_are_few() -> None:
    labels = groups(6, 6)
    ways = relabelings(labels, 10_000, np.random.default_rng(0))
    assert ways.shape == (924, 12)
    assert len(np.unique(ways, axis=0)) == 924
    assert (ways[0] == labels).all() and (ways.sum(axis=1) == 6).all()


def test_random_relabelings_keep_group_sizes() -> None:
    ways = relabelings(groups(20, 10), 500, np.random.default_rng(0))
    assert ways.shape == (500, 30) and (ways.sum(axis=1) == 10).all()
    assert (ways[0] == groups(20, 10)).all()


def test_exact_p_of_separated_groups_and_of_scipy() -> None:
    rng = np.random.default_rng(4)
    labels = groups(6, 6)
    values = np.column_stack([np.arange(12.0), rng.normal(size=(12, 3))])
    p = permutation_p(values, relabelings(labels, 1000, rng))[0]
    assert p[0] == pytest.approx(2 / 924)
    for column in range(1, 4):
        x = values[:, column]
        exact = stats.permutation_test(
            (x[~labels], x[labels]), lambda a, b: np.mean(b) - np.mean(a), n_resamples=np.inf
        )
        assert p[column] == pytest.approx(exact.pvalue, abs=1e-12)


def test_false_positive_rate_with_missing_values() -> None:
    rng = np.random.default_rng(5)
    values = rng.standard_t(4, size=(16, 4000))
    values[rng.random(values.shape) < 0.15] = np.nan
    p = permutation_p(values, relabelings(groups(8, 8), 500, rng))[0]
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.012)


def test_constant_feature_is_never_significant() -> None:
    values = np.full((12, 1), 0.1)
    assert permutation_p(values, relabelings(groups(6, 6), 1000, np.random.default_rng(0)))[0] == 1


def test_benjamini_hochberg_1995() -> None:
    q = false_discovery(np.array(BH_1995))
    assert (q < 0.05).sum() == 4
    assert (np.array(BH_1995) * 15 < 0.05).sum() == 3
    with_missing = false_discovery(np.array([*BH_1995, np.nan]))
    assert np.isnan(with_missing[-1]) and with_missing[:-1] == pytest.approx(q)


def test_finds_a_known_difference_but_none_with_shuffled_labels() -> None:
    """Null features alone: the family-wise share of shuffles with a discovery is at most q."""
    rng = np.random.default_rng(6)
    labels = groups(6, 6)
    values = rng.normal(size=(12, 10))
    values[:, :3] += 6 * labels[:, None]
    p = permutation_p(values, relabelings(labels, 1000, rng))
    assert (false_discovery(p[0])[:3] < 0.05).all()
    assert shuffled_control(p, 0.05) <= 0.05
