"""The simulated cohort: groups on the two sides of the bifurcation, and its truth."""

import math

import numpy as np
import pytest

from neurodsr.simulate.cohort import (
    CHANNELS,
    TRUTH_DICTIONARY,
    VOLTS_PER_ACTIVITY,
    record,
    subject_parameters,
    subject_truth,
)
from neurodsr.simulate.participants import dataset_files_of, simulated_participants
from neurodsr.simulate.truth import write_dataset_files
from neurodsr.simulate.wilson_cowan import eigenvalues, fixed_points
from neurodsr.tables import read_table
from orchestration.config import complete

SPEC = complete({}, "simulate.schema.yaml")


def simulate_subject(*arguments):
    return record(*arguments).signal


def test_the_defaults_are_a_cohort_of_six():
    assert SPEC["system"] == "wilson-cowan"
    assert sum(group["subjects"] for group in SPEC["groups"].values()) == 6


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    root = tmp_path_factory.mktemp("wc")
    participants = simulated_participants("wc", SPEC)
    write_dataset_files(root, "wc", "bids", SPEC, participants, seed=1)
    assert sorted(path.name for path in root.iterdir()) == sorted(dataset_files_of("bids"))
    return read_table(root / "truth.tsv")


def test_groups_straddle_the_bifurcation(truth):
    regimes = truth.groupby("group")["regime"].unique()
    assert list(regimes["control"]) == ["fixed point"]
    assert list(regimes["patient"]) == ["limit cycle"]
    assert (truth["growth_rate"] < 0).equals(truth["group"] == "control")
    assert truth["drive"].nunique() == 6


def test_truth_is_consistent(truth):
    assert list(truth.columns) == list(TRUTH_DICTIONARY)
    np.testing.assert_allclose(
        truth["eigenvalue_modulus"], np.exp(truth["growth_rate"] / SPEC["sampling_rate"]), rtol=1e-6
    )
    still = truth[truth["regime"] == "fixed point"]
    assert still["period"].isna().all() and (still["amplitude"] == 0.0).all()
    samples = truth["period"].dropna() * SPEC["sampling_rate"]
    assert samples.between(30, 45).all()
    assert (1.0 / truth["frequency"] * SPEC["sampling_rate"]).between(20, 33).all()


def test_a_signal_belongs_to_seed_and_participant():
    spec = {**SPEC, "duration": 0.1}
    first = simulate_subject(spec, "control", "a01", 1)
    assert first.shape == (100, len(CHANNELS))
    np.testing.assert_array_equal(first, simulate_subject(spec, "control", "a01", 1))
    for participant, seed in (("a02", 1), ("a01", 2)):
        other = simulate_subject(spec, "control", participant, seed)
        assert abs(np.corrcoef(first[:, 0], other[:, 0])[0, 1]) < 0.9


def one_step_map(signal):
    """Cubic map of a sample to the next by least squares: standardised, with its growth rate."""

    def terms(x):
        return np.stack([x[:, 0] ** i * x[:, 1] ** j for i in range(4) for j in range(4 - i)], 1)

    x = (signal - signal.mean(0)) / signal.std(0)
    weights = np.linalg.lstsq(terms(x[:-1]), x[1:], rcond=None)[0]

    def step(state):
        return (terms(state[None]) @ weights)[0]

    return step


@pytest.mark.parametrize(("group", "moving"), [("control", False), ("patient", True)])
def test_the_regime_can_be_recovered_from_a_recording(group, moving):
    # At the default noise a fit that knows nothing of the model finds what attracts.
    signal = simulate_subject(SPEC, group, "wc01", 1)
    step = one_step_map(signal)
    state, visited = np.array([1.0, 0.0]), []
    for _ in range(1500):
        state = step(state)
        visited.append(state)
    amplitude = signal[:, 0].std() * np.ptp(np.array(visited)[-300:, 0]) / 2
    truth = subject_truth(SPEC, group, "wc01", 1)
    if moving:
        assert amplitude == pytest.approx(truth["amplitude"], rel=0.2)
    else:
        assert amplitude < 1e-3 * VOLTS_PER_ACTIVITY


def test_the_linear_response_of_a_control_is_that_of_its_jacobian():
    # Without measurement noise, A in x' = A x (sampled) has the eigenvalues of exp(J dt).
    spec = {**SPEC, "duration": 20, "observation_noise": 0.0, "dynamical_noise": 0.02}
    signal = simulate_subject(spec, "control", "wc01", 1)
    x = signal - signal.mean(0)
    values = np.linalg.eigvals(np.linalg.lstsq(x[:-1], x[1:], rcond=None)[0])
    parameters = subject_parameters(spec, "control", "wc01", 1)
    leading = eigenvalues(fixed_points(parameters)[0], parameters)[0]
    assert np.abs(np.log(values) * 1000).max() == pytest.approx(abs(leading), rel=0.03)
    assert np.log(np.abs(values[0])) * 1000 == pytest.approx(leading.real, abs=4.0)
    assert math.isclose(np.abs(values[0]), np.abs(values[1]))
