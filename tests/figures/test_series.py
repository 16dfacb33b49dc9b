"""The figure of a series shows what was done to each kind of modality."""

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from neurodsr.figures.quality import Traces, spectrum, window
from neurodsr.figures.series import draw_series
from neurodsr.preprocess.series import make_series
from neurodsr.recordings.recording import (
    make_continuous,
    make_intervals,
    make_recording,
    make_spikes,
)

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))

TIME = np.arange(6000) / 100.0


def recording():
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.standard_normal((6000, 10)), axis=0) * 1e-6
    values[:, 3] = 0.0
    values[3000:3020, 2] += 1e-3
    angle = np.cumsum(rng.standard_normal(6000)) % (2 * np.pi)
    trains = [np.sort(rng.uniform(0, 60, 300)) for _ in range(3)]
    return make_recording(
        {
            "eeg": make_continuous("x", TIME, values, [f"<E{i}>" for i in range(10)], suffix="eeg"),
            "head": make_continuous("x", TIME, angle[:, None], ["rz"], units="radian"),
            "units": make_spikes("x", trains, ["a", "b", "$c$"], {}, (0.0, 60.0)),
        },
        {"events": make_intervals([20.0], [21.0], {"trial_type": ["BAD_move"]})},
        {"recording": "sub-01"},
    )


def complete(**given):
    from orchestration.config import complete

    return complete(given, "preprocess.schema.yaml")


def drawn(series, **given):
    file = io.StringIO()
    draw_series(series, **given).savefig(file, format="svg")
    return file.getvalue()


OPTIONS = {
    "filtered": {
        "eeg": {
            "filter": {"highpass": 1, "lowpass": 30},
            "artefacts": {},
            "notch": {"frequency": 40, "harmonics": 0},
        },
        "head": {"circular": True},
        "spikes": {"kernel": 0.2, "kernel_shape": "exponential", "transform": "anscombe"},
    },
    "reduced": {
        "eeg": {"reduction": {"components": 2}, "envelope": {"band": [8, 12]}},
        "head": {"role": "input"},
        "spikes": {"reduction": {"components": 1}, "kernel": 0.2},
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_every_modality_has_its_row(name):
    tree = recording()
    series = make_series(tree, complete(modalities=OPTIONS[name]))
    svg = drawn(series, recording=tree)
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    for modality in ("eeg", "head", "units"):
        assert any(text.startswith(f"{modality}: ") for text in texts)
    assert any("bad channels (1)" in text for text in texts)
    assert any("flat in 100% of the time" in text for text in texts)
    assert "9 of 10 channels kept" in texts and "invalid" in texts
    assert ("artefact" in texts) == (name == "filtered")
    assert "&lt;E0&gt;" in svg and "<E0>" not in svg
    assert len(svg) < 170_000


def test_without_the_recording_there_are_traces_alone():
    series = make_series(recording(), complete())
    assert "Before and after" not in drawn(series)


def test_the_spectrum_of_a_tone_peaks_there_in_its_longest_stretch():
    values = np.sin(2 * np.pi * 5 * TIME)
    values[1000] = np.nan
    frequency, power = spectrum(TIME, values)
    assert abs(frequency[power.argmax()] - 5) < 0.5
    assert spectrum(TIME, np.ones(6000))[0].size == 0
    assert spectrum(TIME[:5], values[:5])[0].size == 0


def test_the_window_shows_a_rejection_of_which_something_is_left():
    values = np.where((TIME > 10) & (TIME < 20), np.nan, 1.0)
    traces = Traces("x", TIME, values, TIME, values)
    spans = {"invalid": [[14.0, 16.0]], "artefact": [[30.0, 30.5], [50.0, 51.0]]}
    first, last = window(traces, spans, TIME < 40, 4.0)
    assert first < 30.0 < last and last - first == 4.0
