"""Signals made by hand on a clock of their own."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.preprocess.kinds.signal import Signal


@pytest.fixture
def signal():
    """A function that builds a signal, training samples first."""

    def build(values, rate, train=0.6, names=None, edges=None, attributes=None, name="eeg"):
        values = np.atleast_2d(np.asarray(values, dtype=float).T).T
        samples = len(values)
        split = np.full(samples, 2, dtype=np.int8)
        split[: round(train * samples)] = 0
        names = names or [f"c{i}" for i in range(values.shape[1])]
        return Signal(name, names, values, 0.0, 1 / rate, split, attributes or {}, edges)

    return build


@pytest.fixture
def nothing():
    """A recording without anything in it."""
    return xr.DataTree()


@pytest.fixture
def options():
    """A function that completes the options of a step, or of a modality."""
    from orchestration.config import complete

    def build(step=None, **given):
        given = given if step is None else {step: given}
        whole = complete(given, "modality.schema.yaml")
        return whole if step is None else whole[step]

    return build
