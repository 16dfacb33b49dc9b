"""A wrong configuration is refused before any job, in words that say what to change."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from neurodsr.errors import ConfigError
from orchestration.config import SCHEMAS, complete, load_schema
from orchestration.plan import Plan

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted((ROOT / "config").glob("*.yaml"))


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A valid configuration of one local dataset with two recordings."""
    monkeypatch.chdir(tmp_path)
    for subject in ("01", "02"):
        folder = tmp_path / "study" / f"sub-{subject}" / "func"
        folder.mkdir(parents=True)
        (folder / f"sub-{subject}_task-rest_timeseries.tsv").write_text("a\n")
    return {
        "datasets": {"study": {"format": "bids", "path": "study"}},
        "models": {"small": {"family": "shallow-plrnn", "latent": 2, "hidden": 10}},
        "cohorts": {"study": {"title": "T", "datasets": ["study"], "models": ["small"]}},
    }


def plan(config, tmp_path):
    return Plan(config, memory=tmp_path / "digests.json")


def changed(config, path, value):
    """A copy in which the entry at a dotted path is set, or removed when the value is None."""
    config = copy.deepcopy(config)
    *parents, last = path.split(".")
    place = config
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return config


def test_a_valid_configuration_is_planned(config, tmp_path):
    result = plan(config, tmp_path)
    assert list(result.recordings["study"]) == ["sub-01_task-rest", "sub-02_task-rest"]
    assert result.raw_files("study", "sub-01_task-rest") == [
        "study/sub-01/func/sub-01_task-rest_timeseries.tsv"
    ]


def test_defaults_are_filled_in_at_every_depth(config, tmp_path):
    result = plan(config, tmp_path)
    assert result.config["seed"] == 1
    assert result.config["cohorts"]["study"]["preprocess"]["splits"]["test"] == 0.2
    assert result.config["cohorts"]["study"]["group"]["column"] == "group"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("cohort", {}, ["unknown key 'cohort'", "did you mean 'cohorts'?"]),
        ("cohorts.study.preproces", {}, ["cohorts.study", "'preproces'", "'preprocess'"]),
        ("cohorts.study.preprocess", {"splits": {"tset": 0.2}},
         ["cohorts.study.preprocess.splits", "'tset'", "'test'"]),
        ("seed", "one", ["seed", "'one' (string)", "integer"]),
        ("seed", -1, ["seed", "-1", "minimum 0"]),
        ("on_error", "exlude", ["on_error", "'exlude'", "did you mean 'exclude'?"]),
        ("datasets.study.format", "bid", ["datasets.study.format", "'bid'", "'bids'"]),
        ("datasets.study.path", "studi", ["datasets.study.path", "'studi'", "'study'"]),
        ("datasets.study.path", None, ["datasets.study", "path, retrieve, simulate"]),
        ("datasets.study.simulate", {}, ["datasets.study", "got path, simulate"]),
        ("datasets.study.format", None, ["datasets.study", "'format' is missing"]),
        ("cohorts.study.title", None, ["cohorts.study", "'title' is missing"]),
        ("cohorts.study.models", ["smal"], ["cohorts.study.models", "'smal'", "'small'"]),
        ("cohorts.study.models", [], ["cohorts.study.models", "[]"]),
        ("cohorts.study.datasets", ["studi"], ["cohorts.study.datasets", "'studi'", "'study'"]),
        ("cohorts.study.entities", {"task": ["rst"]}, ["task", "rst", "rest"]),
        ("models.small.family", "shalow-plrnn", ["models.small.family", "'shallow-plrnn'"]),
        ("models.small.latent", 0, ["models.small.latent", "0", "minimum 1"]),
        ("models.small.hiden", 3, ["models.small", "'hiden'", "'hidden'"]),
        ("models.small.epochs", 2.5, ["models.small.epochs", "2.5 (number)", "integer"]),
        ("datasets.study.path", "$NEURODSR_NOWHERE/x",
         ["datasets.study.path", "NEURODSR_NOWHERE is not set"]),
        ("datasets.study.recordings", {"a": {"data": "a.npy", "sampling_interval": 1}},
         ["datasets.study.recordings", "by it alone"]),
        ("cohorts.study.preprocess", {"splits": {"column": "split"}},
         ["cohorts.study.preprocess.splits.column", "preprocess.trials"]),
        ("datasets.study.read", {"modalities": {"u": {"source": "units", "query": "open(name)"}}},
         ["datasets.study.read.modalities.u.query", "'open(name)' holds call"]),
        ("datasets.study.read", {"modalities": {"u": {"source": "LFP", "channels": "EEG ["}}},
         ["datasets.study.read.modalities.u.channels", "'EEG [' is no pattern"]),
        ("datasets.study.read", {"regions": {"CA1": ["HPC"], "CA3": ["hpc"]}},
         ["datasets.study.read.regions.CA3", "'hpc' also stands for 'CA1'"]),
        ("cohorts.study.group", {"predict": {"target": "grop"}},
         ["cohorts.study.group.predict", "'grop' is no column", "did you mean 'group'?"]),
        ("cohorts.study.group", {"design": "feature ~ group", "blocks": "centre"},
         ["cohorts.study.group.blocks", "'centre' is no column"]),
        ("cohorts.study.group", {"design": "feature ~ group", "references": {"grup": "control"}},
         ["cohorts.study.group.references", "'grup' is no column", "did you mean 'group'?"]),
        ("cohorts.study/2", {"title": "T", "datasets": ["study"], "models": ["small"]},
         ["cohorts", "'study/2'"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_key_value_and_remedy(config, tmp_path, path, value, words):
    with pytest.raises(ConfigError) as error:
        plan(changed(config, path, value), tmp_path)
    for word in words:
        assert word in str(error.value)
    assert "Traceback" not in str(error.value)


@pytest.fixture
def arrays(config, tmp_path):
    """A configuration of one recording in arrays."""
    (tmp_path / "study" / "a.npy").write_bytes(b"x")
    recordings = {"eeg": {"data": "a.npy", "sampling_interval": 0.01}}
    config["datasets"]["study"] = {"format": "arrays", "path": "study", "recordings": recordings}
    return config


def test_arrays_are_planned_from_a_folder_in_the_environment(arrays, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIES", str(tmp_path))
    result = plan(changed(arrays, "datasets.study.path", "${STUDIES}/study"), tmp_path)
    assert list(result.recordings["study"]) == ["sub-eeg"]
    assert result.raw_files("study", "sub-eeg") == [f"{tmp_path}/study/a.npy"]
    described = result.source("study", "sub-eeg")["described"]
    given = {key: value for key, value in described.items() if value not in (None, [])}
    assert given == {"data": "a.npy", "sampling_interval": 0.01, "units": "1"}
    before = result.content("study", result.raw_files("study", "sub-eeg"))
    (tmp_path / "study" / "a.npy").write_bytes(b"yy")
    assert result.content("study", result.raw_files("study", "sub-eeg")) != before


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("datasets.study.recordings.eeg.sampling_interval", None, ["eeg", "got neither"]),
        (
            "datasets.study.recordings.eeg.data",
            "b.npy",
            ["recordings.eeg.data: 'b.npy'", "'a.npy'"],
        ),
        ("datasets.study.recordings.eeg.test", "a.npy", ["datasets.study.recordings.eeg", "test"]),
        ("datasets.study.recordings.eeg.sampling_interval", 0, ["sampling_interval: 0"]),
        ("cohorts.study.entities", {"sub": ["ecg"]}, ["ecg", "sub: eeg"]),
    ],
)
def test_mistakes_in_arrays_are_named(arrays, tmp_path, path, value, words):
    with pytest.raises(ConfigError) as error:
        plan(changed(arrays, path, value), tmp_path)
    for word in words:
        assert word in str(error.value)


def test_a_folder_with_sidecars_needs_no_description(arrays, tmp_path):
    (tmp_path / "study" / "a.json").write_text('{"sampling_rate": 9, "subject": "7", "run": 2}')
    config = changed(arrays, "datasets.study.recordings", None)
    config["cohorts"]["study"]["exclude"] = [{"sub": ["01"]}]
    result = plan(config, tmp_path)
    assert "sub-7_run-2" in result.recordings["study"]
    assert result.raw_files("study", "sub-7_run-2") == ["study/a.npy", "study/a.json"]
    assert result.source("study", "sub-7_run-2")["described"]["sampling_rate"] == 9


def test_what_cannot_be_used_is_planned_but_no_input(config, tmp_path):
    path = tmp_path / "study/sub-02/func/sub-02_task-rest_timeseries.tsv"
    path.unlink()
    path.symlink_to("../../.git/annex/objects/x")
    result = plan(config, tmp_path)
    assert result.raw_files("study", "sub-02_task-rest") == []
    (reason,) = result.source("study", "sub-02_task-rest")["blocked"].values()
    assert "datalad get" in reason
    before = result.source("study", "sub-02_task-rest")
    path.unlink()
    path.write_text("a\n")
    assert plan(config, tmp_path).source("study", "sub-02_task-rest") != before


def test_a_folder_that_is_one_recording_counts_by_its_content(config, tmp_path):
    store = tmp_path / "nwb/sub-1/sub-1.nwb.zarr"
    (store / "units").mkdir(parents=True)
    (store / "units/0").write_text("1")
    config["datasets"]["study"] = {"format": "nwb", "path": "nwb"}
    contents = []
    for text in ("1", "2"):
        (store / "units/0").write_text(text)
        result = plan(config, tmp_path)
        files = result.raw_files("study", "sub-1")
        assert files == ["nwb/sub-1/sub-1.nwb.zarr"]
        contents.append(result.content("study", files))
    assert contents[0] != contents[1]


def test_simulated_systems_are_told_apart(config, tmp_path):
    def simulated(spec, format="nwb"):
        return changed(config, "datasets.study", {"format": format, "simulate": spec})

    result = plan(simulated({"system": "lorenz96", "subjects": 2}), tmp_path)
    assert list(result.recordings["study"]) == ["sub-study01_task-rest", "sub-study02_task-rest"]
    for wrong, words in [
        (simulated({"system": "lorenz"}), "'lorenz' is not valid, did you mean 'lorenz96'?"),
        (simulated({"system": "lorenz63", "parameters": {"forcing": 8}}), "unknown key 'forcing'"),
        (simulated({"system": "lorenz63"}, "bids"), "a simulated lorenz63 is nwb"),
    ]:
        with pytest.raises(ConfigError, match=re.escape(words)):
            plan(wrong, tmp_path)


def test_all_mistakes_are_told_at_once(config, tmp_path):
    wrong = changed(changed(config, "seed", -1), "on_error", "x")
    with pytest.raises(ConfigError) as error:
        plan(wrong, tmp_path)
    assert len(str(error.value).splitlines()) == 2


def test_two_datasets_with_the_same_recording_are_refused(config, tmp_path):
    config["datasets"]["twin"] = {"format": "bids", "path": "study"}
    config["cohorts"]["study"]["datasets"] = ["study", "twin"]
    with pytest.raises(ConfigError, match=re.escape("'twin' and 'study' both hold")):
        plan(config, tmp_path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path):
    complete(yaml.safe_load(path.read_text()))


def leaves(schema, where=""):
    """Every described value of a schema, with its dotted name."""
    for key, value in schema.get("properties", {}).items():
        yield f"{where}.{key}", value
        yield from leaves(value, f"{where}.{key}")
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        yield from leaves(others, f"{where}.*")
    for branch in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from leaves(branch, where)


def test_every_setting_is_described():
    schema = load_schema("config.schema.yaml")
    missing = [name for name, value in leaves(schema) if not value.get("description")]
    assert missing == []


def test_every_mapping_refuses_unknown_keys():
    open_mappings = [
        name
        for name, value in leaves(load_schema("config.schema.yaml"))
        if value.get("type") == "object" and "additionalProperties" not in value
    ]
    assert open_mappings == []


def test_every_schema_file_is_used():
    code = [p.read_text() for kind in ("*.py", "*.smk") for p in (ROOT / "workflow").rglob(kind)]
    schemas = {path.name: path.read_text() for path in SCHEMAS.glob("*.yaml")}
    text = "".join([*code, *schemas.values()])
    assert [name for name in schemas if name not in text] == []
