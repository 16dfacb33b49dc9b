"""Delay coordinates where the observed channels are no embedding."""

import numpy as np
import xarray as xr

from neurodsr.preprocess.assembly.embedding import embedded
from neurodsr.preprocess.stretches import segments
from neurodsr.statespace.channels import leading_channels, unreduced
from neurodsr.statespace.curves import channel_delays, channel_dimension
from neurodsr.statespace.embedding.projection import ProjectionCheck, is_embedding

MAXIMUM_DELAYS = 5
CHANNELS = 3
FALSE_NEIGHBOURS = 0.01
LIMITS = {
    "maximum_lag": 200,
    "maximum_samples": 4096,
    "maximum_dimension": 8,
    "maximum_queries": 500,
}
"""As the defaults of ``statespace.schema.yaml``."""


def recommended(check: ProjectionCheck, dimension: int, channels: int) -> int:
    """Copies of each channel, 1 for none added, 0 where they do not mend it.

    Where the observed set is no embedding: as many as make it one, and at least so many that all
    channels together have the embedding dimension.
    """
    if check.code != "not_embedding":
        return 1
    return max(check.delays, -(-dimension // channels)) if check.delays else 0


def with_delay_coordinates(series: xr.Dataset, minimum: int) -> xr.Dataset:
    """Add as few delay coordinates as make a series an embedding, by its training split alone.

    The preprocessing setting ``embedding: auto``. It is decided here, after the series is made,
    since it is a question to the state space; and before the series is written, so that training,
    scores and dynamics all see the same channels and `check_state_space` looks at the result.

    Parameters
    ----------
    series
        Contents of ``series.nc``, without delay coordinates.
    minimum
        Fewest samples for each split afterwards.

    Returns
    -------
    xr.Dataset
        The series itself where it is an embedding, where that cannot be told or delays do not mend
        it; else with copies of each channel, see `neurodsr.preprocess.assembly.embedding`. The
        attribute ``embedding_choice`` says which and why.

    Raises
    ------
    RecordingError
        When a split is left with too little.
    """
    train = segments(series, "train")
    lags = max(1, min(LIMITS["maximum_lag"], max(map(len, train)) // 3))
    each = [channel_delays(train, c, lags) for c in range(series.sizes["channel"])]
    delay = int(np.median([one.delay for one in each]))
    theiler = max(delay, *(one.correlation_time for one in each))
    check = is_embedding(train, unreduced(series), delay, (delay + 1) // 2, theiler, MAXIMUM_DELAYS)
    leading = leading_channels(series)[:CHANNELS]
    curves = [channel_dimension(train, c, each[c].delay, LIMITS) for c in leading]
    found = [one.dimension(FALSE_NEIGHBOURS) or LIMITS["maximum_dimension"] for one in curves]
    copies = recommended(check, int(np.ceil(np.median(found))), len(each))
    if copies > 1:
        series = embedded(series, copies, delay, minimum)
    choice = f"{copies} copies of each channel" if copies > 1 else "no copies"
    return series.assign_attrs(embedding_choice=f"automatic, {choice}: {check.sentence}")
