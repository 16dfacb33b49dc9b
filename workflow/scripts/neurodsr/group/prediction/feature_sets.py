"""What a property of people may be predicted from: dynamics, classical features, covariates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from neurodsr.group.features.catalogue import DATA, FEATURES
from neurodsr.group.prediction.crossvalidation import Mask, Select
from neurodsr.group.reliability import one_way
from neurodsr.group.values import recording_values

Array = NDArray[np.float64]
COVARIATES, CONNECTIVITY = "covariates", "connectivity"


@dataclass(frozen=True)
class FeatureSet:
    """Columns to predict from.

    Attributes
    ----------
    values : (recording, feature)
        NaN where missing.
    runs : (feature, recording, run) or None
        Values of single runs, of which a fold computes reliability; None for features without runs,
        which are all used.
    """

    values: Array
    runs: Array | None = None

    def joined(self, other: "FeatureSet") -> "FeatureSet":
        """With the columns of a set without runs before its own."""
        return FeatureSet(np.hstack([other.values, self.values]), self.runs)

    def at(self, rows: Mask) -> "FeatureSet":
        """Of some recordings."""
        return FeatureSet(self.values[rows], None if self.runs is None else self.runs[:, rows])

    def selector(self, minimum: float) -> Select:
        """Chooses from training rows the features whose ICC(1,k) over runs reaches a minimum."""

        def select(train: Mask) -> Mask:
            columns = np.ones(self.values.shape[1], dtype=bool)
            if self.runs is not None:
                icc = [one_way(table[train])[1].value for table in self.runs]
                columns[columns.size - len(icc) :] = np.array(icc) >= minimum
            return columns

        return select


def covariate_set(columns: pd.DataFrame) -> FeatureSet:
    """Covariates as numbers: a category has a column for each level."""
    parts = []
    for _, column in columns.items():
        if pd.api.types.is_numeric_dtype(column):
            parts.append(column.to_numpy(float)[:, None])
        else:
            levels = sorted(column.astype(str).unique())
            parts.append((column.astype(str).to_numpy()[:, None] == levels).astype(float))
    return FeatureSet(np.hstack(parts))


def feature_sets(
    features: pd.DataFrame, recordings: list[str], connections: pd.DataFrame
) -> dict[str, FeatureSet]:
    """Features of the dynamics of each model, classical features and connectivity.

    Parameters
    ----------
    features
        Rows of features.tsv.
    recordings
        Rows of the sets, in this order.
    connections
        From `neurodsr.group.prediction.connectivity.connectivity_table`.
    """
    family = features["feature"].map({name: one.family for name, one in FEATURES.items()})
    kept = features[family.isin(["dynamics", DATA]) & features["recording"].isin(recordings)]
    medians = recording_values(kept)
    sets = {}
    for model, part in medians.groupby("model", sort=False):
        wide = part.pivot(index="recording", columns="feature", values="value")
        values = wide.reindex(recordings).to_numpy(float)
        runs = None
        if model != DATA:
            single = kept[(kept["model"] == model) & (kept["acceptable"] == 1)]
            by_feature = single.pivot(index=["feature", "recording"], columns="run", values="value")
            runs = np.stack(
                [by_feature.loc[one].reindex(recordings).to_numpy(float) for one in wide.columns]
            )
        sets[str(model)] = FeatureSet(values, runs)
    if connections.shape[1]:
        sets[CONNECTIVITY] = FeatureSet(connections.reindex(recordings).to_numpy(float))
    return sets
