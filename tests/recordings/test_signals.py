"""Signals read in pieces: the same as the whole, with their clock and what is known of channels."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings import signals as module
from neurodsr.recordings.recording import make_continuous, make_spikes
from neurodsr.recordings.selection import Found, select_modalities
from neurodsr.recordings.signals import Signals, as_signals, load, regular_clock

VALUES = np.random.default_rng(4).standard_normal((1000, 4))
ALL = np.arange(4)


def signals(**options):
    given = {
        "where": "file: lfp",
        "channels": list("abcd"),
        "samples": len(VALUES),
        "read": lambda start, stop, chosen: VALUES[start:stop, chosen],
        "rate": 100.0,
        "start": 7.0,
        "columns": {"location": ["CA1", "CA3", "CA1", "DG"], "time": [1, 2, 3, 4]},
        "attributes": {"units": "V"},
        **options,
    }
    return Signals(**given)


def stamps(times):
    return lambda start, stop: times[start:stop]


@pytest.fixture
def small_pieces(monkeypatch):
    """Read as if memory held a few samples only."""
    monkeypatch.setattr(module, "BLOCK", 50)


def test_pieces_make_up_the_whole(small_pieces):
    data = load(signals(rows=7), np.array([2, 0]))
    np.testing.assert_array_equal(data["signal"], VALUES[:, [2, 0]])
    np.testing.assert_allclose(data["time"], 7.0 + np.arange(1000) / 100)
    assert list(data["channel"].values) == ["c", "a"]
    assert list(data["location"].values) == ["CA1", "CA1"]
    assert list(data["time_"].values) == [3, 1]
    assert data.attrs == {"kind": "continuous", "sampling_rate": 100.0, "units": "V"}


def test_a_modality_in_memory_keeps_its_time_stamps():
    times = np.arange(1000) / 30 + np.random.default_rng(1).uniform(0, 1e-4, 1000)
    data = make_continuous("x", times, VALUES, list("abcd"), units="mV")
    again = load(as_signals("x", data), ALL)
    assert again.identical(data)


@pytest.mark.parametrize("rate", [20.0, 50.0])
def test_regular_stamps_are_resampled(small_pieces, rate):
    times = 2e6 + np.arange(1000) / 100
    data = load(signals(rate=0.0, timestamps=stamps(times)), ALL, rate)
    expected = load(signals(start=2e6), ALL, rate)
    np.testing.assert_allclose(data["signal"], expected["signal"], atol=1e-12)
    np.testing.assert_allclose(data["time"], expected["time"], rtol=1e-12)
    assert data.sizes["time"] == 10 * rate


@pytest.mark.parametrize(
    ("times", "rate"),
    [
        (np.arange(1000) / 30, 30.0),
        (5.0 + np.arange(1000) / 30 + 1e-4 * np.sin(np.arange(1000)), 30.0),
        (np.delete(np.arange(1001) / 30, 500), 0.0),
        (np.cumsum(np.linspace(1, 1.5, 1000)), 0.0),
    ],
)
def test_rate_of_stamps_read_in_pieces(small_pieces, times, rate):
    first, told = regular_clock("x", stamps(times), len(times))
    assert first == times[0]
    assert told == pytest.approx(rate, rel=1e-4)


@pytest.mark.parametrize("at", [1, 49, 50, 51, 999])
def test_a_repeated_stamp_is_found_wherever_it_lies(small_pieces, at):
    times = np.arange(1000.0)
    times[at] = times[at - 1]
    with pytest.raises(RecordingError, match=rf"x: timestamps: not increasing at sample {at} "):
        regular_clock("x", stamps(times), len(times))


def test_what_would_not_fit_in_memory_is_not_read(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 8 * 4 * 999)
    with pytest.raises(RecordingError, match=r"file: lfp: data: .*lower its rate by `resample`"):
        load(signals(), ALL)
    assert load(signals(), ALL, 50.0).sizes["time"] == 500
    assert load(signals(), ALL[:3]).sizes["time"] == 1000


OPTIONS = {"source": "it", "channels": ".*", "query": "", "resample": None}


def choose(read, **options):
    settings = {"modalities": {"new": {**OPTIONS, **options}}}
    return select_modalities("file", [Found("it", (), lambda _: read)], settings)["new"]


def test_pattern_and_query_both_hold():
    chosen = choose(signals(), channels="[bcd]", query='location != "DG" and channel != "b"')
    assert list(chosen["channel"].values) == ["c"]
    with pytest.raises(RecordingError, match=r"keeps none of 1; there are location: DG"):
        choose(signals(), channels="d", query='location == "CA1"')


def test_spikes_have_no_rate_to_change():
    spikes = make_spikes("x", [np.array([0.5, 1.0])], ["1"], {})
    with pytest.raises(RecordingError, match="resample: spikes have no sampling rate"):
        choose(spikes, resample=50.0)


def test_of_all_modalities_the_usable_are_read():
    def broken(_):
        raise RecordingError("file: x: broken")

    found = [Found("bad", (), broken), Found("good", (), lambda _: signals())]
    told = {}
    chosen = select_modalities("file", found, {"modalities": {}}, told.__setitem__)
    assert list(chosen) == ["good"]
    assert str(told["bad"]) == "file: x: broken"
    with pytest.raises(RecordingError, match="broken"):
        select_modalities("file", found[:1], {"modalities": {}}, told.__setitem__)
    with pytest.raises(RecordingError, match="broken"):
        select_modalities("file", found, {"modalities": {}})
