"""From values of runs to values of recordings and of subjects."""

import pandas as pd

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
