"""A cohort of Wilson-Cowan subjects in groups on the two sides of a Hopf bifurcation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from neurodsr.simulate.flows import stochastic_heun
from neurodsr.simulate.record import Record, subject_rng
from neurodsr.simulate.wilson_cowan import (
    Parameters,
    eigenvalues,
    field,
    fixed_points,
    limit_cycle,
)
from neurodsr.tables import Dictionary

CHANNELS = ("E", "I")
VOLTS_PER_ACTIVITY = 1e-4
STEPS_PER_TIME_CONSTANT = 20
TRANSIENT = 25.0  # in time constants

TRUTH_DICTIONARY: Dictionary = {
    "participant_id": {"Description": "Label of the participant"},
    "group": {"Description": "Group of the participant"},
    "drive": {"Description": "External drive P of the excitatory population"},
    "regime": {
        "Description": "What attracts the system without noise",
        "Levels": {"fixed point": "stable fixed point", "limit cycle": "stable limit cycle"},
    },
    "fixed_point_E": {"Description": "Fixed point, channel E", "Units": "V"},
    "fixed_point_I": {"Description": "Fixed point, channel I", "Units": "V"},
    "growth_rate": {
        "Description": "Real part of the leading eigenvalue at the fixed point",
        "Units": "1/s",
    },
    "frequency": {
        "Description": "Imaginary part of the leading eigenvalue over 2 pi",
        "Units": "Hz",
    },
    "eigenvalue_modulus": {
        "Description": "Modulus of the leading eigenvalue over one sampling interval"
    },
    "period": {"Description": "Period of the limit cycle, if there is one", "Units": "s"},
    "amplitude": {
        "Description": "Half of the peak-to-peak range of channel E on the attractor",
        "Units": "V",
    },
}


def subject_parameters(
    spec: Mapping[str, Any], group: str, participant: str, seed: int
) -> Parameters:
    """Parameters of one participant: the group's drive, jittered uniformly."""
    settings = spec["groups"][group]
    jitter = subject_rng(seed, participant, "drive").uniform(-1.0, 1.0) * settings["jitter"]
    tau = spec["time_constant"]
    return replace(Parameters(), drive=settings["drive"] + float(jitter), tau_e=tau, tau_i=tau)


def record(spec: Mapping[str, Any], group: str, participant: str, seed: int) -> Record:
    """Record one participant.

    Parameters
    ----------
    spec
        Valid by ``simulate.schema.yaml``, with defaults.
    group
        Of the participant.
    participant
        Label; with `seed` it determines drive and noise.
    seed
        Of the study.

    Returns
    -------
    Record
        Channels `CHANNELS`.
    """
    parameters = subject_parameters(spec, group, participant, seed)
    rng = subject_rng(seed, participant, "noise")
    rate = spec["sampling_rate"]
    tau = spec["time_constant"]
    transient = round(TRANSIENT * tau * rate)
    states = stochastic_heun(
        lambda state: field(state, parameters),
        fixed_points(parameters)[-1],
        spec["dynamical_noise"],
        1.0 / rate,
        transient + round(spec["duration"] * rate),
        rng,
        substeps=math.ceil(STEPS_PER_TIME_CONSTANT / (rate * tau)),
    )[transient:]
    noise = spec["observation_noise"] * states.std(axis=0) * rng.standard_normal(states.shape)
    return Record(
        np.asarray(VOLTS_PER_ACTIVITY * (states + noise)),
        rate,
        CHANNELS,
        f"Simulated {spec['system']} populations",
    )


def subject_truth(
    spec: Mapping[str, Any], group: str, participant: str, seed: int
) -> dict[str, str | float]:
    """What is known of one participant: one row of the truth table (see `TRUTH_DICTIONARY`)."""
    parameters = subject_parameters(spec, group, participant, seed)
    point = fixed_points(parameters)[-1]
    leading = complex(eigenvalues(point, parameters)[0])
    cycle = limit_cycle(parameters)
    return {
        "participant_id": f"sub-{participant}",
        "group": group,
        "drive": parameters.drive,
        "regime": "fixed point" if cycle is None else "limit cycle",
        "fixed_point_E": VOLTS_PER_ACTIVITY * float(point[0]),
        "fixed_point_I": VOLTS_PER_ACTIVITY * float(point[1]),
        "growth_rate": leading.real,
        "frequency": leading.imag / (2.0 * math.pi),
        "eigenvalue_modulus": math.exp(leading.real / spec["sampling_rate"]),
        "period": math.nan if cycle is None else cycle.period,
        "amplitude": 0.0 if cycle is None else VOLTS_PER_ACTIVITY * float(cycle.amplitude[0]),
    }


def truth(
    spec: Mapping[str, Any], participants: Sequence[tuple[str, str]], seed: int
) -> tuple[pd.DataFrame, Dictionary]:
    """What is known of each participant, and what the columns mean."""
    rows = [subject_truth(spec, group, participant, seed) for participant, group in participants]
    return pd.DataFrame(rows), TRUTH_DICTIONARY
