"""The words of the report claim no more than the numbers allow."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from neurodsr.report.citations import citations
from neurodsr.report.models import description
from neurodsr.report.text import (
    control_sentence,
    group_sentences,
    methods,
    skill_sentence,
    state_space_sentence,
)
from orchestration.config import complete

SUMMARY: dict[str, Any] = {
    "groups": ["control", "patient"],
    "statement": "Compared are control and patient.",
    "shuffled_share": 0.031,
    "relabelings": 924,
}


def statistics(q: float, family: str = "dynamics", **changed: Any) -> pd.DataFrame:
    row = {
        **{"model": "m", "feature": "growth_rate", "family": family, "tested": 1, "p": q, "q": q},
        **{"hedges_g": 1.5, "g_low": 0.5, "g_high": 2.5, "rank_biserial": 0.8},
    }
    return pd.DataFrame([row | changed])


@pytest.mark.parametrize("verdicts", [["linear"], ["linear", "too_short"], ["too_short"]])
def test_linear_data_support_no_claim_of_nonlinear_dynamics(verdicts: list[str]) -> None:
    sentence = state_space_sentence(verdicts)
    assert sentence.startswith("No claim of nonlinear dynamics is supported")


def test_mixed_data_support_it_only_where_it_was_found() -> None:
    sentence = state_space_sentence(["nonlinear", "nonlinear", "linear", "too_short"])
    assert "In 2 of 4 recordings" in sentence
    assert "Where they do not, no claim of nonlinear dynamics is supported." in sentence
    assert "In 1 recording the data are too short" in sentence


def test_skill_counts_only_what_beats_the_null() -> None:
    sentence = skill_sentence("m", ["better", "not_better", "cannot_tell"])
    assert "in 1 of 3 recordings" in sentence and "too few to tell" in sentence
    assert "no evidence of dynamics beyond linear" in skill_sentence("m", ["not_better"])


def test_a_difference_is_quoted_with_effect_and_direction() -> None:
    said = " ".join(group_sentences(statistics(0.01), SUMMARY, 0.05))
    assert "1 of 1 feature of the dynamics differ at q < 0.05" in said
    assert "is higher in patient than in control (Hedges' g = 1.5, 0.5 to 2.5; q = 0.01)" in said


def test_no_difference_is_not_evidence_of_none() -> None:
    said = " ".join(group_sentences(statistics(0.2), SUMMARY, 0.05))
    assert "No difference in the dynamics was found" in said
    assert "does not show that there is none" in said


def test_nothing_reliable_means_nothing_tested() -> None:
    said = " ".join(group_sentences(statistics(float("nan"), tested=0), SUMMARY, 0.05))
    assert "No difference in the dynamics was tested" in said


def test_difference_in_fit_quality_is_a_caution() -> None:
    both = pd.concat([statistics(0.01), statistics(0.01, "quality", feature="D_stsp")])
    assert "Caution: the groups also differ" in " ".join(group_sentences(both, SUMMARY, 0.05))


def test_control_with_shuffled_labels() -> None:
    assert "in 3.1 % of 924 relabelings" in control_sentence(SUMMARY, 0.05)
    assert "nothing to test" in control_sentence(SUMMARY | {"shuffled_share": None}, 0.05)


def test_methods_name_settings_and_versions() -> None:
    forcing = {"kind": "generalised", "strength": 0.5, "final_strength": 0.1}
    model = {
        **{"family": "shallow-plrnn", "latent": 3, "hidden": 50, "clipped": True},
        **{"observation": "identity", "runs": 5, "epochs": 40, "forcing": forcing},
    }
    group = {"minimum_reliability": 0.75, "permutations": 1000, "confidence": 0.95}
    study = {"group": group | {"false_discovery_rate": 0.05}}
    said = " ".join(methods(study, {"small": model}, "0.1.0"))
    assert "neurodsr 0.1.0" in said and "50 hidden units, clipped" in said
    assert "strength 0.5 lowered to 0.1" in said and "5 runs from different seeds" in said
    assert f"numpy {np.__version__}" in said


def test_citations_follow_what_was_run() -> None:
    gtf = {"family": "shallow-plrnn", "forcing": {"kind": "generalised"}}
    stf = {"family": "al-rnn", "forcing": {"kind": "sparse"}}
    first, second = citations({"a": gtf}, []), citations({"b": stf}, ["wilson-cowan"])
    assert any(c.startswith("Hess") for c in first)
    assert not any(c.startswith(("Mikhaeil", "Wilson")) for c in first)
    assert any(c.startswith("Mikhaeil") for c in second)
    assert any("Almost-linear" in c for c in second) and any("Wilson" in c for c in second)
    assert all("Durstewitz" in " ".join(cited) for cited in (first, second))


def test_methods_describe_every_family() -> None:
    schema = Path(__file__).parents[2] / "workflow" / "schemas" / "models.schema.yaml"
    families = yaml.safe_load(schema.read_text())["properties"]["family"]["enum"]
    for family in families:
        said = description(complete({"family": family}, "models.schema.yaml"))
        assert "5 runs" in said
        assert family not in ("reservoir", "sindy", "var") or "epochs" not in said
