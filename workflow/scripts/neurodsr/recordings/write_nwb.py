"""Writing of NWB files."""

import datetime
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
from pynwb import NWBHDF5IO, NWBFile
from pynwb.ecephys import ElectricalSeries
from pynwb.file import Subject

from neurodsr.files import replacing

NAMESPACE = uuid.UUID("1b6d7c1e-52a2-5c0f-9d0c-0d2f6a7e3c55")


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
        What is known of the subject, e.g. ``{"age": "P90D", "species": "Mus musculus"}``; sex is
        ``"U"`` and species ``"unknown"`` when not given.
    splits
        Start and stop (s) of stretches with the split each is meant for; they become trials with
        the column ``split``.
    """
    identifier = str(uuid.uuid5(NAMESPACE, f"{participant} {start.isoformat()} {path.name}"))
    nwb = NWBFile(
        session_description=session_description,
        identifier=identifier,
        session_start_time=start,
        file_create_date=start,
        session_id=path.stem,
        lab=lab,
        institution=lab,
        experimenter=[lab],
        experiment_description=session_description,
        keywords=["electrophysiology"],
        subject=Subject(
            subject_id=participant, **{"sex": "U", "species": "unknown", **(subject or {})}
        ),
    )
    device = nwb.create_device(name="amplifier", description=lab)
    group = nwb.create_electrode_group(
        name="electrodes", description="one electrode a channel", location=region, device=device
    )
    nwb.add_electrode_column(name="channel_name", description="name of the channel")
    for channel in channels:
        nwb.add_electrode(group=group, location=region, channel_name=channel)
    electrodes = nwb.create_electrode_table_region(
        region=list(range(len(channels))), description="all channels"
    )
    nwb.add_acquisition(
        ElectricalSeries(
            name="ElectricalSeries",
            description=session_description,
            data=np.asarray(signal, dtype=np.float64),
            electrodes=electrodes,
            rate=float(sampling_rate),
            starting_time=0.0,
        )
    )
    if splits:
        nwb.add_trial_column(name="split", description="train, validation or test")
    for first, last, split in splits:
        nwb.add_trial(start_time=first, stop_time=last, split=split)
    with replacing(path) as part:
        with NWBHDF5IO(part, "w") as io:
            io.write(nwb)
        derive_object_ids(part, identifier)


def derive_object_ids(name: Path, identifier: str) -> None:
    """Replace the random object identifiers of a file by ones told from its identifier."""

    def derive(where: str, node: h5py.HLObject) -> None:
        if "object_id" in node.attrs:
            derived = uuid.uuid5(NAMESPACE, f"{identifier} {where}")
            node.attrs.modify("object_id", str(derived))

    with h5py.File(name, "r+") as file:
        derive("/", file)
        file.visititems(derive)
