import numpy as np
import pytest

from neurodsr.statespace.embedding.pecuzal import peaks, pecuzal


def test_lorenz_x_has_the_published_delays(lorenz):
    # Kraemer et al.'s regression test, all 10000 states: delays 0, 18, 9. Their L (-0.93) is of one
    # run, which nearly repeats itself 992 samples later (0.03 apart for 240 samples); over 60 other
    # runs the first cycle brings -0.77 +- 0.04, at the least -0.90
    found = pecuzal([lorenz[:, 0]], 100, 17, most_points=10_000, most_queries=10_000, stride=1)
    assert found.coordinates[0] == (0, 0) and len(found.coordinates) == 3
    assert found.coordinates[1].delay == pytest.approx(18, abs=1)
    assert found.coordinates[2].delay == pytest.approx(9, abs=1)
    assert found.gain[0] == pytest.approx(-0.78, abs=0.12)
    assert found.gain[1] == pytest.approx(-0.43, abs=0.1)


def test_a_sample_of_the_states_gives_the_same_embedding(lorenz):
    found = pecuzal([lorenz[:, 0]], 60, 17)
    assert len(found.coordinates) == 3
    assert found.coordinates[1].delay == pytest.approx(18, abs=2)
    assert found.coordinates[2].delay == pytest.approx(9, abs=2)


def test_of_all_lorenz_coordinates_z_is_first(lorenz):
    # as published for this system: from z on, then from x
    found = pecuzal([lorenz[:5000]], 60, 17, threshold=0.2)
    assert [c.channel for c in found.coordinates[:2]] == [2, 0]
    assert len(found.coordinates) == 3 and found.candidates == (0, 1, 2)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_embedding(seed):
    rng = np.random.default_rng(seed)
    pair = np.stack([rng.standard_normal(1000), rng.uniform(size=1000)], axis=1)
    assert len(pecuzal([pair], 50, 1).coordinates) == 1


def test_pieces_that_are_too_short_or_constant_give_no_embedding():
    never = np.where(np.arange(600) % 2 == np.arange(2)[:, None], np.nan, 1.0).T
    for pieces in ([np.arange(20.0)], [np.zeros(500)], [never]):
        found = pecuzal(pieces, 20, 1)
        assert found.coordinates == ((0, 0),) and len(found.gain) == 0


def test_rounded_values_have_the_same_embedding(lorenz):
    x = np.round(lorenz[:, 0] / 0.1) * 0.1
    found = pecuzal([x], 60, 17)
    assert len(found.coordinates) == 3
    assert found.coordinates[1].delay == pytest.approx(18, abs=3)


def test_peaks_are_local_maxima_from_the_first_value_on():
    assert peaks(np.array([3.0, 1.0, 2.0, 2.0, 0.0])) == [0, 2]
    assert peaks(np.array([0.0, 1.0, 2.0])) == [2]
    assert peaks(np.array([0.0, np.nan, 2.0])) == []
    many = np.tile([0.0, 1.0], 20)
    many[[11, 21, 31]] += [3.0, 2.0, 1.0]
    assert set(peaks(many)) >= {11, 21, 31} and len(peaks(many)) == 5
