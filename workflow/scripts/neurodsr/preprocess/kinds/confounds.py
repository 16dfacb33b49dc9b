"""fMRI: dummy and moved volumes rejected, confounds chosen and regressed out."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.regression import regressed
from neurodsr.preprocess.kinds.signal import Signal, anything, runs

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

PURPOSE = "confounds"
MOTION = "(trans|rot)_[xyz]"
STRATEGIES = {
    "motion6": MOTION,
    "motion24": f"{MOTION}(_derivative1)?(_power2)?",
    "wm-csf": "white_matter|csf",
    "global": "global_signal",
    "cosine": r"cosine_?\d+",
}
DUMMY = r"non_steady_state_outlier_?\d+|nonsteadystateoutliers?_?\d+"


def confounds_of(recording: xr.DataTree) -> xr.Dataset | None:
    """The modality that holds confounds (attribute ``purpose``), if there is one."""
    for name, node in recording.children.items():
        if name != "intervals" and node.attrs.get("purpose") == PURPOSE:
            return node.to_dataset()
    return None


def on_volumes(signal: Signal, recording: xr.DataTree) -> tuple[list[str], Array]:
    """Names of the confounds and their values ``(time, confound)`` at the volumes.

    Raises
    ------
    RecordingError
        There are none, or not one for each volume.
    """
    table = confounds_of(recording)
    if table is None:
        raise RecordingError(
            f"{signal.modality}: confounds: the recording has no modality of confounds "
            "(*_desc-confounds_timeseries.tsv beside the images); add it or ask for none"
        )
    instants = table["time"].values.astype(float)
    index = np.clip(np.searchsorted(instants, signal.time - signal.interval / 2), 0, None)
    near = np.minimum(index, len(instants) - 1)
    if np.any(np.abs(instants[near] - signal.time) > signal.interval / 2):
        raise RecordingError(
            f"{signal.modality}: confounds: {len(instants)} rows do not cover the "
            f"{len(signal.values)} volumes; export them from the same run"
        )
    names = [str(name) for name in table["channel"].values]
    return names, table["signal"].transpose("time", "channel").values[near].astype(float)


def regression(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Reject moved volumes; regress confounds, slow drift and frequencies outside a band out.

    Drift and frequencies are fitted in each stretch of one split on its own. The weights of the
    confounds come from the training volumes (``weights: train``) or from each split's own.

    Parameters
    ----------
    signal
        One region per channel.
    options
        As ``modality.schema.yaml`` describes ``regression``.
    recording
        Holds a modality of confounds.

    Raises
    ------
    RecordingError
        Confounds asked for are not there, or regressors outnumber the volumes.
    """
    wanted = bool(options["strategies"] or options["columns"] or options["acompcor"])
    scrub = options["framewise_displacement"] is not None or options["std_dvars"] is not None
    names: list[str] = []
    table = np.zeros((len(signal.values), 0))
    told = options["dummy_volumes"] is None and confounds_of(recording) is not None
    if wanted or scrub or told:
        names, table = on_volumes(signal, recording)
    signal = without_dummies(signal, options["dummy_volumes"], names, table)
    if scrub:
        signal = scrubbed(signal, options, names, table)
    chosen = chosen_confounds(signal.modality, names, options)
    columns = np.stack([table[:, names.index(name)] for name in chosen], axis=1) if chosen else None
    band = options["highpass"], options["lowpass"]
    if columns is None and band == (None, None) and options["degree"] is None:
        return signal
    values = regressed(signal, columns, band, options["degree"], options["weights"] == "train")
    what = [f"{len(chosen)} confounds"] if chosen else []
    if options["degree"] is not None:
        what.append(f"polynomial of degree {options['degree']}")
    if band != (None, None):
        low, high = (f"{edge:g}" if edge is not None else "" for edge in band)
        what.append(f"frequencies outside {low or '0'}-{high or 'Nyquist'} Hz")
    facts = {"confounds": chosen, "band": list(band)}
    return signal.then(f"regression of {', '.join(what)}", values=values, facts=facts, apart=True)


def without_dummies(signal: Signal, number: int | None, names: list[str], table: Array) -> Signal:
    """Mark the first volumes as missing: so many, or those that the confounds call not steady."""
    first = np.zeros(len(signal.values), dtype=bool)
    if number is not None:
        first[:number] = True
    else:
        marked = [i for i, name in enumerate(names) if re.fullmatch(DUMMY, name, re.IGNORECASE)]
        if marked:
            first |= (np.nan_to_num(table[:, marked]) > 0).any(axis=1)
    if not first.any():
        return signal
    return signal.reject(first, "dummy volume", f"dummy volumes ({int(first.sum())})")


def scrubbed(signal: Signal, options: Mapping[str, Any], names: list[str], table: Array) -> Signal:
    """Mark volumes with much movement, those around them and short remnants between as missing.

    Raises
    ------
    RecordingError
        The column is not among the confounds, or too few volumes are left.
    """
    moved = np.zeros(len(signal.values), dtype=bool)
    for column in ("framewise_displacement", "std_dvars"):
        if options[column] is None:
            continue
        if column not in names:
            raise RecordingError(
                f"{signal.modality}: regression: no confound {column}; it has "
                f"{', '.join(names[:30])}; set regression.{column}: null"
            )
        moved |= np.nan_to_num(table[:, names.index(column)]) > options[column]
    spread = moved.copy()
    for shift in range(1, options["before"] + 1):
        spread[:-shift] |= moved[shift:]
    for shift in range(1, options["after"] + 1):
        spread[shift:] |= moved[:-shift]
    good = ~spread & anything(signal.values)
    for where in runs(good):
        if where.stop - where.start < options["shortest"]:
            spread[where] = True
    spread &= anything(signal.values)
    share = float(spread.mean())
    result = signal.reject(spread, "movement", f"scrubbing ({int(spread.sum())} volumes)")
    if not np.isfinite(result.values[signal.train]).any():
        raise RecordingError(
            f"{signal.modality}: regression: {share:.0%} of the volumes are scrubbed and no "
            "training volume is left; raise framewise_displacement or std_dvars"
        )
    return result


def chosen_confounds(modality: str, names: list[str], options: Mapping[str, Any]) -> list[str]:
    """Names of the confounds to regress out, in the order of the table."""
    wanted: set[str] = set()
    patterns = [(strategy, STRATEGIES[strategy]) for strategy in options["strategies"]]
    patterns += [(pattern, pattern) for pattern in options["columns"]]
    for called, pattern in patterns:
        found = [name for name in names if re.fullmatch(pattern, name)]
        if not found and called != "cosine":
            raise RecordingError(
                f"{modality}: regression: no confound fits {called!r}; it has "
                f"{', '.join(names[:40])}"
            )
        wanted.update(found)
    components = [name for name in names if re.fullmatch(r"a_comp_cor_\d+", name)]
    if options["acompcor"] > len(components):
        raise RecordingError(
            f"{modality}: regression: {options['acompcor']} aCompCor components asked for, "
            f"{len(components)} are there; lower acompcor"
        )
    wanted.update(components[: options["acompcor"]])
    return [name for name in names if name in wanted]


def automatic(table: xr.Dataset) -> dict[str, Any]:
    """Movement, white matter and cerebrospinal fluid as far as they are there, and slow drift."""
    names = [str(name) for name in table["channel"].values]
    there = {
        strategy: any(re.fullmatch(pattern, name) for name in names)
        for strategy, pattern in STRATEGIES.items()
    }
    return {
        "strategies": [s for s in ("motion6", "wm-csf", "cosine") if there[s]],
        "columns": [],
        "acompcor": 0,
        "weights": "train",
        "highpass": None,
        "lowpass": None,
        "degree": None if there["cosine"] else 1,
        "framewise_displacement": None,
        "std_dvars": None,
        "before": 0,
        "after": 0,
        "shortest": 1,
        "dummy_volumes": None,
    }
