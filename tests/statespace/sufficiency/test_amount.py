import numpy as np

from neurodsr.statespace.sufficiency.amount import amount_of_data


def test_bounds_of_eckmann_and_ruelle():
    found = amount_of_data(10_000, 300.0, 100.0, 2.05)
    assert found.largest_dimension == 8.0 and found.largest_chaotic_dimension == 4.0
    assert found.enough
    assert "10000 samples, 300 autocorrelation times, 100 predictability times" in found.sentence
    assert "2.0, is below both" in found.sentence or "2.1, is below both" in found.sentence


def test_what_is_not_enough_is_said():
    assert "allows no exponents" in amount_of_data(1000, 50.0, np.nan, 4.0).sentence
    assert "more than the data can show" in amount_of_data(100, 50.0, np.nan, 5.0).sentence
    unknown = amount_of_data(1000, 50.0, np.nan, np.nan)
    assert not unknown.enough and "not known" in unknown.sentence
    assert "predictability" not in unknown.sentence
