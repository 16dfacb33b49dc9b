import numpy as np
import pytest
from scipy.special import digamma

from neurodsr.statespace.embedding.delays import first_minimum
from neurodsr.statespace.embedding.information import neighbour_information


def test_information_equals_the_estimator_of_kraskov_by_plain_loops(ar):
    x, lag, theiler = ar([0.7], 120, 0), 2, 5
    # all lags use the same starts, so that the largest one has a full pair
    number = len(x) - lag
    a, b = x[:number], x[lag:]
    terms = []
    for i in range(number):
        others = [j for j in range(number) if abs(i - j) > theiler]
        far = sorted(max(abs(a[i] - a[j]), abs(b[i] - b[j])) for j in others)[3]
        counts = [sum(abs(c[i] - c[j]) < far for j in others) for c in (a, b)]
        terms.append(
            digamma(4) + digamma(len(others) + 1) - digamma(counts[0] + 1) - digamma(counts[1] + 1)
        )
    found = neighbour_information([x], lag, theiler)
    assert np.isnan(found[0])
    assert found[lag] == pytest.approx(np.mean(terms))


def test_information_of_a_gaussian_pair_has_its_closed_form(ar):
    found = neighbour_information([ar([0.8], 20_000, 0)], 3, 20, most_points=5000)
    for lag in (1, 2, 3):
        assert found[lag] == pytest.approx(-0.5 * np.log(1 - 0.8 ** (2 * lag)), abs=0.04)


def test_independent_values_have_none():
    noise = np.random.default_rng(0).standard_normal(3000)
    assert neighbour_information([noise], 5, 1)[1:] == pytest.approx(0, abs=0.04)


def test_lorenz_has_its_first_minimum_at_16(lorenz):
    found = neighbour_information([lorenz[:, 0]], 30, 31, most_points=4000)
    assert first_minimum(found) == pytest.approx(16, abs=2)


def test_too_short_pieces_give_nothing():
    assert np.isnan(neighbour_information([np.arange(6.0)], 4, 1)).all()
    assert np.isnan(neighbour_information([np.full(50, np.nan)], 4, 1)).all()
