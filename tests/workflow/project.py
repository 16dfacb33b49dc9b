"""A small project for tests: a copy of the workflow, four subjects, one model."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import yaml

import one_cache

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = {"01": "control", "02": "control", "03": "patient", "04": "patient"}
MODEL = {
    "family": "shallow-plrnn",
    "latent": 2,
    "hidden": 10,
    "runs": 2,
    "epochs": 4,
    "batches_per_epoch": 5,
    "sequence_length": 20,
    "validate_every": 2,
}


def oscillation(frequency, seed, samples=1500, interval=0.05):
    """A noisy limit cycle, seen in two channels."""
    rng = np.random.default_rng(seed)
    z = np.ones(2)
    orbit = np.empty((samples, 2))
    turn = 2 * np.pi * frequency
    for t in range(samples):
        growth = 2.0 * (1 - z @ z)
        z = z + interval * (growth * z + turn * np.array([-z[1], z[0]]))
        z = z + 0.05 * rng.standard_normal(2)
        orbit[t] = z
    return orbit + 0.02 * rng.standard_normal(orbit.shape)


def write_timeseries(path, orbit):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, orbit, delimiter="\t", header="left\tright", comments="", fmt="%.5f")


class Project:
    """A folder with a copy of the workflow, a BIDS dataset and a configuration."""

    environment: ClassVar = {
        "PYTHONPATH": one_cache.FOLDER,
        "NUMBA_CACHE_LOCATOR_CLASSES": one_cache.NAMES,
    }

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "study"
        self.config_path = folder / "config" / "config.yaml"

    def create(self):
        self.copy_workflow()
        for subject in SUBJECTS:
            self.add(subject)
        self.describe()
        self.configure(lambda config: None)
        return self

    def copy_workflow(self):
        shutil.copy(ROOT / "Snakefile", self.folder)
        for name in ("workflow", "envs", "profiles"):
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, self.folder / name, ignore=skip)

    def add(self, subject):
        name = f"sub-{subject}/func/sub-{subject}_task-rest_timeseries.tsv"
        write_timeseries(self.data / name, oscillation(0.5, int(subject)))

    def describe(self):
        (self.data / "dataset_description.json").write_text(
            json.dumps({"Name": "test", "BIDSVersion": "1.10.0", "DatasetType": "derivative"})
        )
        (self.data / "task-rest_timeseries.json").write_text(json.dumps({"RepetitionTime": 0.05}))
        rows = "".join(f"sub-{s}\t{SUBJECTS.get(s, 'control')}\n" for s in self.subjects())
        (self.data / "participants.tsv").write_text("participant_id\tgroup\n" + rows)

    def subjects(self):
        return sorted(path.name.removeprefix("sub-") for path in self.data.glob("sub-*"))

    def configure(self, change):
        """Write the configuration after a change to the standard one."""
        config = {
            "datasets": {"study": {"format": "bids", "path": "study"}},
            "models": {"small": dict(MODEL)},
            "cohorts": {"study": {"title": "Test", "datasets": ["study"], "models": ["small"]}},
        }
        change(config)
        self.config_path.parent.mkdir(exist_ok=True)
        self.config_path.write_text(yaml.safe_dump(config))

    def command(self, *arguments):
        return [
            sys.executable, "-m", "snakemake",
            "--configfile", "config/config.yaml", "--cores", "2", *arguments,
        ]  # fmt: skip

    def snakemake(self, *arguments, check=True):
        """Run Snakemake and return what it printed."""
        run = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | self.environment,
        )
        if check:
            assert run.returncode == 0, run.stdout
        return run.stdout

    def planned(self, *arguments):
        """Jobs of a dry run: (rule, recording or model or "")."""
        text = self.snakemake("--dry-run", *arguments)
        jobs = set()
        for block in re.split(r"\n(?:local)?(?:rule|checkpoint) ", "\n" + text)[1:]:
            rule = block.split(":")[0]
            found = re.search(r"wildcards: (.*)", block)
            wildcards = dict(w.split("=", 1) for w in found[1].split(", ")) if found else {}
            jobs.add((rule, wildcards.get("recording", "")))
        return jobs
