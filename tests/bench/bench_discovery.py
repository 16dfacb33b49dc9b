"""Cost of discovery: a BIDS tree of many subjects with companions, sessions and scans.

For each number of subjects: files, recordings, and for `snakemake --dry-run discover` (the first
time, when contents are hashed, and the second) and `snakemake discover` wall and CPU seconds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from project import Project

KINDS = ("eeg.vhdr", "eeg.eeg", "eeg.vmrk", "eeg.json", "channels.tsv", "events.tsv")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def build(folder: Path, subjects: int) -> Project:
    """Two sessions of two tasks each; the files hold next to nothing."""
    project = Project(folder)
    root = project.data
    labels = [f"sub-{number:04d}" for number in range(1, subjects + 1)]
    rows = "".join(f"{label}\t{'ab'[i % 2]}\n" for i, label in enumerate(labels))
    write(root / "participants.tsv", "participant_id\tgroup\n" + rows)
    for task in ("rest", "go"):
        write(root / f"task-{task}_eeg.json", '{"SamplingFrequency": 100}')
    for label in labels:
        write(root / label / f"{label}_sessions.tsv", "session_id\tdrug\nses-1\tno\nses-2\tyes\n")
        for session in ("ses-1", "ses-2"):
            scans = "filename\tacq_time\n"
            for task in ("rest", "go"):
                stem = f"{label}_{session}_task-{task}"
                scans += f"eeg/{stem}_eeg.vhdr\t2020-01-01T00:00:00\n"
                for kind in KINDS:
                    text = "{}" if kind.endswith("json") else f"{stem} {kind}\n"
                    write(root / label / session / "eeg" / f"{stem}_{kind}", text)
            write(root / label / session / f"{label}_{session}_scans.tsv", scans)
    project.copy_workflow()
    project.configure(lambda config: None)
    return project


def seconds(project: Project, *arguments: str) -> str:
    """Wall and CPU seconds of one call of Snakemake."""
    started, before = time.perf_counter(), os.times()
    subprocess.run(project.command(*arguments), cwd=project.folder, check=True, capture_output=True)
    after = os.times()
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    return f"{time.perf_counter() - started:.1f}\t{cpu:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, nargs="+", default=[10, 100, 1000])
    print("subjects\tfiles\trecordings\tfirst dry run\tCPU\tsecond\tCPU\tdiscover\tCPU")
    for subjects in parser.parse_args().subjects:
        with tempfile.TemporaryDirectory() as folder:
            project = build(Path(folder), subjects)
            files = sum(path.is_file() for path in project.data.rglob("*"))
            spent = [
                seconds(project, "--dry-run", "discover"),
                seconds(project, "--dry-run", "discover"),
                seconds(project, "discover"),
            ]
            table = (Path(folder) / "results/study/cohort.tsv").read_text().splitlines()
        print(subjects, files, len(table) - 1, *spent, sep="\t", flush=True)


if __name__ == "__main__":
    main()
