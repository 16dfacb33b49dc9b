"""Behaviour: answers in categories as columns of numbers, and samples that come when they come."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess import clock

Array = NDArray[np.float64]


def coded(
    modality: str,
    names: list[str],
    values: Array,
    attributes: Mapping[str, Any],
    coding: str,
) -> tuple[list[str], Array, list[bool]]:
    """Turn the codes of categorical channels into what a model can see.

    Parameters
    ----------
    modality
        Named in errors.
    names, values : (time, channel)
        Numeric channels, and categorical ones as indices into their levels; NaN = missing.
    attributes
        ``levels``: JSON {channel: names of its levels, in order}; ``scale``: JSON {channel:
        "nominal" or "ordinal"}. Channels without levels are numbers and stay as they are.
    coding
        "auto": one column of 0 and 1 for each level of a nominal channel, or for the second of two,
        and ranks 0, 1, ... for an ordinal one. "one-hot": columns for both. "one-hot-reference":
        without that of the first level, which the others are measured against. "codes": indices.

    Returns
    -------
    tuple
        Names (``mood=low``), values, and which of them move in steps.

    Raises
    ------
    RecordingError
        A code that is no index of a level.
    """
    levels = json.loads(attributes.get("levels", "{}"))
    scale = json.loads(attributes.get("scale", "{}"))
    columns: list[Array] = []
    labels: list[str] = []
    stepwise: list[bool] = []
    for number, name in enumerate(names):
        column = values[:, number]
        known = [str(level) for level in levels.get(name, ())]
        if known:
            present = column[np.isfinite(column)]
            wrong = present[(present % 1 != 0) | (present < 0) | (present >= len(known))]
            if wrong.size:
                raise RecordingError(
                    f"{modality}: {name}: code {wrong[0]:g} is no index of its {len(known)} "
                    f"levels ({', '.join(known[:10])}); correct the table or its levels"
                )
        apart = coding.startswith("one-hot") or scale.get(name, "nominal") == "nominal"
        if not known or coding == "codes" or not apart:
            columns.append(column)
            labels.append(name)
            stepwise.append(bool(known))
            continue
        first = int(coding == "one-hot-reference" or (coding == "auto" and len(known) == 2))
        for index in range(first, len(known)):
            columns.append(np.where(np.isfinite(column), column == index, np.nan))
            labels.append(f"{name}={known[index]}")
            stepwise.append(True)
    return labels, np.stack(columns, axis=1), stepwise


def held(
    instants: Array, values: Array, target: Array, longest: float, over_missing: bool
) -> Array:
    """The last sample at or before each instant.

    Parameters
    ----------
    instants : (time,)
        Of the samples (s), increasing.
    values : (time, channel)
        NaN = missing.
    target : (target,)
        Instants wanted (s).
    longest
        A sample holds no longer than so many seconds.
    over_missing
        Whether the last value that is there stands for missing ones after it.

    Returns
    -------
    Array
        ``(target, channel)``; NaN where nothing holds.
    """
    result = np.full((len(target), values.shape[1]), np.nan)
    for channel in range(values.shape[1]):
        used = np.isfinite(values[:, channel]) if over_missing else np.ones(len(values), dtype=bool)
        when, what = instants[used], values[used, channel]
        if not when.size:
            continue
        last = np.searchsorted(when, target + 1e-9, side="right") - 1
        holds = (last >= 0) & (target - when[np.maximum(last, 0)] <= longest + 1e-9)
        result[holds, channel] = what[last[holds]]
    return result


def linear(instants: Array, values: Array, target: Array, longest: float) -> Array:
    """Straight lines between samples no farther apart than `longest` (s); NaN elsewhere."""
    result = np.full((len(target), values.shape[1]), np.nan)
    for channel in range(values.shape[1]):
        known = np.isfinite(values[:, channel])
        when = instants[known]
        if len(when) < 2:
            continue
        near = clock.gap_around(target, when) <= longest + 1e-9
        inside = near & (target >= when[0] - 1e-9) & (target <= when[-1] + 1e-9)
        result[inside, channel] = np.interp(target[inside], when, values[known, channel])
    return result


def nearest(instants: Array, values: Array, target: Array, interval: float) -> Array:
    """The sample within half an interval (s) of each instant, if there is one; no interpolation."""
    after = np.clip(np.searchsorted(instants, target), 0, len(instants) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.where(
        np.abs(instants[before] - target) < np.abs(instants[after] - target), before, after
    )
    result = values[closer].copy()
    result[np.abs(instants[closer] - target) > interval / 2 + 1e-9] = np.nan
    return result
