"""Transforms against scipy and Anscombe's own statement, and back."""

import numpy as np
import pytest
from scipy.stats import boxcox, boxcox_normmax

from neurodsr.errors import RecordingError
from neurodsr.preprocess.columns.transforms import restored, transformed

EVERY = np.ones(4000, dtype=bool)


def counts(mean=3.0, seed=0):
    return np.random.default_rng(seed).poisson(mean, (4000, 2)).astype(float)


@pytest.mark.parametrize("transform", ["none", "sqrt", "anscombe", "box-cox"])
def test_transforms_are_undone_by_their_inverses(transform):
    values = counts()
    values[5, 0] = np.nan
    there, exponents = transformed("units", values, EVERY, transform)
    np.testing.assert_allclose(restored(there, transform, exponents), values, atol=1e-9)


def test_anscombe_makes_the_variance_of_counts_one():
    for mean in (6.0, 20.0, 100.0):
        there, _ = transformed("units", counts(mean), EVERY, "anscombe")
        np.testing.assert_allclose(there.var(axis=0), 1.0, atol=0.06)


def test_the_exponent_is_that_of_scipy():
    values = np.random.default_rng(1).gamma(2.0, 1.5, (4000, 2))
    there, exponents = transformed("units", values, EVERY, "box-cox")
    for channel in range(2):
        best = boxcox_normmax(values[:, channel] + 1.0, method="mle")
        assert exponents[channel] == pytest.approx(best, abs=1e-4)
        expected = boxcox(values[:, channel] + 1.0, exponents[channel])
        np.testing.assert_allclose(there[:, channel], expected, atol=1e-9)


def test_the_exponent_is_told_by_the_training_samples_alone():
    values = counts()
    other = values.copy()
    other[2000:] = other[2000:] ** 3
    train = np.arange(4000) < 2000
    one, two = (transformed("units", v, train, "box-cox") for v in (values, other))
    np.testing.assert_array_equal(one[1], two[1])
    np.testing.assert_array_equal(one[0][:2000], two[0][:2000])


def test_negative_values_and_constant_ones():
    for transform in ("sqrt", "anscombe", "box-cox"):
        with pytest.raises(RecordingError, match=f"lfp: transform: {transform} of negative"):
            transformed("lfp", -counts() - 1.0, EVERY, transform)
    there, exponents = transformed("units", np.ones((4000, 1)), EVERY, "box-cox")
    np.testing.assert_array_equal(exponents, 1.0)
    np.testing.assert_allclose(there, 1.0)
