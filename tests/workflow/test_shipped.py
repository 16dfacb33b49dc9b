"""Every configuration that is shipped can be planned from an empty folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def require_data(path):
    if "$NEURODSR_TEST_DATA" in path.read_text() and not os.environ.get("NEURODSR_TEST_DATA"):
        pytest.skip("NEURODSR_TEST_DATA is not set: the files of this configuration are not here")


def planned(path, folder, *targets):
    """What a dry run of a configuration in an empty folder prints."""
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", *targets, "--dry-run", "--snakefile",
         ROOT / "Snakefile", "--directory", folder, "--configfile", path, "--cores", "2"],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return run.stdout + run.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_shipped_configuration_is_planned_to_the_report(path, tmp_path):
    require_data(path)
    assert "write_report" in planned(path, tmp_path)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config" / "benchmarks").glob("*.yaml")), ids=lambda p: p.stem
)
def test_a_shipped_benchmark_is_planned_to_its_table(path, tmp_path):
    require_data(path)
    assert "summarise_benchmark" in planned(path, tmp_path, "benchmark")
    config = yaml.safe_load(path.read_text())
    for cohort in config["cohorts"].values():
        simulated = [config["datasets"][name].get("simulate", {}) for name in cohort["datasets"]]
        recordings = sum(one.get("subjects", 1) for one in simulated)
        runs = [recordings * config["models"][name]["runs"] for name in cohort["models"]]
        assert min(runs) >= 20
