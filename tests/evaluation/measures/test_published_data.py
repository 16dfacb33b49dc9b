"""Floors on published series, as measured independently (NEURODSR_TEST_DATA)."""

import os
from pathlib import Path

import numpy as np
import pytest

from neurodsr.evaluation.measures.geometry import state_space_divergence
from neurodsr.evaluation.measures.spectra import SPECTRA, spectral_distance


def published(name: str) -> np.ndarray:
    folder = os.environ.get("NEURODSR_TEST_DATA")
    if folder is None:
        pytest.skip("NEURODSR_TEST_DATA is not set")
    path = Path(folder) / "dsr_benchmarks" / name
    if not path.exists():
        pytest.skip(f"{path} does not exist")
    return np.load(path).astype(float)


def divergence(true: np.ndarray, generated: np.ndarray, preset: str) -> float:
    return state_space_divergence(true, generated, preset, np.random.default_rng(0))


def test_floors_of_lorenz() -> None:
    """Noisy training against clean test data 0.119 (D_H 0.055 to 0.070), 10 000 samples 0.54."""
    train, test = published("lorenz63_on0.05_train.npy"), published("lorenz63_test.npy")
    assert divergence(test, train, "gtf") == pytest.approx(0.119, abs=0.002)
    assert divergence(test, train[:10_000], "gtf") == pytest.approx(0.54, rel=0.3)
    assert 0.050 < spectral_distance([test], [train], SPECTRA["gtf"]) < 0.075


def test_floor_and_nulls_of_64_channels() -> None:
    """Split half 2.5 to 3.3 (D_H 0.075); a constant 13.4; the train file is the test file."""
    x = published("eeg64_test.npy")
    half = len(x) // 2
    assert 2.3 < divergence(x[:half], x[half:], "gtf-gmm") < 3.5
    assert divergence(x, x, "gtf-gmm") == 0.0
    assert divergence(x, np.zeros_like(x), "gtf-gmm") == pytest.approx(13.4, rel=0.25)
    assert spectral_distance([x[:half]], [x[half:]], SPECTRA["gtf"]) == pytest.approx(
        0.075, abs=0.02
    )
