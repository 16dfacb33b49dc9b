"""What the same pulse does to each subject's model, and whether groups answer differently."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from neurodsr.group.inference import relabelings, student
from neurodsr.tables import Dictionary

Array = NDArray[np.float64]

RESPONSES: Dictionary = {
    "recording": {"Description": "Recording"},
    "model": {"Description": "Model"},
    "lag": {"Description": "Time since the pulse began", "Units": "s"},
    "effect": {
        "Description": (
            "Norm over channels of the mean response over the size of the pulse, mean over what is "
            "pulsed; median over acceptable runs"
        )
    },
}


@dataclass(frozen=True)
class Answer:
    """How the groups answer a pulse.

    Attributes
    ----------
    lag : (lag,)
        Time since the pulse began (s).
    curves
        For each group the subjects' effects ``(subject, lag)``.
    p
        Of the largest difference over lags, by permutation of subjects; NaN without a test.
    at
        Lag of it (s).
    """

    lag: Array
    curves: Mapping[str, Array]
    p: float = float("nan")
    at: float = float("nan")


def response_curve(
    recording: str, model: str, dynamics: xr.Dataset, acceptable: Sequence[int]
) -> pd.DataFrame:
    """Effect of a pulse by lag, columns of `RESPONSES`; empty where no pulse was given.

    Parameters
    ----------
    recording, model
        Names.
    dynamics
        Contents of ``dynamics.nc``.
    acceptable
        Runs that count.
    """
    if "pulse_effect" not in dynamics or not len(acceptable):
        return pd.DataFrame(columns=list(RESPONSES))
    effect = dynamics["pulse_effect"].sel(run=list(acceptable))
    curve = effect.mean("source").median("run").values / float(effect.attrs["size"])
    lag = np.arange(len(curve)) * dynamics.attrs["sampling_interval"]
    known = np.isfinite(curve)
    return pd.DataFrame(
        {"recording": recording, "model": model, "lag": lag[known], "effect": curve[known]}
    )


def compare_responses(
    responses: pd.DataFrame,
    cohort: pd.DataFrame,
    groups: Sequence[str],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> dict[str, Answer]:
    """Answers of the groups, by model.

    Parameters
    ----------
    responses
        Rows of responses.tsv.
    cohort
        Rows of cohort.tsv.
    groups
        The two that are compared; any others, and none at all, are only shown.
    settings
        Of group.schema.yaml.
    rng
        Source of relabelings.

    Returns
    -------
    dict
        Student's t at every lag, its largest size over lags against that of relabelings of
        subjects (Nichols & Holmes 2002, Hum. Brain Mapp. 15:1): one p for the whole curve.
    """
    people = cohort[["recording", "dataset", "participant", "group"]].dropna(subset=["recording"])
    people = people.assign(participant=people["participant"].fillna(people["recording"]))
    merged = responses.merge(people, on="recording")
    answers = {}
    for model, part in merged.groupby("model", sort=False):
        own = part.assign(group=part["group"].fillna("all"))
        wide = own.pivot_table(
            index=["group", "dataset", "participant"], columns="lag", values="effect"
        ).dropna(axis="columns")
        of = wide.index.get_level_values("group")
        names = list(groups) or sorted(set(of))
        curves = {name: wide[of == name].to_numpy(float) for name in names}
        lag = wide.columns.to_numpy(float)
        enough = min(len(one) for one in curves.values()) >= settings["minimum_subjects"]
        if len(groups) == 2 and enough and lag.size:
            first, second = (curves[name] for name in groups)
            p, at = _test(first, second, settings["permutations"], rng)
            answers[str(model)] = Answer(lag, curves, p, float(lag[at]))
        else:
            answers[str(model)] = Answer(lag, curves)
    return answers


def _test(
    first: Array, second: Array, permutations: int, rng: np.random.Generator
) -> tuple[float, int]:
    """p of the largest difference, and where it is."""
    labels = np.repeat([False, True], [len(first), len(second)])
    ways = relabelings(labels, permutations, rng)
    t = np.nan_to_num(np.abs(student(np.concatenate([first, second]), ways)))
    largest = np.round(t.max(axis=1), 9)
    return float(np.mean(largest >= largest[0])), int(t[0].argmax())


def response_sentences(answers: Mapping[str, Answer], rate: float) -> list[str]:
    """Whether the groups answer differently, a sentence a model."""
    said = []
    for model, one in answers.items():
        if not np.isfinite(one.p):
            continue
        first, second = one.curves
        a, b = (np.median(curve[:, one.lag == one.at]) for curve in one.curves.values())
        found = "differs" if one.p < rate else "was not found to differ"
        said.append(
            f"The response of {model} to the same pulse {found} between {first} and {second} "
            f"(p = {one.p:.2g} for the whole curve; the largest difference is {one.at:.3g} s after "
            f"its beginning, medians {a:.3g} and {b:.3g} times the pulse)."
        )
    return said
