import dataclasses
import json
import runpy
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

import stage
from neurodsr import netcdf
from neurodsr.errors import RecordingError
from neurodsr.figures.recording import draw_recording
from neurodsr.recordings.discovery import discover
from neurodsr.recordings.recording import (
    clean_name,
    identify,
    make_continuous,
    make_intervals,
    make_recording,
    make_spikes,
    regular_rate,
)
from neurodsr.recordings.selection import Found, select_modalities

SPIKES = [np.array([0.3, 0.1]), np.array([]), np.array([0.2])]


def continuous(signal, channels):
    return make_continuous("file", np.arange(len(signal)) / 10, signal, channels)


def found(**modalities):
    return [Found(name, (), lambda _, d=data: d) for name, data in modalities.items()]


def choose(data, **options):
    settings = {"source": "it", "channels": ".*", "query": "", "resample": None, **options}
    return select_modalities("file", found(it=data), {"modalities": {"new": settings}})["new"]


def test_spikes_are_sorted_and_know_their_unit():
    spikes = make_spikes("file", SPIKES, ["7", "8", "9"], {"region": ["a", "b", "c"]}, (-1, 0.25))
    np.testing.assert_array_equal(spikes["spike_time"], [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(spikes["spike_unit"], [0, 2, 0])
    assert list(spikes["unit"].values) == ["7", "8", "9"]
    assert list(spikes["region"].values) == ["a", "b", "c"]
    assert (spikes.attrs["start"], spikes.attrs["stop"]) == (-1, 0.3)


@pytest.mark.parametrize(
    ("times", "words"),
    [([np.array([])], "no spikes"), ([np.array([0.1, np.nan])], "unit u has a time")],
)
def test_unusable_spikes_are_refused(times, words):
    with pytest.raises(RecordingError, match=f"file: spike_times: .*{words}"):
        make_spikes("file", times, ["u"], {})


def test_intervals_always_have_a_label():
    table = make_intervals(
        [0, 1], [1, np.nan], {"tags": ["sleep", "wake"], "correct": [True, False]}
    )
    assert list(table["label"].values) == ["sleep", "wake"]
    np.testing.assert_array_equal(table["correct"], [1.0, 0.0])
    assert list(make_intervals([0], [1], {})["label"].values) == [""]


def test_rate_of_timestamps_with_jitter_is_that_of_the_whole():
    jitter = np.random.default_rng(1).uniform(-5e-6, 5e-6, 1000)
    assert regular_rate("file", 1e6 + np.arange(1000) / 500 + jitter) == pytest.approx(
        500, rel=1e-4
    )


def test_a_lost_frame_and_a_drifting_clock_are_irregular():
    time = np.arange(100) / 10
    assert regular_rate("file", np.delete(time, 50)) == 0
    assert regular_rate("file", time + 0.004 * time**2) == 0


@pytest.mark.parametrize("stamp", [0.1, 0.0, np.nan])
def test_timestamps_must_increase(stamp):
    with pytest.raises(RecordingError, match="file: timestamps: not increasing at sample 2"):
        make_continuous("file", [0.0, 0.1, stamp, 0.3], np.zeros(4)[:, None], ["a"])


def test_timestamps_must_match_the_samples():
    with pytest.raises(RecordingError, match="3 for 4 samples"):
        make_continuous("file", [0.0, 0.1, 0.2], np.zeros((4, 1)), ["a"])


def test_infinite_values_are_missing_and_repeated_names_get_numbers():
    data = continuous(np.array([[1, np.inf, 0], [2, 3, 4]]), ["a", "b", "a"])
    np.testing.assert_array_equal(data["signal"], [[1, np.nan, 0], [2, 3, 4]])
    assert list(data["channel"].values) == ["a.0", "b", "a.2"]


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("CompassDirection", "compass_direction"),
        ("LFP", "lfp"),
        ("a-B c", "a_b_c"),
        ("é", "unnamed"),
    ],
)
def test_clean_names(name, clean):
    assert clean_name(name) == clean


def test_channels_without_a_value_are_dropped_and_named():
    data = continuous(np.array([[1, np.nan], [np.nan, np.nan]]), ["good", "dead"])
    read = select_modalities("file", found(lfp=data), {"modalities": {}})["lfp"]
    assert list(read["channel"].values) == ["good"]
    assert json.loads(read.attrs["dropped_channels"]) == ["dead"]


def test_only_dead_channels_are_refused():
    data = continuous(np.full((3, 2), np.nan), ["c1", "c2"])
    with pytest.raises(RecordingError, match="file: lfp: channel: none of c1, c2 has a value"):
        select_modalities("file", found(lfp=data), {"modalities": {}})


def test_nothing_to_read_is_refused():
    with pytest.raises(RecordingError, match="file: modalities: no supported data"):
        select_modalities("file", [], {"modalities": {}})


def test_channels_by_pattern_and_by_list():
    data = continuous(np.array([[1.0, 2, 3], [4, 5, 6]]), ["EEG 1", "EEG 2", "ECG"])
    assert list(choose(data, channels="EEG .*")["channel"].values) == ["EEG 1", "EEG 2"]
    np.testing.assert_array_equal(
        choose(data, channels=["ECG", "EEG 1"])["signal"], [[3, 1], [6, 4]]
    )
    with pytest.raises(RecordingError, match=r"modalities.new.channels: EMG not among EEG 1"):
        choose(data, channels=["EMG"])
    with pytest.raises(RecordingError, match="fits none of EEG 1, EEG 2, ECG"):
        choose(data, channels="EEG")


def test_units_by_query_are_numbered_anew():
    spikes = make_spikes("file", SPIKES, ["7", "8", "9"], {"region": ["a", "a", "c"]})
    read = choose(spikes, query="region == 'c'")
    assert list(read["unit"].values) == ["9"]
    np.testing.assert_array_equal(read["spike_time"], [0.2])
    np.testing.assert_array_equal(read["spike_unit"], [0])
    with pytest.raises(RecordingError, match="no column 'regoin'; did you mean region"):
        choose(spikes, query="regoin == 'c'")
    with pytest.raises(RecordingError, match="keeps no spikes"):
        choose(spikes, query="unit == '8'")


def test_unknown_source_names_what_there_is():
    options = {"source": "LFP", "channels": ".*", "query": "", "resample": None}
    settings = {"modalities": {"x": options}}
    data = continuous(np.zeros((2, 1)), ["a"])
    with pytest.raises(RecordingError, match=r"modalities.x.source: 'LFP' is not there.*eeg"):
        select_modalities("file", found(eeg=data), settings)


def test_recording_survives_the_file(tmp_path):
    (source,) = discover("lab", "nwb", ["sub-1_ses-2_task-go.nwb"])
    tree = make_recording(
        {"units": make_spikes("file", SPIKES, ["7", "8", "9"], {"region": ["", "b", "c"]})},
        {"Trials": make_intervals([0], [1], {})},
        {"subject_sex": "F", "subject_age": ""},
    )
    netcdf.write(tmp_path / "recording.nc", identify(tree, dataclasses.asdict(source)), {})
    back = netcdf.read_tree(tmp_path / "recording.nc")
    assert back.attrs["participant"] == "1"
    assert back.attrs["session"] == "2"
    assert back.attrs["run"] == ""
    assert back.attrs["subject_sex"] == "F"
    assert "subject_age" not in back.attrs
    assert json.loads(back.attrs["source_files"]) == ["sub-1_ses-2_task-go.nwb"]
    assert list(back["intervals/trials"]["stop"].values) == [1.0]
    xr.testing.assert_equal(back["units"]["spike_time"], tree["units"]["spike_time"])
    assert list(back["units"]["region"].values) == ["", "b", "c"]


def test_figure_keeps_the_extremes_of_long_signals_and_shows_every_modality():
    signal = np.zeros((50_000, 1))
    signal[31_234] = 5.0
    signal[:1000] = np.nan
    tree = make_recording(
        {
            "lfp": continuous(signal, ["a"]),
            "units": make_spikes("file", SPIKES, ["7", "8", "9"], {}),
        },
        {"epochs": make_intervals([0], [100], {"label": ["wake"]})},
        {"recording": "sub-1"},
    )
    figure = draw_recording(tree)
    lfp, units, intervals = figure.axes
    drawn = lfp.lines[0].get_ydata()
    assert len(drawn) <= 1000
    assert np.nanmax(drawn) - np.nanmin(drawn) == pytest.approx(5.0)
    assert "3 units, 3 spikes" in units.get_title(loc="left")
    assert [text.get_text() for text in intervals.texts] == ["wake"]


@pytest.fixture
def ingest(tmp_path):
    """Run the script as Snakemake does."""
    root = tmp_path / "data"
    (root / "sub-1").mkdir(parents=True)
    rows = "\n".join(f"{i}\t{i % 7}" for i in range(200))
    (root / "sub-1/sub-1_task-rest_timeseries.tsv").write_text(f"a\tb\n{rows}\n")
    (root / "task-rest_timeseries.json").write_text('{"RepetitionTime": 0.5}')

    class Outputs(dict):
        __getattr__ = dict.__getitem__

    class Files(list):
        def items(self):
            return {"files": list(self)}.items()

    def run():
        files = ["sub-1/sub-1_task-rest_timeseries.tsv", "task-rest_timeseries.json"]
        (source,) = discover("lab", "bids", files)
        params = {
            "source": {**dataclasses.asdict(source), "root": str(root), "blocked": run.blocked},
            "settings": {"modalities": {}},
        }
        snakemake = SimpleNamespace(
            params=Outputs(params),
            input=Files(str(root / file) for file in source.files),
            output=Outputs(nc=str(tmp_path / "recording.nc"), figure=str(tmp_path / "r.svg")),
            log=[str(tmp_path / "log")],
            rule="ingest",
            config={"on_error": run.on_error},
        )
        script = Path(stage.__file__).parent / "ingest.py"
        runpy.run_path(str(script), init_globals={"snakemake": snakemake})
        return netcdf.read_tree(tmp_path / "recording.nc"), (tmp_path / "r.svg").read_text()

    run.root, run.blocked, run.on_error = root, {}, "stop"
    return run


def test_script_reads_a_recording(ingest):
    tree, figure = ingest()
    assert tree.attrs["status"] == "ok"
    assert tree.attrs["recording"] == "sub-1_task-rest"
    assert tree["timeseries"].attrs["sampling_rate"] == 2.0
    assert figure.startswith("<?xml")


def test_a_figure_that_cannot_be_drawn_costs_no_result(ingest, monkeypatch):
    def fail(*_, **__):
        raise IndexError("no axis")

    monkeypatch.setattr("neurodsr.figures.recording.draw_recording", fail)
    with pytest.raises(IndexError):
        ingest()
    ingest.on_error = "exclude"
    tree, figure = ingest()
    assert tree.attrs["status"] == "ok" and "timeseries" in tree
    assert "The figure cannot be drawn" in figure and "IndexError: no axis" in figure


def test_script_excludes_a_broken_recording_with_its_reason(ingest):
    (ingest.root / "task-rest_timeseries.json").write_text("{}")
    tree, _ = ingest()
    assert netcdf.is_excluded(tree)
    assert tree.attrs["excluded_at"] == "ingest"
    assert "SamplingFrequency: no sampling rate" in tree.attrs["reason"]


def test_script_reads_nothing_of_a_recording_with_a_refused_link(ingest):
    ingest.blocked["task-rest_timeseries.json"] = "the link leads out of the dataset; copy it"
    tree, _ = ingest()
    assert netcdf.is_excluded(tree)
    assert tree.attrs["reason"].startswith("task-rest_timeseries.json: file: the link leads out")


def test_names_from_files_are_shown_as_they_are_and_run_nowhere(tmp_path):
    names = ["<script>alert(1)</script>", r"$\frac{1$", "a & b\x1b[31m"]
    tree = make_recording(
        {"lfp": continuous(np.random.default_rng(0).standard_normal((50, 3)), names)},
        {"epochs": make_intervals([0], [100], {"label": [r"<b>$\x{$"]})},
        {"recording": "sub-1", "session_description": "one\x00two"},
    )
    assert tree["lfp"]["channel"].values.tolist() == [*names[:2], "a & b [31m"]
    assert tree.attrs["session_description"] == "one two"
    figure = draw_recording(tree)
    stage.save_figure(figure, tmp_path / "figure.svg")
    text = (tmp_path / "figure.svg").read_text()
    shown = [one.text for one in ElementTree.fromstring(text).iter() if one.tag.endswith("text")]
    assert "<script>alert(1)</script>"[:23] in "".join(filter(None, shown))
    assert r"$\frac{1$" in shown and r"<b>$\x{$" in shown
    assert "<script" not in text and "\x1b" not in text
