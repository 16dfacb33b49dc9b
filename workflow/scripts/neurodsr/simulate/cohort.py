"""A cohort of Wilson-Cowan subjects in groups on the two sides of a Hopf bifurcation."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from neurodsr.simulate.flows import stochastic_heun
from neurodsr.simulate.wilson_cowan import Parameters, field, fixed_points

CHANNELS = ("E", "I")
VOLTS_PER_ACTIVITY = 1e-4
STEPS_PER_TIME_CONSTANT = 20
TRANSIENT = 25.0  # in time constants


def subject_rng(seed: int, participant: str, purpose: str) -> np.random.Generator:
    """Random numbers of one participant that no other participant or purpose shares."""
    digest = hashlib.sha256(f"{participant}/{purpose}".encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "big")])


def subject_parameters(
    spec: Mapping[str, Any], group: str, participant: str, seed: int
) -> Parameters:
    """Parameters of one participant: the group's drive, jittered uniformly."""
    settings = spec["groups"][group]
    jitter = subject_rng(seed, participant, "drive").uniform(-1.0, 1.0) * settings["jitter"]
    tau = spec["time_constant"]
    return replace(Parameters(), drive=settings["drive"] + float(jitter), tau_e=tau, tau_i=tau)


def simulate_subject(
    spec: Mapping[str, Any], group: str, participant: str, seed: int
) -> npt.NDArray[np.float64]:
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
    signal
        Shape (time, 2), channels `CHANNELS`, in volt.
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
    return np.asarray(VOLTS_PER_ACTIVITY * (states + noise))
