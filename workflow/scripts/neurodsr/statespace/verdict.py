"""What a series says about its state space, and what training should make of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess.correlation import autocorrelation, decay_time
from neurodsr.preprocess.series import segments
from neurodsr.statespace import delays
from neurodsr.statespace.channels import (
    finite_stretches,
    first_samples,
    is_graded,
    leading_channels,
    longest_stretch,
)
from neurodsr.statespace.determinism import (
    STATISTICS,
    NonlinearityTest,
    nonlinearity_test,
    shortest,
)
from neurodsr.statespace.dimension import DimensionCurves, dimension_curves
from neurodsr.statespace.divergence import Divergence, divergence, predictability

Array = NDArray[np.float64]

SEQUENCE_LENGTHS = (20, 200)
INTERVALS_PER_SEQUENCE = 10


@dataclass(frozen=True)
class ChannelDelays:
    """Autocorrelation and mutual information of one channel, and the delays (samples) from them."""

    autocorrelation: Array
    mutual_information: Array
    correlation_time: int
    correlation_delay: int
    delay: int


def check_state_space(
    series: xr.Dataset, settings: Mapping[str, Any], rng: np.random.Generator
) -> xr.Dataset:
    """Delays, embedding dimension, test of nonlinearity and verdict, from the training split alone.

    Delays are found for every channel; dimension and nonlinearity for the leading ones: of the
    largest original variance in each modality, modalities in turn, those with graded values first.

    Parameters
    ----------
    series
        Contents of ``series.nc``.
    settings
        Complete settings, see ``statespace.schema.yaml``.
    rng
        Source of randomness for the surrogates.

    Returns
    -------
    xr.Dataset
        Curves and test results; verdict and recommended values (samples) as attributes.
    """
    train = segments(series, "train")
    samples = sum(map(len, train))
    longest = max(map(len, train))
    lags = max(1, min(settings["maximum_lag"], longest // 3))
    channels = series["channel"].values
    per_channel = [channel_delays(train, c, lags) for c in range(len(channels))]
    order = leading_channels(series)
    graded = [c for c in order if is_graded(train, c)]
    chosen = (graded or order)[: settings["channels"]]
    curves = [channel_dimension(train, c, per_channel[c].delay, settings) for c in chosen]
    stretch = longest_stretch(train, chosen)[: settings["maximum_samples"]]
    wanted = settings["surrogates"]
    test_delays = [nonlinearity_delay(series, c, per_channel[c].correlation_delay) for c in chosen]
    enough = len(stretch) >= shortest(wanted["dimension"], max(test_delays)) / 0.8
    test = (
        nonlinearity_test(
            stretch, test_delays, wanted["dimension"], wanted["number"], wanted["iterations"], rng
        )
        if graded and enough and np.all(stretch.std(axis=0) > 0)
        else None
    )
    correlation_times = len(stretch) / max(per_channel[c].correlation_time for c in chosen)
    code, sentence = verdict(test, len(stretch), correlation_times, bool(graded), settings)
    delay = int(np.median([c.delay for c in per_channel]))
    forcing = forcing_interval(per_channel)
    found = [curve.dimension(settings["false_neighbours"]) for curve in curves]
    dimensions = [d if d is not None else settings["maximum_dimension"] for d in found]
    growth = (
        [
            channel_divergence(train, c, per_channel[c], dimension, settings)
            for c, dimension in zip(chosen, dimensions, strict=True)
        ]
        if code == "nonlinear"
        else []
    )
    result = curves_dataset(series, chosen, per_channel, curves, test)
    result.attrs = {
        "recording": str(series.attrs["recording"]),
        "sampling_interval": float(series.attrs["sampling_interval"]),
        "verdict_code": code,
        "verdict": sentence,
        "delay": delay,
        "embedding_dimension": int(np.ceil(np.median(dimensions))),
        "dimension_found": int(all(d is not None for d in found)),
        "forcing_interval": forcing,
        "sequence_length": sequence_length(forcing, longest),
        "nonlinearity_p": test.p_all if test else np.nan,
        "tested_channels": json.dumps([str(channels[c]) for c in chosen]),
        "tested_samples": len(stretch),
        "train_samples": samples,
        "correlation_times": float(correlation_times),
        **predictability(growth, float(series.attrs["sampling_interval"]), forcing),
    }
    return result


def channel_delays(train: list[Array], channel: int, lags: int) -> ChannelDelays:
    """Both curves of one channel and the delays that follow."""
    columns = [piece[:, channel] for piece in train]
    correlation = autocorrelation(columns, lags)
    information = delays.mutual_information(finite_stretches(columns), lags)
    decay = decay_time(correlation)
    return ChannelDelays(
        correlation,
        information,
        lags if decay is None else decay,
        delays.correlation_delay(correlation),
        delays.embedding_delay(correlation, information),
    )


def channel_dimension(
    train: list[Array], channel: int, delay: int, settings: Mapping[str, Any]
) -> DimensionCurves:
    """False neighbours and Cao's curves of one channel."""
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


def forcing_interval(per_channel: list[ChannelDelays]) -> int:
    """Interval for sparse teacher forcing (samples).

    The smaller of two medians over channels: of the autocorrelation's 1/e time or first minimum,
    and of the mutual information's first minimum (automatic choice of Brenner et al. 2022).
    """
    correlation = np.median([c.correlation_delay for c in per_channel])
    information = np.median([c.delay for c in per_channel])
    return max(1, int(min(correlation, information)))


def sequence_length(forcing: int, longest: int) -> int:
    """Length of the sequences to train on: ten forcing intervals, within 20 to 200 samples.

    At most half of the longest stretch, so that different sequences can be drawn.
    """
    wanted = int(np.clip(INTERVALS_PER_SEQUENCE * forcing, *SEQUENCE_LENGTHS))
    return max(2, min(wanted, longest // 2))


def verdict(
    test: NonlinearityTest | None,
    samples: int,
    correlation_times: float,
    graded: bool,
    settings: Mapping[str, Any],
) -> tuple[str, str]:
    """Code and sentence. A rejection counts at any length; its absence only in enough data."""
    length = f"{samples} samples, {correlation_times:.0f} autocorrelation times"
    if test is not None and test.p_all <= settings["alpha"]:
        numbers = f"p = {test.p_all:.3g} against {len(test.surrogates)} linear surrogates, {length}"
        if test.p_statistic[0] <= settings["alpha"]:
            return "nonlinear", f"nonlinear determinism detected ({numbers})"
        return "nonlinear", (
            "nonlinear determinism detected only as asymmetry in time, which nonlinear noise "
            f"shows as well ({numbers})"
        )
    if not graded:
        return "too_short", (
            "too short to say (too few events: every channel repeats one value, as silence does, "
            f"which no surrogate can; {length} in one piece)"
        )
    short = (
        test is None
        or samples < settings["minimum_samples"]
        or correlation_times < settings["minimum_correlation_times"]
    )
    if short:
        return "too_short", f"too short to say ({length} in one piece)"
    assert test is not None
    return "linear", (
        f"not distinguishable from a linear stochastic process (p = {test.p_all:.3g} against "
        f"{len(test.surrogates)} surrogates, {length})"
    )


def curves_dataset(
    series: xr.Dataset,
    chosen: list[int],
    per_channel: list[ChannelDelays],
    curves: list[DimensionCurves],
    test: NonlinearityTest | None,
) -> xr.Dataset:
    """All curves with labelled dimensions."""
    channels = series["channel"].values
    nothing = np.full((len(chosen), len(STATISTICS)), np.nan)
    number = np.empty((0, *nothing.shape)) if test is None else test.surrogates
    lag = {"units": "samples"}
    return xr.Dataset(
        {
            "autocorrelation": (
                ("channel", "lag"),
                np.array([c.autocorrelation for c in per_channel]),
            ),
            "mutual_information": (
                ("channel", "lag"),
                np.array([c.mutual_information for c in per_channel]),
                {"units": "nat"},
            ),
            "correlation_time": ("channel", [c.correlation_time for c in per_channel], lag),
            "channel_delay": ("channel", [c.delay for c in per_channel], lag),
            "false_neighbours": (
                ("tested", "dimension"),
                np.array([c.false_neighbours for c in curves]),
            ),
            "cao_e1": (("tested", "dimension"), np.array([c.e1 for c in curves])),
            "cao_e2": (("tested", "dimension"), np.array([c.e2 for c in curves])),
            "statistic_value": (("tested", "statistic"), nothing if test is None else test.data),
            "surrogate_value": (("surrogate", "tested", "statistic"), number),
            "p": (("tested", "statistic"), nothing if test is None else test.p),
            "p_statistic": ("statistic", nothing[0] if test is None else test.p_statistic),
        },
        coords={
            "channel": channels,
            "tested": channels[chosen],
            "lag": ("lag", np.arange(len(per_channel[0].autocorrelation)), lag),
            "dimension": np.arange(1, len(curves[0].e1) + 1),
            "statistic": list(STATISTICS),
        },
    )
