"""Samples that hold no signal: constant ends and artefacts become missing."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess.kinds.signal import Signal, anything, padded, robust
from neurodsr.recordings.flat_ends import length_without_flat_end

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEWEST = 5


def flat_ends(signal: Signal, minimum: float, recording: xr.DataTree) -> Signal:
    """Mark the constant padding before or after a recording as missing.

    Parameters
    ----------
    signal
        As recorded.
    minimum
        Ends in which every channel stands still for at least so long (s), and five samples, count.
    recording
        Not needed.
    """
    present = np.isfinite(signal.values)
    filled = np.where(present, signal.values, 0.0)
    samples = len(filled)
    shortest = max(FEWEST, int(np.ceil(minimum / signal.interval)))
    last = length_without_flat_end(lambda start, stop: filled[start:stop], samples, shortest)
    if last == 0:
        return signal
    backwards = filled[::-1]
    rest = length_without_flat_end(lambda start, stop: backwards[start:stop], samples, shortest)
    flat = np.zeros(samples, dtype=bool)
    flat[: samples - rest] = True
    flat[last:] = True
    flat &= anything(signal.values)
    if not flat.any():
        return signal
    seconds = float(flat.sum() * signal.interval)
    return signal.reject(flat, "flat end", f"flat ends ({seconds:.3g} s)")


def artefacts(signal: Signal, options: Mapping[str, Any], recording: xr.DataTree) -> Signal:
    """Reject samples at which a channel is far off, with some time around them.

    Parameters
    ----------
    signal
        Filtered already.
    options
        ``deviation``: largest distance from the median in scaled median absolute deviations, both
        of the training samples of each channel; ``absolute``: largest modulus, in the units of the
        recording; ``padding`` (s) on both sides. Null leaves a criterion out.
    recording
        Not needed.

    Raises
    ------
    RecordingError
        Nothing is left.
    """
    values = signal.values
    off = np.zeros(values.shape, dtype=bool)
    if options["deviation"] is not None and signal.train.any():
        centre, spread = robust(values[signal.train])
        with np.errstate(invalid="ignore"):
            off |= (np.abs(values - centre) > options["deviation"] * spread) & (spread > 0)
    if options["absolute"] is not None:
        off |= np.abs(values) > options["absolute"]
    far: Mask = np.asarray(off.any(axis=1))
    present = anything(values)
    samples = padded(far, int(np.ceil(options["padding"] / signal.interval))) & present
    if present.any() and samples.sum() == present.sum():
        worst = signal.channels[int(off.sum(axis=0).argmax())]
        raise RecordingError(
            f"{signal.modality}: artefacts: every sample is rejected, most of them by {worst}; "
            "raise artefacts.deviation or artefacts.absolute, or leave that channel out"
        )
    share = float(samples.sum() / max(1, present.sum()))
    return signal.reject(samples, "artefact", f"artefacts ({share:.1%})")
