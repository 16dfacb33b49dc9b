"""Delay embedding of a series (Takens 1981; Sauer, Yorke & Casdagli 1991)."""

import numpy as np
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.preprocess.splits import CODES, pieces_of


def embedded(series: xr.Dataset, dimension: int, delay: int, minimum: int) -> xr.Dataset:
    """Give each channel copies of its own past.

    No copy reaches across a gap or from one split into another, so the first
    ``(dimension - 1) * delay`` samples of each contiguous stretch of a split are left out.

    Parameters
    ----------
    series
        Contents of ``series.nc``, already standardised; copies share offset and scale.
    dimension
        Copies of each channel, the present one included.
    delay
        Between copies, in samples.
    minimum
        Fewest samples for each split.

    Returns
    -------
    xr.Dataset
        With the channels ``x``, ``y``, ``x(t-17)``, ``y(t-17)`` ...; each stretch is a segment.

    Raises
    ------
    RecordingError
        When a split is left with too little.
    """
    reach = (dimension - 1) * delay
    split = series["split"].values
    pieces = pieces_of(series["segment"].values, split)
    stretches = [np.arange(where.start + reach, where.stop) for _, where in pieces]
    index = np.concatenate(stretches)
    for name, code in CODES.items():
        samples = int(np.sum(split[index] == code))
        if samples < minimum:
            raise RecordingError(
                f"embedding: {name} split: {samples} samples after delays of up to {reach}, at "
                f"least {minimum} are needed; lower embedding.dimension or embedding.delay"
            )
    observation = series["observation"].transpose("time", "channel")
    copies = []
    for past in range(0, reach + 1, delay):
        copy = observation.isel(time=index - past).drop_vars("time")
        names = [f"{name}(t-{past})" if past else str(name) for name in copy["channel"].values]
        copies.append(copy.assign_coords(channel=names))
    result = series.drop_vars(
        ["observation", *(str(name) for name in series.coords if "channel" in series[name].dims)]
    ).isel(time=index)
    lengths = [len(stretch) for stretch in stretches if len(stretch)]
    result["segment"] = ("time", np.repeat(np.arange(len(lengths), dtype=np.int32), lengths))
    result["observation"] = xr.concat(copies, "channel").transpose("time", "channel")
    return result.assign_attrs(embedding_dimension=dimension, embedding_delay=delay)
