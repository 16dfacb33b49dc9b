"""What a simulation hands to a writer of files, whatever it simulates."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Interval(NamedTuple):
    """A stretch of a recording (s) and the split it is meant for."""

    start: float
    stop: float
    split: str


@dataclass(frozen=True)
class Record:
    """A simulated recording.

    Attributes
    ----------
    signal : (time, channel)
        In volt.
    sampling_rate
        In Hz.
    channels
        Their names.
    description
        Of what was simulated.
    splits
        Stretches for training, validation and test, where these are laid down beforehand.
    """

    signal: npt.NDArray[np.float64]
    sampling_rate: float
    channels: Sequence[str]
    description: str
    splits: Sequence[Interval] = ()


def subject_rng(seed: int, participant: str, purpose: str) -> np.random.Generator:
    """Random numbers of one participant that no other participant or purpose shares."""
    digest = hashlib.sha256(f"{participant}/{purpose}".encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])
