"""What a series says about its state space, and what training should make of it."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.preprocess.stretches import segments
from neurodsr.statespace.battery import Battery, run_checks
from neurodsr.statespace.curves import ChannelDelays
from neurodsr.statespace.delay_coordinates import recommended
from neurodsr.statespace.divergence import predictability
from neurodsr.statespace.embedding.candidates import UnifiedEmbedding
from neurodsr.statespace.results import results_dataset
from neurodsr.statespace.sufficiency.amount import Amount, amount_of_data
from neurodsr.statespace.sufficiency.power import detectable_noise, power
from neurodsr.statespace.sufficiency.stationarity import KINDS

SEQUENCE_LENGTHS = (20, 200)
INTERVALS_PER_SEQUENCE = 10
FILLED = 0.8


def check_state_space(
    series: xr.Dataset, settings: Mapping[str, Any], rng: np.random.Generator
) -> xr.Dataset:
    """All checks and the verdict, from the training split alone.

    Delays are found for every channel; dimension, noise, stationarity and nonlinearity for the
    leading ones: of the largest original variance in each modality, modalities in turn, those with
    graded values first. Whether the observed set is an embedding is asked of all channels together;
    where preprocessing reduced them (``unreduced``), against the channels before.

    Parameters
    ----------
    series
        Contents of ``series.nc``.
    settings
        Complete settings, see ``statespace.schema.yaml``.
    rng
        Source of randomness for surrogates and permutations.

    Returns
    -------
    xr.Dataset
        Curves and test results; verdict, cautions and recommended values (samples) as attributes.
    """
    found = run_checks(series, settings, rng)
    train = segments(series, "train")
    samples, longest = sum(map(len, train)), max(map(len, train))
    channels = [str(name) for name in series["channel"].values]
    code, sentence = verdict(found, settings)
    forcing = forcing_interval(found.per_channel)
    ahead = predictability(found.growth, float(series.attrs["sampling_interval"]), forcing)
    dimension = embedding_dimension(found, settings)
    amount = amount_of_data(
        samples,
        samples / found.per_channel[found.chosen[0]].correlation_time,
        samples / int(ahead["predictability_time"])
        if np.isfinite(ahead["largest_exponent"])
        else np.nan,
        attractor_dimension(found),
    )
    coordinates = recommended(found.projection, dimension, len(channels))
    result = results_dataset(series, found)
    result.attrs = {
        "recording": str(series.attrs["recording"]),
        "sampling_interval": float(series.attrs["sampling_interval"]),
        "verdict_code": code,
        "verdict": sentence,
        "cautions": json.dumps(cautions(found, amount, coordinates, settings)),
        "delay": found.delay,
        "embedding_dimension": dimension,
        "dimension_found": int(all(d is not None for d in found.dimensions)),
        "forcing_interval": forcing,
        "sequence_length": sequence_length(forcing, longest),
        "nonlinearity_p": found.test.p_all if found.test else np.nan,
        "determinism_p": found.test.p_predictive if found.test else np.nan,
        "driven_p": found.test.p_driven if found.test else np.nan,
        "power": power(found.correlation_times, found.samples, settings["power_noise"]),
        "detectable_noise": detectable_noise(
            found.correlation_times, found.samples, settings["minimum_power"]
        ),
        "noise_level": median([n.level for n in found.noise]),
        "stationarity_p": found.drifts.p_all,
        "drifts": json.dumps(drifting(found, settings)),
        "stationarity_reason": found.drifts.reason,
        "data": amount.sentence,
        "data_enough": int(amount.enough),
        "is_embedding_code": found.projection.code,
        "is_embedding": found.projection.sentence,
        "false_projections": found.projection.false_projections,
        "false_projections_floor": found.projection.floor,
        "delay_coordinates": coordinates,
        "unified_embedding": named(found.unified, channels),
        "mdop_embedding": named(found.mdop, channels),
        "attractor_dimension": attractor_dimension(found),
        "correlation_dimension": found.dimension.dimension,
        "correlation_dimension_low": found.dimension.low,
        "correlation_dimension_high": found.dimension.high,
        "tested_channels": json.dumps([channels[c] for c in found.chosen]),
        "tested_samples": found.samples,
        "train_samples": samples,
        "correlation_times": float(found.correlation_times),
        **ahead,
    }
    return result


def verdict(found: Battery, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Code and sentence. A rejection counts at any length; its absence only with enough power."""
    test = found.test
    length = f"{found.samples} samples, {found.correlation_times:.0f} autocorrelation times"
    if test is not None and test.p_all <= settings["alpha"]:
        numbers = f"p = {test.p_all:.3g} against {len(test.surrogates)} linear surrogates, {length}"
        reason = doubt(found, settings)
        if not reason:
            return "nonlinear", f"nonlinear determinism detected ({numbers})"
        return "undetermined", (
            "unlike a stationary linear Gaussian process, but determinism is not shown: "
            f"{reason} ({numbers})"
        )
    if not found.graded:
        return "too_short", (
            "too short to say (too few events: every channel stays for more than 5 % of the time "
            "within a thousandth of its standard deviation of one value, as silence does, which no "
            f"surrogate can; {length} in one piece)"
        )
    chance = power(found.correlation_times, found.samples, settings["power_noise"])
    seen = (
        f"a nonlinear system with {100 * settings['power_noise']:.0f} % noise would be found in "
        f"{100 * chance:.0f} % of cases"
    )
    if test is None or chance < settings["minimum_power"]:
        return "too_short", f"too short to say ({length} in one piece: {seen})"
    return "linear", (
        f"not distinguishable from a linear stochastic process (p = {test.p_all:.3g} against "
        f"{len(test.surrogates)} surrogates, {length}: {seen})"
    )


def doubt(found: Battery, settings: Mapping[str, Any]) -> str:
    """Why a series that is unlike linear Gaussian ones need not be deterministic, if so."""
    test, alpha = found.test, settings["alpha"]
    if test is None or test.p_predictive > alpha:
        return "it differs only by its asymmetry in time, which skewed or nonlinear noise has too"
    if test.p_driven > alpha:
        return (
            "it is no more predictable than a linear process that changes slowly, or whose noise is"
            f" not Gaussian or changes in strength (p = {test.p_driven:.3g})"
        )
    return ""


def cautions(
    found: Battery, amount: Amount, coordinates: int, settings: Mapping[str, Any]
) -> list[str]:
    """What a reader should know before trusting a model of these data, in plain words."""
    said = []
    drifts = drifting(found, settings)
    if drifts:
        said.append(
            f"the training data drift ({', '.join(drifts)}; p = {found.drifts.p_all:.3g}): one "
            "stationary model may not fit all of them; detrend, filter or choose an epoch"
        )
    if found.projection.code == "not_embedding":
        remedy = (
            f"; set preprocess.embedding to {{dimension: {coordinates}, delay: {found.delay}}} "
            "or to auto"
            if coordinates > 1
            else ""
        )
        said.append(f"the observed channels are {found.projection.sentence}{remedy}")
    if np.isfinite(attractor_dimension(found)) and not amount.enough:
        said.append(amount.sentence)
    return said


def drifting(found: Battery, settings: Mapping[str, Any]) -> list[str]:
    """Kinds of drift; none unless all of them together are significant."""
    drifts = found.drifts
    if not drifts.p_all <= settings["alpha"]:
        return []
    named = [kind for kind, p in zip(KINDS, drifts.p, strict=True) if p <= settings["alpha"]]
    return named or [KINDS[int(np.argmin(drifts.p))]]


def embedding_dimension(found: Battery, settings: Mapping[str, Any]) -> int:
    """Median over the tested channels; the largest tried stands for one that was not found."""
    tried = [d if d is not None else settings["maximum_dimension"] for d in found.dimensions]
    return int(np.ceil(np.median(tried)))


def attractor_dimension(found: Battery) -> float:
    """Correlation dimension of what is nonlinear; NaN without a scaling region.

    NaN as well where it comes near the number of coordinates, for then noise fills the space.
    """
    dimension = found.dimension.dimension
    return dimension if found.growth and dimension <= FILLED * found.coordinates else np.nan


def median(values: list[float]) -> float:
    """Median of the finite values; NaN where there is none."""
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else np.nan


def named(unified: UnifiedEmbedding, channels: list[str]) -> str:
    """Coordinates as JSON: pairs of channel and delay (samples)."""
    return json.dumps([[channels[c], int(delay)] for c, delay in unified.coordinates])


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
