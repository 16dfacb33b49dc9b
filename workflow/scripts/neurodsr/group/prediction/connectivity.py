"""Functional connectivity of recordings, a classical rival of features of the dynamics."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from neurodsr.preprocess.stretches import stretches

CLIP = 1 - 1e-6


def connectivity(series: xr.Dataset) -> dict[tuple[str, str], float]:
    """Fisher's z of the correlation between each two channels in the training part.

    Parameters
    ----------
    series
        Of one recording, from `neurodsr.preprocess.series`.
    """
    pieces = [stretch.x for stretch in stretches(series, "train", 2)]
    names = [str(name) for name in series["channel"].values]
    if not pieces:
        return {}
    x = np.concatenate(pieces)
    spread = np.where(x.std(axis=0) > 0, x.std(axis=0), 1.0)
    z = (x - x.mean(axis=0)) / spread
    r = np.arctanh(np.clip(z.T @ z / len(z), -CLIP, CLIP))
    rows, columns = np.triu_indices(len(names), 1)
    return {(names[i], names[j]): float(r[i, j]) for i, j in zip(rows, columns, strict=True)}


def connectivity_table(
    recordings: Iterable[tuple[str, Mapping[tuple[str, str], float]]],
) -> pd.DataFrame:
    """Connections that all recordings have, ``(recording, connection)``; no columns without any."""
    found = dict(recordings)
    if not found:
        return pd.DataFrame()
    shared = set.intersection(*(set(one) for one in found.values()))
    first = next(iter(found.values()))
    columns = [pair for pair in first if pair in shared]
    values = [[one[pair] for pair in columns] for one in found.values()]
    names = [f"{a} - {b}" for a, b in columns]
    return pd.DataFrame(values, index=list(found), columns=names, dtype=float)
