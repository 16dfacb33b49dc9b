"""Names that the workflow knows beforehand."""

import subprocess
import sys
from pathlib import Path

from neurodsr.simulate.participants import (
    dataset_files_of,
    simulated_files,
    simulated_participants,
)

SPEC = {"groups": {"control": {"subjects": 2}, "patient": {"subjects": 1}}}


def test_labels_carry_the_dataset_and_are_letters_and_digits():
    assert simulated_participants("wc-nwb", SPEC) == [
        ("wcnwb01", "control"),
        ("wcnwb02", "control"),
        ("wcnwb03", "patient"),
    ]


def test_a_system_without_groups_has_subjects_that_are_alike():
    spec = {"system": "lorenz63", "subjects": 2}
    assert simulated_participants("lorenz63", spec) == [
        ("lorenz63s01", "lorenz63"),
        ("lorenz63s02", "lorenz63"),
    ]


def test_files_of_both_formats():
    assert simulated_files("a01", "nwb") == ["sub-a01/sub-a01_task-rest.nwb"]
    assert simulated_files("a01", "bids") == [
        "sub-a01/eeg/sub-a01_task-rest_eeg.vhdr",
        "sub-a01/eeg/sub-a01_task-rest_eeg.vmrk",
        "sub-a01/eeg/sub-a01_task-rest_eeg.eeg",
        "sub-a01/eeg/sub-a01_task-rest_eeg.json",
        "sub-a01/eeg/sub-a01_task-rest_channels.tsv",
    ]
    assert {"participants.tsv", "truth.tsv"} <= set(dataset_files_of("nwb"))
    assert ".bidsignore" in dataset_files_of("bids")


def test_only_the_standard_library_is_imported():
    scripts = Path(__file__).parents[2] / "workflow" / "scripts"
    code = (
        "import sys; import neurodsr.simulate.participants, neurodsr.recordings.conversion.layout;"
        "import neurodsr.recordings.retrieval;"
        "print({'numpy', 'pandas', 'xarray'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=scripts, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
