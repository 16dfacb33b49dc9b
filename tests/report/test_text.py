"""The words of the report claim no more than the numbers allow."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from neurodsr.report.citations import citations
from neurodsr.report.findings import (
    control_sentence,
    design_sentences,
    group_sentences,
    null_sentences,
)
from neurodsr.report.models import description
from neurodsr.report.reliability import reliability_counts, reliability_sentences
from neurodsr.report.text import methods, skill_sentence, state_space_sentence
from orchestration.config import complete

SUMMARY: dict[str, Any] = {
    "groups": ["control", "patient"],
    "statement": "Compared are control and patient.",
    "shuffled_share": 0.031,
    "relabelings": 924,
}


def settings(family: str, **given: Any) -> dict[str, Any]:
    return complete({"family": family} | given, "models.schema.yaml")


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
    assert "Elsewhere no claim of nonlinear dynamics is supported." in sentence
    assert "In 1 recording the data are too short" in sentence


def test_what_noise_may_be_supports_no_claim() -> None:
    sentence = state_space_sentence(["undetermined", "linear"])
    assert sentence.startswith("No claim of nonlinear dynamics is supported")
    assert "In 1 recording they differ, but as noise that is not Gaussian" in sentence


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


def test_the_interval_says_what_may_have_been_missed() -> None:
    said = " ".join(group_sentences(statistics(0.2, g_low=-0.3, g_high=1.9), SUMMARY, 0.05))
    assert "the interval still reaches to |g| = 1.9" in said


def test_data_that_differ_anyway_are_named() -> None:
    both = pd.concat([statistics(0.01), statistics(0.01, "data", feature="peak_frequency")])
    said = " ".join(group_sentences(both, SUMMARY, 0.05))
    assert "Classical features of the recordings differ, too (peak frequency)" in said


def test_nulls_are_counted_by_group() -> None:
    codes = pd.DataFrame(
        [("m", "a", "better"), ("m", "a", "not_better"), ("m", "b", "not_better")],
        columns=["model", "group", "code"],
    )
    (said,) = null_sentences(codes)
    assert "in 1 of 2 recordings of a and 0 of 1 recording of b." in said
    (said,) = null_sentences(codes[codes["code"] == "not_better"].assign(group=None))
    assert "in 0 of 2 recordings; its features describe the fitted model" in said


def test_effects_of_a_design_are_quoted_or_said_to_be_missing() -> None:
    row = {
        **{"model": "m", "feature": "growth_rate", "family": "dynamics", "term": "group"},
        **{"effect": "group[b]", "tested": 1, "p": 0.001, "q": 0.01, "note": None},
        **{"standardised": 1.2, "standardised_low": 0.4, "standardised_high": 2.0},
    }
    said = list(design_sentences(pd.DataFrame([row]), "feature ~ group", 0.05))
    assert "growth rate (m), group[b]: 1.2 sd (0.4 to 2), q = 0.01" in said[1]
    said = list(design_sentences(pd.DataFrame([row | {"q": 0.2, "p": 0.1}]), "d", 0.05))
    assert "no effect on the dynamics was found" in said[1] and "smallest p 0.1" in said[1]
    untested = pd.DataFrame([row | {"tested": 0}, row | {"tested": 0, "note": "all alike"}])
    said = list(design_sentences(untested.assign(feature=["a", "b"]), "d", 0.05))
    assert "was tested (none is reliable over runs)" in said[1]


def test_reliability_names_what_comes_out_again_and_what_does_not() -> None:
    rows = [("amplitude", 0.9, 1), ("lyapunov_exponent", 0.3, 0), ("oscillates", np.nan, 0)]
    table = pd.DataFrame(rows, columns=["feature", "icc", "reliable"])
    table = table.assign(model="m", icc_low=-2.5, icc_high=0.95)
    assert "1 of 2 features of the dynamics come out again" in reliability_counts(table)["m"]
    said = list(reliability_sentences(table, 0.75))[1]
    assert "(are reliable): amplitude." in said
    assert "Not reliable: lyapunov exponent" in said and "ICC 0.3 (-1 to 0.95)" in said
    assert "1 further feature never vary" in said
    unknown = table.assign(icc=np.nan)
    assert "nothing is known of the reliability" in reliability_counts(unknown)["m"]


def test_methods_name_settings_and_versions() -> None:
    given = settings("shallow-plrnn", latent=3)
    group = {"minimum_reliability": 0.75, "permutations": 1000, "confidence": 0.95}
    study = {"group": group | {"false_discovery_rate": 0.05}}
    said = " ".join(methods(study, {"small": given}, "0.1.0", exponents=False))
    assert "neurodsr 0.1.0" in said and "50 hidden units, clipped" in said
    assert "strength 0.5 going exponentially to 0.1" in said
    assert "5 runs from different seeds" in said
    assert f"numpy {np.__version__}" in said and "Rosenstein" not in said
    said = " ".join(methods(study, {"small": given}, "0.1.0", exponents=True))
    assert "largest Lyapunov exponent" in said and "Rosenstein et al. 1993" in said


ALWAYS = {
    "Benjamini", "Cao", "Durstewitz (2023)", "Eisenmann", "Fraser", "Hedges", "Hess", "Kennel",
    "Schreiber", "Prichard", "Lobato", "Shrout",
}  # fmt: skip


@pytest.mark.parametrize(
    ("family", "given", "cited"),
    [
        ("shallow-plrnn", {}, {"Liu"}),
        ("plrnn", {"optimiser": "adam"}, {"Durstewitz (2017)", "Kingma"}),
        ("mc-plrnn", {}, {"Durstewitz (2017)", "Brenner (2022)", "Liu"}),
        ("dend-plrnn", {"forcing": {"kind": "adaptive"}}, {"Brenner (2022)", "Liu"}),
        (
            "al-rnn",
            {"forcing": {"kind": "sparse", "interval": 7}},
            {"Brenner (2024)", "Mikhaeil", "Liu"},
        ),
        (
            "shallow-plrnn",
            {"forcing": {"kind": "sparse"}, "regularisation": {"manifold": 0.1}},
            {"Brenner (2022)", "Mikhaeil", "Schmidt", "Liu"},
        ),
        ("shallow-plrnn", {"optimiser": "soap"}, {"Liu", "Vyas"}),
        ("var", {"forcing": {"kind": "sparse"}}, {"Schwarz"}),
        ("reservoir", {}, {"Jaeger", "Trouvain"}),
        ("sindy", {}, {"Brunton"}),
        ("lstm", {}, {"Hochreiter", "Liu"}),
        ("gru", {"regularisation": {"manifold": 0.1}}, {"Cho", "Liu"}),
        ("neural-ode", {"optimiser": "adam"}, {"Chen", "Kingma"}),
    ],
)
def test_citations_follow_what_was_run(family: str, given: Any, cited: set[str]) -> None:
    """First authors, with the year where one of them wrote several."""
    found = citations({"a": settings(family, **given)}, [], exponents=False)
    names = set()
    for citation in found:
        author, year = citation.split()[0], citation.split("(")[1][:4]
        names.add(f"{author} ({year})" if author in ("Brenner", "Durstewitz") else author)
    assert names == ALWAYS | cited
    assert found == sorted(set(found))


def test_citations_of_systems_and_exponents() -> None:
    more = citations({"a": settings("var")}, ["wilson-cowan", "wilson-cowan"], exponents=True)
    less = citations({"a": settings("var")}, [], exponents=False)
    assert [one.split()[0] for one in more if one not in less] == ["Rosenstein", "Wilson"]


def test_methods_describe_every_family() -> None:
    schema = Path(__file__).parents[2] / "workflow" / "schemas" / "models.schema.yaml"
    families = yaml.safe_load(schema.read_text())["properties"]["family"]["enum"]
    for family in families:
        said = description(settings(family))
        assert "5 runs" in said
        assert family not in ("reservoir", "sindy", "var") or "epochs" not in said


@pytest.mark.parametrize(
    ("family", "given", "said"),
    [
        ("plrnn", {"latent": 8}, "piecewise-linear RNN with latent dimension 8 (Durstewitz 2017)"),
        ("mc-plrnn", {}, "mean-centred piecewise-linear RNN with"),
        (
            "dend-plrnn",
            {"basis": 7, "clipped": False},
            "7 basis functions of each unit, not clipped (Brenner et al. 2022)",
        ),
        ("al-rnn", {"rectified": 3}, "3 rectified units (Brenner et al. 2024), identity"),
        ("plrnn", {"forcing": {"kind": "full"}}, "updates, full teacher forcing, RAdam"),
        (
            "plrnn",
            {"forcing": {"kind": "full", "neighbours": 20}},
            "full teacher forcing, first states of windows inferred from 20 samples on each side",
        ),
        ("plrnn", {"forcing": {"kind": "free", "partial": False}}, "no teacher forcing, RAdam"),
        (
            "plrnn",
            {"forcing": {"kind": "free", "neighbours": 9}},
            "forcing, first states of windows",
        ),
        (
            "plrnn",
            {"forcing": {"kind": "adaptive", "estimator": "batch_maximum"}},
            "adaptive generalised teacher forcing (batch maximum; Hess et al. 2023)",
        ),
        ("plrnn", {"forcing": {"kind": "sparse", "interval": 9}}, "at intervals of 9 samples"),
        ("plrnn", {"forcing": {"kind": "sparse"}}, "at intervals of the decorrelation time"),
        (
            "plrnn",
            {"forcing": {"kind": "sparse", "interval": "predictability", "partial": False}},
            "at intervals of ln 2 / largest Lyapunov exponent (else the decorrelation time) "
            "(Mikhaeil et al. 2022) of all latent units",
        ),
        (
            "plrnn",
            {"forcing": {"final_strength": None}},
            "generalised teacher forcing of strength 0.5 (Hess et al. 2023)",
        ),
        (
            "plrnn",
            {"forcing": {"annealing": "linear"}},
            "of strength 0.5 going linearly to 0.1 (Hess et al. 2023)",
        ),
        (
            "plrnn",
            {"optimiser": "adam", "learning_rate": {"decay": "step"}, "gradient_clip": 0},
            "Adam (Kingma & Ba 2015) with learning rate 0.01 multiplied by 0.1 at 10 %, 80 %, 90 % "
            "of the training;",
        ),
        (
            "plrnn",
            {"optimiser": "soap"},
            "RAdam (Liu et al. 2020) along the gradients' own axes (SOAP, Vyas et al. 2025) with",
        ),
        (
            "plrnn",
            {"learning_rate": {"decay": "cosine"}},
            "RAdam (Liu et al. 2020) with learning rate 0.01 lowered along half a cosine to "
            "1e-05, gradients clipped to a norm of 10;",
        ),
        ("plrnn", {"learning_rate": {"end": 0.01}}, "with learning rate 0.01, gradients"),
        (
            "plrnn",
            {
                "regularisation": {
                    "manifold": 0.1,
                    "curvature": 2e-5,
                    "invertibility": 0.2,
                    "observation": 1,
                }
            },
            "manifold-attractor regularisation (Schmidt et al. 2021) with weight 0.1, penalty on "
            "the jumps of the Jacobian with weight 2e-05, penalty on negative Jacobian "
            "determinants with weight 0.2, RAdam",
        ),
        (
            "plrnn",
            {"observation": "affine", "regularisation": {"observation": 1}},
            "regularisation of the observation with weight 1",
        ),
        ("plrnn", {"noise": 0.05}, "Gaussian noise of 0.05 sd on windows"),
        (
            "plrnn",
            {"forecast_tolerance": None},
            "the epoch of each run was chosen by free runs against training and validation part.",
        ),
        ("reservoir", {}, "by free runs against training and validation part and forecasts of"),
        (
            "al-rnn",
            {"latent": 20},
            "forecasts of the latter; with more units than channels, a state was inferred from "
            "samples before it too, which pull the model",
        ),
        ("gru", {"rarity": 2}, "windows drawn by the rarity of their states to the power 2"),
        ("gru", {"emphasis": 1}, "errors weighted by the rarity of states to the power 1"),
        (
            "lstm",
            {"noise": 0.05, "noise_on": "inputs"},
            "Gaussian noise of 0.05 sd on what states are inferred from",
        ),
    ],
)
def test_methods_name_how_a_model_was_trained(family: str, given: Any, said: str) -> None:
    assert said in description(settings(family, **given))
