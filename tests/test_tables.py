"""Tables come back as they were written, described and whole."""

import json
from pathlib import Path

import pandas as pd
import pytest

from neurodsr.tables import check_rows, read_dictionary, read_table, write_table

FRAME = pd.DataFrame({"participant": ["01", "1e5"], "value": [0.1 + 0.2, None], "n": [3, 4]})
DICTIONARY = {name: {"Description": name} for name in ("n", "participant", "value", "unused")}


def test_round_trip_keeps_identifiers_and_missing_values(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.tsv"
    write_table(path, FRAME, DICTIONARY)
    read = read_table(path)
    assert read["participant"].tolist() == ["01", "1e5"]
    assert read["value"][0] == pytest.approx(0.3) and pd.isna(read["value"][1])
    assert path.read_text().splitlines()[2] == "1e5\tn/a\t4"
    assert list(read_dictionary(path)) == ["participant", "value", "n"]
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["table.json", "table.tsv"]


def test_every_column_needs_a_description(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no description of the columns \['value'\]"):
        write_table(tmp_path / "t.tsv", FRAME, {"participant": {}, "n": {}})
    assert not list(tmp_path.iterdir())


def test_rows_are_held_against_a_schema() -> None:
    schema = {"properties": {"value": {"type": ["number", "null"], "maximum": 0.25}}}
    with pytest.raises(ValueError, match=r"t: row 1: value: 0\.3.* is greater than"):
        check_rows(FRAME, schema, "t")
    check_rows(FRAME.assign(value=None), schema, "t")


def test_dictionary_is_json(tmp_path: Path) -> None:
    write_table(tmp_path / "t.tsv", FRAME, DICTIONARY)
    assert json.loads((tmp_path / "t.json").read_text())["n"] == {"Description": "n"}
