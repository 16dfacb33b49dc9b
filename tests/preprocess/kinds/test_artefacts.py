"""Flat ends and artefacts that were put in are taken out, and nothing else."""

import os
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.artefacts import artefacts, flat_ends

RATE = 100.0


def noise(samples=2000, channels=2, seed=0):
    return np.random.default_rng(seed).standard_normal((samples, channels))


def test_constant_padding_at_both_ends_is_missing(signal, nothing):
    values = noise()
    values[:50] = values[50]
    values[-120:] = [0.0, 7.0]
    result = flat_ends(signal(values, RATE), 0.2, nothing)
    gone = np.isnan(result.values).all(axis=1)
    np.testing.assert_array_equal(np.flatnonzero(gone), np.r_[0:51, 1880:2000])
    np.testing.assert_array_equal(result.rejected["flat end"], gone)


def test_short_or_single_flat_stretches_and_resting_middles_stay(signal, nothing):
    values = noise()
    values[-10:] = values[-11]
    values[:300, 0] = 1.0
    values[900:1100] = values[900]
    assert flat_ends(signal(values, RATE), 0.2, nothing).rejected == {}
    constant = signal(np.ones((100, 2)), RATE)
    assert flat_ends(constant, 0.2, nothing).rejected == {}


def test_artefacts_are_rejected_with_their_surroundings(signal, nothing, options):
    values = noise()
    values[500, 1] = 40.0
    values[1500:1510, 0] = -30.0
    result = artefacts(signal(values, RATE), options("artefacts", padding=0.05), nothing)
    expected = np.r_[495:506, 1495:1515]
    np.testing.assert_array_equal(np.flatnonzero(result.rejected["artefact"]), expected)
    assert np.isnan(result.values[expected]).all()
    kept = np.setdiff1d(np.arange(2000), expected)
    np.testing.assert_array_equal(result.values[kept], values[kept])


def test_absolute_thresholds_are_in_the_units_of_the_recording(signal, nothing, options):
    values = 1e-6 * noise()
    values[100, 0] = 101e-6
    values[200, 0] = 99e-6
    given = options("artefacts", deviation=None, absolute=100e-6, padding=0)
    result = artefacts(signal(values, RATE), given, nothing)
    np.testing.assert_array_equal(np.flatnonzero(result.rejected["artefact"]), [100])


def test_the_threshold_knows_the_training_samples_alone(signal, nothing, options):
    before = noise()
    before[500, 1] = 11.0
    after = before.copy()
    after[1200:] *= 50
    given = options("artefacts")
    one, two = (artefacts(signal(v, RATE), given, nothing).rejected for v in (before, after))
    np.testing.assert_array_equal(one["artefact"][:1150], two["artefact"][:1150])
    assert one["artefact"][500] and two["artefact"][1300]


def test_a_threshold_that_rejects_all_is_explained(signal, nothing, options):
    given = options("artefacts", deviation=1e-9)
    with pytest.raises(RecordingError, match="eeg: artefacts: every sample is rejected"):
        artefacts(signal(noise(), RATE), given, nothing)


def test_the_flat_tail_of_a_real_recording_is_found(signal, nothing):
    root = os.environ.get("NEURODSR_TEST_DATA")
    if not root:
        pytest.skip("NEURODSR_TEST_DATA is not set: no real recordings here")
    import mne

    raw = mne.io.read_raw_edf(Path(root) / "eegmat_edf/Subject00_2.edf", verbose="error")
    values = raw.get_data(picks=list(range(19))).T
    result = flat_ends(signal(values, raw.info["sfreq"]), 0.2, nothing)
    seconds = result.rejected["flat end"].sum() / raw.info["sfreq"]
    # a second in which the last value is held, and a second of zeros
    assert 1.9 < seconds < 2.1
    assert np.isnan(result.values[-1]).all() and np.isfinite(result.values[0]).all()
