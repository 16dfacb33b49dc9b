"""A BIDS dataset that a test fills, and writers of the files that it may hold."""

import gzip
import json

import numpy as np
import pytest

from neurodsr.recordings.bids import read_bids
from neurodsr.recordings.discovery import dataset_files, discover


class Study:
    """A dataset in a temporary folder."""

    def __init__(self, root, read_settings):
        self.root = root
        self.read_settings = read_settings

    def write(self, path, content):
        """Write a file; mappings become JSON, ``.gz`` is compressed."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        content = content if isinstance(content, bytes) else content.encode()
        place.write_bytes(gzip.compress(content) if place.suffix == ".gz" else content)
        return place

    def sources(self):
        return discover("lab", "bids", dataset_files(self.root))

    def read(self, **settings):
        """The only recording of the dataset."""
        (source,) = self.sources()
        return read_bids(self.root, source.files, self.read_settings(**settings))

    def read_one(self, source, channels=".*", query="", resample=None, **settings):
        """One modality of it."""
        options = {"source": source, "channels": channels, "query": query, "resample": resample}
        return self.read(modalities={"it": options}, **settings)["it"]


@pytest.fixture
def study(tmp_path, read_settings):
    return Study(tmp_path / "study", read_settings)


def write_edf(path, signal, rate, labels, units="uV", kind="EDF", onsets=None):
    """EDF (16 bit) or BDF (24 bit) of one-second records; `signal` (time, channel) in digits.

    With the `onsets` of its records (s) it is an interrupted EDF+D or BDF+D file.
    """
    digits = np.asarray(signal, dtype=int)
    records, count = len(digits) // rate, digits.shape[1]
    size, low, high = (2, -32768, 32767) if kind == "EDF" else (3, -8388608, 8388607)
    units = [units] * count if isinstance(units, str) else list(units)
    labels, samples = list(labels), [rate] * count
    if onsets is not None:
        labels, units, samples = [*labels, f"{kind} Annotations"], [*units, ""], [*samples, 20]

    def field(value, width):
        return str(value).ljust(width)[:width].encode("ascii")

    every = len(labels)
    version = field("0", 8) if kind == "EDF" else b"\xffBIOSEMI"
    head = version + field("X X X X", 80) + field("Startdate X X X X", 80)
    head += field("01.01.00", 8) + field("00.00.00", 8) + field(256 * (every + 1), 8)
    head += field("" if onsets is None else f"{kind}+D", 44)
    head += field(records, 8) + field(1, 8) + field(every, 4)
    head += b"".join(field(label, 16) for label in labels) + b" " * 80 * every
    head += b"".join(field(unit, 8) for unit in units)
    head += (field(low, 8) * every + field(high, 8) * every) * 2  # one unit a digit
    head += b" " * 80 * every + b"".join(field(n, 8) for n in samples) + b" " * 32 * every
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(head)
        for record in range(records):
            block = digits[record * rate : (record + 1) * rate].T.ravel().astype("<i4")
            stream.write(block.view(np.uint8).reshape(-1, 4)[:, :size].tobytes())
            if onsets is not None:
                mark = f"+{onsets[record]:g}\x14\x14\x00".encode()
                stream.write(mark.ljust(20 * size, b"\x00"))


@pytest.fixture(scope="session")
def edf():
    return write_edf
