"""Which channels are tested, and their stretches without missing values."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess.stretches import slices

Array = NDArray[np.float64]

TIE = 1e-3
MOST_TIES = 0.05


def leading_channels(series: xr.Dataset) -> list[int]:
    """Channels of the largest original variance in each modality, modalities in turn."""
    scale = series["scale"].values
    modality = series["modality"].values.astype(str)
    rank = np.empty(len(scale), dtype=int)
    for name in np.unique(modality):
        members = np.flatnonzero(modality == name)
        rank[members[np.argsort(-scale[members], kind="stable")]] = np.arange(len(members))
    return [int(c) for c in np.argsort(rank, kind="stable")]


def is_graded(train: list[Array], channel: int) -> bool:
    """Whether no single value makes up more than 5 % of a channel, to a thousandth of its sd.

    Surrogates take their values in the order of a Gaussian process, and equal values have none: the
    silences of sparse spikes are recognised at once, however random the spikes.
    """
    values = np.concatenate([piece[:, channel] for piece in train])
    values = values[np.isfinite(values)]
    if values.size == 0 or values.std() == 0:
        return False
    common = np.unique(np.round(values / (TIE * values.std())), return_counts=True)[1].max()
    return bool(common <= MOST_TIES * len(values))


def finite_stretches(pieces: list[Array]) -> list[Array]:
    """Split one channel's pieces at missing values."""
    stretches = []
    for piece in pieces:
        present = np.isfinite(piece)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(int)))
        stretches += [piece[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return stretches


def first_samples(pieces: Sequence[Array], samples: int) -> list[Array]:
    """The first so many samples of all pieces together."""
    kept, left = [], samples
    for piece in pieces:
        if left > 0:
            kept.append(piece[:left])
            left -= len(kept[-1])
    return kept


def longest_stretch(train: list[Array], channels: list[int]) -> Array:
    """Longest contiguous stretch ``(time, channel)`` in which none of the channels is missing."""
    best = train[0][:0, channels]
    for piece in train:
        part = piece[:, channels]
        present = np.isfinite(part).all(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], present, [False]]).astype(int)))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            if b - a > len(best):
                best = part[a:b]
    return best


def unreduced(series: xr.Dataset) -> list[Array] | None:
    """Training stretches of the channels before a reduction, where preprocessing kept them."""
    if "unreduced" not in series:
        return None
    values = series["unreduced"].transpose("time", "channel_full").values
    return [values[where] for where in slices(series, "train")]
