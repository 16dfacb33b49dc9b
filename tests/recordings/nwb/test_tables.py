"""Intervals, events and annotations of an NWB file."""

import numpy as np
import pytest
from pynwb import TimeSeries
from pynwb.behavior import BehavioralEpochs
from pynwb.epoch import TimeIntervals
from pynwb.event import EventsTable
from pynwb.misc import AnnotationSeries, IntervalSeries

from neurodsr.recordings.nwb import read_nwb

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(scope="module")
def tables(tmp_path_factory, new_file, write, everything):
    content = new_file()
    content.add_acquisition(TimeSeries(name="S", data=np.arange(99.0), unit="V", rate=10.0))
    content.add_trial_column("score", "ragged numbers", index=True)
    content.add_trial_column("words", "ragged texts", index=True)
    content.add_trial(1.0, 2.0, score=[1.0, 2.0], words=["a", "b, c"])
    content.add_trial(3.0, np.nan, score=[3.0], words=[])
    content.add_invalid_time_interval(4.0, 5.0)
    content.add_time_intervals(TimeIntervals(name="Passive Images", description="shown"))
    content.intervals["Passive Images"].add_interval(6.0, 6.5)
    content.add_acquisition(
        AnnotationSeries(name="notes", data=["on", "off"], timestamps=[0.5, 7.0])
    )
    running = IntervalSeries(name="running", data=[1, -1, 1, -1], timestamps=[1.0, 2.0, 5.0, 8.0])
    module = content.create_processing_module("behavior", "epochs")
    module.add(BehavioralEpochs(interval_series=running))
    licks = EventsTable(name="licks", description="of the spout")
    licks.add_column("side", "which spout")
    for time, side in ((0.3, "left"), (0.9, "right")):
        licks.add_event(timestamp=time, side=side)
    content.add_events_table(licks)
    path = write(tmp_path_factory.mktemp("tables") / "x.nwb", content)
    return read_nwb(path, everything)["intervals"]


def spans(table):
    return list(zip(table["start"].values.tolist(), table["stop"].values.tolist(), strict=True))


def test_every_kind_of_interval_is_a_table(tables):
    assert set(tables.children) == {
        "trials", "invalid_times", "passive_images", "notes", "running", "licks",
    }  # fmt: skip
    assert spans(tables["invalid_times"]) == [(4.0, 5.0)]
    assert spans(tables["passive_images"]) == [(6.0, 6.5)]


def test_lists_of_texts_are_joined_and_lists_of_numbers_left_out(tables):
    assert list(tables["trials"]["words"].values) == ["a,b, c", ""]
    assert "score" not in tables["trials"]
    assert np.isnan(tables["trials"]["stop"].values[1])


def test_annotations_and_events_are_instants_with_a_label(tables):
    assert spans(tables["notes"]) == [(0.5, 0.5), (7.0, 7.0)]
    assert list(tables["notes"]["label"].values) == ["on", "off"]
    assert spans(tables["licks"]) == [(0.3, 0.3), (0.9, 0.9)]
    assert list(tables["licks"]["side"].values) == ["left", "right"]


def test_epochs_of_behaviour_are_intervals_and_no_signal(tables):
    assert spans(tables["running"]) == [(1.0, 2.0), (5.0, 8.0)]
