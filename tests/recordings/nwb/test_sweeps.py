"""Intracellular recordings: sweeps on one clock, with the stimulus of each beside them."""

import numpy as np
import pytest
from pynwb.icephys import CurrentClampSeries, CurrentClampStimulusSeries, VoltageClampSeries

from neurodsr.preprocess.series import make_series
from neurodsr.recordings.nwb import read_nwb
from orchestration.config import complete

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
RATE = 1000.0


@pytest.fixture
def icephys(tmp_path, new_file, write):
    """A function that writes sweeps of 50 samples: responses k + 1 and stimuli 10 (k + 1)."""

    def make(starts, pairing="table", electrodes=("e0",), names="{:d}"):
        content = new_file()
        device = content.create_device("amplifier")
        wires = [
            content.create_icephys_electrode(name=name, description="patch", device=device)
            for name in electrodes
        ]
        for wire in wires:
            for k, start in enumerate(starts):
                shared = dict(
                    electrode=wire, rate=RATE, starting_time=start, gain=1.0,
                    sweep_number=k if pairing == "number" else None,
                )  # fmt: skip
                tag = f"{wire.name}_{names.format(k)}"
                response = CurrentClampSeries(
                    name=f"response_{tag}", data=np.full(50, k + 1.0), conversion=1e-3,
                    stimulus_description="Long Square" if k % 2 else "Noise", **shared,
                )  # fmt: skip
                stimulus = CurrentClampStimulusSeries(
                    name=f"stimulus_{tag}", data=np.full(50, 10.0 * (k + 1)), **shared
                )
                if pairing == "table":
                    content.add_intracellular_recording(
                        electrode=wire, response=response, stimulus=stimulus
                    )
                else:
                    content.add_acquisition(response)
                    content.add_stimulus(stimulus)
        return write(tmp_path / "x.nwb", content)

    return make


@pytest.mark.parametrize("pairing", ["table", "number", "time"])
def test_sweeps_lie_on_the_clock_of_the_session(icephys, everything, pairing):
    tree = read_nwb(icephys([2.0, 2.1, 3.0], pairing), everything)
    response, stimulus = tree["current_clamp"], tree["current_clamp_stimulus"]
    expected = np.full(1050, np.nan)
    expected[:50], expected[100:150], expected[1000:] = 1e-3, 2e-3, 3e-3
    np.testing.assert_allclose(response["signal"][:, 0], expected, rtol=1e-12)
    np.testing.assert_allclose(stimulus["signal"][:, 0], expected * 1e4, rtol=1e-12)
    np.testing.assert_allclose(response["time"], 2.0 + np.arange(1050) / RATE)
    np.testing.assert_array_equal(response["time"], stimulus["time"])
    assert response.attrs["sampling_rate"] == RATE
    assert (response.attrs["units"], stimulus.attrs["units"]) == ("volts", "amperes")
    sweeps = tree["intervals/sweeps"]
    np.testing.assert_allclose(sweeps["start"], [2.0, 2.1, 3.0])
    np.testing.assert_allclose(sweeps["stop"], [2.05, 2.15, 3.05])
    assert list(sweeps["label"].values) == ["Noise", "Long Square", "Noise"]
    assert list(sweeps["stimulus"].values) == [f"stimulus_e0_{k}" for k in range(3)]


def test_sweeps_that_all_begin_at_zero_follow_each_other(icephys, everything):
    """In the order of the numbers in their names, 10 after 9, with missing samples between."""
    tree = read_nwb(icephys([0.0] * 11, "table"), everything)
    signal = tree["current_clamp"]["signal"].values[:, 0]
    assert len(signal) == 11 * 50 + 10 * 100
    levels = signal[np.isfinite(signal)][::50]
    np.testing.assert_allclose(levels, 1e-3 * np.arange(1, 12))
    np.testing.assert_allclose(tree["intervals/sweeps"]["start"], 0.15 * np.arange(11))
    stimulus = tree["current_clamp_stimulus"]["signal"].values[:, 0]
    np.testing.assert_allclose(stimulus, signal * 1e4)


def test_each_electrode_is_a_modality(icephys, everything):
    tree = read_nwb(icephys([0.0, 1.0], electrodes=("soma", "Dendrite 2")), everything)
    assert set(tree.children) == {
        "current_clamp_soma", "current_clamp_stimulus_soma",
        "current_clamp_dendrite_2", "current_clamp_stimulus_dendrite_2", "intervals",
    }  # fmt: skip
    assert tree["intervals/sweeps"].sizes["interval"] == 4


def test_sweeps_are_named_by_type_and_resampled(icephys, read_one):
    path = icephys([0.0, 0.05, 0.1])
    data = read_one(path, "CurrentClampStimulusSeries", resample=100)
    assert data.attrs["sampling_rate"] == 100.0
    np.testing.assert_allclose(data["signal"][[2, 12], 0], [10.0, 30.0], rtol=0.05)


@pytest.fixture
def two_sweeps(tmp_path, new_file, write):
    """A function that writes two sweeps of 1 s at 20 kHz: a sine of 10 Hz, the first raised."""

    def make(starts, level):
        content = new_file()
        device = content.create_device("amplifier")
        wire = content.create_icephys_electrode(name="e", description="patch", device=device)
        for k, start in enumerate(starts):
            values = np.sin(2 * np.pi * 10.0 * np.arange(20000) / 20000) + (0.0 if k else level)
            content.add_acquisition(
                CurrentClampSeries(
                    name=f"v{k}", data=values, electrode=wire, rate=20000.0, starting_time=start,
                    gain=1.0, sweep_number=k,
                )
            )  # fmt: skip
        return write(tmp_path / f"{level:g}.nwb", content)

    return make


@pytest.mark.parametrize("starts", [(0.0, 1.004), (0.0, 3.00023), (0.0, 0.0)])
def test_no_sweep_reaches_over_the_gap_to_the_next(two_sweeps, read_one, starts):
    """4 ms, a longer time, or sweeps one after the other, at 400 Hz."""
    one, other = (
        read_one(two_sweeps(starts, level), "CurrentClampSeries", resample=400)
        for level in (0.0, 1000.0)
    )
    begin = starts[1] or 1.1
    time, values = one["time"].values, one["signal"].values[:, 0]
    after = time > begin - 1e-6
    np.testing.assert_array_equal(values[after], other["signal"].values[after, 0])
    np.testing.assert_array_equal(np.isfinite(values), (time < 1.0 - 1e-6) | after)
    inner = (time > begin + 0.04) & (time < begin + 0.96)
    expected = np.sin(2 * np.pi * 10.0 * (time[inner] - begin))
    np.testing.assert_allclose(values[inner], expected, rtol=0, atol=2e-3)


def test_a_response_without_a_stimulus(tmp_path, new_file, write, everything):
    content = new_file()
    device = content.create_device("amplifier")
    wire = content.create_icephys_electrode(name="e", description="patch", device=device)
    content.add_acquisition(
        VoltageClampSeries(name="v", data=np.ones(50), electrode=wire, rate=RATE, gain=1.0)
    )
    tree = read_nwb(write(tmp_path / "x.nwb", content), everything)
    assert set(tree.children) == {"voltage_clamp", "intervals"}
    assert tree["voltage_clamp"].attrs["units"] == "amperes"


def test_sweeps_become_segments_driven_by_the_current(icephys, read_settings):
    asked = {"v": {"source": "CurrentClampSeries"}, "i": {"source": "CurrentClampStimulusSeries"}}
    tree = read_nwb(icephys(np.arange(60.0)), read_settings(modalities=asked))
    tree.attrs["recording"] = "sub-01"
    levels = tree["v"]["signal"].values
    tree["v"]["signal"][:] = levels * (1 + 0.1 * np.sin(np.arange(len(levels))))[:, None]
    roles = {"v": {}, "i": {"role": "input"}}
    options = {"trials": "sweeps", "modalities": roles, "splits": {"guard": 0.0}}
    series = make_series(tree, complete(options, "preprocess.schema.yaml"))
    assert len(np.unique(series["segment"])) == 60
    assert series["input"].shape == series["observation"].shape == (60 * 50, 1)
    assert (np.diff(series["input"].values.reshape(60, 50)) == 0).all()
