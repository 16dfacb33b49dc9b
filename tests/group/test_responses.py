"""Answers to a pulse: known decays, a known difference, and none."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurodsr.figures.responses import draw_responses
from neurodsr.group.responses import compare_responses, response_curve, response_sentences

SETTINGS: dict[str, Any] = {"minimum_subjects": 3, "permutations": 1000}
LAGS = np.arange(30) * 0.1


def curves(slower: float, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Eight people a group: exp(-t / tau), tau about 0.5 s, in the second group so much longer."""
    rng = np.random.default_rng(seed)
    rows, people = [], []
    for subject in range(16):
        group = "ab"[subject % 2]
        tau = 0.5 + 0.05 * rng.standard_normal() + slower * (group == "b")
        people.append((f"r{subject}", "d", f"s{subject}", group))
        rows.append(
            pd.DataFrame(
                {
                    "recording": f"r{subject}",
                    "model": "m",
                    "lag": LAGS,
                    "effect": np.exp(-LAGS / tau),
                }
            )
        )
    columns = ["recording", "dataset", "participant", "group"]
    return pd.concat(rows), pd.DataFrame(people, columns=columns)


def test_a_slower_group_is_found_after_the_pulse() -> None:
    answers = compare_responses(*curves(0.5), ["a", "b"], SETTINGS, np.random.default_rng(0))
    one = answers["m"]
    assert one.p == pytest.approx(0.002, abs=0.003) and one.at > 0
    assert one.curves["a"].shape == (8, 30)
    (said,) = response_sentences(answers, 0.05)
    assert "differs between a and b" in said
    assert len(draw_responses(answers).axes) == 1


def test_false_positives_of_the_whole_curve_keep_to_the_level() -> None:
    found = [
        compare_responses(
            *curves(0.0, seed), ["a", "b"], SETTINGS | {"permutations": 200},
            np.random.default_rng(seed),
        )["m"].p <= 0.05
        for seed in range(100)
    ]  # fmt: skip
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 100)


def test_without_two_groups_the_answers_are_only_shown() -> None:
    responses, people = curves(0.5)
    people["group"] = None
    answers = compare_responses(responses, people, [], SETTINGS, np.random.default_rng(0))
    assert list(answers["m"].curves) == ["all"] and np.isnan(answers["m"].p)
    assert response_sentences(answers, 0.05) == []


def test_curve_of_a_recording_is_the_median_over_runs_that_count() -> None:
    effect = np.array([1.0, 2.0, 9.0])[:, None, None] * np.ones((3, 4, 2))
    dynamics = xr.Dataset(
        {"pulse_effect": (("run", "pulse_lag", "source"), effect, {"size": "0.5"})},
        {"run": [0, 1, 2]},
        {"sampling_interval": 0.1},
    )
    curve = response_curve("r", "m", dynamics, [0, 1])
    assert curve["effect"].tolist() == [3.0] * 4  # median(1, 2) / 0.5
    assert curve["lag"].tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert response_curve("r", "m", dynamics, []).empty
    assert response_curve("r", "m", xr.Dataset(), [0]).empty
