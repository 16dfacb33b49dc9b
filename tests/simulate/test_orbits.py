"""Recordings of a system: what of it is recorded, with which noise and labels."""

import numpy as np
import pytest

from neurodsr.errors import ConfigError
from neurodsr.simulate import orbits
from neurodsr.simulate.orbits import record, truth
from orchestration.config import complete


def spec(**given):
    samples = {"train": 800, "test": 400}
    return complete({"system": "lorenz63", "samples": samples, **given}, "simulate.schema.yaml")


def test_an_orbit_with_its_splits():
    one = record(spec(samples={"train": 300, "validation": 100, "test": 200}), "g", "a01", 1)
    assert one.signal.shape == (600, 3) and list(one.channels) == ["x", "y", "z"]
    assert one.sampling_rate == 100.0
    assert [split for _, _, split in one.splits] == ["train", "validation", "test"]
    np.testing.assert_allclose([row[:2] for row in one.splits], [[0, 3], [3, 4], [4, 6]])


def test_noise_is_a_fraction_of_the_training_signal_and_spares_the_test():
    clean = record(spec(observation_noise=0), "g", "a01", 1).signal
    noisy = record(spec(observation_noise=0.1), "g", "a01", 1).signal
    difference = noisy - clean
    np.testing.assert_array_equal(difference[800:], 0.0)
    np.testing.assert_allclose(
        difference[:800].std(axis=0), 0.1 * clean[:800].std(axis=0), rtol=0.08
    )
    everywhere = record(spec(observation_noise=0.1, clean_test=False), "g", "a01", 1).signal
    np.testing.assert_array_equal(everywhere[:800], noisy[:800])
    assert (everywhere[800:] - clean[800:]).std() > 0


def test_samples_lie_on_the_flow():
    signal = record(spec(observation_noise=0, substeps=4), "g", "a01", 1).signal / 1e-3
    x, y, z = signal[1:-1].T
    slope = (signal[2:] - signal[:-2]) / 0.02
    np.testing.assert_allclose(slope[:, 0], 10 * (y - x), atol=2.0)
    np.testing.assert_allclose(slope[:, 2], x * y - 8 / 3 * z, atol=8.0)


def test_a_component_alone_and_other_subjects():
    whole = record(spec(), "g", "a01", 1)
    alone = record(spec(channels=["x"], observation_noise=0), "g", "a01", 1)
    assert alone.channels == ["x"] and alone.signal.shape == (1200, 1)
    np.testing.assert_array_equal(alone.signal[800:, 0], whole.signal[800:, 0])
    other = record(spec(), "g", "a02", 1)
    assert not np.allclose(whole.signal[800:], other.signal[800:])


def test_a_channel_that_the_system_lacks_is_named():
    wrong = complete({"system": "lorenz96", "channels": ["x11"]}, "simulate.schema.yaml")
    wrong["samples"] = {"train": 100, "validation": 0, "test": 100}
    with pytest.raises(ConfigError, match="lorenz96 has no 'x11'; it has x1, x2"):
        record(wrong, "g", "a01", 1)


def test_truth_has_a_row_for_each_subject(monkeypatch):
    quick = orbits.lyapunov_spectrum
    monkeypatch.setattr(orbits, "lyapunov_spectrum", lambda *given: quick(*given, 300, 16))
    table, dictionary = truth(spec(), [("a01", "lorenz63"), ("a02", "lorenz63")], 1)
    assert table["participant_id"].tolist() == ["sub-a01", "sub-a02"]
    assert set(table.columns) == set(dictionary)
    assert table["lyapunov_1"].tolist() == pytest.approx([0.9, 0.9], abs=0.2)
    assert table["lyapunov_3"][0] == pytest.approx(-14.57, abs=0.2)
    assert table["regime"].tolist() == ["chaotic"] * 2
