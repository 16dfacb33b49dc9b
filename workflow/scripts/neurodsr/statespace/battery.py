"""All checks of one series, from its training split alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess.stretches import segments
from neurodsr.statespace.channels import (
    finite_stretches,
    first_samples,
    is_graded,
    leading_channels,
    longest_stretch,
    unreduced,
)
from neurodsr.statespace.correlation_dimension import CorrelationDimension, correlation_dimension
from neurodsr.statespace.curves import (
    ChannelDelays,
    channel_delays,
    channel_dimension,
    channel_divergence,
    neighbour_delay,
    nonlinearity_delay,
)
from neurodsr.statespace.determinism import (
    NonlinearityTest,
    driven_p,
    nonlinearity_test,
    shortest,
)
from neurodsr.statespace.divergence import Divergence
from neurodsr.statespace.embedding.candidates import UnifiedEmbedding
from neurodsr.statespace.embedding.coordinates import Coordinate
from neurodsr.statespace.embedding.dimension import DimensionCurves
from neurodsr.statespace.embedding.mdop import mdop
from neurodsr.statespace.embedding.pecuzal import pecuzal
from neurodsr.statespace.embedding.projection import ProjectionCheck, is_embedding
from neurodsr.statespace.sufficiency.noise import Noise, noise_level
from neurodsr.statespace.sufficiency.stationarity import Stationarity, stationarity

Array = NDArray[np.float64]

MOST_TRIMMED = 0.2
"""Share of a stretch that matching its ends may take."""
UNIFIED_SAMPLES = 20_000
KNOWN_NOISE = 0.3
"""Up to that level the neighbours that noise tears apart are not counted as false; a higher one is
no noise of the measurement but that of a stochastic process."""


@dataclass(frozen=True)
class Battery:
    """What the checks found.

    Attributes
    ----------
    per_channel
        Delays of all channels.
    chosen
        The tested channels.
    graded
        Whether there is a channel that surrogates can imitate.
    samples, correlation_times
        Length of the stretch the test was made on.
    test
        None where that stretch is too short.
    curves, noise, neighbour_delays
        Of each tested channel.
    drifts
        Stationarity of the tested channels.
    unified, mdop
        Embeddings of the observed channels together.
    projection
        Whether these are an embedding as they are.
    dimension, coordinates
        Correlation dimension of the leading channel's delay vectors, and the number of their
        coordinates: one more than its embedding dimension.
    growth
        Divergence of each tested channel; none unless it is more predictable than linear ones.
    """

    per_channel: list[ChannelDelays]
    chosen: list[int]
    graded: bool
    samples: int
    correlation_times: float
    test: NonlinearityTest | None
    curves: list[DimensionCurves]
    dimensions: list[int | None]
    noise: list[Noise]
    neighbour_delays: list[int | None]
    drifts: Stationarity
    unified: UnifiedEmbedding
    mdop: UnifiedEmbedding
    projection: ProjectionCheck
    dimension: CorrelationDimension
    coordinates: int
    growth: list[Divergence]

    @property
    def delay(self) -> int:
        """Median over all channels (samples)."""
        return int(np.median([c.delay for c in self.per_channel]))


def run_checks(
    series: xr.Dataset, settings: Mapping[str, Any], rng: np.random.Generator
) -> Battery:
    """Run all checks; parameters as of `neurodsr.statespace.verdict.check_state_space`."""
    train = segments(series, "train")
    longest = max(map(len, train))
    lags = max(1, min(settings["maximum_lag"], longest // 3))
    per_channel = [channel_delays(train, c, lags) for c in range(series.sizes["channel"])]
    # copies of an embedded series say nothing that their originals do not
    originals = series.sizes["channel"] // int(series.attrs.get("embedding_dimension", 1))
    order = [c for c in leading_channels(series) if c < originals]
    graded = [c for c in order if is_graded(train, c)]
    chosen = (graded or order)[: settings["channels"]]
    own = [finite_stretches([piece[:, c] for piece in train]) for c in chosen]
    curves = [channel_dimension(train, c, per_channel[c].delay, settings) for c in chosen]
    noise = [
        noise_level(
            pieces,
            curve.dimension(settings["false_neighbours"]) or settings["maximum_dimension"],
            max(1, per_channel[c].correlation_delay // 2),
            per_channel[c].correlation_time,
        )
        for pieces, c, curve in zip(own, chosen, curves, strict=True)
    ]
    curves = [
        channel_dimension(train, c, per_channel[c].delay, settings, one.level)
        if one.level <= KNOWN_NOISE
        else curve
        for c, curve, one in zip(chosen, curves, noise, strict=True)
    ]
    dimensions = [curve.dimension(settings["false_neighbours"]) for curve in curves]
    stretch = longest_stretch(train, chosen)
    correlation_time = max(per_channel[c].correlation_time for c in chosen)
    test_delays = [nonlinearity_delay(series, c, per_channel[c].correlation_delay) for c in chosen]
    # slow series are thinned rather than cut short
    every = max(1, min(len(stretch) // settings["maximum_samples"], min(test_delays) // 2))
    stretch = stretch[::every][: settings["maximum_samples"]]
    test = None
    if graded:
        test = test_of(
            stretch,
            [-(-delay // every) for delay in test_delays],
            -(-correlation_time // every),
            settings,
            rng,
        )
    delay = int(np.median([c.delay for c in per_channel]))
    theiler = max(correlation_time, delay)
    observed = [piece[:, :originals] for piece in train]
    some = first_samples(observed, UNIFIED_SAMPLES)
    alpha = settings["alpha"]
    predictable = test is not None and max(test.p_all, test.p_predictive, test.p_driven) <= alpha
    found = [d or settings["maximum_dimension"] for d in dimensions]
    return Battery(
        per_channel=per_channel,
        chosen=chosen,
        graded=bool(graded),
        samples=len(stretch),
        correlation_times=len(stretch) * every / correlation_time,
        test=test,
        curves=curves,
        dimensions=dimensions,
        noise=noise,
        neighbour_delays=[neighbour_delay(train, c, per_channel[c]) for c in chosen],
        drifts=stationarity(
            [piece[:, chosen] for piece in train],
            test_delays,
            settings["surrogates"]["dimension"],
            correlation_time,
            rng,
        ),
        unified=pecuzal(some, min(lags, 4 * delay + 4), theiler),
        mdop=mdop(some, min(lags, 4 * delay + 4), theiler),
        projection=is_embedding(
            train, unreduced(series), delay, (delay + 1) // 2, theiler, settings["maximum_delays"]
        ),
        dimension=correlation_dimension(
            [piece[:, None] for piece in own[0]],
            [Coordinate(0, k * per_channel[chosen[0]].delay) for k in range(found[0] + 1)],
            theiler,
        ),
        coordinates=found[0] + 1,
        growth=[
            channel_divergence(train, c, per_channel[c], d, settings)
            for c, d in zip(chosen, found, strict=True)
        ]
        if predictable
        else [],
    )


def test_of(
    stretch: Array,
    delays: list[int],
    theiler: int,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> NonlinearityTest | None:
    """The test of nonlinearity, or None for a stretch that is too short or constant.

    Where it finds predictability, linear processes of the same innovations must not have it.
    """
    surrogates = settings["surrogates"]
    dimension, number = surrogates["dimension"], surrogates["number"]
    needed = shortest(dimension, max(delays)) / (1.0 - MOST_TRIMMED)
    if len(stretch) < needed or np.any(stretch.std(axis=0) == 0):
        return None
    test = nonlinearity_test(
        stretch, delays, dimension, number, surrogates["iterations"], rng, theiler
    )
    if test.p_predictive > settings["alpha"]:
        return test
    return replace(test, p_driven=driven_p(stretch, delays, dimension, number, rng, theiler))
