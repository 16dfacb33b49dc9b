"""Writing of BIDS datasets: their description, and EEG in the format of BrainVision."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from neurodsr.files import write_text
from neurodsr.recordings.conversion.layout import EEG_ENDINGS

BIDS_VERSION = "1.9.0"


def write_description(root: Path, settings: Mapping[str, Any], kind: str) -> None:
    """Write ``dataset_description.json``.

    Parameters
    ----------
    root
        Of the dataset.
    settings
        ``name``, ``licence``, ``citation`` and ``source`` (where the data are from).
    kind
        ``"raw"`` or ``"derivative"``.
    """
    from neurodsr import __version__

    description = {
        "Name": settings["name"],
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": kind,
        "License": settings["licence"],
        "HowToAcknowledge": settings["citation"],
        "GeneratedBy": [{"Name": "neurodsr", "Version": __version__}],
        "SourceDatasets": [{"Version": settings["source"]}],
    }
    write_text(root / "dataset_description.json", as_json(description))


def write_eeg(
    root: Path,
    signal: npt.NDArray[np.float64],
    sampling_rate: float,
    channels: Sequence[str],
    participant: str,
    task: str,
    *,
    types: Mapping[str, str] | None = None,
    sidecar: Mapping[str, Any] | None = None,
) -> None:
    """Write one recording as BIDS EEG (BrainVision) with sidecar and channel table.

    Parameters
    ----------
    root
        Of the dataset.
    signal
        Shape (time, channel), in volt.
    sampling_rate
        In Hz.
    channels
        Names of the channels.
    participant, task
        BIDS labels, letters and digits.
    types
        BIDS types of the channels that are none of EEG, by their names.
    sidecar
        Fields of the JSON sidecar that the samples do not tell.
    """
    import mne
    import mne_bids

    info = mne.create_info(list(channels), sampling_rate, "eeg")
    info["line_freq"] = 50.0
    raw = mne.io.RawArray(np.asarray(signal, dtype=np.float64).T, info, verbose="error")
    subject = Path(f"sub-{participant}") / "eeg"
    stem = f"sub-{participant}_task-{task}"
    folder = root / subject
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".writing-") as temporary:
        mne_bids.write_raw_bids(
            raw,
            mne_bids.BIDSPath(subject=participant, task=task, datatype="eeg", root=temporary),
            format="BrainVision",
            allow_preload=True,
            overwrite=True,
            verbose="error",
        )
        written = Path(temporary) / subject
        _retype(written / f"{stem}_channels.tsv", types or {})
        _describe(written / f"{stem}_eeg.json", types or {}, sidecar or {})
        for ending in EEG_ENDINGS:
            (written / f"{stem}{ending}").replace(folder / f"{stem}{ending}")


def as_json(content: Mapping[str, Any]) -> str:
    """JSON as BIDS datasets have it: indented, readable letters."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _retype(path: Path, types: Mapping[str, str]) -> None:
    """Give channels another type in their table."""
    header, *rows = (line.split("\t") for line in path.read_text("utf-8-sig").splitlines())
    name, kind, words = (header.index(column) for column in ("name", "type", "description"))
    for row in rows:
        if row[name] in types:
            row[kind] = types[row[name]]
            row[words] = "n/a"
    write_text(path, "".join("\t".join(row) + "\n" for row in [header, *rows]))


def _describe(path: Path, types: Mapping[str, str], sidecar: Mapping[str, Any]) -> None:
    """Correct the counts of channels in a sidecar and add fields."""
    fields = json.loads(path.read_text("utf-8-sig"))
    others = list(types.values())
    fields["EEGChannelCount"] -= len(others)
    for kind in {"ECG", "EOG", "EMG", "MISC"} & set(others):
        fields[f"{kind}ChannelCount"] = others.count(kind)
    write_text(path, as_json(fields | dict(sidecar)))
