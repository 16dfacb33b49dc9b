"""Recordings made by hand, and complete settings from the schema's own defaults."""

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))


@pytest.fixture
def settings():
    """A function that completes partial settings."""
    from orchestration.config import complete

    return lambda **given: complete(given, "preprocess.schema.yaml")


@pytest.fixture
def recording():
    """A function that builds a recording from its modalities and interval tables."""

    def build(modalities, tables=None):
        nodes = {"/": xr.Dataset(attrs={"recording": "sub-01", "dataset": "test"})}
        nodes |= {f"/{name}": node for name, node in modalities.items()}
        for name, rows in (tables or {}).items():
            start, stop, label = zip(*rows, strict=True)
            nodes[f"/intervals/{name}"] = xr.Dataset(
                {
                    "start": ("interval", np.array(start, dtype=float)),
                    "stop": ("interval", np.array(stop, dtype=float)),
                    "label": ("interval", np.array(label, dtype=object)),
                }
            )
        return xr.DataTree.from_dict(nodes)

    return build


@pytest.fixture
def continuous():
    """A function that builds a continuous modality."""

    def build(signal, rate, time=None, start=0.0, units="V", names=None):
        signal = np.atleast_2d(np.asarray(signal, dtype=float).T).T
        time = start + np.arange(len(signal)) / rate if time is None else np.asarray(time)
        names = names or [f"c{i}" for i in range(signal.shape[1])]
        return xr.Dataset(
            {"signal": (("time", "channel"), signal)},
            coords={"time": time, "channel": names},
            attrs={"kind": "continuous", "sampling_rate": float(rate), "units": units},
        )

    return build


@pytest.fixture
def spiking():
    """A function that builds a modality of spikes from the trains of its units."""

    def build(trains, start, stop):
        times = np.concatenate([np.asarray(train, dtype=float) for train in trains])
        units = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
        order = np.argsort(times, kind="stable")
        return xr.Dataset(
            {"spike_time": ("spike", times[order]), "spike_unit": ("spike", units[order])},
            coords={"unit": [f"u{i}" for i in range(len(trains))]},
            attrs={"kind": "spikes", "start": start, "stop": stop},
        )

    return build
