"""What became of each modality, in words and numbers that fit on a page."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurodsr.preprocess.columns.columns import Columns


def quality_of(
    columns: list[Columns], kept: list[Columns], reasons: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """For each modality: steps, channels kept and left out, shares missing, reach of the filters.

    Parameters
    ----------
    columns
        All modalities on the clock.
    kept
        Those with channels left, of both roles.
    reasons
        Why channels were left out, by the names that a series gives them.

    Returns
    -------
    dict
        ``order``: the steps in words; ``channels``: how many there were; ``kept``; ``left_out``
        {channel: reason}; ``missing``: share of values; ``reach`` (s); ``rejected`` {reason: share
        of time}; and facts of the steps.
    """
    several = len(columns) > 1
    left = {block.modality: block for block in kept}
    result: dict[str, dict[str, Any]] = {}
    for block in columns:
        prefix = f"{block.modality}." if several else ""
        block_left = left.get(block.modality)
        names = {prefix + name for name in (*block.names, *block.left_out)}
        values = block.values if block_left is None else block_left.values
        result[block.modality] = {
            "kind": block.kind,
            "role": block.options["role"],
            "order": [*block.done, *finishing(block)],
            "channels": len(names),
            "kept": [] if block_left is None else block_left.names,
            "left_out": {name: why for name, why in reasons.items() if name in names},
            "missing": float(np.mean(~np.isfinite(values))) if values.size else 1.0,
            "reach": float(block.reach),
            "rejected": {},
            **block.facts,
        }
    return result


def finishing(block: Columns) -> list[str]:
    """The steps after the common clock, in words."""
    options = block.options
    words = []
    if isinstance(options["channels"], int) and len(block.names) > options["channels"]:
        words.append(f"the {options['channels']} strongest channels")
    if options["detrend"] != "none":
        words.append(f"{options['detrend']} detrending")
    if options["scaling"] != "none":
        words.append(f"{options['scaling']} scaling")
    if options["reduction"] is not None and options["role"] == "observation":
        wanted = options["reduction"]["components"]
        words.append(f"{options['reduction']['method']}, components: {wanted:g}")
    return words
