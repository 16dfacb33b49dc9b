"""All features, by name."""

import re
from functools import partial

import xarray as xr

from neurodsr.group.features.data import series, statespace
from neurodsr.group.features.definition import DATA, DYNAMICS, QUALITY, Family, Feature
from neurodsr.group.features.dynamics import dynamics
from neurodsr.group.features.mechanism import mechanism
from neurodsr.group.features.quality import quality

__all__ = [
    "DATA",
    "DYNAMICS",
    "FAMILIES",
    "FEATURES",
    "HIERARCHICAL",
    "QUALITY",
    "label",
    "unit",
    "vectors",
]

HIERARCHICAL = "hierarchical"
LONGEST_VECTOR = 10


def _entry(one: xr.Dataset, i: int) -> float | None:
    return float(one["vector"].values[i]) if i < one.sizes["feature"] else None


vectors = Family(DYNAMICS, "group/hierarchical.nc")
for _i in range(LONGEST_VECTOR):
    vectors.add(
        f"vector_{_i + 1}",
        "sd over recordings",
        f"Entry {_i + 1} of the recording's vector in the hierarchical model of the cohort",
        ("vector",),
        partial(_entry, i=_i),
    )


@vectors("1/s", "growth_rate")
def shared_growth_rate(one: xr.Dataset) -> float:
    """ln |leading eigenvalue| / sampling interval at the fixed point nearest the data mean of the
    recording's own member of the hierarchical model; its distance from zero is that from the border
    of stability."""
    return float(one["growth_rate"])


FAMILIES = (dynamics, mechanism, quality, series, statespace, vectors)
FEATURES: dict[str, Feature] = {
    feature.name: feature for family in FAMILIES for feature in family.features
}


def unit(name: str) -> str:
    """Unit of a feature for a reader, empty for a pure number."""
    written = FEATURES[name].unit
    return "" if written == "1" else written


def label(name: str) -> str:
    """Name and unit of a feature for an axis."""
    words = re.sub(r"(?<!D)_", " ", name)
    return f"{words} ({unit(name)})" if unit(name) else words
