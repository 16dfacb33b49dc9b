"""Which modalities and which of their channels a model sees."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.columns.columns import Columns
from neurodsr.preprocess.kinds.confounds import PURPOSE

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def choose_modalities(
    recording: xr.DataTree, options: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[xr.Dataset, Mapping[str, Any]]]:
    """The modalities to use, each with its options: its own, or else those of its kind.

    Confounds (attribute ``purpose``) are used as such only, unless the settings name them.

    Raises
    ------
    RecordingError
        When the recording lacks one that the settings name and need, or none is left.
    """
    recorded = {
        name: node.to_dataset() for name, node in recording.children.items() if name != "intervals"
    }
    named = [
        name
        for name, o in options.items()
        if name not in ("spikes", "continuous") and o["use"] and not o["optional"]
    ]
    missing = [name for name in named if name not in recorded]
    if missing:
        raise RecordingError(
            f"modalities: {', '.join(missing)} not in the recording, which has "
            f"{', '.join(recorded) or 'none'}; correct preprocess.modalities"
        )
    chosen = {
        name: (data, options.get(name, options[data.attrs["kind"]]))
        for name, data in recorded.items()
    }
    used = {
        name: pair
        for name, pair in chosen.items()
        if pair[1]["use"] and (name in options or pair[0].attrs.get("purpose") != PURPOSE)
    }
    if not used:
        raise RecordingError(
            f"modalities: none of {', '.join(recorded) or '(none recorded)'} is to be used; "
            "change preprocess.modalities"
        )
    return used


def chosen_channels(name: str, labels: list[str], wanted: Any) -> NDArray[np.intp]:
    """Channels given by name (a list) or by regular expression (a string); otherwise all."""
    if isinstance(wanted, list):
        unknown = sorted(set(map(str, wanted)) - set(labels))
        if unknown:
            raise RecordingError(f"{name}: no channel {', '.join(unknown)}; it has {labels[:30]}")
        return np.array([labels.index(str(channel)) for channel in wanted], dtype=np.intp)
    if isinstance(wanted, str):
        found = [i for i, label in enumerate(labels) if re.search(wanted, label)]
        if not found:
            raise RecordingError(f"{name}: no channel matches {wanted!r}; it has {labels[:30]}")
        return np.array(found, dtype=np.intp)
    return np.arange(len(labels))


def unusable(columns: Columns, train: Mask, sampling_interval: float) -> dict[str, str]:
    """Channels that do not vary in the training split or, if units, fire below `minimum_rate`."""
    reasons = {}
    least = columns.options["minimum_rate"]
    moving = varies(columns.values[train])
    rates = np.zeros(len(columns.names))
    if columns.kind == "spikes":
        counts = columns.raw[train]
        number = np.maximum(np.isfinite(counts).sum(axis=0), 1)
        rates = np.nansum(counts, axis=0) / number / sampling_interval
    for name, moves, rate in zip(columns.names, moving, rates, strict=True):
        if columns.kind == "spikes" and rate < least:
            reasons[name] = f"{rate:.3g} Hz in the training split, less than {least:g} Hz"
        elif not moves:
            reasons[name] = "constant or missing in the training split"
    return reasons


def leading(columns: Columns, train: NDArray[np.bool_]) -> Columns:
    """Where `channels` is a number, so many of them, in their original order.

    Those with the highest rate (spikes) or the largest variance (continuous) in the training split.
    """
    limit = columns.options["channels"]
    if not isinstance(limit, int) or len(columns.names) <= limit:
        return columns
    raw = columns.raw[train]
    strength = np.nanmean(raw, axis=0) if columns.kind == "spikes" else np.nanvar(raw, axis=0)
    return columns.take(np.sort(np.argsort(-strength, kind="stable")[:limit]))


def varies(values: Array) -> NDArray[np.bool_]:
    """Which channels ``(time, channel)`` hold more than one value, rounding errors aside."""
    present = np.isfinite(values)
    low = np.min(values, axis=0, where=present, initial=np.inf)
    high = np.max(values, axis=0, where=present, initial=-np.inf)
    extent = np.max(np.abs(values), axis=0, where=present, initial=0.0)
    result: NDArray[np.bool_] = present.any(axis=0) & (high - low > 1e-10 * extent)
    return result
