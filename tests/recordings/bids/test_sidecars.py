import json
from pathlib import Path

import pytest

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids.sidecars import Part, read_json, require_inside
from neurodsr.recordings.discovery import parse_name

DATA = "sub-1/ses-2/func/sub-1_ses-2_task-rest_run-3_physio.tsv.gz"


@pytest.fixture
def part(tmp_path):
    """A data file among sidecars, given as fields by path."""

    def made(sidecars, data=DATA):
        for path, fields in sidecars.items():
            place = tmp_path / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(json.dumps(fields) if isinstance(fields, dict) else fields)
        names = tuple(parse_name(path) for path in (data, *sidecars))
        return Part(tmp_path, names[0], names)

    return made


def test_the_most_specific_of_six_levels_wins_field_by_field(part):
    levels = [
        "physio.json",
        "task-rest_physio.json",
        "sub-1/sub-1_physio.json",
        "sub-1/ses-2/sub-1_ses-2_physio.json",
        "sub-1/ses-2/func/sub-1_ses-2_task-rest_physio.json",
        "sub-1/ses-2/func/sub-1_ses-2_task-rest_run-3_physio.json",
    ]
    fields = {path: {f"f{k}": i for k in range(i, 6)} for i, path in enumerate(levels)}
    shuffled = dict(sorted(fields.items(), key=lambda item: hash(item[0])))
    assert part(shuffled).sidecar == {f"f{k}": k for k in range(6)}


def test_more_entities_win_in_one_folder(part):
    sidecars = {
        "sub-1/ses-2/func/sub-1_ses-2_task-rest_physio.json": {"a": 1, "b": 1},
        "sub-1/ses-2/func/sub-1_ses-2_physio.json": {"a": 2, "c": 2},
    }
    assert part(sidecars).sidecar == {"a": 1, "b": 1, "c": 2}


@pytest.mark.parametrize(
    "other",
    [
        "task-go_physio.json",
        "task-rest_bold.json",
        "sub-1/ses-2/func/sub-1_ses-2_task-rest_run-4_physio.json",
        "sub-1/ses-2/func/sub-1_ses-2_task-rest_recording-eye_physio.json",
        "sub-1/ses-2/anat/sub-1_ses-2_physio.json",
        "sub-1/ses-2/func/deeper/sub-1_physio.json",
        "sub-2/sub-1_physio.json",
    ],
)
def test_sidecars_of_other_files_do_not_apply(part, other):
    assert part({other: {"a": 1}}).sidecar == {}


def test_tables_are_not_merged(part):
    near = "sub-1/ses-2/sub-1_ses-2_events.tsv"
    made = part({"task-rest_events.tsv": "", near: "", "sub-1/sub-1_events.tsv": ""})
    assert made.nearest("events", ".tsv") == made.root / near
    assert made.nearest("channels", ".tsv") is None


def test_fields(part):
    made = part({"physio.json": {"a": 2, "b": None, "c": "n/a", "d": "ears", "e": True, "f": "2"}})
    assert made.number("a", 0.0) == 2.0
    assert [made.number(field, 7.0) for field in "bcz"] == [7.0] * 3
    assert [made.text(field) for field in "dbcz"] == ["ears", "", "", ""]
    for field in "ef":
        with pytest.raises(RecordingError, match=rf"_physio.tsv.gz: {field}: .* must be a number"):
            made.number(field, 0.0)


@pytest.mark.parametrize("content", ["{", "[1]", "", "nan", "[" * 100_000])
def test_what_is_no_json_object_is_named(tmp_path, content):
    path = tmp_path / "x_physio.json"
    path.write_text(content)
    with pytest.raises(RecordingError, match=r"^x_physio.json: file: no (valid )?JSON"):
        read_json(path)


def test_what_leads_out_of_the_dataset_is_refused(tmp_path):
    root = tmp_path / "study"
    (root / "sub-1").mkdir(parents=True)
    (tmp_path / "study-2").mkdir()
    (tmp_path / "study-2" / "secret").write_text("x")
    (root / "sub-1" / "inner").symlink_to("../own")
    (root / "sub-1" / "outer").symlink_to("../../study-2/secret")
    (root / "sub-1" / "folder").symlink_to(tmp_path / "study-2")
    require_inside(root, root / "sub-1" / "inner", "inner")
    for path in ("sub-1/outer", "sub-1/folder/secret", "../study-2/secret", "/etc/passwd"):
        with pytest.raises(RecordingError, match="leads out of the dataset"):
            require_inside(root, root / Path(path), "x")
