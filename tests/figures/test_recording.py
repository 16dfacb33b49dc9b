"""The figure of a recording says which regions there are and what could not be used."""

import io
import json

import numpy as np
import pytest

from neurodsr.figures.recording import draw_recording
from neurodsr.recordings.recording import make_continuous, make_recording, make_spikes


def texts(figure):
    """All texts of a figure, as its SVG shows them."""
    figure.savefig(io.StringIO(), format="svg")
    return [text.get_text() for text in figure.findobj(lambda one: hasattr(one, "get_text"))]


@pytest.fixture
def spikes():
    """Six units of regions that alternate in their table."""
    times = [np.linspace(0.1, 0.9, 9) for _ in range(6)]
    places = {"location": ["CA3", "CA1 (left, dorsal)", "CA3", "CA1 (left, dorsal)", "", "CA3"]}
    return make_spikes("x", times, [str(i) for i in range(6)], places)


def test_units_of_a_region_lie_together(spikes):
    figure = draw_recording(make_recording({"units": spikes}, {}, {"recording": "sub-01"}))
    assert {"CA1 (left, dorsal)", "CA3", "no region"} <= set(texts(figure))
    rows = [np.unique(c.get_offsets()[:, 1]).tolist() for c in figure.axes[0].collections]
    assert rows == [[0.0], [1.0, 2.0], [3.0, 4.0, 5.0]]


def test_what_cannot_be_used_is_named(spikes):
    signal = make_continuous("x", np.arange(9.0), np.ones((9, 1)), ["a"], 1.0)
    attributes = {"recording": "sub-01", "left_out": json.dumps({"pupil": "x.nwb: no values"})}
    recording = make_recording({"speed": signal, "units": spikes}, {}, attributes)
    assert any("cannot be used: pupil" in text for text in texts(draw_recording(recording)))
