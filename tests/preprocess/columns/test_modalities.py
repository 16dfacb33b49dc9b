"""Steps within a series: what they reject is a gap, nothing leaks, everything is on record."""

import json

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.series import make_series
from neurodsr.preprocess.stretches import segments

RATE = 100.0


def noise(samples=4000, channels=3, seed=0):
    return np.random.default_rng(seed).standard_normal((samples, channels))


def smooth(samples=4000, channels=3, seed=0):
    return np.cumsum(noise(samples, channels, seed), axis=0)


def spike_trains(seconds=200, units=4, seed=0):
    rng = np.random.default_rng(seed)
    return [np.sort(rng.uniform(0, seconds, 1200)) for _ in range(units)]


FITTED = {
    "butterworth": {"filter": {"highpass": 1.0, "lowpass": 20.0, "method": "butterworth"}},
    "fir": {"filter": {"highpass": 2.0, "lowpass": 20.0}, "notch": {"harmonics": 0, "width": 4}},
    "artefacts": {"artefacts": {"deviation": 4}, "reference": "average"},
    "envelope": {"envelope": {"band": [8, 12]}, "scaling": "robust"},
    "baseline": {"baseline": {"window": 5, "output": "difference"}, "kernel": 0.05},
    "regression": {"regression": {"highpass": 0.2, "degree": 2}, "detrend": "linear"},
    "reduction": {"reduction": {"components": 2}, "bad_channels": {"flat": 0.5}},
    "factors": {"reduction": {"components": 1, "method": "factor-analysis"}},
}


@pytest.mark.parametrize("name", FITTED)
def test_test_samples_change_nothing_before_them(recording, continuous, settings, name):
    given = settings(modalities={"eeg": FITTED[name]})
    before = noise(9000)
    first = make_series(recording({"eeg": continuous(before, 110.0)}), given)
    tested = first["time"].values[first["split"].values == 2]
    after = before.copy()
    changed = np.arange(9000) / 110.0 >= tested[0] - 1e-6
    after[changed] = 1.5 * after[changed][::-1] + 0.5
    second = make_series(recording({"eeg": continuous(after, 110.0)}), given)
    for part in ("train", "validation"):
        one, two = segments(first, part), segments(second, part)
        assert len(one) == len(two)
        for a, b in zip(one, two, strict=True):
            # the Butterworth filter's memory is 60 dB down at its reach, that of others at an end
            tolerance = 5e-3 if name == "butterworth" else 1e-9
            np.testing.assert_allclose(a, b, atol=tolerance)
    assert first["channel"].values.tolist() == second["channel"].values.tolist()


def test_units_are_transformed_by_their_training_samples(recording, spiking, settings):
    given = settings(
        sampling_interval=0.1, modalities={"spikes": {"transform": "box-cox", "kernel": 0.2}}
    )
    one = make_series(recording({"units": spiking(spike_trains(), 0.0, 200.0)}), given)
    last = one["time"].values[one["split"].values == 2][0]
    other = [np.r_[train[train < last], np.linspace(last, 199, 900)] for train in spike_trains()]
    two = make_series(recording({"units": spiking(other, 0.0, 200.0)}), given)
    np.testing.assert_array_equal(one["exponent"], two["exponent"])
    assert np.all(np.abs(one["exponent"]) <= 2)
    train = one["split"].values == 0
    np.testing.assert_array_equal(one["observation"][train], two["observation"][train])


def test_counts_stay_counts(recording, spiking, settings):
    given = settings(sampling_interval=0.5, modalities={"spikes": {"scaling": "none"}})
    series = make_series(recording({"units": spiking(spike_trains(), 0.0, 200.0)}), given)
    values = series["observation"].values
    assert np.all(values == np.round(values)) and values.max() > 3
    assert json.loads(series.attrs["warnings"]) == []
    assert set(series["likelihood"].values) == {"gaussian"}


def test_counts_without_smoothing_are_warned_about(recording, spiking, settings):
    series = make_series(
        recording({"units": spiking(spike_trains(), 0.0, 200.0)}), settings(sampling_interval=0.5)
    )
    assert "set a kernel" in json.loads(series.attrs["warnings"])[0]


def test_units_of_a_region(recording, spiking, settings):
    units = spiking(spike_trains(), 0.0, 200.0)
    units = units.assign_coords(location=("unit", ["CA1", "CA3", "CA1", "DG"]))
    given = settings(sampling_interval=0.1, modalities={"spikes": {"units": 'location == "CA1"'}})
    series = make_series(recording({"units": units}), given)
    assert series["channel"].values.tolist() == ["u0", "u2"]


def test_invalid_times_are_gaps_that_no_filter_crosses(recording, continuous, settings):
    given = settings(modalities={"eeg": {"filter": {"lowpass": 20.0}}})
    values = smooth()
    spoilt = values.copy()
    spoilt[1000:1200] = 1e6
    tables = {"invalid_times": [(10.0, 11.99, "")]}
    one, two = (
        make_series(recording({"eeg": continuous(v, RATE)}, tables), given)
        for v in (values, spoilt)
    )
    np.testing.assert_array_equal(one["observation"], two["observation"])
    time = one["time"].values
    assert not np.any((time > 9.9) & (time < 12.0)) and one["segment"].values[-1] == 1
    assert ["eeg", 10.0, 11.99, "invalid"] in json.loads(one.attrs["rejected"])


@pytest.mark.parametrize("interval", [0.01, 0.025, 0.004])
def test_nothing_is_resampled_or_smoothed_across_a_gap(recording, continuous, settings, interval):
    given = settings(sampling_interval=interval, modalities={"lfp": {"kernel": 0.1}})
    values = smooth()
    values[1000:1100] = np.nan
    other = values.copy()
    other[1100:] += 1e4
    one, two = (
        make_series(recording({"lfp": continuous(v, RATE)}), given) for v in (values, other)
    )
    before = one["time"].values < 10.0
    original = [(s["observation"] * s["scale"] + s["offset"]).values for s in (one, two)]
    np.testing.assert_allclose(original[0][before], original[1][before], atol=1e-6)
    np.testing.assert_allclose(original[0][~before] + 1e4, original[1][~before], rtol=1e-6)


def test_events_that_say_bad_are_invalid_and_a_boundary_ends_a_stretch(
    recording, continuous, settings
):
    tables = {
        "events": [(5.0, 6.0, "BAD_blink"), (20.0, 21.0, "BADGE"), (25.0, 26.0, "BAD segment")],
        "artefacts": [(30.0, 30.0, "boundary")],
    }
    tree = recording({"eeg": continuous(smooth(), RATE)}, tables)
    series = make_series(tree, settings())
    time = series["time"].values
    gone = [np.isnan(series["observation"].values[time == at]).all() for at in (30.0,)]
    assert gone == [True]
    assert not np.any((time > 5.0) & (time < 6.0)) and not np.any((time > 25.0) & (time < 26.0))
    assert np.sum((time >= 20.0) & (time <= 21.0)) == 101
    kept = make_series(tree, settings(invalid={"labels": None, "tables": []}))
    assert kept.sizes["time"] == 4000 and np.isfinite(kept["observation"]).all()


def test_spikes_in_invalid_times_do_not_count(recording, spiking, settings):
    given = settings(sampling_interval=0.1, modalities={"spikes": {"kernel": 0.2}})
    tables = {"invalid_times": [(50.0, 60.0, "")]}
    trains = spike_trains()
    noisy = [np.sort(np.r_[train, np.linspace(50.01, 59.99, 3000)]) for train in trains]
    one, two = (
        make_series(recording({"units": spiking(t, 0.0, 200.0)}, tables), given)
        for t in (trains, noisy)
    )
    np.testing.assert_array_equal(one["observation"], two["observation"])


def test_rejected_artefacts_end_segments_and_are_on_record(recording, continuous, settings):
    values = noise()
    values[500:520, 1] = 80.0
    values[1500, 0] = -60.0
    given = settings(modalities={"eeg": {"artefacts": {"padding": 0.2}}})
    series = make_series(recording({"eeg": continuous(values, RATE)}), given)
    rejected = json.loads(series.attrs["rejected"])
    assert [row[3] for row in rejected] == ["artefact", "artefact"]
    np.testing.assert_allclose([row[1] for row in rejected], [4.795, 14.795], atol=1e-6)
    np.testing.assert_allclose([row[2] for row in rejected], [5.395, 15.205], atol=1e-6)
    assert series["segment"].values[-1] == 2
    assert np.abs(series["observation"].values).max() < 6
    quality = json.loads(series.attrs["quality"])["eeg"]
    assert quality["rejected"]["artefact"] == pytest.approx((60 + 41) / 4000, rel=0.02)
    assert any(step.startswith("artefacts") for step in quality["order"])


def test_an_artefact_in_one_modality_leaves_the_other(recording, continuous, settings):
    values = noise()
    values[500] = 80.0
    modalities = {"eeg": continuous(values, RATE), "pupil": continuous(noise(seed=1), RATE)}
    given = settings(modalities={"eeg": {"artefacts": {}}})
    series = make_series(recording(modalities), given)
    missing = np.isnan(series["observation"].values)
    assert series.sizes["time"] == 4000
    assert missing[495:506, :3].all() and not missing[:, 3:].any()


def test_the_order_of_operations_is_on_record(recording, continuous, settings):
    values = smooth(4000, 9)
    given = settings(
        sampling_interval=0.02,
        modalities={
            "eeg": {
                "reference": "average",
                "notch": {"frequency": 30, "harmonics": 0},
                "filter": {"lowpass": 20},
                "kernel": 0.04,
                "detrend": "linear",
                "reduction": {"components": 3},
            }
        },
    )
    series = make_series(recording({"eeg": continuous(values, RATE)}), given)
    order = json.loads(series.attrs["quality"])["eeg"]["order"]
    begins = ["bad channels", "average reference", "notch 30 Hz", "low-pass 20 Hz", "100 Hz resam"]
    begins += ["gaussian kernel", "linear detrending", "standard scaling", "pca"]
    assert len(order) == len(begins)
    assert all(step.startswith(begin) for step, begin in zip(order, begins, strict=True))


def test_automatic_steps_are_for_the_signals_they_suit(recording, continuous, settings):
    values = smooth(4000, 9)
    values[:, 4] = 1.0
    values[3900:] = values[3900]
    eeg = make_series(recording({"eeg": continuous(values, RATE)}), settings())
    assert eeg.sizes["time"] == 3900
    left = json.loads(eeg.attrs["quality"])["eeg"]["left_out"]
    assert set(left) == {"c4"} and "flat" in left["c4"]
    other = make_series(recording({"position": continuous(values, RATE)}), settings())
    assert other.sizes["time"] == 4000
    nothing = {"flat_ends": None, "bad_channels": None}
    plain = make_series(
        recording({"eeg": continuous(values, RATE)}), settings(modalities={"eeg": nothing})
    )
    np.testing.assert_array_equal(plain["observation"], other["observation"])


def confounded(recording, continuous, values, moved):
    table = continuous(moved, 0.5, names=["trans_x", "white_matter", "cosine00"])
    table.attrs["purpose"] = "confounds"
    return recording({"bold": continuous(values, 0.5), "confounds": table})


def test_confounds_are_regressed_out_and_not_observed(recording, continuous, settings):
    moved, own = noise(300, 3, 1), noise(300, 4, 2)
    weights = np.random.default_rng(3).standard_normal((3, 4))
    tree = confounded(recording, continuous, own + 5.0 * moved @ weights, moved)
    series = make_series(tree, settings())
    assert series["channel"].values.tolist() == ["c0", "c1", "c2", "c3"]
    original = (series["observation"] * series["scale"] + series["offset"]).values
    train = series["split"].values == 0
    correlation = np.corrcoef(original[train].T, moved[train].T)[:4, 4:]
    assert np.abs(correlation).max() < 1e-9
    quality = json.loads(series.attrs["quality"])["bold"]
    assert quality["confounds"] == ["trans_x", "white_matter", "cosine00"]
    seen = make_series(tree, settings(modalities={"confounds": {}, "bold": {"regression": None}}))
    assert seen.sizes["channel"] == 7


def test_categories_are_observed_as_columns(recording, continuous, settings):
    codes = np.random.default_rng(0).integers(0, 3, (400, 1)).astype(float)
    amount = noise(400, 1)
    diary = continuous(np.concatenate([amount, codes], axis=1), 1.0, names=["steps", "mood"])
    diary.attrs |= {"levels": json.dumps({"mood": ["low", "mid", "high"]}), "scale": "{}"}
    series = make_series(recording({"diary": diary}), settings())
    names = ["steps", "mood=low", "mood=mid", "mood=high"]
    assert series["channel"].values.tolist() == names
    original = (series["observation"] * series["scale"] + series["offset"]).values
    np.testing.assert_allclose(original[:, 1:], np.eye(3)[codes[:, 0].astype(int)], atol=1e-9)
    np.testing.assert_allclose(original[:, :1], amount, atol=1e-9)


def test_irregular_answers_are_held_until_they_are_too_old(recording, continuous, settings):
    time = np.cumsum(np.random.default_rng(0).choice([1.0, 1.1, 0.9, 2.0], 300))
    values = np.arange(300.0)
    tree = recording({"diary": continuous(values, 0.0, time=time)})
    given = settings(
        sampling_interval=0.5, maximum_gap=2, modalities={"diary": {"interpolation": "hold"}}
    )
    series = make_series(tree, given)
    original = (series["observation"] * series["scale"] + series["offset"]).values[:, 0]
    last = np.searchsorted(time, series["time"].values + 1e-9, side="right") - 1
    np.testing.assert_allclose(original, values[last], atol=1e-9)
    filtered = {"diary": {"interpolation": "hold", "filter": {"lowpass": 0.1}}}
    with pytest.raises(RecordingError, match="diary: filter: only for signals with interpolation"):
        make_series(tree, settings(modalities=filtered))


@pytest.mark.parametrize("samples", [2, 5, 20, 60, 150])
def test_recordings_that_are_too_short_say_so(recording, continuous, settings, samples):
    given = settings(
        modalities={"eeg": {"filter": {"highpass": 1.0, "lowpass": 20.0}, "artefacts": {}}}
    )
    tree = recording({"eeg": continuous(noise(samples), RATE)})
    with pytest.raises(
        RecordingError, match=r"no stretch of the .* s recorded is longer|samples|no channel"
    ):
        make_series(tree, given)
    with pytest.raises(RecordingError, match=r"split: \d+ of|no channel"):
        make_series(recording({"eeg": continuous(noise(samples)[:20], RATE)}), settings())


def test_short_guards_are_warned_about(recording, continuous, settings):
    given = settings(modalities={"eeg": {"filter": {"lowpass": 20.0}}}, splits={"guard": 0.01})
    series = make_series(recording({"eeg": continuous(noise(), RATE)}), given)
    assert "not quite apart" in json.loads(series.attrs["warnings"])[0]


ABSENT = {
    "plain": {},
    "filter": {"filter": {"lowpass": 20}, "reference": "average"},
    "artefacts": {"artefacts": {}, "bad_channels": None},
    "regression": {"regression": {"highpass": 0.1}, "bad_channels": None},
    "baseline": {"baseline": {"output": "difference"}, "scaling": "robust", "transform": "none"},
    "reduction": {"reduction": {"components": 2}, "detrend": "linear"},
}


@pytest.mark.parametrize("name", ABSENT)
def test_a_modality_absent_in_training_is_left_out(recording, continuous, settings, name):
    values = noise()
    values[:3000] = np.nan
    modalities = {"eeg": continuous(values, RATE), "pupil": continuous(noise(seed=1), RATE)}
    series = make_series(recording(modalities), settings(modalities={"eeg": ABSENT[name]}))
    assert set(series["modality"].values) == {"pupil"}
    assert set(json.loads(series.attrs["dropped_channels"])) == {"eeg.c0", "eeg.c1", "eeg.c2"}


def test_loud_mains_are_warned_about_until_they_are_notched(recording, continuous, settings):
    time = np.arange(12000) / 250.0
    values = noise(12000, 9) + 2.0 * np.sin(2 * np.pi * 50 * time)[:, None]
    tree = recording({"eeg": continuous(values, 250.0)})
    series = make_series(tree, settings())
    assert "of the power lies at 50 Hz" in json.loads(series.attrs["warnings"])[0]
    for given in ({"notch": {}}, {"filter": {"lowpass": 40}}):
        notched = make_series(tree, settings(modalities={"eeg": given}))
        assert json.loads(notched.attrs["warnings"]) == []
