import json
import os
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.series import make_series
from neurodsr.preprocess.stretches import segments, slices


def noise(samples, channels=2, seed=0):
    return np.random.default_rng(seed).standard_normal((samples, channels)) * [1.0, 50.0][:channels]


def test_standardised_by_the_training_samples_and_invertible(recording, continuous, settings):
    signal = noise(400) + 7.0
    series = make_series(recording({"eeg": continuous(signal, 100.0)}), settings())
    train = series["observation"].values[series["split"].values == 0]
    np.testing.assert_allclose(train.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(train.std(axis=0), 1.0)
    original = series["observation"] * series["scale"] + series["offset"]
    np.testing.assert_allclose(original.transpose("time", "channel").values, signal)
    assert series.attrs["sampling_interval"] == 0.01


@pytest.mark.parametrize("detrend", ["none", "constant", "linear"])
def test_changing_test_samples_changes_nothing_else(recording, continuous, settings, detrend):
    before = noise(400)
    given = settings(modalities={"continuous": {"detrend": detrend}})
    first = make_series(recording({"eeg": continuous(before, 100.0)}), given)
    after = before.copy()
    tested = np.flatnonzero(first["split"].values == 2)
    after[tested] = 1e3 + after[tested][::-1] ** 2
    second = make_series(recording({"eeg": continuous(after, 100.0)}), given)
    np.testing.assert_array_equal(first["offset"], second["offset"])
    np.testing.assert_array_equal(first["scale"], second["scale"])
    np.testing.assert_array_equal(first["split"], second["split"])
    for name in ("train", "validation"):
        np.testing.assert_array_equal(segments(first, name), segments(second, name))


def test_linear_detrend_removes_a_line_and_keeps_the_training_level(
    recording, continuous, settings
):
    signal = noise(400, 1) + 0.5 * np.arange(400)[:, None]
    given = settings(modalities={"continuous": {"detrend": "linear"}})
    series = make_series(recording({"eeg": continuous(signal, 100.0)}), given)
    for name in ("train", "validation", "test"):
        (piece,) = segments(series, name)
        assert abs(np.polyfit(np.arange(len(piece)), piece[:, 0], 1)[0]) < 1e-10
    train = series["split"].values == 0
    assert abs(float(series["offset"][0]) - signal[train].mean()) < 1e-9


def test_spikes_and_signal_share_a_clock_centred_on_the_samples(
    recording, continuous, spiking, settings
):
    rng = np.random.default_rng(0)
    trains = [np.sort(rng.uniform(0, 60, 400)), np.sort(rng.uniform(0, 60, 900))]
    signal = continuous(noise(500, 1), 10.0, start=5.0)
    tree = recording({"units": spiking(trains, 0.0, 60.0), "lfp": signal})
    series = make_series(tree, settings(splits={"guard": 0}))
    time = series["time"].values
    np.testing.assert_allclose(time, 5.0 + 0.1 * np.arange(1, 500), atol=1e-9)
    counts = series["observation"] * series["scale"] + series["offset"]
    edges = np.append(time - 0.05, time[-1] + 0.05)
    expected = np.histogram(trains[1], edges)[0]
    np.testing.assert_allclose(counts.sel(channel="units.u1").values, expected, atol=1e-9)
    values = counts.sel(channel="lfp.c0").values
    np.testing.assert_allclose(values, signal["signal"].values[1:500, 0])


def test_silent_and_constant_channels_are_dropped_by_name(recording, spiking, settings):
    rng = np.random.default_rng(0)
    late = np.sort(rng.uniform(90, 100, 300))
    trains = [np.sort(rng.uniform(0, 100, n)) for n in (30, 500, 900, 700)]
    tree = recording({"units": spiking([*trains, late], 0.0, 100.0)})
    given = settings(
        sampling_interval=0.1, modalities={"spikes": {"minimum_rate": 1.0, "channels": 2}}
    )
    series = make_series(tree, given)
    assert series["channel"].values.tolist() == ["u2", "u3"]
    assert json.loads(series.attrs["dropped_channels"]) == ["u0", "u4"]


def test_a_channel_that_detrending_empties_is_dropped_by_name(recording, continuous, settings):
    signal = noise(400, 2)
    signal[:, 1] = 3.0 + 0.01 * np.arange(400)
    given = settings(modalities={"continuous": {"detrend": "linear"}})
    series = make_series(recording({"eeg": continuous(signal, 100.0)}), given)
    assert series["channel"].values.tolist() == ["c0"]
    assert json.loads(series.attrs["dropped_channels"]) == ["c1"]


def test_no_channel_left_is_an_error(recording, continuous, settings):
    tree = recording({"eeg": continuous(np.ones((400, 2)), 100.0)})
    with pytest.raises(RecordingError, match=r"no channel is left \(c0 \(flat.*c1 \(flat"):
        make_series(tree, settings())


def test_epochs_become_segments_and_none_spans_two(recording, continuous, settings):
    epochs = [(0, 10, "wake"), (10, 20, "sleep"), (20, 40, "wake")]
    tree = recording({"eeg": continuous(noise(5000), 100.0)}, {"epochs": epochs})
    series = make_series(tree, settings(epochs={"table": "epochs", "labels": ["wake"]}))
    time, segment = series["time"].values, series["segment"].values
    assert not np.any((time >= 10) & (time < 20)) and time.max() < 40
    np.testing.assert_array_equal(segment, (time >= 20).astype(int))
    for name in ("train", "validation", "test"):
        for where in slices(series, name):
            np.testing.assert_allclose(np.diff(time[where]), 0.01)
    assert sum(len(piece) for piece in segments(series, "train")) == np.sum(series["split"] == 0)


def test_unknown_epochs_name_what_there_is(recording, continuous, settings):
    modalities = {"eeg": continuous(noise(500), 100.0)}
    tree = recording(modalities, {"epochs": [(0, 5, "wake")]})
    with pytest.raises(RecordingError, match=r"labelled \['rem'\]; found \['wake'\]"):
        make_series(tree, settings(epochs={"table": "epochs", "labels": ["rem"]}))
    with pytest.raises(RecordingError, match=r"intervals/stages: not in the recording"):
        make_series(tree, settings(epochs={"table": "stages", "labels": ["rem"]}))
    optional = {"table": "stages", "labels": ["rem"], "optional": True}
    assert make_series(tree, settings(epochs=optional)).sizes["time"] == 500


def test_trials_are_split_whole_and_one_is_too_few(recording, continuous, settings):
    modalities = {"eeg": continuous(noise(5000), 100.0)}
    trials = [(2 * i, 2 * i + 1.5, "") for i in range(20)]
    given = settings(trials="trials", splits={"guard": 0.1})
    series = make_series(recording(modalities, {"trials": trials}), given)
    assert [len(piece) for piece in segments(series, "test")] == [150] * 4
    assert [len(piece) for piece in segments(series, "validation")] == [150] * 3
    with pytest.raises(RecordingError, match="trials: only 1"):
        make_series(recording(modalities, {"trials": trials[:1]}), given)


def labelled(recording, continuous, signal, rows, rate=10.0):
    """A recording of trials (start, stop, split)."""
    tree = recording({"eeg": continuous(signal, rate)}, {"trials": rows})
    column = tree["intervals/trials"]["label"].values
    tree["intervals/trials"] = (
        tree["intervals/trials"].to_dataset().assign(split=("interval", column))
    )
    return tree


def test_splits_follow_the_labels_of_trials(recording, continuous, settings):
    rows = [(0, 20, "test"), (20, 60, "train"), (60, 80, "train")]
    signal = noise(800)
    given = settings(trials="trials", splits={"column": "split", "validation": 0.25, "guard": 0.5})
    series = make_series(labelled(recording, continuous, signal, rows), given)
    time, split = series["time"].values, series["split"].values
    np.testing.assert_array_equal(split[time < 20], 2)
    # 600 samples for training, of which the last 150 validate
    np.testing.assert_array_equal(split[(time >= 20.5) & (time < 65)], 0)
    np.testing.assert_array_equal(split[time >= 65.5], 1)
    np.testing.assert_array_equal(split[(time >= 65) & (time < 65.4)], -1)
    np.testing.assert_allclose(series["offset"], signal[split == 0].mean(axis=0))


def test_labels_that_are_no_splits_are_explained(recording, continuous, settings):
    rows = [(0, 20, "tset"), (20, 60, "train")]
    tree = labelled(recording, continuous, noise(600), rows)
    with pytest.raises(RecordingError, match=r"split: 'tset' is none of train, validation, test"):
        make_series(tree, settings(trials="trials", splits={"column": "split"}))
    with pytest.raises(RecordingError, match=r"trials: part: no such column; it has \['label'"):
        make_series(tree, settings(trials="trials", splits={"column": "part"}))
    tree = labelled(recording, continuous, noise(600), [(0, 60, "train")])
    with pytest.raises(RecordingError, match="no trial is labelled test"):
        make_series(tree, settings(trials="trials", splits={"column": "split"}))


def test_long_gap_ends_a_segment_and_a_short_one_is_missing(recording, continuous, settings):
    signal = noise(600)
    signal[100:103] = np.nan
    signal[200:300] = np.nan
    series = make_series(recording({"eeg": continuous(signal, 10.0)}), settings())
    assert series.sizes["time"] == 500
    assert np.isnan(series["observation"].values).all(axis=1).sum() == 3
    assert series["segment"].values[[199, 200]].tolist() == [0, 1]


def test_angles_do_not_jump_where_they_wrap(recording, continuous, settings):
    angle = np.linspace(0, 40 * np.pi, 2000) % (2 * np.pi)
    tree = recording({"head": continuous(angle, 50.0, units="radian", names=["rz"])})
    series = make_series(tree, settings(modalities={"head": {"circular": True}}))
    assert series["channel"].values.tolist() == ["rz_cos", "rz_sin"]
    original = (series["observation"] * series["scale"] + series["offset"]).values
    np.testing.assert_allclose(np.hypot(*original.T), 1.0)
    assert np.abs(np.diff(original, axis=0)).max() < 0.07


def test_input_is_kept_apart(recording, continuous, settings):
    modalities = {"eeg": continuous(noise(500), 10.0), "drive": continuous(noise(500, 1, 3), 10.0)}
    series = make_series(recording(modalities), settings(modalities={"drive": {"role": "input"}}))
    assert series["channel"].values.tolist() == ["eeg.c0", "eeg.c1"]
    assert series["input"].dims == ("time", "input") and series.sizes["input"] == 1


def test_upsampling_is_warned_about(recording, continuous, settings):
    series = make_series(
        recording({"bold": continuous(noise(300), 0.5)}), settings(sampling_interval=1.0)
    )
    assert "interpolated" in json.loads(series.attrs["warnings"])[0]


def test_wrong_wishes_are_explained(recording, continuous, spiking, settings):
    eeg = recording({"eeg": continuous(noise(500), 100.0)})
    with pytest.raises(RecordingError, match="modalities: lfp not in the recording"):
        make_series(eeg, settings(modalities={"lfp": {"detrend": "linear"}}))
    optional = settings(modalities={"lfp": {"detrend": "linear", "optional": True}})
    assert make_series(eeg, optional).sizes["channel"] == 2
    with pytest.raises(RecordingError, match="sqrt of negative"):
        make_series(eeg, settings(modalities={"eeg": {"transform": "sqrt"}}))
    with pytest.raises(RecordingError, match="no channel c9"):
        make_series(eeg, settings(modalities={"eeg": {"channels": ["c0", "c9"]}}))
    with pytest.raises(RecordingError, match="spikes alone have none"):
        make_series(recording({"units": spiking([np.arange(50.0)], 0.0, 50.0)}), settings())
    apart = {"a": continuous(noise(50), 10.0), "b": continuous(noise(50), 10.0, start=100.0)}
    with pytest.raises(RecordingError, match="no common time"):
        make_series(recording(apart), settings())


def test_real_physiology_keeps_its_heart_rate(recording, continuous, settings):
    root = os.environ.get("NEURODSR_TEST_DATA")
    if not root:
        pytest.skip("NEURODSR_TEST_DATA is not set: no real recordings here")
    file = Path(root) / "ds210_physio/sub-01/func/sub-01_task-rest_run-01_physio.tsv.gz"
    signal = np.loadtxt(file)
    tree = recording({"physio": continuous(signal, 50.0, names=["cardiac", "respiratory"])})
    series = make_series(tree, settings(sampling_interval=0.1))
    assert series.sizes["time"] == 6120

    def peak(x, rate):
        frequency = np.fft.rfftfreq(len(x), 1 / rate)
        power = np.abs(np.fft.rfft(x - x.mean())) ** 2
        heart = (frequency > 0.7) & (frequency < 1.5)
        return frequency[heart][power[heart].argmax()]

    resampled = series["observation"].sel(channel="cardiac").values
    assert abs(peak(resampled, 10.0) - peak(signal[:, 0], 50.0)) < 0.01
