"""Recordings of a system of equations: orbits that are sampled, seen in part and with noise."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from neurodsr.errors import ConfigError
from neurodsr.simulate.exponents import lyapunov_spectrum
from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.record import Interval, Record, subject_rng
from neurodsr.simulate.systems import SYSTEMS, Floats, System, perturbed
from neurodsr.tables import Dictionary

VOLTS_PER_UNIT = 1e-3
TRANSIENT = 20
"""Turns on the attractor before the recording begins."""


def make_system(spec: Mapping[str, Any]) -> System:
    """The system that a simulation asks for."""
    return SYSTEMS[spec["system"]](**spec["parameters"])


def record(spec: Mapping[str, Any], group: str, participant: str, seed: int) -> Record:
    """Record one orbit, with its stretches for training, validation and test one after another.

    Parameters
    ----------
    spec
        Valid by ``simulate.schema.yaml``, with defaults.
    group
        Of the participant; all are alike.
    participant
        Label; with `seed` it determines initial state and noise.
    seed
        Of the study.

    Returns
    -------
    Record
        A state's unit is one millivolt. Noise is in proportion to the standard deviation of each
        channel in the stretch for training.

    Raises
    ------
    ConfigError
        When a channel that is asked for is none of the system's.
    """
    counts = {name: spec["samples"][name] for name in ("train", "validation", "test")}
    orbit = sampled(
        make_system(spec),
        spec["sampling_interval"],
        sum(counts.values()),
        spec["substeps"],
        subject_rng(seed, participant, "start"),
    )
    names = make_system(spec).channels
    unknown = sorted(set(spec["channels"]) - set(names))
    if unknown:
        raise ConfigError(
            f"simulate.channels: {spec['system']} has no {unknown[0]!r}; it has {', '.join(names)}"
        )
    channels = [name for name in names if name in (spec["channels"] or names)]
    signal = orbit[:, [names.index(name) for name in channels]]
    noisy = len(signal) - (counts["test"] if spec["clean_test"] else 0)
    spread = spec["observation_noise"] * signal[: counts["train"]].std(axis=0)
    noise = subject_rng(seed, participant, "noise").standard_normal(signal.shape)
    signal[:noisy] += spread * noise[:noisy]
    return Record(
        VOLTS_PER_UNIT * signal,
        1.0 / spec["sampling_interval"],
        channels,
        f"Simulated {spec['system']}, one unit of the system is one millivolt",
        laid_out(counts, spec["sampling_interval"]),
    )


def laid_out(counts: Mapping[str, int], interval: float) -> list[Interval]:
    """Where each split lies (s), one after another."""
    borders = np.cumsum([0, *counts.values()]) * interval
    rows = zip(pairwise(borders.tolist()), counts.items(), strict=True)
    return [Interval(start, stop, name) for (start, stop), (name, count) in rows if count]


def sampled(
    system: System, interval: float, samples: int, substeps: int, rng: np.random.Generator
) -> Floats:
    """Samples ``(time, component)`` of an orbit on the attractor."""
    start = perturbed(system, 1, rng)[:, 0]
    settling = round(TRANSIENT * system.time_scale / system.step)
    settled = runge_kutta(system.field, start, settling * system.step, 1, settling)[0]
    return runge_kutta(system.field, settled, interval, samples, substeps)


def truth(
    spec: Mapping[str, Any], participants: Sequence[tuple[str, str]], seed: int
) -> tuple[pd.DataFrame, Dictionary]:
    """What is known of each participant: the Lyapunov exponents of the system, and its regime."""
    spectrum = lyapunov_spectrum(make_system(spec), np.random.default_rng(seed))
    exponents = {f"lyapunov_{i}": value for i, value in enumerate(spectrum.exponents, start=1)}
    table = pd.DataFrame(
        [
            {
                "participant_id": f"sub-{participant}",
                "group": group,
                "regime": spectrum.regime,
                **exponents,
            }
            for participant, group in participants
        ]
    )
    dictionary: Dictionary = {
        "participant_id": {"Description": "Label of the participant"},
        "group": {"Description": "System"},
        "regime": {
            "Description": "What attracts the system, told from its leading exponent",
            "Levels": {
                "chaotic": "above zero",
                "limit cycle": "zero",
                "fixed point": "below zero",
            },
        },
        **{
            name: {
                "Description": "Lyapunov exponent, in descending order, from the equations",
                "Units": "1/s",
            }
            for name in exponents
        },
    }
    return table, dictionary
