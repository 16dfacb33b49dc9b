"""A recording: what the laboratory measured, each modality on its own clock, with its intervals."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from neurodsr.errors import RecordingError

CONTINUOUS = "continuous"
SPIKES = "spikes"
ANNEX_POINTER = b"/annex/objects/"
JITTER = 0.02
LABELS = ("label", "tags", "trial_type")


def make_continuous(
    where: str,
    time: ArrayLike,
    signal: ArrayLike,
    channels: Sequence[str],
    sampling_rate: float | None = None,
    **attributes: Any,
) -> xr.Dataset:
    """Signals sampled at the same instants.

    Parameters
    ----------
    where
        File and field, named in errors.
    time
        (time,) instants in s, strictly increasing.
    signal
        (time, channel) values, NaN where missing; infinite ones count as missing.
    channels
        Names; a name that occurs twice gets a number.
    sampling_rate
        In Hz, 0 for irregular; without it, the rate is told from `time` (see `regular_rate`).
    **attributes
        Further attributes, such as ``units`` and ``description``.

    Raises
    ------
    RecordingError
        Lengths disagree, there are no samples, or time does not increase.
    """
    time = np.asarray(time, dtype=float)
    signal = np.asarray(signal, dtype=float)
    if len(time) != len(signal):
        raise RecordingError(
            f"{where}: timestamps: {len(time)} for {len(signal)} samples; give one per sample"
        )
    if len(time) < 2:
        raise RecordingError(f"{where}: data: {len(time)} samples; a recording needs at least two")
    told = regular_rate(where, time)
    rate = told if sampling_rate is None else float(sampling_rate)
    return xr.Dataset(
        {"signal": (("time", "channel"), np.where(np.isfinite(signal), signal, np.nan))},
        coords={
            "time": ("time", time, {"units": "s", "long_name": "time"}),
            "channel": ("channel", _text(_distinct(channels))),
        },
        attrs={"kind": CONTINUOUS, "sampling_rate": rate, **attributes},
    )


def make_spikes(
    where: str,
    times: Sequence[NDArray[np.float64]],
    units: Sequence[str],
    columns: Mapping[str, ArrayLike],
    support: tuple[float, float] | None = None,
    **attributes: Any,
) -> xr.Dataset:
    """Spike times of sorted units.

    Parameters
    ----------
    where
        File and field, named in errors.
    times
        For each unit its spike times in s, in any order.
    units
        Names of the units.
    columns
        Metadata with one value per unit, such as its region.
    support
        Start and end (s) of the time during which spikes could be seen; widened to the spikes.
    **attributes
        Further attributes.

    Raises
    ------
    RecordingError
        No unit, no spike or a spike time that is no number.
    """
    counts = [len(spikes) for spikes in times]
    if not sum(counts):
        raise RecordingError(f"{where}: spike_times: no spikes in {len(times)} units; leave it out")
    together = np.concatenate(times).astype(float)
    owner = np.repeat(np.arange(len(times)), counts)
    if not np.isfinite(together).all():
        unit = units[owner[~np.isfinite(together)][0]]
        raise RecordingError(
            f"{where}: spike_times: unit {unit} has a time that is no number; export it again"
        )
    order = np.argsort(together, kind="stable")
    together = together[order]
    start, stop = support or (np.inf, -np.inf)
    return xr.Dataset(
        {
            "spike_time": ("spike", together, {"units": "s", "long_name": "spike time"}),
            "spike_unit": ("spike", owner[order].astype(np.int32)),
        },
        coords={
            **{_variable(name): ("unit", _column(values)) for name, values in columns.items()},
            "unit": ("unit", _text(_distinct(units))),
        },
        attrs={
            "kind": SPIKES,
            "start": min(start, together[0]),
            "stop": max(stop, together[-1]),
            **attributes,
        },
    )


def make_intervals(
    start: ArrayLike, stop: ArrayLike, columns: Mapping[str, ArrayLike]
) -> xr.Dataset:
    """Trials, epochs or events: from ``start`` to ``stop`` (s), with one value per column.

    There is always a string column ``label``: the first of `LABELS` that is there, else empty.
    """
    start = np.asarray(start, dtype=float)
    data = {_variable(name): ("interval", _column(values)) for name, values in columns.items()}
    named = next((data[name][1] for name in LABELS if name in data), np.full(len(start), ""))
    return xr.Dataset(
        {
            **data,
            "start": ("interval", start, {"units": "s"}),
            "stop": ("interval", np.asarray(stop, dtype=float), {"units": "s"}),
            "label": ("interval", _text(named)),
        }
    )


def make_recording(
    modalities: Mapping[str, xr.Dataset],
    intervals: Mapping[str, xr.Dataset],
    attributes: Mapping[str, Any],
) -> xr.DataTree:
    """Put modalities and tables of intervals together; intervals become ``/intervals/<name>``."""
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(
                attrs={
                    name: _printable(value) if isinstance(value, str) else value
                    for name, value in attributes.items()
                    if value not in (None, "")
                }
            ),
            **{f"/{name}": data for name, data in modalities.items()},
            **{f"/intervals/{clean_name(name)}": data for name, data in intervals.items()},
        }
    )


def identify(recording: xr.DataTree, source: Mapping[str, Any]) -> xr.DataTree:
    """Write on a recording which one of which dataset it is (see `discovery.Source`)."""
    entities = source["entities"]
    recording.attrs = {
        "recording": source["recording"],
        "dataset": source["dataset"],
        "format": source["format"],
        "participant": entities.get("sub", ""),
        "session": entities.get("ses", ""),
        "task": entities.get("task", ""),
        "run": entities.get("run", ""),
        "source_files": json.dumps(list(source["files"])),
        **recording.attrs,
    }
    return recording


def increasing_steps(where: str, time: NDArray[np.float64], first: int = 0) -> NDArray[np.float64]:
    """Steps (s) between timestamps, of which the one at ``first`` of a file is the first.

    Raises
    ------
    RecordingError
        Timestamps are not finite or do not increase.
    """
    steps = np.diff(time)
    if not (steps > 0).all():
        at = int(np.argmax(~(steps > 0)))
        raise RecordingError(
            f"{where}: timestamps: not increasing at sample {first + at + 1} ({time[at]:g} s, then"
            f" {time[at + 1]:g} s); sort them or remove the repeated samples"
        )
    return steps


def regular_rate(where: str, time: NDArray[np.float64]) -> float:
    """Sampling rate (Hz) of regular timestamps, 0 for irregular ones.

    They are regular when each step is within 2 % of the median one and no stamp is farther than
    half a step from a straight line, so that jitter passes and a lost frame does not.

    Raises
    ------
    RecordingError
        Timestamps are not finite or do not increase.
    """
    steps = increasing_steps(where, time)
    step = (time[-1] - time[0]) / len(steps)
    line = time[0] + step * np.arange(len(time))
    jitter = np.abs(steps / np.median(steps) - 1).max()
    regular = jitter < JITTER and np.abs(time - line).max() < step / 2
    return float(1 / step) if regular else 0.0


def require_content(path: Path) -> None:
    """Refuse a file that is missing, a link to nothing, a git-annex pointer or empty.

    Of a folder that is one recording (Zarr, CTF) it is enough that something is in it.

    Raises
    ------
    RecordingError
    """
    if path.is_dir():
        if not any(path.iterdir()):
            raise RecordingError(f"{path.name}: folder: it is empty; fetch it again")
        return
    if not path.is_file():
        raise RecordingError(
            f"{path.name}: file: it is not there, or a link to nothing; fetch it (`datalad get`)"
        )
    try:
        with path.open("rb") as stream:
            head = stream.read(256)
    except OSError as error:
        raise RecordingError(
            f"{path.name}: file: it cannot be opened ({error.strerror}); mend its permissions"
        ) from error
    if ANNEX_POINTER in head:
        raise RecordingError(
            f"{path.name}: file: a git-annex pointer instead of the data; `datalad get` it"
        )
    if not head:
        raise RecordingError(f"{path.name}: file: it is empty; fetch it again")


def clean_name(name: str) -> str:
    """Spell a name with a-z, 0-9 and _: ``CompassDirection`` becomes ``compass_direction``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_") or "unnamed"


def _distinct(names: Sequence[str]) -> list[str]:
    names = [str(name) for name in names]
    repeated = {name for name in names if names.count(name) > 1}
    return [f"{name}.{i}" if name in repeated else name for i, name in enumerate(names)]


def _variable(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "unnamed"


def _column(values: ArrayLike) -> NDArray[Any]:
    values = np.asarray(values)
    return values.astype(float) if values.dtype.kind in "biuf" else _text(values)


def _text(values: ArrayLike) -> NDArray[np.str_]:
    """Strings without control characters, which no figure or page could show."""
    texts = np.asarray(values, dtype=object).astype(str)
    if all(map(str.isprintable, texts.flat)):
        return texts
    return np.array([_printable(text) for text in texts.flat]).reshape(texts.shape)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
