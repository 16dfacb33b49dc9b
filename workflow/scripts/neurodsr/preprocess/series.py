"""The series of a recording: what a model sees."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.preprocess import clock, splits
from neurodsr.preprocess.assembly.assemble import assembled, select
from neurodsr.preprocess.assembly.embedding import embedded
from neurodsr.preprocess.channels import choose_modalities
from neurodsr.preprocess.columns.columns import Columns, Timeline
from neurodsr.preprocess.columns.modalities import make_columns, presence
from neurodsr.preprocess.kinds.signal import anything
from neurodsr.preprocess.quality import quality_of
from neurodsr.preprocess.regions import trials_in_region

Array = NDArray[np.float64]

MEANINGS = "guard train validation test"
LONGEST_GUARD = 0.05


def make_series(recording: xr.DataTree, settings: Mapping[str, Any]) -> xr.Dataset:
    """Model-ready series of a recording.

    The order of operations, for all kinds of signals:

    1. clock: epochs, trials, invalid times; stretches without data are cut out and end a segment;
    2. splits: train, validation and test in time order, before anything is estimated;
    3. steps of each modality on its own clock (`kinds.steps.STEPS`), estimates from train alone;
    4. bins or resampling to the common clock, transform, smoothing; what the steps rejected is
       missing, and long stretches of it are cut out;
    5. guards between the splits, at least twice as long as the filters reach;
    6. choice of channels and detrending;
    7. scaling, reduction and delay embedding.

    NaN stays NaN (missing).

    Parameters
    ----------
    recording
        Contents of ``recording.nc``.
    settings
        Complete settings, see ``preprocess.schema.yaml``.

    Returns
    -------
    xr.Dataset
        ``observation(time, channel)``, standardised, with the coordinates ``modality``,
        ``likelihood``, ``kernel`` (s), ``offset``, ``scale``, ``transform`` and ``exponent`` over
        channels (transformed original = observation * scale + offset, see `transforms.restored`);
        ``input(time, input)`` where a modality has that role; ``segment(time)`` and
        ``split(time)``. After a reduction also what `assembly.assembled` says. Attributes
        ``quality`` and ``rejected`` (JSON) say what was done, kept and rejected.

    Raises
    ------
    RecordingError
        When the recording lacks what the settings ask for, or is too short.
    """
    used = choose_modalities(recording, settings["modalities"])
    data = {name: modality for name, (modality, _) in used.items()}
    interval = sampling_interval(data, settings["sampling_interval"])
    gap = settings["maximum_gap"]
    intervals = clock.chosen_intervals(recording, settings)
    invalid = clock.invalid_times(recording, settings["invalid"])
    time, segment = clock.make_clock(data, intervals, interval, settings["maximum_duration"])
    there = np.any(
        [presence(name, *pair, time, gap) for name, pair in used.items()], axis=0
    ) & ~clock.touched(time, interval, invalid)
    kept, segment = without_gaps(there, segment, gap)
    time = time[kept]
    codes = split_codes(recording, data, time, segment, settings)
    timeline = Timeline(time, segment, codes, interval, gap, invalid)
    columns = [
        make_columns(name, modality, options, timeline, recording)
        for name, (modality, options) in used.items()
    ]
    if not any(c.names for c in columns):
        raise no_channel({name: why for c in columns for name, why in c.left_out.items()})
    there = np.any([anything(c.values) for c in columns], axis=0)
    kept, segment = without_gaps(there, segment, gap, columns)
    columns = [c.at(kept) for c in columns]
    time, codes = time[kept], codes[kept]
    split, guard = guarded(time, segment, codes, columns, interval, settings["splits"])
    observed, reasons = select(columns, split, segment, interval, "observation")
    inputs, more = select(columns, split, segment, interval, "input")
    reasons |= more
    if not observed:
        raise no_channel(reasons)
    series = xr.Dataset(
        {
            "segment": ("time", segment),
            "split": ("time", split, {"flag_values": [-1, 0, 1, 2], "flag_meanings": MEANINGS}),
        },
        coords={"time": ("time", time, {"units": "s", "long_name": "time"})},
        attrs={
            "recording": str(recording.attrs["recording"]),
            "sampling_interval": interval,
            "guard": guard,
            "dropped_channels": json.dumps(empty_channels(data) + list(reasons)),
            "warnings": json.dumps(warnings_of(columns, guard)),
            "quality": json.dumps(quality_of(columns, [*observed, *inputs], reasons)),
            "rejected": json.dumps(
                [[c.modality, *stretch] for c in columns for stretch in c.rejected]
            ),
        },
    )
    series = series.merge(assembled(observed, split, "channel"))
    if inputs:
        series = series.merge(assembled(inputs, split, "input"))
        if not np.isfinite(series["input"].values).all():
            raise RecordingError(
                "input: has missing samples, which a model cannot be driven by; choose `epochs` "
                "without gaps or raise maximum_gap"
            )
    if isinstance(settings["embedding"], dict):
        return embedded(
            series, **settings["embedding"], minimum=settings["splits"]["minimum_samples"]
        )
    return series


def no_channel(reasons: Mapping[str, str]) -> RecordingError:
    """What to say when every channel was left out."""
    listed = ", ".join(f"{name} ({reason})" for name, reason in reasons.items())
    return RecordingError(
        f"observation: no channel is left ({listed[:500]}); check preprocess.modalities"
    )


def warnings_of(columns: list[Columns], guard: float) -> list[str]:
    """What a reader should know of the modalities, and of guards that are too short."""
    said = [warning for c in columns for warning in c.warnings]
    needed = 2.0 * max(c.reach for c in columns)
    if guard < needed - 1e-9:
        said.append(
            f"guards of {guard:.4g} s are shorter than twice the reach of the filters "
            f"({needed:.4g} s): the splits are not quite apart"
        )
    return said


def empty_channels(data: Mapping[str, xr.Dataset]) -> list[str]:
    """Channels that ingestion left out: without a value, or marked as bad in the dataset."""
    return [
        channel
        for modality in data.values()
        for reason in ("dropped_channels", "bad_channels")
        for channel in json.loads(modality.attrs.get(reason, "[]"))
    ]


def sampling_interval(data: Mapping[str, xr.Dataset], wanted: float | None) -> float:
    """The interval asked for, or else that of the first continuous modality."""
    if wanted is not None:
        return float(wanted)
    for name, modality in data.items():
        if modality.attrs["kind"] == "continuous":
            try:
                return clock.native_interval(modality)
            except RecordingError as error:
                raise RecordingError(f"{name}: {error}") from error
    raise RecordingError(
        "sampling_interval: spikes alone have none; set preprocess.sampling_interval (s)"
    )


def without_gaps(
    present: NDArray[np.bool_],
    segment: NDArray[np.int32],
    maximum_gap: float,
    columns: list[Columns] | None = None,
) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """Cut out stretches longer than `maximum_gap` samples in which every channel is missing.

    Parameters
    ----------
    present, segment : (time,)
        Whether any channel is there, and the segment, of each sample.
    maximum_gap
        In samples.
    columns
        Say in the error what was rejected.

    Returns
    -------
    tuple
        Which samples to keep, and the new segment of each of those.
    """
    keep = np.ones(len(segment), dtype=bool)
    for code, where in splits.pieces_of(segment, present.astype(np.int8)):
        if code == 0 and where.stop - where.start > maximum_gap:
            keep[where] = False
    if not keep.any() or not present.any():
        done = [f"{c.modality}: {', '.join(c.done)}" for c in columns or ()]
        after = f" after {'; '.join(done)}" if done else ""
        raise RecordingError(f"signal: every sample is missing{after}; check the recording")
    index = np.flatnonzero(keep)
    new = (np.diff(index) > 1) | (np.diff(segment[index]) != 0)
    return keep, np.concatenate([[0], np.cumsum(new)]).astype(np.int32)


def split_codes(
    recording: xr.DataTree,
    data: Mapping[str, xr.Dataset],
    time: Array,
    segment: NDArray[np.int32],
    settings: Mapping[str, Any],
) -> splits.Codes:
    """Split code of each sample, without guards."""
    wanted, trials = settings["splits"], settings["trials"]
    if wanted["region"] is not None:
        limits = np.array(clock.rows(clock.interval_table(recording, trials)))
        labels = trials_in_region(data, limits[:, 0], limits[:, 1], wanted["region"])
        return splits.labelled_codes(time, limits[:, 0], labels, wanted["validation"])
    if wanted["column"] is not None:
        starts, labels = clock.labelled_trials(
            recording, trials, wanted["column"], wanted["held_out"]
        )
        return splits.labelled_codes(time, starts, labels, wanted["validation"])
    shares = wanted["validation"], wanted["test"]
    bounds = splits.boundaries(segment, *shares, whole_segments=trials is not None)
    return splits.codes_of(len(time), bounds)


def guarded(
    time: Array,
    segment: NDArray[np.int32],
    codes: splits.Codes,
    columns: list[Columns],
    interval: float,
    wanted: Mapping[str, Any],
) -> tuple[splits.Codes, float]:
    """Split code of each sample with guards, and their length (s)."""
    guard = wanted["guard"]
    if guard is None:
        values = np.concatenate([c.values for c in columns], axis=1)
        pieces = splits.pieces_of(segment, codes)
        training = [values[where] for code, where in pieces if code == splits.CODES["train"]]
        guard = splits.automatic_guard(
            training or [values[:1]],
            interval,
            longest=LONGEST_GUARD * len(time) * interval,
            at_least=2.0 * max(c.reach for c in columns),
        )
    return splits.with_guards(time, codes, guard, wanted["minimum_samples"]), float(guard)
