"""What is wrong with settings that a schema accepts, told before anything is computed."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from neurodsr.errors import ConfigError
from neurodsr.recordings.query import parse

# steps that need a signal which is resampled without aliases, not held or taken as it comes
STEPS = (
    "reference",
    "notch",
    "filter",
    "artefacts",
    "envelope",
    "baseline",
    "deconvolution",
    "regression",
)


def problems_of_preprocessing(where: str, settings: Mapping[str, Any]) -> Iterator[str]:
    """One line for each contradiction.

    Parameters
    ----------
    where
        Path of the settings in the configuration.
    settings
        Complete, see ``preprocess.schema.yaml``.
    """
    yield from problems_of_expression(f"{where}.invalid.labels", settings["invalid"]["labels"])
    yield from problems_of_splits(f"{where}.splits", settings["splits"], settings["trials"])
    for name, options in settings["modalities"].items():
        yield from problems_of_modality(f"{where}.modalities.{name}", options)


def problems_of_splits(where: str, splits: Mapping[str, Any], trials: str | None) -> Iterator[str]:
    """Contradictions in what is held out."""
    column, region = splits["column"], splits["region"]
    if column is not None and trials is None:
        yield (
            f"{where}.column: {column!r} is a column of a table of trials; name the table in "
            "preprocess.trials"
        )
    if region is None:
        return
    if trials is None:
        yield f"{where}.region: holds out trials; name their table in preprocess.trials"
    if column is not None:
        yield f"{where}.region: trials are held out by it or by column, not by both"
    for channel, (low, high) in region["channels"].items():
        if low is not None and high is not None and low >= high:
            yield f"{where}.region.channels.{channel}: {low:g} is not below {high:g}; exchange them"


def problems_of_modality(where: str, options: Mapping[str, Any]) -> Iterator[str]:
    """Contradictions within the options of one modality."""
    if isinstance(options["channels"], str):
        yield from problems_of_expression(f"{where}.channels", options["channels"])
    if options["units"] is not None:
        try:
            parse(options["units"])
        except ConfigError as error:
            yield f"{where}.units: {error}"
    for section in ("filter", "regression"):
        chosen = options[section]
        if isinstance(chosen, Mapping):
            band = chosen["highpass"], chosen["lowpass"]
            yield from problems_of_band(f"{where}.{section}", *band)
            if section == "filter" and band == (None, None):
                yield f"{where}.filter: neither highpass nor lowpass; give one, or null"
    if options["envelope"] is not None:
        yield from problems_of_band(f"{where}.envelope.band", *options["envelope"]["band"])
    if isinstance(options["regression"], Mapping):
        for pattern in options["regression"]["columns"]:
            yield from problems_of_expression(f"{where}.regression.columns", pattern)
    reduction = options["reduction"]
    if reduction is not None:
        components = reduction["components"]
        if components >= 1 and components % 1:
            yield f"{where}.reduction.components: {components} is neither a number nor a share"
        if components < 1 and reduction["method"] != "pca":
            yield f"{where}.reduction.components: a share of the variance is for method: pca alone"
        if options["role"] == "input":
            yield f"{where}.reduction: only for observations; role is input"
    asked = [step for step in STEPS if options[step] not in (None, "auto")]
    if options["interpolation"] != "band-limited" and asked:
        yield f"{where}.{asked[0]}: only with interpolation: band-limited"


def problems_of_band(where: str, low: float | None, high: float | None) -> Iterator[str]:
    if low is not None and high is not None and low >= high:
        yield f"{where}: {low:g} Hz is not below {high:g} Hz; exchange them"


def problems_of_expression(where: str, pattern: str | None) -> Iterator[str]:
    try:
        re.compile(pattern or "")
    except re.error as error:
        yield f"{where}: {pattern!r} is no regular expression ({error})"
