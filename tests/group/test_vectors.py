"""Vectors of a hierarchical model as features, and their figure."""

import numpy as np
import xarray as xr

from neurodsr import netcdf
from neurodsr.figures.hierarchical import draw_hierarchical
from neurodsr.group.features.catalogue import FEATURES
from neurodsr.group.features.table import hierarchical_features


def result() -> xr.Dataset:
    vector = np.arange(12.0).reshape(2, 3, 2)
    kinds = np.array([["sustained", "unbounded", "sustained"], ["sustained"] * 3], object)
    return xr.Dataset(
        {
            "vector": (("run", "recording", "feature"), vector),
            "free_run": (("run", "recording"), kinds),
            "growth_rate": (("run", "recording"), np.full((2, 3), -4.0)),
            "loss": (("run", "recording", "epoch"), np.ones((2, 3, 4))),
        },
        coords={
            "recording": np.array(["a", "b", "c"], object),
            "run": [0, 1],
            "epoch": np.arange(1, 5),
        },
    )


def test_every_entry_is_a_row_and_an_unbounded_subject_does_not_count() -> None:
    table = hierarchical_features(result())
    assert len(table) == 18
    assert set(table["feature"]) == {"vector_1", "vector_2", "shared_growth_rate"} <= set(FEATURES)
    assert table.loc[table["feature"] == "shared_growth_rate", "value"].tolist() == [-4.0] * 6
    one = table[(table["recording"] == "b") & (table["run"] == 0)]
    assert one["value"].tolist() == [2.0, 3.0, -4.0]
    assert one["acceptable"].tolist() == [0, 0, 0]
    assert table["acceptable"].sum() == 15


def test_a_cohort_without_such_a_model_has_no_rows() -> None:
    assert hierarchical_features(netcdf.excluded("train_cohort", "too few")).empty


def test_the_figure_names_groups_and_runs() -> None:
    figure = draw_hierarchical(result(), {"a": "control", "b": "patient"})
    texts = [text.get_text() for axes in figure.axes[1:] for text in axes.get_legend().get_texts()]
    assert {"control", "patient", "no group", "vector 1"} <= set(texts)
