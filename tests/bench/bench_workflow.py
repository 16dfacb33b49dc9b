"""Cost of scale: time and memory of a dry run over many recordings and two models."""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from project import MODEL, Project


def build(folder: Path, subjects: int) -> Project:
    """A project of that many subjects whose raw files hold next to nothing."""
    project = Project(folder)
    names = {f"{number:04d}": "control" for number in range(1, subjects + 1)}
    for name in names:
        path = project.data / f"sub-{name}/func/sub-{name}_task-rest_timeseries.tsv"
        path.parent.mkdir(parents=True)
        path.write_text("left\tright\n")
    project.copy_workflow()
    project.describe()

    def two_models(config):
        config["models"] = {"first": dict(MODEL), "second": {**MODEL, "hidden": 5}}
        config["cohorts"]["study"]["models"] = ["first", "second"]

    project.configure(two_models)
    return project


def measure(project: Project) -> tuple[float, float, str]:
    """Wall seconds, peak memory in MiB and the number of jobs of one dry run."""
    started = time.perf_counter()
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        os.chdir(project.folder)
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.close(read)
        command = project.command("--dry-run", "--quiet", "rules")
        os.execv(command[0], command)
    os.close(write)
    with os.fdopen(read) as output:
        text = output.read()
    _, status, usage = os.wait4(process, 0)
    assert status == 0, text[-3000:]
    jobs = next(line.split()[1] for line in text.splitlines() if line.startswith("total"))
    return time.perf_counter() - started, usage.ru_maxrss / 1024, jobs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, nargs="+", default=[10, 100, 1000])
    print("recordings\tjobs\twall s\tpeak MiB")
    for subjects in parser.parse_args().subjects:
        with tempfile.TemporaryDirectory() as folder:
            seconds, memory, jobs = measure(build(Path(folder), subjects))
        print(f"{subjects}\t{jobs}\t{seconds:.1f}\t{memory:.0f}", flush=True)


if __name__ == "__main__":
    main()
