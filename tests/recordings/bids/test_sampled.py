import numpy as np
import pytest

from neurodsr.errors import RecordingError

BOLD = "sub-1/func/sub-1_task-rest_timeseries"
PHYSIO = "sub-1/func/sub-1_task-rest_physio"


@pytest.fixture
def bold(study):
    study.write(f"{BOLD}.tsv", "left V1\tright V1\n0.5\tn/a\n-1e-3\t2\n3\t4\n")
    study.write("task-rest_timeseries.json", {"RepetitionTime": 2.5, "Units": "percent"})
    return study


@pytest.fixture
def physio(study):
    study.write(f"{PHYSIO}.tsv.gz", "".join(f"{i}\t{-i}\n" for i in range(5)))
    fields = {"SamplingFrequency": 50, "StartTime": -0.04, "Columns": ["cardiac", "respiratory"]}
    study.write("task-rest_physio.json", fields)
    return study


def test_parcellated_bold_has_a_header_and_a_repetition_time(bold):
    data = bold.read()["timeseries"]
    assert list(data["channel"].values) == ["left V1", "right V1"]
    np.testing.assert_array_equal(data["signal"], [[0.5, np.nan], [-0.001, 2], [3, 4]])
    np.testing.assert_array_equal(data["time"], [0, 2.5, 5])
    assert data.attrs["sampling_rate"] == 0.4
    assert data.attrs["units"] == "percent"


def test_physiology_takes_columns_rate_and_start_from_its_sidecar(physio):
    data = physio.read()["physio"]
    assert list(data["channel"].values) == ["cardiac", "respiratory"]
    np.testing.assert_array_equal(data["signal"][:, 1], [0, -1, -2, -3, -4])
    np.testing.assert_allclose(data["time"], [-0.04, -0.02, 0, 0.02, 0.04], atol=1e-15)
    assert data.attrs["sampling_rate"] == 50


def test_the_nearest_sidecar_wins_field_by_field(physio):
    physio.write("sub-1/sub-1_task-rest_physio.json", {"SamplingFrequency": 100})
    physio.write(f"{PHYSIO}.json", {"StartTime": 7})
    data = physio.read()["physio"]
    assert data.attrs["sampling_rate"] == 100
    assert float(data["time"][0]) == 7
    assert list(data["channel"].values) == ["cardiac", "respiratory"]


def test_columns_have_their_own_units_in_si(physio):
    units = {"cardiac": {"Units": "mV"}, "respiratory": {"Units": "arbitrary"}}
    physio.write(f"{PHYSIO}.json", units)
    data = physio.read()["physio"]
    assert data.attrs["units"] == ""
    assert list(data["units"].values) == ["V", "arbitrary"]
    np.testing.assert_allclose(data["signal"], [[i * 1e-3, -i] for i in range(5)])


def test_a_column_that_is_left_alone_states_its_unit_as_that_of_all(physio):
    physio.write(f"{PHYSIO}.json", {"cardiac": {"Units": "uV"}})
    data = physio.read_one("physio", channels=["cardiac"])
    assert data.attrs["units"] == "V" and "units" not in data.coords
    np.testing.assert_allclose(data["signal"][:, 0], np.arange(5) * 1e-6)


def test_a_start_that_is_not_available_is_zero(physio):
    physio.write(f"{PHYSIO}.json", {"StartTime": "n/a"})
    assert float(physio.read()["physio"]["time"][0]) == 0


def test_stimuli_are_read_like_physiology(study):
    stem = "sub-1/func/sub-1_task-film_stim"
    study.write(f"{stem}.tsv.gz", "0.5\n0.7\nn/a\n")
    study.write(f"{stem}.json", {"SamplingFrequency": 10, "Columns": ["loudness"]})
    data = study.read()["stim"]
    np.testing.assert_array_equal(data["signal"], [[0.5], [0.7], [np.nan]])
    assert data.attrs["sampling_rate"] == 10


def test_parts_of_a_physiological_recording_are_modalities(study):
    for part, rate in (("cardiac", 100), ("respiratory", 25)):
        stem = f"sub-1/func/sub-1_task-rest_recording-{part}_physio"
        study.write(f"{stem}.tsv.gz", "1\n2\n")
        study.write(f"{stem}.json", {"SamplingFrequency": rate, "Columns": [part]})
    tree = study.read()
    assert tree["physio_cardiac"].attrs["sampling_rate"] == 100
    assert tree["physio_respiratory"].attrs["sampling_rate"] == 25
    assert study.read_one("physio_cardiac").attrs["sampling_rate"] == 100
    with pytest.raises(RecordingError, match="'physio' fits 2 modalities"):
        study.read_one("physio")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "SamplingFrequency: no sampling rate in its JSON sidecars"),
        ({"RepetitionTime": 0}, "SamplingFrequency: no sampling rate"),
        ({"RepetitionTime": "n/a"}, "SamplingFrequency: no sampling rate"),
        ({"RepetitionTime": "2 s"}, "RepetitionTime: '2 s' in its sidecar"),
        ({"RepetitionTime": 2, "SamplingFrequency": 2}, "RepetitionTime: 2 s contradicts"),
    ],
)
def test_sidecars_without_a_usable_rate_are_named(bold, fields, words):
    bold.write("task-rest_timeseries.json", fields)
    with pytest.raises(RecordingError, match=rf"^sub-1_task-rest_timeseries.tsv: {words}"):
        bold.read()


@pytest.mark.parametrize(
    ("sidecar", "words"),
    [
        ({"SamplingFrequency": 50}, "physio.tsv.gz: Columns: neither"),
        ({"SamplingFrequency": 50, "Columns": ["a"]}, "row 1: 2 cells for 1 columns"),
        ({"SamplingFrequency": 50, "Columns": "a"}, "Columns: 'a' in its sidecar"),
        ("{", r"task-rest_physio.json: file: no valid JSON"),
        ("[1]", r"task-rest_physio.json: file: no JSON object"),
    ],
)
def test_broken_sidecars_are_named(physio, sidecar, words):
    physio.write("task-rest_physio.json", sidecar)
    with pytest.raises(RecordingError, match=words):
        physio.read()


def test_physiology_with_a_header_but_no_columns_in_the_sidecar_is_refused(physio):
    physio.write(f"{PHYSIO}.tsv.gz", "cardiac\trespiratory\n1\t2\n")
    physio.write("task-rest_physio.json", {"SamplingFrequency": 50})
    with pytest.raises(RecordingError, match="Columns: not in a JSON sidecar"):
        physio.read()
