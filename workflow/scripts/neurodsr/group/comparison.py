"""What differs between two groups of subjects, in every feature."""

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
from neurodsr.group.values import FEATURE, SUBJECT
from neurodsr.tables import Dictionary

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
        From `neurodsr.group.values.subject_values`.
    reliability
        From `neurodsr.group.trust.reliability_table`.
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
