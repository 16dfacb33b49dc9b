"""What is known of a simulated cohort: its truth table and the files of the dataset."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from neurodsr.files import write_text
from neurodsr.recordings.write_bids import BIDS_VERSION, as_json
from neurodsr.simulate.cohort import VOLTS_PER_ACTIVITY, subject_parameters
from neurodsr.simulate.wilson_cowan import eigenvalues, fixed_points, limit_cycle
from neurodsr.tables import write_table

LICENCE = "CC0"

TRUTH_DICTIONARY: dict[str, dict[str, Any]] = {
    "participant_id": {"Description": "Label of the participant"},
    "group": {"Description": "Group of the participant"},
    "drive": {"Description": "External drive P of the excitatory population"},
    "regime": {
        "Description": "What attracts the system without noise",
        "Levels": {"fixed point": "stable fixed point", "limit cycle": "stable limit cycle"},
    },
    "fixed_point_E": {"Description": "Fixed point, channel E", "Units": "V"},
    "fixed_point_I": {"Description": "Fixed point, channel I", "Units": "V"},
    "growth_rate": {
        "Description": "Real part of the leading eigenvalue at the fixed point",
        "Units": "1/s",
    },
    "frequency": {
        "Description": "Imaginary part of the leading eigenvalue over 2 pi",
        "Units": "Hz",
    },
    "eigenvalue_modulus": {
        "Description": "Modulus of the leading eigenvalue over one sampling interval"
    },
    "period": {"Description": "Period of the limit cycle, if there is one", "Units": "s"},
    "amplitude": {
        "Description": "Half of the peak-to-peak range of channel E on the attractor",
        "Units": "V",
    },
}


def subject_truth(
    spec: Mapping[str, Any], group: str, participant: str, seed: int
) -> dict[str, str | float]:
    """What is known of one participant: one row of the truth table (see `TRUTH_DICTIONARY`)."""
    parameters = subject_parameters(spec, group, participant, seed)
    point = fixed_points(parameters)[-1]
    leading = complex(eigenvalues(point, parameters)[0])
    cycle = limit_cycle(parameters)
    return {
        "participant_id": f"sub-{participant}",
        "group": group,
        "drive": parameters.drive,
        "regime": "fixed point" if cycle is None else "limit cycle",
        "fixed_point_E": VOLTS_PER_ACTIVITY * float(point[0]),
        "fixed_point_I": VOLTS_PER_ACTIVITY * float(point[1]),
        "growth_rate": leading.real,
        "frequency": leading.imag / (2.0 * math.pi),
        "eigenvalue_modulus": math.exp(leading.real / spec["sampling_rate"]),
        "period": math.nan if cycle is None else cycle.period,
        "amplitude": 0.0 if cycle is None else VOLTS_PER_ACTIVITY * float(cycle.amplitude[0]),
    }


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
        One row a participant, columns as in `TRUTH_DICTIONARY`.
    """
    from neurodsr import __version__

    truth = pd.DataFrame(
        [subject_truth(spec, group, participant, seed) for participant, group in participants]
    )
    write_table(root / "truth.tsv", truth, TRUTH_DICTIONARY)
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
        "Name": f"{name}: simulated {spec['system']} populations",
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
