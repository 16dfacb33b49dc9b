import numpy as np
import pytest

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.statespace.delays import (
    correlation_delay,
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
    information = mutual_information([x], 2, 64)
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
