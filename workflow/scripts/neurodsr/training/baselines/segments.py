"""Training data as stretches without missing values, and resampled ones."""

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.preprocess.stretches import Stretch, stretches

BLOCKS = 20


def training_stretches(series: xr.Dataset, minimum: int) -> list[Stretch]:
    """Stretches of the train split with at least so many samples.

    Raises
    ------
    RecordingError
        When there is none.
    """
    found = stretches(series, "train", minimum)
    if not found:
        raise RecordingError(
            f"series: observation: the train split has no {minimum} samples in a row without "
            "missing values; leave this model out, lower its warm_up where it has one, or leave "
            "out channels that are mostly missing"
        )
    return found


def bootstrap(parts: list[Stretch], run: int, seed: int, shortest: int) -> list[Stretch]:
    """The stretches themselves for run 0, for each later run as many blocks drawn from them.

    A method that computes one answer from the data has no seeds to differ by: its runs show how
    the answer depends on the sample instead (block bootstrap, Künsch 1989).

    Parameters
    ----------
    parts
        Stretches.
    run, seed
        Determine the draw.
    shortest
        Blocks are at least that long, and as long as a twentieth of the data.
    """
    if run == 0:
        return parts
    length = max(shortest, sum(len(part) for part in parts) // BLOCKS)
    blocks = [
        Stretch(part.x[first:last], None if part.s is None else part.s[first:last])
        for part in parts
        for first, last in _cuts(len(part), length)
    ]
    rng = np.random.default_rng((seed, run))
    return [blocks[i] for i in rng.integers(len(blocks), size=len(blocks))]


def _cuts(total: int, length: int) -> list[tuple[int, int]]:
    borders = np.linspace(0, total, max(1, total // length) + 1).astype(int)
    return list(zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True))
