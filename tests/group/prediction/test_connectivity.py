"""Correlations between channels."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.group.prediction.connectivity import connectivity, connectivity_table


def test_connectivity_is_the_correlation_of_the_training_part() -> None:
    rng = np.random.default_rng(0)
    r, samples = 0.6, 40_000
    x = (
        rng.standard_normal((samples, 3))
        @ np.linalg.cholesky(np.array([[1, r, 0], [r, 1, 0], [0, 0, 1]])).T
    )
    x[samples // 2 :] = rng.standard_normal((samples // 2, 1))  # test part: all alike
    series = xr.Dataset(
        {
            "observation": (("time", "channel"), x),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", np.repeat([0, 2], samples // 2).astype(np.int8)),
        },
        {"channel": ["a", "b", "c"]},
    )
    found = connectivity(series)
    assert found["a", "b"] == pytest.approx(np.arctanh(r), abs=0.03)
    assert found["a", "c"] == pytest.approx(0, abs=0.03)
    fewer = {pair: value for pair, value in found.items() if "c" not in pair}
    table = connectivity_table([("one", found), ("two", fewer)])
    assert table.columns.tolist() == ["a - b"]
    assert table.index.tolist() == ["one", "two"]
    assert connectivity_table([]).empty
