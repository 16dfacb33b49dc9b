"""Curves of one channel: what its delay, its dimension and its predictability are read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.statespace.channels import finite_stretches, first_samples
from neurodsr.statespace.divergence import Divergence, divergence
from neurodsr.statespace.embedding import delays
from neurodsr.statespace.embedding.dimension import DimensionCurves, dimension_curves
from neurodsr.statespace.embedding.information import neighbour_information

Array = NDArray[np.float64]

INFORMATION_SAMPLES = 10_000


@dataclass(frozen=True)
class ChannelDelays:
    """Autocorrelation and mutual information of one channel, and the delays (samples) from them."""

    autocorrelation: Array
    mutual_information: Array
    correlation_time: int
    correlation_delay: int
    delay: int


def channel_delays(train: list[Array], channel: int, lags: int) -> ChannelDelays:
    """Both curves of one channel and the delays that follow."""
    columns = [piece[:, channel] for piece in train]
    correlation = autocorrelation(columns, lags)
    some = first_samples(finite_stretches(columns), max(INFORMATION_SAMPLES, 4 * lags))
    information = delays.mutual_information(some, lags)
    decay = decay_time(correlation)
    return ChannelDelays(
        correlation,
        information,
        lags if decay is None else decay,
        delays.correlation_delay(correlation),
        delays.embedding_delay(correlation, information),
    )


def neighbour_delay(train: list[Array], channel: int, found: ChannelDelays) -> int | None:
    """First minimum of the mutual information by nearest neighbours; None if there is none near.

    Lags up to twice the delay that the histogram gave are looked at.
    """
    columns = [piece[:, channel] for piece in train]
    some = first_samples(finite_stretches(columns), INFORMATION_SAMPLES)
    lags = min(2 * found.delay + 4, max(map(len, some)) // 3)
    return delays.first_minimum(neighbour_information(some, lags, found.correlation_time))


def channel_dimension(
    train: list[Array],
    channel: int,
    delay: int,
    settings: Mapping[str, Any],
    noise: float = 0.0,
) -> DimensionCurves:
    """False neighbours and Cao's curves of one channel whose noise level may be known."""
    columns = [piece[:, channel] for piece in train]
    pieces = first_samples(finite_stretches(columns), settings["maximum_samples"])
    correlation = autocorrelation(pieces, min(settings["maximum_lag"], max(map(len, pieces)) - 1))
    theiler = decay_time(correlation) or delay
    return dimension_curves(
        pieces,
        delay,
        settings["maximum_dimension"],
        theiler,
        settings["maximum_queries"],
        noise,
    )


def channel_divergence(
    train: list[Array],
    channel: int,
    found: ChannelDelays,
    dimension: int,
    settings: Mapping[str, Any],
) -> Divergence:
    """Growth of distances in one channel, embedded with the shorter of its two delays.

    The information of a map never has a minimum, but for chance, however fast it is lost.
    """
    delay = min(found.delay, found.correlation_delay)
    if delay != found.delay:
        curves = channel_dimension(train, channel, delay, settings)
        dimension = curves.dimension(settings["false_neighbours"]) or settings["maximum_dimension"]
    pieces = finite_stretches([piece[:, channel] for piece in train])
    return divergence(pieces, dimension, delay, found.correlation_time)


def nonlinearity_delay(series: xr.Dataset, channel: int, correlation_delay: int) -> int:
    """Delay (samples) for the test of nonlinearity: half of the correlation delay.

    Of smoothed counts at least four standard deviations of the kernel: within its reach even spikes
    without any dynamics are a filtered noise that is not Gaussian, hence unlike all surrogates.
    """
    kernel = float(series["kernel"][channel]) / float(series.attrs["sampling_interval"])
    return max((correlation_delay + 1) // 2, int(np.ceil(4.0 * kernel)))
