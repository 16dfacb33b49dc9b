"""From the feature table of a cohort to what is reliable and what differs between two groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodsr.group.features.catalogue import FEATURES
from neurodsr.group.inference import (
    effect_size,
    false_discovery,
    permutation_p,
    relabelings,
    shuffled_control,
)
from neurodsr.group.reliability import one_way
from neurodsr.group.variance import LEVELS, components
from neurodsr.tables import Dictionary

SUBJECT = ["dataset", "participant", "group"]
FEATURE = ["model", "feature"]

SUBJECTS: Dictionary = {
    "dataset": {"Description": "Dataset of the participant"},
    "participant": {"Description": "Participant"},
    "group": {"Description": "Group of the participant, n/a when none is given"},
    "model": {"Description": "Model, or `data` for features of the recording itself"},
    "feature": {"Description": "Feature, see features.json"},
    "value": {"Description": "Mean over recordings of the median over acceptable runs"},
    "mad": {"Description": "Median absolute deviation over runs, mean over recordings"},
    "recordings": {"Description": "Number of recordings that gave a value"},
}

RELIABILITY: Dictionary = {
    "model": {"Description": "Model"},
    "feature": {"Description": "Feature, see features.json"},
    "recordings": {"Description": "Number of recordings with at least two acceptable runs"},
    "runs": {"Description": "Mean number of acceptable runs a recording"},
    "icc_run": {"Description": "ICC(1,1): reliability of one run (Shrout & Fleiss 1979)"},
    "icc_run_low": {"Description": "Lower end of its confidence interval"},
    "icc_run_high": {"Description": "Upper end of its confidence interval"},
    "icc": {"Description": "ICC(1,k): reliability of the mean over the runs"},
    "icc_low": {"Description": "Lower end of its confidence interval"},
    "icc_high": {"Description": "Upper end of its confidence interval"},
    "reliable": {
        "Description": "Whether icc reaches minimum_reliability",
        "Levels": {"0": "no", "1": "yes"},
    },
    **{
        f"share_{level}": {
            "Description": f"Share of the variance that is between {between}; only where subjects "
            "have several recordings (sessions)"
        }
        for level, between in {
            "subject": "subjects",
            "session": "sessions of a subject",
            "run": "runs (seeds) on a session",
        }.items()
    },
    "icc_subject": {
        "Description": (
            "Reliability of a subject's mean over its sessions and runs, of which the usual "
            "(median) number counts: the generalisability coefficient"
        )
    },
    "icc_subject_low": {"Description": "Lower end of its bootstrap interval over subjects"},
    "icc_subject_high": {"Description": "Upper end of its bootstrap interval over subjects"},
}

STATISTICS: Dictionary = {
    "model": {"Description": "Model, or `data` for features of the recording itself"},
    "feature": {"Description": "Feature, see features.json"},
    "family": {
        "Description": "Tests among which false discoveries are controlled together",
        "Levels": {
            "dynamics": "Features of the reconstructed dynamics",
            "quality": "How well the models fit: a difference here is a warning, not a finding",
            "data": "Classical features of the recordings, for comparison",
        },
    },
    "n_first": {"Description": "Subjects with a value in the first group"},
    "n_second": {"Description": "Subjects with a value in the second group"},
    "median_first": {"Description": "Median over subjects of the first group"},
    "median_second": {"Description": "Median over subjects of the second group"},
    "hedges_g": {
        "Description": ("Second minus first group, in pooled standard deviations, bias-corrected")
    },
    "g_low": {"Description": "Lower end of the bootstrap interval of hedges_g"},
    "g_high": {"Description": "Upper end of the bootstrap interval of hedges_g"},
    "rank_biserial": {
        "Description": "P(second > first) - P(second < first) over pairs of subjects"
    },
    "p": {"Description": "Two-sided p of the permutation test of group labels over subjects"},
    "q": {
        "Description": (
            "p adjusted for false discoveries in the family (Benjamini & Hochberg 1995)"
        )
    },
    "icc": {"Description": "Reliability over runs, see reliability.tsv"},
    "tested": {
        "Description": ("Whether it counts in q: features of dynamics only when reliable"),
        "Levels": {"0": "no", "1": "yes"},
    },
}


@dataclass(frozen=True)
class Comparison:
    """What differs between two groups of subjects.

    Attributes
    ----------
    table
        One row a feature, columns of `STATISTICS`; empty when no test is possible.
    groups
        The two groups, first and second; empty when no test is possible.
    statement
        In words: what was compared, or why nothing was.
    shuffled_share
        Of all shuffles of the group labels, the share in which any feature of dynamics is found.
    relabelings
        Number of ways of giving out the labels that the tests are built on.
    """

    table: pd.DataFrame
    groups: tuple[str, ...]
    statement: str
    shuffled_share: float = float("nan")
    relabelings: int = 0

    def summary(self) -> dict[str, Any]:
        """Everything but the table, as JSON takes it."""
        share = self.shuffled_share
        return {
            "groups": list(self.groups),
            "statement": self.statement,
            "shuffled_share": None if np.isnan(share) else share,
            "relabelings": self.relabelings,
        }


def subject_values(features: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """One value a subject, model and feature, columns of `SUBJECTS`.

    Runs that are not acceptable and missing values are left out; the decision about a run never
    sees its group. Runs of a recording are summarised by their median, and the recordings
    (sessions) of a subject averaged, because the subject is the unit of every test. A recording of
    an unknown participant counts as a subject of its own.
    """
    recordings = recording_values(features)
    people = cohort[["recording", *SUBJECT]].dropna(subset=["recording"])
    people = people.assign(participant=people["participant"].fillna(people["recording"]))
    merged = recordings.merge(people, on="recording", validate="m:1")
    subjects = merged.groupby([*SUBJECT, *FEATURE], sort=False, dropna=False)
    return subjects.agg(
        value=("value", "mean"), mad=("mad", "mean"), recordings=("recording", "size")
    ).reset_index()[list(SUBJECTS)]


def recording_values(features: pd.DataFrame) -> pd.DataFrame:
    """One value a recording, model and feature: the median over acceptable runs, with its MAD."""
    usable = features[(features["acceptable"] == 1) & features["value"].notna()]
    grouped = usable.groupby(["recording", *FEATURE], sort=False)["value"]
    return grouped.agg(value="median", mad=_median_deviation).reset_index()


def _median_deviation(values: pd.Series) -> float:
    return float((values - values.median()).abs().median())


def reliability_table(
    features: pd.DataFrame,
    settings: Mapping[str, Any],
    cohort: pd.DataFrame | None = None,
    rng: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Reliability over runs of each feature of each model, columns of `RELIABILITY`.

    With the table of the cohort also how the variance divides into subjects, sessions and runs, and
    with a source of resamples the interval of the reliability of subjects.
    """
    usable = features[(features["acceptable"] == 1) & features["run"].notna()]
    rows = []
    for key, part in usable.groupby(FEATURE, sort=False):
        model, feature = cast(tuple[str, str], key)
        table = part.pivot(index="recording", columns="run", values="value").to_numpy(float)
        counts = np.isfinite(table).sum(axis=1)
        counts = counts[counts >= 2]
        single, mean = one_way(table, settings["confidence"])
        rows.append(
            {
                "model": model,
                "feature": feature,
                "recordings": counts.size,
                "runs": counts.mean() if counts.size else np.nan,
                **{"icc_run": single.value, "icc_run_low": single.low, "icc_run_high": single.high},
                **{"icc": mean.value, "icc_low": mean.low, "icc_high": mean.high},
                "reliable": int(mean.value >= settings["minimum_reliability"]),
                **({} if cohort is None else _nested(part, cohort, settings, rng)),
            }
        )
    return pd.DataFrame(rows, columns=list(RELIABILITY))


def _nested(
    part: pd.DataFrame,
    cohort: pd.DataFrame,
    settings: Mapping[str, Any],
    rng: np.random.Generator | None,
) -> dict[str, float]:
    """Variance shares of one feature, or nothing without two subjects and repeated sessions."""
    people = cohort[["recording", "dataset", "participant"]].dropna()
    table = part[["recording", "value"]].dropna().merge(people, on="recording")
    subject = table.groupby(["dataset", "participant"]).ngroup()
    sessions = table.groupby(subject)["recording"].nunique()
    if len(sessions) < 2 or not (sessions > 1).any():
        return {}
    found = components(table["value"], subject, table["recording"], rng)
    usual = int(sessions.median()), int(table.groupby("recording").size().median())
    low, high = found.reliability_interval(*usual, settings["confidence"])
    shares = {f"share_{name}": value for name, value in zip(LEVELS, found.shares, strict=True)}
    return shares | {
        "icc_subject": found.reliability(*usual),
        "icc_subject_low": float(low),
        "icc_subject_high": float(high),
    }


def compare_groups(
    subjects: pd.DataFrame,
    reliability: pd.DataFrame,
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> Comparison:
    """Compare two groups in every feature.

    Parameters
    ----------
    subjects
        From `subject_values`.
    reliability
        From `reliability_table`.
    settings
        Of group.schema.yaml.
    rng
        Source of random relabelings and resamples.
    """
    people = subjects[SUBJECT].drop_duplicates()
    groups, statement = choose_groups(people, settings)
    if not groups:
        return Comparison(pd.DataFrame(columns=list(STATISTICS)), (), statement)
    chosen = subjects[subjects["group"].isin(groups)]
    wide = chosen.pivot(index=SUBJECT, columns=FEATURE, values="value")
    second = np.asarray(wide.index.get_level_values("group") == groups[1])
    values = wide.to_numpy(float)
    present = np.isfinite(values)
    counts = np.stack([present[~second].sum(axis=0), present[second].sum(axis=0)])
    enough = counts.min(axis=0) >= settings["minimum_subjects"]
    ways = relabelings(second, settings["permutations"], rng)
    p = np.full((len(ways), values.shape[1]), np.nan)
    if enough.any():
        p[:, enough] = permutation_p(values[:, enough], ways)

    icc = reliability.set_index(FEATURE)["icc"].to_dict()
    rows = []
    for column, key in enumerate(wide.columns.to_list()):
        model, feature = cast(tuple[str, str], key)
        first_values, second_values = (
            values[side & present[:, column], column] for side in (~second, second)
        )
        row = {
            "model": model,
            "feature": feature,
            "family": FEATURES[feature].family,
            "n_first": first_values.size,
            "n_second": second_values.size,
            "median_first": np.median(first_values) if first_values.size else np.nan,
            "median_second": np.median(second_values) if second_values.size else np.nan,
            "p": p[0, column],
            "icc": icc.get((model, feature), np.nan),
        }
        if enough[column]:
            effect = effect_size(
                first_values, second_values, settings["bootstrap"], settings["confidence"], rng
            )
            row |= {"hedges_g": effect.hedges_g, "rank_biserial": effect.rank_biserial}
            row |= {"g_low": effect.low, "g_high": effect.high}
        rows.append(row)
    table = pd.DataFrame(rows, columns=list(STATISTICS))
    unreliable = (table["family"] == "dynamics") & ~(
        table["icc"] >= settings["minimum_reliability"]
    )
    table["tested"] = (enough & ~unreliable).astype(int)
    for family in table["family"].unique():
        members = ((table["family"] == family) & (table["tested"] == 1)).to_numpy()
        table.loc[members, "q"] = false_discovery(p[0, members])
    tested = ((table["family"] == "dynamics") & (table["tested"] == 1)).to_numpy()
    share = (
        shuffled_control(p[:, tested], settings["false_discovery_rate"])
        if tested.any()
        else float("nan")
    )
    return Comparison(table, groups, statement, share, len(ways))


def _no_groups(names: Sequence[str]) -> str:
    return (
        f"all participants are of one group, {names[0]}" if names else "no participant has a group"
    )


def choose_groups(people: pd.DataFrame, settings: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    """The two groups to compare and a sentence that says so, or none and the reason."""
    sizes = people.groupby("group").size().to_dict()
    described = ", ".join(f"{name} ({n})" for name, n in sizes.items()) or "none"
    names: Sequence[str] = settings["compare"] or sorted(sizes)
    if people.duplicated(["dataset", "participant"]).any():
        return (), "No groups are compared: a participant belongs to more than one group."
    if len(names) < 2:
        return (), f"No groups are compared: {_no_groups(names)}."
    if len(names) > 2:
        return (), (
            f"No two groups are compared: there are {len(names)} ({described}). The setting "
            "`compare` chooses two of them, a design with `group` tests them all."
        )
    small = [name for name in names if sizes.get(name, 0) < settings["minimum_subjects"]]
    if small:
        return (), (
            f"No groups are compared: {' and '.join(small)} would need at least "
            f"{settings['minimum_subjects']} subjects with results (there are: {described})."
        )
    first, second = names
    return (first, second), (
        f"Compared are {first} (n = {sizes[first]}) and {second} (n = {sizes[second]}); "
        f"the unit is the subject."
    )
