import io

import numpy as np
import pytest
import xarray as xr

from neurodsr.figures.series import draw_series, extremes
from neurodsr.figures.statespace import draw_statespace
from neurodsr.statespace.verdict import check_state_space

SETTINGS = {
    "channels": 2,
    "maximum_lag": 50,
    "maximum_dimension": 4,
    "false_neighbours": 0.01,
    "maximum_samples": 500,
    "maximum_queries": 100,
    "power_noise": 0.2,
    "minimum_power": 0.8,
    "maximum_delays": 5,
    "alpha": 0.05,
    "surrogates": {"number": 19, "iterations": 5, "dimension": 3},
}


def make(samples, channels):
    values = np.random.default_rng(0).standard_normal((samples, channels))
    values[3, 0] = np.nan
    bounds = (0.65 * samples, 0.8 * samples)
    return xr.Dataset(
        {
            "observation": (("time", "channel"), values),
            "segment": ("time", (np.arange(samples) > samples // 3).astype(int)),
            "split": ("time", np.searchsorted(bounds, np.arange(samples), side="right")),
        },
        coords={
            "time": 0.1 * np.arange(samples),
            "channel": [f"c<{i}>" for i in range(channels)],
            "modality": ("channel", ["x"] * channels),
            "scale": ("channel", np.ones(channels)),
            "kernel": ("channel", np.zeros(channels)),
        },
        attrs={"recording": "sub-01", "sampling_interval": 0.1, "guard": 0.0},
    )


def svg(figure):
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    return buffer.getvalue()


@pytest.mark.parametrize(("samples", "channels"), [(20_000, 64), (60, 1)])
def test_series_of_any_size_is_drawn_small(samples, channels):
    series = make(samples, channels)
    figure = draw_series(series)
    assert f"{channels} channels, {samples} samples every 0.1 s, 2 segment(s)" in (
        figure.get_suptitle()
    )
    assert len(figure.axes[0].get_yticks()) == min(channels, 8)
    assert len(svg(figure)) < 200_000


@pytest.mark.parametrize(("samples", "word"), [(1500, "stochastic"), (30, "Too short to say")])
def test_verdict_stands_above_its_panels(samples, word):
    series = make(samples, 3)
    result = check_state_space(series, SETTINGS, np.random.default_rng(0))
    figure = draw_statespace(result, series=series)
    assert word in figure.get_suptitle()
    assert len(figure.axes) >= 8
    assert len(svg(figure)) < 140_000


def test_traces_keep_their_peaks():
    values = np.zeros(10_000)
    values[[1234, 7777]] = [5.0, -3.0]
    chosen = extremes(values)
    assert {1234, 7777} <= set(chosen.tolist()) and len(chosen) < 1000
