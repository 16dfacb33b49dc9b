import numpy as np
import pytest

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.statespace.embedding.delays import (
    DelayEstimates,
    correlation_delay,
    delay_estimates,
    embedding_delay,
    first_minimum,
    first_zero,
    mutual_information,
)


def test_lorenz_autocorrelation_falls_to_1_over_e_after_31_samples(lorenz):
    assert decay_time(autocorrelation([lorenz[:, 0]], 100)) == pytest.approx(31, abs=1)


@pytest.mark.parametrize("bins", [16, 32, 64, None])
def test_lorenz_mutual_information_has_its_first_minimum_at_16_to_17(lorenz, bins):
    minimum = first_minimum(mutual_information([lorenz[:, 0]], 100, bins))
    assert minimum == pytest.approx(17, abs=1)


def test_mutual_information_of_a_gaussian_pair_has_its_closed_form(ar):
    x = ar([0.8], 200_000, 0)
    information = mutual_information([x], 2, 64, most_pairs=200_000)
    for lag in (1, 2):
        assert information[lag] == pytest.approx(-0.5 * np.log(1 - 0.8 ** (2 * lag)), abs=0.02)


def test_mutual_information_at_lag_zero_is_the_entropy():
    x = np.tile([0.0, 1.0, 2.0, 3.0], 50)
    assert mutual_information([x], 4, 4)[[0, 4]] == pytest.approx([np.log(4), np.log(4)])


def test_pairs_do_not_span_pieces():
    rng = np.random.default_rng(0)
    pieces = [rng.standard_normal(5) for _ in range(200)]
    information = mutual_information(pieces, 6, 4)
    assert np.isfinite(information[:5]).all() and np.isnan(information[5:]).all()


def test_cosine_has_its_zero_at_a_quarter_and_its_minimum_at_half_a_period():
    correlation = autocorrelation([np.cos(2 * np.pi * np.arange(4000) / 40)], 60)
    assert first_zero(correlation) in (10, 11)
    assert first_minimum(correlation) == 20
    assert correlation_delay(correlation) == 8


def test_delay_falls_back_on_the_correlation_where_information_only_decays(ar):
    correlation = 0.9 ** np.arange(50)
    assert embedding_delay(correlation, -np.log(1 - 0.5 * correlation)) == 10


def test_all_rules_on_lorenz(lorenz):
    found = delay_estimates([lorenz[:, 0]], 60)
    assert found.decay == pytest.approx(31, abs=1)
    assert found.histogram == pytest.approx(17, abs=1)
    assert found.neighbours == pytest.approx(16, abs=2)
    assert found.agree


def test_roessler_has_its_published_delays(roessler):
    # DelayEmbeddings.jl, in units of time: information 1.15-1.6, zero 1.3-1.7, minimum 2.6-3.4
    found = delay_estimates([roessler[:, 0]], 60)
    assert 11.5 <= found.histogram <= 16
    assert 13 <= found.zero <= 17 and 26 <= found.minimum <= 34


def test_henon_and_mackey_glass_have_their_published_delays(henon, mackey_glass):
    assert delay_estimates([henon], 10).zero <= 2
    found = delay_estimates([mackey_glass], 60)
    assert 10 <= found.histogram <= 17 and found.agree


def test_agreement_is_within_a_fifth_or_two_samples():
    def estimates(one, other):
        return DelayEstimates(None, None, None, one, other)

    assert estimates(40, 33).agree and estimates(2, 4).agree
    assert not estimates(40, 30).agree and not estimates(2, 5).agree
    assert not estimates(None, 3).agree and not estimates(3, None).agree


def test_missing_values_split_a_piece(ar):
    x = ar([0.8], 400, 0)
    gappy = x.copy()
    gappy[200] = np.nan
    np.testing.assert_array_equal(
        mutual_information([gappy], 5), mutual_information([x[:200], x[201:]], 5)
    )
    assert np.isnan(mutual_information([np.full(9, np.nan)], 3)).all()


def test_information_equals_a_plain_histogram(ar):
    x = ar([0.6], 301, 0)
    pieces, lag, bins = [x[:200], x[200:]], 3, 6
    edges = np.linspace(x.min(), x.max(), bins + 1)
    before = np.concatenate([piece[:-lag] for piece in pieces])
    after = np.concatenate([piece[lag:] for piece in pieces])
    p = np.histogram2d(before, after, [edges, edges])[0] / len(before)
    expected = sum(
        p[i, j] * np.log(p[i, j] / (p[i].sum() * p[:, j].sum()))
        for i in range(bins)
        for j in range(bins)
        if p[i, j] > 0
    )
    assert mutual_information(pieces, lag, bins)[lag] == pytest.approx(expected)


def test_a_third_of_the_pairs_finds_the_same_minimum(lorenz):
    every, third = (
        first_minimum(mutual_information([lorenz[:, 0]], 60, 16, most)) for most in (10_000, 3400)
    )
    assert third == pytest.approx(every, abs=1)
