"""Words of the report: what was found and what cannot be said, methods, citations."""

import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from typing import Any

import pandas as pd

from neurodsr.report.models import BASELINES, description

NONLINEAR, UNDETERMINED, LINEAR, SHORT = "nonlinear", "undetermined", "linear", "too_short"


def number(value: float, digits: int = 3) -> str:
    """A number for a reader, or a dash."""
    return "–" if pd.isna(value) else f"{value:.{digits}g}"


def interval(low: float, high: float) -> str:
    """From where to where, or a dash."""
    return "–" if pd.isna(low) else f"{number(low)} to {number(high)}"


def counted(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def plain(feature: str) -> str:
    """Name of a feature in a sentence."""
    return re.sub(r"(?<!D)_", " ", feature)


def state_space_sentence(verdicts: Sequence[str]) -> str:
    """What the surrogate tests allow to be said about nonlinear dynamics.

    Parameters
    ----------
    verdicts
        ``verdict_code`` of each recording that got so far.
    """
    n = len(verdicts)
    if not n:
        return "No recording reached the test for nonlinear dynamics."
    nonlinear = verdicts.count(NONLINEAR)
    short = verdicts.count(SHORT)
    rest = f" In {counted(short, 'recording')} the data are too short to say." if short else ""
    undetermined = verdicts.count(UNDETERMINED)
    if undetermined:
        rest = (
            f" In {counted(undetermined, 'recording')} they differ, but as noise that is not "
            f"Gaussian or changes would.{rest}"
        )
    if not nonlinear:
        return (
            f"No claim of nonlinear dynamics is supported: in none of {counted(n, 'recording')} "
            "do the data differ from linear stochastic surrogates in a way that shows "
            f"determinism.{rest} Features of the models describe the fitted models, not a "
            "nonlinear mechanism in the data."
        )
    caution = " Elsewhere no claim of nonlinear dynamics is supported." if nonlinear < n else ""
    return (
        f"In {nonlinear} of {counted(n, 'recording')} the data differ from linear stochastic "
        f"surrogates, and are more predictable: they show nonlinear structure.{rest}{caution}"
    )


def skill_sentence(model: str, verdicts: Sequence[str]) -> str:
    """How often a model describes held-out data better than a linear model does."""
    n, better = len(verdicts), verdicts.count("better")
    unclear = verdicts.count("cannot_tell")
    rest = (
        f" In {counted(unclear, 'recording')} the held-out data are too few to tell."
        if unclear
        else ""
    )
    caution = "" if better else " Its features are no evidence of dynamics beyond linear ones."
    return (
        f"Model {model} reproduces the held-out data better than the best linear null in {better} "
        f"of {counted(n, 'recording')}.{rest}{caution}"
    )


def truth_sentences(truth: pd.DataFrame) -> Iterator[str]:
    """How close the recovered features come to the known answers."""
    for row in truth[truth["feature"] == "oscillates"].to_dict("records"):
        yield (
            f"{row['model']}: the kind of limit set (fixed point or cycle) is the true one in "
            f"{100 * row['agreement']:.0f} % of {counted(row['n'], 'subject')}."
        )
    ordered = truth[truth["feature"].isin(["growth_rate", "shared_growth_rate"])]
    for row in ordered.to_dict("records"):
        if pd.notna(row["spearman"]):
            yield (
                f"{row['model']}: subjects come in the order of their true distances from the "
                f"bifurcation (growth rate at the fixed point) with a rank correlation of "
                f"{number(row['spearman'], 2)}."
            )


def methods(
    study: Mapping[str, Any],
    models: Mapping[str, Mapping[str, Any]],
    version: str,
    exponents: bool,
) -> Iterator[str]:
    """Paragraphs for a methods section, from the settings that were used.

    ``exponents`` is whether the largest Lyapunov exponent of some recording is reported.
    """
    growth = (
        " The largest Lyapunov exponent of nonlinear recordings was estimated from the divergence "
        "of neighbouring states (Rosenstein et al. 1993)."
        if exponents
        else ""
    )
    yield (
        f"Recordings were analysed with neurodsr {version}. Their channels were brought to one "
        "clock and standardised with the mean and standard deviation of the training part; "
        "training, validation and test parts follow one another in time, separated by guards. "
        "The delay was judged by autocorrelation and mutual information (Fraser & Swinney 1986), "
        "the embedding dimension by false nearest neighbours (Kennel et al. 1992) and Cao's method "
        "(1997), the noise level by correlation sums (Schreiber 1993), and whether the observed "
        "channels are an embedding by false neighbours and forecasts against delay coordinates. "
        "Nonlinearity was tested against Fourier surrogates (Prichard & Theiler 1994), amplitude-"
        "adjusted ones where values are not Gaussian (Schreiber & Schmitz 1996; Lobato & Velasco "
        "2004); drifts by permutations of windows, compared by moments, spectra and "
        f"cross-prediction (Schreiber 1997).{growth}"
    )
    for name, model in models.items():
        yield f"Model {name}: {description(model)}"
    group = study["group"]
    others = (
        ", those of other models by Newton's method from many states"
        if any(model["family"] in BASELINES for model in models.values())
        else ""
    )
    yield (
        "Models were scored once, on the test part, by the divergence of the state-space "
        "distributions (D_stsp), the Hellinger distance of the power spectra (D_H) and the "
        "n-step prediction error (PE; Hess et al. 2023), each beside its noise floor (held-out "
        "data against training data) and its nulls (a vector autoregression, phase-randomised "
        "surrogates, persistence). Fixed points of the piecewise-linear maps were computed from "
        f"their linear regions (Eisenmann et al. 2023){others}, Lyapunov spectra by QR "
        "decomposition."
    )
    yield (
        "Features were summarised over the acceptable runs of a recording by their median and "
        "averaged over the recordings of a subject. Runs were left out only when training failed "
        "or the free run diverged, without regard to group. Reliability over runs is the "
        "intraclass correlation ICC(1,k) (Shrout & Fleiss 1979); features of the dynamics below "
        f"{group['minimum_reliability']:g} were not tested. Groups were compared by permutation of "
        f"their labels over subjects (at most {group['permutations']} relabelings, Student's t), "
        f"effect sizes are Hedges' g (1981) with {100 * group['confidence']:g} % bootstrap "
        "intervals, and false discoveries were controlled by the method of Benjamini & Hochberg "
        f"(1995) at {100 * group['false_discovery_rate']:g} %."
    )
    yield software()


def software() -> str:
    """Versions of what the numbers rest on, as far as it is installed here."""
    found = []
    for name in ("numpy", "scipy", "numba", "torch", "xarray", "pandas", "snakemake"):
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return f"Software: Python {platform.python_version()}, {', '.join(found)}."
