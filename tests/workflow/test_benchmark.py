"""A tiny benchmark, from equations and from arrays, through the whole workflow to its table."""

import numpy as np
import pytest

from neurodsr.tables import read_dictionary, read_table
from project import MODEL, Project

RECORDINGS = ["sub-lorenz01_task-rest", "sub-wave"]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """A project with a simulated system and a recording in arrays; and what its table printed."""
    project = Project(tmp_path_factory.mktemp("compared"))
    project.copy_workflow()
    folder = project.folder / "arrays"
    folder.mkdir()
    time = 0.1 * np.arange(1200)[:, None]
    wave = np.sin(time) + 0.3 * np.sin(2.3 * time)
    np.save(folder / "train.npy", wave[:800])
    np.save(folder / "test.npy", wave[800:])

    def benchmark(config):
        config["datasets"] = {
            "lorenz": {
                "format": "nwb",
                "simulate": {
                    "system": "lorenz63", "channels": ["x"], "samples": {"train": 900, "test": 400}
                },
            },
            "files": {
                "format": "arrays",
                "path": "$COMPARED/arrays",
                "recordings": {
                    "wave": {"train": "train.npy", "test": "test.npy", "sampling_interval": 0.1}
                },
            },
        }  # fmt: skip
        config["models"] = {"small": {**MODEL, "latent": "auto"}}
        config["cohorts"] = {
            "tiny": {
                "title": "Tiny benchmark",
                "datasets": ["lorenz", "files"],
                "models": ["small"],
                "preprocess": {
                    "trials": "trials",
                    "splits": {"column": "split"},
                    "embedding": {"dimension": 2, "delay": 17},
                },
                "analysis": {"steps": 400, "transient": 100},
            }
        }

    project.configure(benchmark)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPARED", str(project.folder))
        yield project, project.snakemake("benchmark")


def test_the_table_is_printed(compared):
    _, printed = compared
    assert "# Tiny benchmark" in printed
    assert all(f"## {recording}" in printed for recording in RECORDINGS)
    assert "| small" in printed and "| IAAFT" in printed


def test_every_model_has_a_row_beside_floor_nulls_and_truth(compared):
    project, _ = compared
    path = project.folder / "results/tiny/benchmark.tsv"
    table = read_table(path)
    assert set(table.columns) == set(read_dictionary(path))
    kinds = table.groupby("recording")["kind"].apply(list)
    assert kinds[RECORDINGS[0]] == ["model", "floor", "null", "null", "null", "truth"]
    assert kinds[RECORDINGS[1]] == ["model", "floor", "null", "null", "null"]
    models = table[table["kind"] == "model"]
    assert (models["runs"] == 2).all() and (models["updates"] == 20).all()
    assert np.isfinite(models[["PE", "lyapunov_max"]].to_numpy(float)).all()
    (truth,) = table.loc[table["kind"] == "truth", "lyapunov_max"]
    assert truth == pytest.approx(0.906, rel=0.03)
    assert len(read_table(project.folder / "results/tiny/benchmark_runs.tsv")) == 4


def test_the_splits_and_copies_are_those_asked_for(compared):
    import xarray as xr

    folder = compared[0].folder / "results/tiny"
    with xr.open_dataset(folder / RECORDINGS[0] / "series.nc") as series:
        assert series["channel"].values.tolist() == ["x", "x(t-17)"]
        test = series["time"].values[series["split"].values == 2]
        assert test.min() >= 9.0 + 0.17 - 1e-9 and test.max() == pytest.approx(12.99)
        assert series["time"].values[series["split"].values == 0].max() < 9.0 * 0.85
    with xr.open_dataset(folder / RECORDINGS[1] / "series.nc") as series:
        assert (series["split"].values == 2).sum() > 350


def test_changed_arrays_run_their_branch(compared):
    project, _ = compared
    assert {rule for rule, _ in project.planned("benchmark")} <= {"benchmark"}
    changed = np.load(project.folder / "arrays/test.npy")[::-1]
    np.save(project.folder / "arrays/test.npy", changed)
    jobs = project.planned("benchmark")
    assert ("ingest_recording", RECORDINGS[1]) in jobs
    assert not any(recording == RECORDINGS[0] for _, recording in jobs)
