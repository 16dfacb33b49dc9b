"""The published numbers that the shipped benchmarks are compared with."""

from pathlib import Path

import pytest
import yaml

from neurodsr.benchmark.summary import published_rows
from neurodsr.tables import read_dictionary, read_table

FOLDER = Path(__file__).resolve().parents[2] / "config" / "benchmarks"
PUBLISHED = read_table(FOLDER / "published.tsv")


def test_every_column_is_described_and_every_number_has_a_source():
    dictionary = read_dictionary(FOLDER / "published.tsv")
    assert list(PUBLISHED.columns) == list(dictionary)
    assert PUBLISHED[["data", "model", "status", "source"]].notna().all(axis=None)
    assert set(PUBLISHED["status"]) <= set(dictionary["status"]["Levels"])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_data_that_a_benchmark_names_are_there(path):
    for name, cohort in yaml.safe_load(path.read_text())["cohorts"].items():
        data = cohort.get("benchmark", {}).get("data")
        assert data is None or published_rows(PUBLISHED, data), name
