"""A training killed by SIGKILL is resumed: no loss, no half-written output."""

import os
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest
import xarray as xr

FIT = "results/study/sub-01_task-rest/models/small/fit.nc"
CHECKPOINT = "results/study/sub-01_task-rest/models/small/.checkpoint.nc"


def long_training(config):
    config["models"]["small"] |= {"epochs": 400, "batches_per_epoch": 20, "checkpoint_every": 10}


def numbers(path):
    with xr.open_dataset(path) as fit:
        return {n: v.values for n, v in fit.load().data_vars.items() if v.dtype.kind == "f"}


def scripts_of(run):
    """Processes of the scripts that a running Snakemake has started."""
    children = psutil.Process(run.pid).children(recursive=True)
    return [child for child in children if ".snakemake/scripts" in " ".join(child.cmdline())]


@pytest.mark.parametrize("killed", ["the job", "everything"])
def test_a_killed_training_resumes_to_the_same_result(project, killed):
    project.configure(long_training)
    (project.folder / FIT).unlink()
    log = project.folder / "results/study/sub-01_task-rest/logs/train_small.log"
    run = subprocess.Popen(
        project.command(FIT),
        cwd=project.folder,
        env=os.environ | project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (project.folder / CHECKPOINT).exists():
        assert run.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.05)
    if killed == "everything":
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        project.snakemake("--unlock")
    else:
        (script,) = scripts_of(run)
        script.kill()
        assert run.wait(timeout=60) != 0
    assert not (project.folder / FIT).exists()
    assert (project.folder / CHECKPOINT).exists()

    project.snakemake(FIT)
    assert "resum" in log.read_text().lower()
    assert not (project.folder / CHECKPOINT).exists()
    resumed = numbers(project.folder / FIT)

    (project.folder / FIT).unlink()
    project.snakemake(FIT)
    assert "resum" not in log.read_text().lower()
    uninterrupted = numbers(project.folder / FIT)
    assert resumed.keys() == uninterrupted.keys()
    for name, values in resumed.items():
        np.testing.assert_array_equal(values, uninterrupted[name], err_msg=name)
