"""Sorted units: their columns, regions and the time in which they were observed."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.nwb import read_nwb

pytestmark = pytest.mark.filterwarnings("ignore:The linked table:UserWarning")


@pytest.fixture
def units(session, read_one):
    return read_one(session, "units")


def test_units_with_their_columns_and_support(units):
    np.testing.assert_array_equal(units["spike_time"], [0.1, 0.3, 0.5])
    np.testing.assert_array_equal(units["spike_unit"], [0, 2, 0])
    assert list(units["unit"].values) == ["0", "1", "2"]
    assert list(units["quality"].values) == ["good", "mua", "good"]
    assert list(units["location"].values) == ["layer 2", "layer 0", "layer 1"]
    assert "depths" not in units.coords
    assert (units.attrs["kind"], units.attrs["start"], units.attrs["stop"]) == ("spikes", 0.0, 4.0)


def test_units_without_spikes_stay_among_the_others(units):
    assert units.sizes["unit"] == 3
    assert not (units["spike_unit"] == 1).any()


def test_without_units_their_gaps_do_not_matter(session, read_settings):
    asked = read_settings(modalities={"lfp": {"source": "LFP"}})
    assert "artefacts" not in read_nwb(session, asked)["intervals"].children


def test_gaps_in_the_observation_are_an_interval_table(session, everything, units):
    gaps = read_nwb(session, everything)["intervals/artefacts"]
    assert (gaps["start"].values.tolist(), gaps["stop"].values.tolist()) == ([1.0], [2.0])
    assert list(gaps["label"].values) == ["units not observed"]
    assert list(units["observed"].values) == [3.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ('quality == "good"', ["0", "2"]),
        ('location == "layer 2" and quality == "good"', ["0"]),
        ('observed > 2 and unit != "0" and quality != "mua"', ["2"]),
    ],
)
def test_units_are_queried(session, read_one, query, kept):
    part = read_one(session, "units", query=query)
    assert list(part["unit"].values) == kept
    assert part["spike_unit"].max() < len(kept)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("qualty == 'good'", "no column 'qualty'; did you mean quality.*quality: good, mua"),
        ("quality == 'best'", "keeps none of 3; there are quality: good, mua"),
        ("quality == 'mua'", "keeps no spikes"),
    ],
)
def test_a_query_that_keeps_nothing_says_what_there_is(session, read_one, query, words):
    with pytest.raises(RecordingError, match=rf"modalities.it.query: .*{words}"):
        read_one(session, "units", query=query)


def test_without_observation_intervals_epochs_are_the_support(
    tmp_path, new_file, write, everything
):
    content = new_file()
    content.add_unit(spike_times=[1.0, 2.5])
    content.add_epoch(0.0, 2.0, tags=["a"])
    tree = read_nwb(write(tmp_path / "x.nwb", content), everything)
    assert (tree["units"].attrs["start"], tree["units"].attrs["stop"]) == (0.0, 2.5)


PLACES = ["CA1", "ca 1 (left)", "VISp, layer 2/3", "Primary visual area, layer 2/3"]


@pytest.fixture
def regions(tmp_path, new_file, write):
    """Units whose regions are spelled as laboratories do."""
    content = new_file()
    content.add_unit_column("brain_area", "where")
    for i, place in enumerate(PLACES):
        content.add_unit(spike_times=[i + 0.5, i + 0.7], brain_area=place)
    return write(tmp_path / "x.nwb", content)


def test_names_with_commas_spaces_and_parentheses_are_kept_and_queried(regions, read_one):
    units = read_one(regions, "units", query='brain_area == "VISp, layer 2/3"')
    assert list(units["location"].values) == ["VISp, layer 2/3"]
    both = read_one(regions, "units", query='location in ["ca 1 (left)", "VISp, layer 2/3"]')
    assert both.sizes["unit"] == 2


def test_spellings_of_one_region_get_one_name(regions, read_one):
    names = {"CA1": ["CA1 left"], "V1 L2/3": ["VISp layer 2/3", "primary visual area layer 2/3"]}
    units = read_one(regions, "units", regions=names)
    assert list(units["location"].values) == ["CA1", "CA1", "V1 L2/3", "V1 L2/3"]
    assert read_one(regions, "units", regions=names, query='location == "CA1"').sizes["unit"] == 2


def test_the_group_of_electrodes_says_where_units_are(tmp_path, new_file, write, read_one):
    content = new_file()
    device = content.create_device("probe")
    shanks = [content.create_electrode_group(p, "a shank", p, device) for p in ("ADN", "CA1")]
    for shank in shanks:
        content.add_unit(spike_times=[0.1, 0.4], electrode_group=shank)
    units = read_one(write(tmp_path / "x.nwb", content), "units")
    assert list(units["location"].values) == ["ADN", "CA1"]


def test_units_that_never_fire_cannot_be_used(tmp_path, new_file, write, everything):
    content = new_file()
    content.add_unit(spike_times=[])
    content.add_unit(spike_times=[])
    with pytest.raises(RecordingError, match="units: spike_times: no spikes in 2 units"):
        read_nwb(write(tmp_path / "x.nwb", content), everything)
