"""Signals read in pieces: the same as the whole, with their clock and what is known of channels."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings import signals as module
from neurodsr.recordings import timestamps
from neurodsr.recordings.recording import make_continuous, make_spikes
from neurodsr.recordings.resampling import resample_in_chunks
from neurodsr.recordings.selection import Found, select_modalities
from neurodsr.recordings.signals import Signals, as_signals, load

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
    monkeypatch.setattr(timestamps, "BLOCK", 50)


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


def sine(frequency, times):
    """Two channels of one frequency (Hz), a quarter of a period apart."""
    phase = 2 * np.pi * frequency * np.asarray(times)[:, None]
    return np.sin(phase + [0.0, np.pi / 2])


def paused(rate, lengths, pauses):
    """Instants (s) of stretches of so many samples, with pauses (s) between them."""
    starts = np.cumsum([5.0, *(np.array(lengths[:-1]) / rate + pauses)])
    return [start + np.arange(n) / rate for start, n in zip(starts, lengths, strict=True)]


def loaded(times, values, target):
    given = {"rate": 0.0, "channels": list("ab"), "columns": {}, "samples": len(times)}
    read = {"read": lambda start, stop, chosen: values[start:stop, chosen]}
    return load(signals(timestamps=stamps(times), **given, **read), np.arange(2), target)


@pytest.mark.parametrize("pauses", [[3.0, 7.0], [3.00037, 7.1234567], [0.0317, 0.2]])
@pytest.mark.parametrize(("rate", "target"), [(1000, 100), (1000, 240), (1024, 1000), (500, 500)])
@pytest.mark.parametrize("share", [0.05, 0.38])
def test_a_sine_runs_through_pauses_of_any_length(small_pieces, rate, target, share, pauses):
    """To 0.002 where the filter reaches no end, of frequencies up to 0.38 times the new rate."""
    pieces = paused(rate, [3 * rate, 2 * rate + 17, 4 * rate], pauses)
    times = np.concatenate(pieces)
    data = loaded(times, sine(share * target, times), target)
    instants = data["time"].values
    expected = sine(share * target, instants)
    reach = 16.0 / target
    inner = np.zeros(len(instants), dtype=bool)
    for piece in pieces:
        inner |= (instants >= piece[0] + reach) & (instants <= piece[-1] - reach)
    assert inner.sum() > 8 * target
    np.testing.assert_allclose(data["signal"].values[inner], expected[inner], rtol=0, atol=2e-3)
    assert data.attrs["sampling_rate"] == pytest.approx(target, rel=1e-12)
    np.testing.assert_allclose(instants, 5.0 + np.arange(len(instants)) / target, rtol=1e-12)


@pytest.mark.parametrize("pauses", [[3.0, 7.0], [3.00037, 7.1234567], [0.0317, 0.2]])
def test_pauses_are_missing_samples_and_nothing_else_is(small_pieces, pauses):
    pieces = paused(1000, [3000, 2017, 1000], pauses)
    times = np.concatenate(pieces)
    data = loaded(times, np.full((len(times), 2), 7.5), 100.0)
    instants = data["time"].values
    recorded = np.zeros(len(instants), dtype=bool)
    for piece in pieces:
        recorded |= (instants > piece[0] - 6e-4) & (instants < piece[-1] + 4e-4)
    assert data.attrs.keys() == {"kind", "sampling_rate", "units"}
    np.testing.assert_array_equal(np.isfinite(data["signal"].values).T, [recorded, recorded])
    np.testing.assert_allclose(data["signal"].values[recorded], 7.5, rtol=1e-12)


def test_no_stretch_feels_what_lies_beyond_its_pause(small_pieces):
    times = np.concatenate(paused(1000, [2000, 2000], [0.03]))
    values = np.random.default_rng(1).standard_normal((4000, 2))
    one = loaded(times, values, 100.0)["signal"].values
    other = loaded(times, np.vstack([values[:2000], 1e6 * values[2000:]]), 100.0)["signal"].values
    np.testing.assert_array_equal(one[:203], other[:203])
    np.testing.assert_allclose(1e6 * one[203:], other[203:], rtol=1e-12)
    assert np.isnan(one[200:203]).all() and np.isfinite(np.delete(one, [200, 201, 202], 0)).all()


def test_a_pause_at_the_recorded_rate_leaves_the_samples_as_they_are(small_pieces):
    times = np.concatenate(paused(100, [400, 600], [3.0]))
    values = VALUES[:, :2]
    data = loaded(times, values, 100.0)
    np.testing.assert_allclose(data["signal"].values[:400], values[:400], atol=1e-12)
    assert np.isnan(data["signal"].values[400:700]).all()
    np.testing.assert_allclose(data["signal"].values[700:], values[400:], atol=1e-12)


def test_jitter_of_the_stamps_is_not_passed_on(small_pieces):
    pieces = paused(1000, [3000, 3000], [3.0004])
    times = np.concatenate(pieces)
    jitter = 5e-6 * np.sin(np.arange(6000.0) ** 2)
    data = loaded(times + jitter, sine(10.0, times), 100.0)
    inner = np.r_[16:284, 617:883]
    expected = sine(10.0, data["time"].values[inner])
    np.testing.assert_allclose(data["signal"].values[inner], expected, rtol=0, atol=2e-3)


def test_lost_samples_hardly_disturb_a_sine(small_pieces):
    """One in two hundred is lost: 1 % of the amplitude, no gap and no end of a stretch."""
    times = np.delete(np.arange(20000) / 1000, np.arange(150, 20000, 200))
    data = loaded(times, sine(5.0, times), 100.0)
    assert data.sizes["time"] == 2000
    inner = slice(16, -16)
    expected = sine(5.0, data["time"].values[inner])
    np.testing.assert_allclose(data["signal"].values[inner], expected, rtol=0, atol=0.01)


def test_stretches_of_few_samples_are_left_out_and_said(small_pieces, caplog):
    pieces = paused(1000, [49, 3000, 30, 50], [3.0, 1.0, 1.0])
    times = np.concatenate(pieces)
    data = loaded(times, np.ones((len(times), 2)), 100.0)
    words = "2 of 4 stretches between gaps (0.079 s together) left out, each shorter than the"
    assert data.attrs["short_stretches"] == f"{words} 0.05 s that resampling needs"
    assert f"file: lfp: {words}" in caplog.text
    assert data["time"].values[0] == pytest.approx(8.05, abs=1e-12), "the clock began at 5 s"
    known = np.isfinite(data["signal"].values[:, 0])
    np.testing.assert_array_equal(np.flatnonzero(known), [*range(300), *range(503, 508)])


def with_gaps(values, target, **options):
    """Two channels at 1 kHz from 5 s on, at another rate."""
    read = {"read": lambda start, stop, chosen: values[start:stop, chosen]}
    given = {"rate": 1000.0, "start": 5.0, "channels": list("ab"), "columns": {}}
    return load(signals(samples=len(values), **given, **read, **options), np.arange(2), target)


def gap_in(values, *gaps):
    """With samples missing in all channels."""
    values = values.copy()
    for begin, end in gaps:
        values[begin:end] = np.nan
    return values


@pytest.mark.parametrize("target", [100.0, 20.0, 240.0])
def test_a_step_before_a_gap_does_not_reach_over_it(small_pieces, target):
    """A gap that is a sample longer than one of the result, up to several times as long."""
    values = np.random.default_rng(1).standard_normal((9000, 2))
    for gap in (int(1000 / target) + 1, 100, 999):
        noise = gap_in(values, (4000, 4000 + gap))
        step = noise + np.where(np.arange(9000) < 4000, 1000.0, 0.0)[:, None]
        one, other = (with_gaps(v, target)["signal"].values for v in (noise, step))
        after = np.arange(len(one)) / target >= 4.0
        np.testing.assert_array_equal(one[after], other[after])
        np.testing.assert_allclose(one[~after] + 1000.0, other[~after], atol=1e-9)
        instants = np.arange(len(one)) / target
        recorded = (instants < 4.0) | (instants > (4000 + gap) / 1000 - 1e-9)
        np.testing.assert_array_equal(np.isfinite(one).T, [recorded, recorded])


def test_each_stretch_between_gaps_is_as_if_it_were_alone(small_pieces):
    """Gaps at both ends too; the clock counts from the first sample, missing or not."""
    values = np.random.default_rng(1).standard_normal((9000, 2))
    data = with_gaps(gap_in(values, (0, 1005), (4000, 4500), (8000, 9000)), 100.0)
    np.testing.assert_allclose(data["time"], 5.0 + np.arange(101, 800) / 100, rtol=1e-12)
    alone = with_gaps(values[1010:4000], 100.0)["signal"].values
    np.testing.assert_allclose(data["signal"].values[16:299], alone[16:], atol=1e-12)
    alone = with_gaps(values[4500:8000], 100.0)["signal"].values
    np.testing.assert_allclose(data["signal"].values[349:], alone, atol=1e-12)


@pytest.mark.parametrize("share", [0.05, 0.38])
def test_a_sine_runs_through_gaps_of_missing_samples(small_pieces, share):
    times = 5.0 + np.arange(9000) / 1000
    values = gap_in(sine(share * 100.0, times), (3003, 3037), (5000, 7001))
    data = with_gaps(values, 100.0)
    inner = np.r_[16:284, 320:484, 717:884]
    expected = sine(share * 100.0, data["time"].values)[inner]
    np.testing.assert_allclose(data["signal"].values[inner], expected, rtol=0, atol=2e-3)
    missing = np.flatnonzero(np.isnan(data["signal"].values[:, 0]))
    np.testing.assert_array_equal(missing, [*range(301, 304), *range(500, 701)])


def test_gaps_of_one_sample_of_the_result_or_of_one_channel_are_left_out_of_the_mean():
    values = np.random.default_rng(1).standard_normal((3000, 2))
    values[1000:1010] = np.nan
    values[2000:2100, 0] = np.nan
    data = with_gaps(values, 100.0)
    expected, _ = resample_in_chunks(lambda start, stop: values[start:stop], 3000, 1000.0, 100.0)
    np.testing.assert_array_equal(data["signal"], expected)


def test_gaps_and_pauses_together(small_pieces):
    """A pause, a gap in the second stretch, and lost samples that lengthen a gap of the third."""
    times = np.concatenate(paused(1000, [2000, 3000, 2000], [3.0, 1.0]))
    values = np.random.default_rng(1).standard_normal((7000, 2))
    values[3500:3600] = np.nan
    values[6000:6006] = np.nan
    kept = np.delete(np.arange(7000), np.arange(6006, 6012))
    step = values + np.where(np.arange(7000) < 6000, 1000.0, 0.0)[:, None]
    one, other = (loaded(times[kept], v[kept], 100.0)["signal"].values for v in (values, step))
    missing = np.flatnonzero(np.isnan(one[:, 0]))
    expected = [*range(200, 500), *range(650, 660), *range(800, 900), 1000, 1001]
    np.testing.assert_array_equal(missing, expected)
    np.testing.assert_array_equal(one[1000:], other[1000:])
    assert (np.abs(one - other)[:1000][np.isfinite(one[:1000])] > 999.0).all()


def test_whole_signals_are_read_once():
    asked = np.zeros(9000, dtype=int)

    def read(start, stop, chosen):
        asked[start:stop] += 1
        return np.zeros((stop - start, len(chosen)))

    for whole, times in ((True, 1), (False, 2)):
        asked[:] = 0
        load(signals(rate=1000.0, samples=9000, read=read, whole=whole), ALL, 100.0)
        assert (asked[1:] == times).all()


def test_short_stretches_between_gaps_are_left_out_and_said():
    values = gap_in(np.ones((9000, 2)), (49, 1000), (4000, 5000), (5030, 6000))
    data = with_gaps(values, 100.0)
    words = "2 of 4 stretches between gaps (0.079 s together) left out"
    assert data.attrs["short_stretches"].startswith(words)
    known = np.isfinite(data["signal"].values[:, 0])
    instants = 5.0 + np.r_[100:400, 600:900] / 100
    np.testing.assert_allclose(data["time"].values[known], instants, rtol=1e-12)
    with pytest.raises(
        RecordingError, match=r"none of the 2 stretches between gaps lasts the 0.05"
    ):
        with_gaps(gap_in(np.ones((140, 2)), (40, 100)), 100.0)


def test_nothing_but_short_stretches_is_refused():
    times = np.concatenate(paused(1000, [40, 45], [3.0]))
    words = r"file: lfp: resample: none of the 2 stretches between gaps lasts the 0\.05 s that"
    with pytest.raises(RecordingError, match=words):
        loaded(times, np.ones((85, 2)), 100.0)


def test_a_result_that_is_too_large_with_its_pauses_is_refused(monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 8 * 2 * 1000)
    for pause, fits in ((6.0, True), (6.01, False)):
        times = np.concatenate(paused(1000, [2000, 2000], [pause]))
        if fits:
            assert loaded(times, np.ones((4000, 2)), 100.0).sizes["time"] == 1000
        else:
            with pytest.raises(RecordingError, match=r"file: lfp: data: .*lower its rate"):
                loaded(times, np.ones((4000, 2)), 100.0)


@pytest.mark.parametrize(("rate", "samples"), [(None, 1000), (50.0, 500)])
def test_what_would_not_fit_in_memory_is_not_read(monkeypatch, rate, samples):
    monkeypatch.setattr(module, "LARGEST", 8 * 4 * (samples - 1))
    with pytest.raises(RecordingError, match=r"file: lfp: data: .*lower its rate by `resample`"):
        load(signals(read=None), ALL, rate)
    assert load(signals(), ALL, 25.0).sizes["time"] == 250
    assert load(signals(), ALL[:3], rate).sizes["time"] == samples


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
