"""A training killed by SIGKILL is resumed: no loss, no half-written output."""

import os
import signal
import subprocess
import time

import numpy as np
import xarray as xr

FIT = "results/study/sub-01_task-rest/models/small/fit.nc"
CHECKPOINT = "results/study/sub-01_task-rest/models/small/.checkpoint.nc"


def long_training(config):
    config["models"]["small"] |= {"epochs": 400, "batches_per_epoch": 20, "checkpoint_every": 20}


def numbers(path):
    with xr.open_dataset(path) as fit:
        return {n: v.values for n, v in fit.load().data_vars.items() if v.dtype.kind == "f"}


def test_a_killed_training_resumes_to_the_same_result(project):
    project.configure(long_training)
    (project.folder / FIT).unlink()
    log = project.folder / "results/study/sub-01_task-rest/logs/train_small.log"
    run = subprocess.Popen(
        project.command(FIT),
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (project.folder / CHECKPOINT).exists():
        assert run.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "no checkpoint appeared"
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
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
