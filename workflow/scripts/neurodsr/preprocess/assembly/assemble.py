"""Chosen channels of all modalities put together: scaled, and reduced where that is asked for."""

from dataclasses import replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.preprocess import splits
from neurodsr.preprocess.assembly.reduction import Reduction, fit_reduction
from neurodsr.preprocess.assembly.scaling import detrended, offset_and_scale
from neurodsr.preprocess.channels import leading, unusable, varies
from neurodsr.preprocess.columns.columns import Columns

Array = NDArray[np.float64]


def select(
    columns: list[Columns],
    split: splits.Codes,
    segment: NDArray[np.int32],
    interval: float,
    role: str,
) -> tuple[list[Columns], dict[str, str]]:
    """Modalities of one role with their channels to keep, detrended; the others with the reason."""
    train = split == splits.CODES["train"]
    several = len(columns) > 1
    kept: list[Columns] = []
    reasons: dict[str, str] = {}
    for block in columns:
        if block.options["role"] != role:
            continue
        prefix = f"{block.modality}." if several else ""
        named = replace(block, names=[prefix + name for name in block.names])
        out = unusable(named, train, interval)
        reasons |= {prefix + name: reason for name, reason in block.left_out.items()} | out
        good = [i for i, name in enumerate(named.names) if name not in out]
        if not good:
            continue
        chosen = leading(named.take(np.array(good, dtype=np.intp)), train)
        values = detrended(chosen.values, segment, split, str(block.options["detrend"]))
        moving = varies(values[train])
        still = [name for name, moves in zip(chosen.names, moving, strict=True) if not moves]
        reasons |= dict.fromkeys(still, "constant after detrending in the training split")
        if moving.any():
            kept.append(replace(chosen, values=values).take(np.flatnonzero(moving)))
    return kept, reasons


def assembled(columns: list[Columns], split: splits.Codes, dimension: str) -> xr.Dataset:
    """All channels, scaled by their training samples, as one variable.

    Parameters
    ----------
    columns
        Modalities of one role.
    split : (time,)
        Codes.
    dimension
        "channel" for ``observation``, "input" for ``input``.

    Returns
    -------
    xr.Dataset
        The variable and its coordinates. Where a modality is reduced, also
        ``unreduced(time, channel_full)``, the scaled channels before that, with the coordinates
        ``full_modality``, ``full_offset``, ``full_scale`` and ``full_explained`` (share of the
        variance of each that the components carry); ``projection(component, channel_full)`` and
        ``loadings(component, channel_full)``; and the coordinate ``explained`` over channels (share
        of the variance of its modality). Then components = observation * scale + offset =
        unreduced projectionᵀ, and unreduced ≈ components loadings.
    """
    train = split == splits.CODES["train"]
    scaled, offsets, scales = [], [], []
    for block in columns:
        offset, scale = offset_and_scale(block.values[train], str(block.options["scaling"]))
        scaled.append((block.values - offset) / scale)
        offsets.append(offset)
        scales.append(scale)
    reduced = dimension == "channel" and any(c.options["reduction"] is not None for c in columns)
    if not reduced:
        values, offset = np.concatenate(scaled, axis=1), np.concatenate(offsets)
        return variable(columns, values, offset, np.concatenate(scales), dimension)
    maps = [
        fit_reduction(block.modality, values[train], block.options["reduction"])
        if block.options["reduction"] is not None
        else identity(values.shape[1])
        for block, values in zip(columns, scaled, strict=True)
    ]
    components = [
        one.reduce(values) if block.options["reduction"] is not None else values
        for block, one, values in zip(columns, maps, scaled, strict=True)
    ]
    blocks = [
        renamed(block, values)
        if block.options["reduction"] is not None
        else replace(block, values=values)
        for block, values in zip(columns, components, strict=True)
    ]
    location, spread = offset_and_scale(np.concatenate(components, axis=1)[train], "standard")
    values = (np.concatenate(components, axis=1) - location) / spread
    result = variable(blocks, values, location, spread, dimension)
    return result.assign_coords(
        explained=("channel", np.concatenate([one.explained for one in maps]))
    ).merge(whole(columns, result["channel"].values.tolist(), scaled, offsets, scales, maps, train))


def identity(channels: int) -> Reduction:
    """The map of a modality that is not reduced."""
    nothing = np.full(channels, np.nan)
    return Reduction(np.zeros(channels), np.eye(channels), np.eye(channels), nothing)


def renamed(block: Columns, values: Array) -> Columns:
    """A modality whose columns are components."""
    word = {"pca": "pc", "factor-analysis": "factor"}[block.options["reduction"]["method"]]
    number = values.shape[1]
    return replace(
        block,
        names=[f"{block.modality}.{word}{i + 1}" for i in range(number)],
        values=values,
        raw=values,
        exponents=np.full(number, np.nan),
    )


def whole(
    columns: list[Columns],
    components: list[str],
    scaled: list[Array],
    offsets: list[Array],
    scales: list[Array],
    maps: list[Reduction],
    train: NDArray[np.bool_],
) -> xr.Dataset:
    """The channels before reduction, and the maps to the components and back."""
    rows = [len(one.loadings) for one in maps]
    full = [values.shape[1] for values in scaled]
    projection, loadings = np.zeros((2, sum(rows), sum(full)))
    row, column = 0, 0
    explained = []
    for one, values, count, width in zip(maps, scaled, rows, full, strict=True):
        projection[row : row + count, column : column + width] = one.projection
        loadings[row : row + count, column : column + width] = one.loadings
        seen = values[train]
        rest = np.nanvar(seen - one.restore(one.reduce(seen)), axis=0)
        total = np.nanvar(seen, axis=0)
        explained.append(1.0 - rest / np.where(total > 0, total, 1.0))
        row, column = row + count, column + width
    return xr.Dataset(
        {
            "unreduced": (("time", "channel_full"), np.concatenate(scaled, axis=1)),
            "projection": (("component", "channel_full"), projection),
            "loadings": (("component", "channel_full"), loadings),
        },
        coords={
            "component": components,
            "channel_full": [name for c in columns for name in c.names],
            "full_modality": ("channel_full", [c.modality for c in columns for _ in c.names]),
            "full_offset": ("channel_full", np.concatenate(offsets)),
            "full_scale": ("channel_full", np.concatenate(scales)),
            "full_explained": ("channel_full", np.concatenate(explained)),
        },
    )


def variable(
    columns: list[Columns], values: Array, offset: Array, scale: Array, dimension: str
) -> xr.Dataset:
    """Values with the coordinates of their channels, as ``observation`` or ``input``."""
    observed = dimension == "channel"
    prefix, name = ("", "observation") if observed else ("input_", "input")
    per_channel = [(c, channel) for c in columns for channel in c.names]
    coordinates = {
        "channel" if observed else "input_name": [channel for _, channel in per_channel],
        prefix + "modality": [c.modality for c, _ in per_channel],
        prefix + "kernel": [float(c.options["kernel"]) for c, _ in per_channel],
        prefix + "transform": [str(c.options["transform"]) for c, _ in per_channel],
        prefix + "exponent": np.concatenate([c.exponents for c in columns]),
        prefix + "offset": offset,
        prefix + "scale": scale,
    }
    if observed:
        coordinates["likelihood"] = ["gaussian" for _ in per_channel]
    return xr.Dataset(
        {name: (("time", dimension), values, {"long_name": f"standardised {name}"})},
        coords={key: (dimension, column) for key, column in coordinates.items()},
    )
