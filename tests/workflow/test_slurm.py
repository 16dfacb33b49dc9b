"""The Slurm profile on a real cluster, where one is running (`sinfo` answers)."""

import re
import shutil
import subprocess

import numpy as np
import pytest
import xarray as xr

from project import Project


def running_cluster():
    if not shutil.which("sinfo"):
        return False
    return subprocess.run(["sinfo", "-h"], capture_output=True, timeout=30).returncode == 0


def has_accounting():
    return subprocess.run(["sacct", "-n"], capture_output=True, timeout=30).returncode == 0


pytestmark = pytest.mark.skipif(
    not running_cluster(), reason="no Slurm cluster answers to sinfo on this machine"
)


def test_the_profile_submits_grouped_jobs_and_gives_the_local_numbers(finished, tmp_path):
    folder = tmp_path / "project"
    skip = shutil.ignore_patterns("results", ".snakemake")
    shutil.copytree(finished.folder, folder, ignore=skip)
    project = Project(folder)
    status = [] if has_accounting() else ["--slurm-status-command", "squeue"]
    text = project.snakemake(
        "--profile", "profiles/slurm", "--jobs", "4", *status,
        "--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2",
        "--latency-wait", "10",
    )  # fmt: skip
    submitted = len(re.findall(r"submitted with SLURM jobid", text))
    recordings = len(project.subjects())
    assert 0 < submitted < 6 * recordings, "jobs of one recording are not grouped"
    assert project.planned() == set()

    compared = 0
    for local in sorted((finished.folder / "results").rglob("*.nc")):
        if local.name == "recording.nc" or local.name.startswith("."):
            continue
        remote = folder / local.relative_to(finished.folder)
        with xr.open_dataset(local) as a, xr.open_dataset(remote) as b:
            for name in a.variables:
                if a[name].dtype.kind in "fiu":
                    np.testing.assert_array_equal(a[name].values, b[name].values, err_msg=name)
                    compared += 1
    assert compared > 100
