import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.events import artefact_intervals, distinct, event_intervals
from neurodsr.recordings.recording import make_intervals


def table(**columns):
    return {name: np.array(cells.split()) for name, cells in columns.items()}


def test_events_become_intervals_in_the_order_of_time():
    cells = table(onset="5 1.5", duration="1 n/a", trial_type="go stop", rt="0.4 n/a")
    events = event_intervals("x_events.tsv", cells)
    np.testing.assert_array_equal(events["start"], [1.5, 5])
    np.testing.assert_array_equal(events["stop"], [np.nan, 6])
    np.testing.assert_array_equal(events["rt"], [np.nan, 0.4])
    assert list(events["label"].values) == ["stop", "go"]


@pytest.mark.parametrize("missing", ["onset", "duration"])
def test_events_without_a_time_are_refused(missing):
    cells = table(onset="1", duration="2")
    del cells[missing]
    with pytest.raises(RecordingError, match=rf"^x_events.tsv: {missing}: no such column"):
        event_intervals("x_events.tsv", cells)


def test_artefacts_are_bad_intervals_and_boundaries():
    rows = [
        (0.0, 0.0, "boundary"),  # the first sample joins nothing
        (0.0, 0.5, "BAD_muscle"),
        (1.0, 1.0, "bad_blink"),  # covers the sample it lies at
        (2.0, 9.0, "boundary"),  # the duration is that of what was cut out
        (3.0, 3.1, "BAD"),
        (4.0, 4.0, "New Segment/"),
        (4.5, 4.5, "EDGE boundary"),
        (5.0, 6.0, "bad"),  # a trial that went badly
        (6.0, 7.0, "badminton"),
        (7.0, 8.0, "Bad Interval/Bad Min-Max"),
        (np.nan, np.nan, "BAD_lost"),
    ]
    start, stop, label = zip(*rows, strict=True)
    found = artefact_intervals(make_intervals(start, stop, {"label": list(label)}), 0.002)
    assert list(found["label"].values) == [
        "BAD_muscle", "bad_blink", "boundary", "BAD", "New Segment/", "EDGE boundary",
        "Bad Interval/Bad Min-Max",
    ]  # fmt: skip
    np.testing.assert_allclose(found["start"], [0, 0.998, 1.998, 3, 3.998, 4.498, 7])
    np.testing.assert_allclose(found["stop"], [0.5, 1.002, 2.002, 3.1, 4.002, 4.502, 8])


def test_what_is_marked_twice_counts_once():
    both = make_intervals([5.0, 7.0, 5.001, 7.0], [6.0, 8.0, 6.001, 9.0], {"label": ["BAD_"] * 4})
    found = distinct(both, 0.004)
    assert found["start"].values.tolist() == [5.0, 7.0, 7.0]
    assert found["stop"].values.tolist() == [6.0, 8.0, 9.0]
