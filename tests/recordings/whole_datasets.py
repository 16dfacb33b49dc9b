"""Small datasets in good order, for tests to break: one good participant and one to be broken."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from neurodsr.errors import RecordingError
from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.discovery import discover, list_files
from neurodsr.recordings.discovery.arrays import sidecar_sources
from neurodsr.recordings.discovery.phenotype import phenotype_tables, repeated_participants

SAMPLES = np.random.default_rng(3).standard_normal((200, 2))
ROWS = "left\tright\n" + "".join(f"{a:.6f}\t{b:.6f}\n" for a, b in SAMPLES)


class Study:
    """A dataset of two participants, ``good`` and ``bad``, read as the workflow reads it."""

    def __init__(self, root: Path, format: str, settings):
        self.root, self.format, self.settings = root, format, settings
        root.mkdir()

    def write(self, path, content):
        """A file of text, bytes, JSON or, where the name ends so, compressed text."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_symlink() or place.exists():
            place.unlink()
        if isinstance(content, dict | list):
            content = json.dumps(content)
        content = content if isinstance(content, bytes) else content.encode()
        place.write_bytes(gzip.compress(content) if place.suffix == ".gz" else content)

    def link(self, path, target):
        (self.root / path).unlink()
        (self.root / path).symlink_to(target)

    def twins(self, path, content):
        """The same file for both participants."""
        for who in ("good", "bad"):
            text = content.replace("{who}", who) if isinstance(content, str) else content
            self.write(path.replace("{who}", who), text)

    def sources(self):
        listing = list_files(self.root)
        if self.format == "arrays":
            return sidecar_sources("lab", self.root, listing.files), listing.blocked
        diaries = {
            path: repeated_participants(self.root / path)
            for path in phenotype_tables(listing.files)
        }
        return discover("lab", self.format, listing.files, diaries=diaries), listing.blocked

    def read(self):
        """By participant the recording, or the reason why there is none."""
        sources, blocked = self.sources()
        return {source.entities["sub"]: self.attempt(source, blocked) for source in sources}

    def attempt(self, source, blocked):
        try:
            for file in source.files:
                if file in blocked:
                    raise RecordingError(f"{file}: file: {blocked[file]}")
            return self.open(source)
        except RecordingError as error:
            return str(error)

    def open(self, source):
        if source.format == "nwb":
            from neurodsr.recordings.nwb import read_nwb

            return read_nwb([self.root / file for file in source.files], self.settings)
        if source.format == "arrays":
            from neurodsr.recordings.arrays.read import read_arrays

            return read_arrays(self.root, source.described, self.settings, source.files)
        if source.format == "phenotype":
            from neurodsr.recordings.tabular.behaviour import read_phenotype

            who = source.described["participant"]
            return read_phenotype(self.root, source.files, who, self.settings)
        return read_bids(self.root, source.files, self.settings)


SERIES = "sub-{who}/func/sub-{who}_task-rest_timeseries"
PHYSIO = "sub-{who}/func/sub-{who}_task-rest_physio"
EEG = "sub-{who}/eeg/sub-{who}_task-rest"
BEH = "sub-{who}/beh/sub-{who}_task-go_beh"
EVENTS = "sub-{who}/func/sub-{who}_task-go_events"
BOLD = "sub-{who}/func/sub-{who}_task-rest_space-MNI_desc-preproc_bold"
NWB = "sub-{who}/sub-{who}.nwb"


def series(study):
    study.twins(SERIES + ".tsv", ROWS)
    study.twins(SERIES + ".json", {"RepetitionTime": 2.0})


def physio(study):
    study.twins(PHYSIO + ".tsv.gz", ROWS.split("\n", 1)[1])
    fields = {"SamplingFrequency": 50, "StartTime": 0, "Columns": ["cardiac", "respiratory"]}
    study.twins(PHYSIO + ".json", fields)


HEADER = """Brain Vision Data Exchange Header File Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile=sub-{who}_task-rest_eeg.eeg
MarkerFile=sub-{who}_task-rest_eeg.vmrk
DataFormat=BINARY
DataOrientation=MULTIPLEXED
NumberOfChannels=2
SamplingInterval=10000

[Binary Infos]
BinaryFormat=IEEE_FLOAT_32

[Channel Infos]
Ch1=Fz,,1,µV
Ch2=Cz,,1,µV
"""
MARKERS = """Brain Vision Data Exchange Marker File, Version 1.0

[Common Infos]
Codepage=UTF-8
DataFile=sub-{who}_task-rest_eeg.eeg

[Marker Infos]
Mk1=New Segment,,1,1,0
"""


def eeg(study):
    study.twins(EEG + "_eeg.vhdr", HEADER)
    study.twins(EEG + "_eeg.vmrk", MARKERS)
    study.twins(EEG + "_eeg.eeg", SAMPLES.astype("<f4").tobytes())
    fields = {"SamplingFrequency": 100, "TaskName": "rest", "PowerLineFrequency": 50}
    study.twins(EEG + "_eeg.json", {**fields, "EEGReference": "n/a"})
    study.twins(EEG + "_channels.tsv", "name\ttype\tunits\nFz\tEEG\tuV\nCz\tEEG\tuV\n")


def behaviour(study):
    rows = "".join(f"{i}\t{i % 5}\t{'lo' if i % 2 else 'hi'}\n" for i in range(40))
    study.twins(BEH + ".tsv", "time\tscore\tchoice\n" + rows)
    study.twins(BEH + ".json", {"choice": {"Levels": {"lo": "low", "hi": "high"}}})


def events(study):
    rows = "".join(f"{2 * i}\t1\t{'go' if i % 3 else 'stop'}\n" for i in range(30))
    study.twins(EVENTS + ".tsv", "onset\tduration\ttrial_type\n" + rows)


def diary(study):
    days = range(1, 15)
    rows = [f"sub-{who}\t2024-05-{d:02d}\t{d % 4}" for who in ("good", "bad") for d in days]
    study.write("phenotype/ema.tsv", "participant_id\tdate\tmood\n" + "\n".join(rows) + "\n")


def bold(study):
    import nibabel

    data = np.random.default_rng(1).standard_normal((3, 3, 2, 40)).astype("f4")
    image = nibabel.Nifti1Image(data, np.eye(4))
    image.header.set_zooms((1, 1, 1, 2.0))
    atlas = nibabel.Nifti1Image(np.arange(1, 19, dtype="i2").reshape(3, 3, 2), np.eye(4))
    nibabel.save(atlas, study.root / "atlas.nii.gz")
    study.settings = {
        **study.settings,
        "atlas": {"image": str(study.root / "atlas.nii.gz"), "labels": None},
    }
    study.twins(BOLD + ".json", {"RepetitionTime": 2.0})
    for who in ("good", "bad"):
        nibabel.save(image, study.root / (BOLD.replace("{who}", who) + ".nii.gz"))
    confounds = "csf\ttrans_x\n" + "".join(f"{i % 7}\t{i % 5}\n" for i in range(40))
    study.twins("sub-{who}/func/sub-{who}_task-rest_desc-confounds_timeseries.tsv", confounds)


def nwb_content(who):
    from pynwb import NWBFile, TimeSeries
    from pynwb.file import Subject

    content = NWBFile("test", who, datetime(2020, 1, 1, tzinfo=UTC))
    content.subject = Subject(subject_id=who, age="", species="")
    content.add_acquisition(TimeSeries(name="lfp", data=SAMPLES, unit="V", rate=100.0))
    stamps = np.arange(200) * 0.01 + 2e6
    content.add_acquisition(TimeSeries(name="speed", data=SAMPLES, unit="1", timestamps=stamps))
    content.add_unit(spike_times=[0.1, 0.2, 1.9])
    return content


_WRITTEN = {}


def nwb(study):
    """Both participants; the file is made once, then copied."""
    from pynwb import NWBHDF5IO

    if not _WRITTEN:
        path = study.root / "whole.nwb"
        with NWBHDF5IO(str(path), "w") as io:
            io.write(nwb_content("good"))
        _WRITTEN["nwb"] = path.read_bytes()
        path.unlink()
    study.twins(NWB, _WRITTEN["nwb"])


def arrays(study):
    for who in ("good", "bad"):
        np.save(study.root / f"{who}.npy", SAMPLES)
        study.write(f"{who}.json", {"sampling_interval": 0.01, "subject": who})


def table(study):
    study.twins("{who}.csv", "time,a\n" + "".join(f"{i / 10},{i % 7}\n" for i in range(50)))
