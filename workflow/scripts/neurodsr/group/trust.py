"""Which features can be trusted: reliability over runs, sessions and subjects, as a table."""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from neurodsr.group.reliability import one_way
from neurodsr.group.values import FEATURE
from neurodsr.group.variance import LEVELS, components
from neurodsr.tables import Dictionary

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
