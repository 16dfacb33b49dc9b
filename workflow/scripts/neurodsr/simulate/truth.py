"""The files of a simulated dataset as a whole, among them what is known of each participant."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr.files import write_text
from neurodsr.recordings.write_bids import BIDS_VERSION, as_json
from neurodsr.simulate.generators import generator
from neurodsr.tables import write_table

LICENCE = "CC0"


def write_dataset_files(
    root: Path,
    name: str,
    format: str,
    spec: Mapping[str, Any],
    participants: Sequence[tuple[str, str]],
    seed: int,
) -> pd.DataFrame:
    """Write the files of a simulated dataset that belong to no single participant.

    Parameters
    ----------
    root
        Of the dataset.
    name
        Of the dataset.
    format
        ``"nwb"`` or ``"bids"``.
    spec
        Valid by ``simulate.schema.yaml``, with defaults.
    participants
        Label and group of each.
    seed
        Of the study.

    Returns
    -------
    truth
        One row a participant.
    """
    from neurodsr import __version__

    truth, dictionary = generator(spec).truth(spec, participants, seed)
    write_table(root / "truth.tsv", truth, dictionary)
    write_table(
        root / "participants.tsv",
        truth[["participant_id", "group"]].assign(age=None, sex=None, species=None),
        {
            "participant_id": {"Description": "Label of the participant"},
            "group": {"Description": "Group of the participant"},
            "age": {"Description": "Age; simulated participants have none", "Units": "year"},
            "sex": {"Description": "Sex; simulated participants have none"},
            "species": {"Description": "Species; simulated participants have none"},
        },
    )
    description = {
        "Name": f"{name}: simulated {spec['system']}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "License": LICENCE,
        "GeneratedBy": [{"Name": "neurodsr", "Version": __version__}],
    }
    write_text(root / "dataset_description.json", as_json(description))
    if format == "bids":
        write_text(root / ".bidsignore", "truth.*\n")
        write_text(
            root / "README",
            f"{description['Name']}.\nNot measured: every signal is computed, seed {seed}. "
            "truth.tsv holds what is known of each participant.\n",
        )
    return truth
