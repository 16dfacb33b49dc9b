"""Writing of one electrical recording as an NWB file."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from neurodsr.recordings.nwb.writing import write_recording
from neurodsr.recordings.recording import make_continuous, make_intervals, make_recording

MODALITY = "ElectricalSeries"


def write_nwb(
    path: Path,
    signal: npt.NDArray[np.float64],
    sampling_rate: float,
    channels: Sequence[str],
    participant: str,
    *,
    session_description: str,
    start: datetime.datetime,
    lab: str,
    region: str = "unknown",
    subject: Mapping[str, str] | None = None,
    splits: Sequence[tuple[float, float, str]] = (),
) -> None:
    """Write one electrical recording as an NWB file, or nothing at all.

    The bytes depend on the arguments only: identifiers are derived from them.

    Parameters
    ----------
    path
        Of the file; its folder is made if needed.
    signal
        Shape (time, channel), in volt.
    sampling_rate
        In Hz.
    channels
        Names of the channels, kept in the column ``channel_name`` of the electrode table.
    participant
        Subject identifier.
    session_description
        What was recorded.
    start
        Time at which the recording began, with time zone.
    lab
        Who recorded.
    region
        Anatomical location of the electrodes.
    subject
        What is known of the subject, e.g. ``{"age": "P90D", "species": "Mus musculus"}``; for the
        rest see `nwb.identity`.
    splits
        Start and stop (s) of stretches with the split each is meant for; they become trials with
        the column ``split``.
    """
    series = make_continuous(
        path.name,
        np.arange(len(signal)) / sampling_rate,
        signal,
        channels,
        sampling_rate,
        units="volts",
        description=session_description,
    ).assign_coords(location=("channel", [region] * len(channels)))
    starts, stops, names = zip(*splits, strict=True) if splits else ((), (), ())
    attributes = {
        "recording": path.stem,
        "participant": participant,
        "session_description": session_description,
        "session_start_time": start.isoformat(),
        "experiment_description": session_description,
        **{role: lab for role in ("lab", "institution", "experimenter")},
        "keywords": "electrophysiology",
        **{f"subject_{name}": value for name, value in (subject or {}).items()},
    }
    trials = {"trials": make_intervals(starts, stops, {"split": list(names)})}
    write_recording(path, make_recording({MODALITY: series}, trials, attributes))
