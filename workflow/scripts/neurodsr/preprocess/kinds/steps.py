"""The steps that a continuous modality goes through, in their order."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.preprocess.kinds.artefacts import artefacts, flat_ends
from neurodsr.preprocess.kinds.calcium import deconvolved, over_baseline
from neurodsr.preprocess.kinds.confounds import automatic, confounds_of, regression
from neurodsr.preprocess.kinds.filters import band_pass, envelope, notch
from neurodsr.preprocess.kinds.montage import bad_channels, rereference
from neurodsr.preprocess.kinds.signal import Signal

Step = Callable[[Signal, Any, xr.DataTree], Signal]

# The one order of operations. A step runs when its options are not null; each knows nothing of the
# others. What comes before (invalid times) and after (clock, transform, smoothing, detrending,
# scaling, reduction, embedding) stands in `series.make_series`.
STEPS: dict[str, Step] = {
    "flat_ends": flat_ends,
    "bad_channels": bad_channels,
    "reference": rereference,
    "notch": notch,
    "filter": band_pass,
    "artefacts": artefacts,
    "envelope": envelope,
    "baseline": over_baseline,
    "deconvolution": deconvolved,
    "regression": regression,
}

ELECTRIC = re.compile(r"i?eeg|meg|lfp|electricalseries", re.IGNORECASE)
BOLD = re.compile(r"bold|timeseries", re.IGNORECASE)
AUTOMATIC_BAD = {"deviation": 5.0, "flat": 0.5, "missing": 0.5, "line": 50.0}
AUTOMATIC_FLAT = 0.2


def type_of(name: str, modality: xr.Dataset) -> str:
    """ "electric", "bold" or "other", by BIDS suffix, NWB type or name."""
    words = [str(modality.attrs.get(key, "")) for key in ("suffix", "neurodata_type")] + [name]
    if any(ELECTRIC.fullmatch(word) for word in words):
        return "electric"
    return "bold" if any(BOLD.fullmatch(word) for word in words) else "other"


def resolved(
    name: str, modality: xr.Dataset, options: Mapping[str, Any], recording: xr.DataTree
) -> dict[str, Any]:
    """Options of the steps with ``auto`` replaced by what suits the type of signal.

    Flat ends and bad channels of electric signals are taken out; BOLD with confounds is regressed
    on movement, white matter and cerebrospinal fluid. Nothing is done to other signals.
    """
    kind = type_of(name, modality)
    electric = kind == "electric"
    line = modality.attrs.get("line_frequency") or AUTOMATIC_BAD["line"]
    table = confounds_of(recording)
    suits: dict[str, Any] = {
        "flat_ends": AUTOMATIC_FLAT if electric else None,
        "bad_channels": AUTOMATIC_BAD | {"line": line} if electric else None,
        "regression": automatic(table) if kind == "bold" and table is not None else None,
    }
    return {step: suits[step] if options[step] == "auto" else options[step] for step in STEPS}


def processed(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Run the steps that are asked for, in their order.

    Channels without a training sample, to which nothing could be fitted, are left out.
    """
    for name, step in STEPS.items():
        if options[name] is None:
            continue
        known = np.asarray(np.isfinite(signal.values[signal.train]).any(axis=0))
        absent = [c for c, there in zip(signal.channels, known, strict=True) if not there]
        signal = signal.without(dict.fromkeys(absent, "missing in the training split"))
        if signal.channels:
            signal = step(signal, options[name], recording)
    return signal
