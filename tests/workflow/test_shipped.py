"""Every configuration that is shipped can be planned from an empty folder."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.stem)
def test_a_shipped_configuration_is_planned_to_the_report(path, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--snakefile", ROOT / "Snakefile",
         "--directory", tmp_path, "--configfile", path, "--cores", "2"],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "write_report" in run.stdout + run.stderr
