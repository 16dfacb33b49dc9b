import numpy as np
import pytest

from neurodsr.statespace.sufficiency.stationarity import KINDS, explained, stationarity


def check(x, seed=0, time=5):
    x = x if x.ndim == 2 else x[:, None]
    return stationarity([x], [2] * x.shape[1], 3, time, np.random.default_rng(seed))


def p_of(kind, found):
    return found.p[KINDS.index(kind)]


def test_stationary_series_are_seldom_said_to_drift(ar):
    p = np.array([check(ar([0.8], 1000, seed), seed).p_all for seed in range(80)])
    # at 5 %, more than 10 of 80 have a chance of 0.2 %
    assert np.sum(p <= 0.05) <= 10


def test_chaos_is_stationary(lorenz):
    p = [check(lorenz[k : k + 5000], k, 30).p_all for k in (0, 2500, 5000)]
    assert sorted(p)[1] > 0.05


def test_each_kind_of_drift_is_found_and_named(ar):
    n = 1600
    steady, ramp = ar([0.8], n, 0), np.linspace(0.0, 1.0, n)
    found = check(steady + 3.0 * ramp)
    assert found.p_all <= 0.005 and p_of("mean", found) == 0.001
    found = check(steady * (1.0 + ramp))
    assert found.p_all <= 0.005 and p_of("variance", found) <= 0.005
    assert p_of("mean", found) > 0.05
    slow, fast = ar([0.9], n // 2, 1), ar([0.3], n // 2, 2)
    found = check(np.concatenate([slow / slow.std(), fast / fast.std()]))
    assert found.p_all <= 0.01 and p_of("spectrum", found) <= 0.01


def test_changed_dynamics_with_the_same_spectrum_are_found_by_cross_prediction():
    # x -> 4 x (1 - x) is white, and so is its reversal in time
    x, values = 0.3, np.empty(1200)
    for t in range(len(values)):
        x = 4.0 * x * (1.0 - x)
        values[t] = x
    changed = np.concatenate([values[:600], values[600:][::-1]])
    found = stationarity([changed[:, None]], [1], 2, 1, np.random.default_rng(0))
    assert p_of("cross-prediction", found) == 0.001
    assert p_of("mean", found) > 0.05 and p_of("variance", found) > 0.05
    half = len(found.start) // 2
    error = found.cross_prediction
    assert np.nanmean(error[:half, :half]) < 0.5 * np.nanmean(error[:half, half:])


def test_windows_stay_within_pieces_and_skip_missing_values(ar):
    x = ar([0.5], 1200, 0)[:, None]
    x[300:310] = np.nan
    pieces = [x[:700], x[700:]]
    found = stationarity(pieces, [1], 3, 2, np.random.default_rng(0))
    bounds = {300, 690}  # counted over present samples
    for a, b in zip(found.start, found.stop, strict=True):
        assert not any(a < bound < b for bound in bounds)
    assert found.stop[-1] == 1190


def test_explained_share_is_that_of_a_regression():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((9, 3))
    distance = np.linalg.norm(features[:, None] - features[None], axis=2)
    share, p, _ = explained([distance], rng)
    phase = np.pi * (np.arange(9) + 0.5) / 9
    design = np.column_stack([np.ones(9), np.cos(phase), np.cos(2 * phase)])
    centred = features - features.mean(axis=0)
    fitted = design @ np.linalg.lstsq(design, centred, rcond=None)[0]
    assert share[0] == pytest.approx(np.sum(fitted**2) / np.sum(centred**2))
    assert 0.001 <= p[0] <= 1.0


@pytest.mark.parametrize("x", [np.random.default_rng(0).standard_normal(60), np.zeros(900)])
def test_little_or_constant_data_are_not_judged(x):
    found = check(x)
    assert np.isnan(found.p_all) and found.reason
