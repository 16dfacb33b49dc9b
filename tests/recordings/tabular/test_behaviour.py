"""Behaviour, events and diaries become channels: what is read is what was written."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.discovery import discover, list_files
from neurodsr.recordings.discovery.phenotype import repeated_participants
from neurodsr.recordings.tabular.behaviour import events_as_signal, read_beh, read_phenotype
from orchestration.config import load_schema, with_defaults

READ = with_defaults({}, load_schema("read.schema.yaml"))


def table(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join("\t".join(map(str, row)) for row in rows) + "\n")
    return path


def levels(data):
    return json.loads(data.attrs["levels"]), json.loads(data.attrs["scale"])


def test_numbers_stay_and_words_become_codes_with_their_levels(tmp_path):
    path = table(
        tmp_path / "sub-1_beh.tsv",
        ["time", "rt", "choice", "note"],
        [0.5, 0.31, "right", "n/a"],
        [2.0, "n/a", "left", "n/a"],
        [3.1, 0.42, "n/a", "n/a"],
    )
    data = read_beh(path, {})
    np.testing.assert_array_equal(data["time"], [0.5, 2.0, 3.1])
    assert data.attrs["sampling_rate"] == 0
    rt, choice, note = data["signal"].values.T
    np.testing.assert_array_equal(rt, [0.31, np.nan, 0.42])
    np.testing.assert_array_equal(choice, [1, 0, np.nan])
    assert np.isnan(note).all()
    assert levels(data) == ({"choice": ["left", "right"]}, {"choice": "nominal"})


LIKERT = {"1": "never", "2": "sometimes", "3": "often"}


@pytest.mark.parametrize(
    ("cells", "about", "codes", "names", "scale"),
    [
        ([3, 1, 2], {"Levels": LIKERT}, [2, 0, 1], ["never", "sometimes", "often"], "ordinal"),
        ([3, 1, 1], {"Levels": LIKERT, "Scale": "nominal"}, [2, 0, 0],
         ["never", "sometimes", "often"], "nominal"),
        ([1, 0, 1], {"Levels": {"0": "no", "1": "yes"}}, [1, 0, 1], ["no", "yes"], "nominal"),
        ([3, 1, 1], {"Levels": LIKERT, "Scale": "numeric"}, [3, 1, 1], None, None),
        ([5, 1, 7], {"Levels": {"1": "not at all", "7": "very"}}, [5, 1, 7], None, None),
        (["lo", "hi", "lo"], {"Levels": {"lo": "x" * 50, "mid": "", "hi": ""}, "Scale": "ordinal"},
         [0, 2, 0], ["lo", "mid", "hi"], "ordinal"),
        (["1", "2", "none"], {}, [0, 1, 2], ["1", "2", "none"], "nominal"),
    ],
)  # fmt: skip
def test_levels_of_the_sidecar_decide_what_a_column_is(tmp_path, cells, about, codes, names, scale):
    path = table(tmp_path / "sub-1_beh.tsv", ["time", "q"], *zip([0, 1, 2], cells, strict=True))
    data = read_beh(path, {"q": about})
    np.testing.assert_array_equal(data["signal"].values[:, 0], codes)
    assert ("levels" in data.attrs) == (names is not None)
    if names:
        assert levels(data) == ({"q": names}, {"q": scale})


def test_free_text_is_left_out_and_named(tmp_path):
    rows = [[i, i % 3, f"comment {i}"] for i in range(30)]
    data = read_beh(table(tmp_path / "sub-1_beh.tsv", ["onset", "mood", "comment"], *rows), {})
    assert data["channel"].values.tolist() == ["mood"]
    assert json.loads(data.attrs["dropped_channels"]) == ["comment"]


@pytest.mark.parametrize(
    ("header", "cells", "sidecar", "seconds"),
    [
        ("time", [0, 500, 1500], {"time": {"Units": "ms"}}, [0, 0.5, 1.5]),
        ("day", [1, 2, 4], {}, [86400, 172800, 345600]),
        ("Date", ["2024-02-28", "2024-02-29", "2024-03-02"], {}, [0, 86400, 259200]),
        ("datetime", ["2024-03-31T08:00", "2024-03-31T20:30", "2024-04-01T08:00:30"], {},
         [0, 45000, 86430]),
        ("trial", [1, 2, 5], {}, [1, 2, 5]),
        ("rt", [1, 2, 5], {}, [0, 1, 2]),
        ("rt", [1, 2, 5], {"SamplingFrequency": 4, "StartTime": 10}, [10, 10.25, 10.5]),
    ],
)  # fmt: skip
def test_clocks(tmp_path, header, cells, sidecar, seconds):
    rows = zip(cells, [1, 2, 3], strict=True)
    data = read_beh(table(tmp_path / "sub-1_beh.tsv", [header, "x"], *rows), sidecar)
    np.testing.assert_allclose(data["time"], seconds)


def test_a_date_and_a_time_of_day_are_put_together_and_rows_sorted(tmp_path):
    path = table(
        tmp_path / "sub-1_beh.tsv",
        ["date", "time", "mood"],
        ["2024-05-02", "09:00", 3],
        ["2024-05-01", "21:30", 2],
        ["2024-05-01", "09:00", 1],
        ["n/a", "09:00", 9],
    )
    data = read_beh(path, {})
    np.testing.assert_allclose(data["time"], [0, 45000, 86400])
    np.testing.assert_array_equal(data["signal"].values[:, 0], [1, 2, 3])


def test_of_events_at_one_onset_the_last_counts(tmp_path):
    path = table(
        tmp_path / "sub-1_events.tsv",
        ["onset", "duration", "trial_type"],
        [0.0, 1, "cue"],
        [0.0, 1, "go"],
        [2.0, 1, "stop"],
    )
    data = events_as_signal(path, {})
    np.testing.assert_array_equal(data["time"], [0, 2])
    assert levels(data)[0] == {"trial_type": ["go", "stop"]}


@pytest.fixture
def diary(tmp_path):
    rows = [
        ["participant_id", "date", "mood", "place"],
        ["sub-01", "2024-05-01", 3, "home"],
        ["sub-02", "2024-05-01", 5, "work"],
        ["sub-01", "2024-05-02", 4, "home"],
        ["sub-01", "2024-05-04", 1, "home"],
        ["sub-03", "2024-05-04", 1, "home"],
    ]
    table(tmp_path / "phenotype/ema.tsv", *rows)
    (tmp_path / "phenotype/ema.json").write_text(
        json.dumps({"MeasurementToolMetadata": {"Description": "EMA"}, "mood": {"Units": "1"}})
    )
    table(tmp_path / "phenotype/bdi.tsv", ["participant_id", "bdi"], ["sub-01", 4], ["sub-02", 9])
    return tmp_path


def test_repeated_rows_are_a_recording_and_questionnaires_are_none(diary):
    files = list_files(diary).files
    tables = [path for path in files if path.endswith(".tsv")]
    diaries = {path: repeated_participants(diary / path) for path in tables}
    assert diaries == {"phenotype/bdi.tsv": [], "phenotype/ema.tsv": ["01"]}
    (source,) = discover("lab", "bids", files, diaries=diaries)
    assert source.recording == "sub-01_task-ema"
    assert source.files == ("phenotype/ema.tsv", "phenotype/ema.json")
    tree = read_phenotype(diary, source.files, source.described["participant"], READ)
    data = tree["ema"]
    np.testing.assert_allclose(data["time"], [0, 86400, 259200])
    np.testing.assert_array_equal(data["signal"].values, [[3, 0], [4, 0], [1, 0]])
    # levels of all participants, so that a code means the same for each
    assert json.loads(data.attrs["levels"]) == {"place": ["home", "work"]}


def test_diaries_can_be_chosen_by_suffix(diary):
    files = [*list_files(diary).files, "sub-01/eeg/sub-01_task-rest_eeg.edf"]
    diaries = {"phenotype/ema.tsv": ["01"]}
    both = discover("lab", "bids", files, diaries=diaries)
    only = discover("lab", "bids", files, {"suffix": ["phenotype"]}, diaries=diaries)
    assert [s.recording for s in both] == ["sub-01_task-ema", "sub-01_task-rest"]
    assert [s.recording for s in only] == ["sub-01_task-ema"]


def test_two_assessments_at_one_time_are_refused(diary):
    with (diary / "phenotype/ema.tsv").open("a") as file:
        file.write("sub-01\t2024-05-02\t4\thome\n")
    with pytest.raises(RecordingError, match=r"ema.tsv: sub-01: timestamps: not increasing"):
        read_phenotype(diary, ["phenotype/ema.tsv"], "01", READ)


def test_real_tasks_are_read_with_their_categories():
    data = os.environ.get("NEURODSR_TEST_DATA")
    if not data:
        pytest.skip("NEURODSR_TEST_DATA is not set: no real behaviour here")
    root = Path(data) / "ds000030_behaviour"
    sources = discover("cnp", "bids", list_files(root).files, {"sub": [10159]})
    assert [source.entities["task"] for source in sources] == ["bart", "stopsignal", "taskswitch"]
    bart, stop, _ = (read_bids(root, source.files, READ)["events"] for source in sources)
    names, scale = levels(bart)
    assert names["action"] == ["ACCEPT", "CASHOUT", "EXPLODE"] and scale["action"] == "nominal"
    rows = (root / sources[0].files[0]).read_text().splitlines()
    pumps = sum("\tACCEPT\t" in row for row in rows)
    column = bart["channel"].values.tolist().index("action")
    assert (bart["signal"].values[:, column] == 0).sum() == pumps
    assert levels(stop)[0]["trial_type"] == ["GO", "NULL", "STOP"]
