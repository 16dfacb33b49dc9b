"""Distances between the recordings of a cohort whose dynamics are known."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurodsr import netcdf
from neurodsr.errors import RecordingError
from neurodsr.figures.similarity import draw_similarity
from neurodsr.group.similarity.compare import compare_dynamics
from neurodsr.group.similarity.recording import Recording
from neurodsr.report.similarity import similarity_section
from orchestration.config import complete

SAMPLES, INTERVAL = 600, 0.01


def settings(**changed: Any) -> dict[str, Any]:
    group = complete({"similarity": {"measure": ["attractor"], **changed}}, "group.schema.yaml")
    return {**group, "permutations": 999}


def recording(name: str, cycles: float, amplitude: float, rng: np.random.Generator) -> Recording:
    """A free run that oscillates, with a size of its own in units of the recording."""
    phase = 2 * np.pi * (cycles * np.arange(SAMPLES) / SAMPLES + rng.random())
    orbit = np.stack([np.sin(phase), np.cos(phase)], axis=1) * np.sqrt(2)
    noisy = orbit + 0.1 * rng.standard_normal(orbit.shape)
    series = xr.Dataset(
        {
            "observation": (("time", "channel"), noisy),
            "segment": ("time", np.zeros(SAMPLES, int)),
            "split": ("time", np.zeros(SAMPLES, int)),
        },
        coords={
            "time": np.arange(SAMPLES) * INTERVAL,
            "scale": ("channel", np.full(2, amplitude)),
            "offset": ("channel", np.zeros(2)),
        },
        attrs={"recording": name, "sampling_interval": INTERVAL},
    )
    dynamics = xr.Dataset(
        {
            "orbit_observation": (("time", "channel"), orbit),
            "lyapunov": (("run", "latent"), [[9.0, 9.0], [0.0, -cycles]]),
            "limit_set": ("run", ["unbounded", "cycle"]),
        },
        coords={"run": [0, 1]},
        attrs={"best_run": 1},
    )
    return Recording(series, dynamics)


def study(seed: int = 0) -> tuple[list[Recording], pd.DataFrame]:
    """Six subjects with two sessions; the second group is slower and larger."""
    rng = np.random.default_rng(seed)
    recordings, rows = [], []
    for person in range(8):
        group = "ab"[person % 2]
        size = (1.0 if group == "a" else 2.0) * (1 + 0.05 * rng.standard_normal())
        for session in range(2):
            name = f"sub-{person}_ses-{session}"
            cycles = (30 if group == "a" else 15) + person / 4
            recordings.append(recording(name, cycles, size * (1 + 0.01 * session), rng))
            rows.append((name, "set", str(person), group))
    return recordings, pd.DataFrame(rows, columns=["recording", "dataset", "participant", "group"])


def vectors(names: list[str]) -> xr.Dataset:
    values = np.array([[[float(i // 2 % 2), i / 100] for i in range(len(names))]] * 2)
    return xr.Dataset(
        {
            "vector": (("run", "recording", "feature"), values),
            "free_run": (("run", "recording"), np.full((2, len(names)), "sustained", object)),
        },
        coords={"recording": np.array(names, object)},
    )


@pytest.fixture(scope="module")
def result() -> xr.Dataset:
    recordings, cohort = study()
    return compare_dynamics(
        recordings,
        vectors(cohort["recording"].tolist()),
        cohort,
        settings(measure=["attractor", "vectors", "lyapunov", "dsa", "dsa-data"], units="recorded",
                 delays=10),
        np.random.default_rng(0),
    )  # fmt: skip


def test_groups_with_other_dynamics_lie_apart(result: xr.Dataset) -> None:
    assert result["measure"].values.tolist() == ["attractor", "vectors", "lyapunov", "dsa",
                                                 "dsa-data"]  # fmt: skip
    assert (result["subjects"] == 8).all()
    # 70 ways to group eight subjects, of which two are as extreme
    np.testing.assert_allclose(result["p"], 2 / 70, atol=0.02)
    assert (result["explained"] > 0.8).all() and (result["stability"].mean("resample") > 0.9).all()
    for cluster in result["cluster"].values:
        assert len(set(zip(cluster, result["group"].values, strict=True))) == 2
    assert (result["discriminability"].sel(measure=["vectors", "lyapunov"]) > 0.9).all()


def test_known_distances(result: xr.Dataset) -> None:
    """Exponents (0, -cycles) and eigenvalues exp(2 pi i cycles / samples)."""
    cycles = np.array([(15 if i // 2 % 2 else 30) + (i // 2) / 4 for i in range(16)])
    apart = np.abs(cycles[:, None] - cycles)
    np.testing.assert_allclose(result["distance"].sel(measure="lyapunov"), apart / np.sqrt(2))
    turn = np.exp(2j * np.pi * cycles / SAMPLES)
    known = np.abs(turn[:, None] - turn) ** 2
    found = result.sel(measure="dsa")
    assert int(found["rank"]) == 2
    np.testing.assert_allclose(found["distance"], known, atol=2e-4)
    assert np.isfinite(found["surrogate"]).all()
    assert not np.isfinite(result["surrogate"].sel(measure="attractor")).any()


def test_figure_and_section_tell_all_measures(result: xr.Dataset) -> None:
    figure = draw_similarity(result)
    texts = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    assert "own surrogate" in texts
    section = similarity_section(result, b"<svg/>")
    assert [row[1] for row in section.tables[0].rows] == ["16"] * 5
    said = " ".join(section.paragraphs)
    assert "the groups lie apart" in said and "linear surrogate" in said
    assert "2 clusters of 8 and 8 recordings" in said


def test_resting_and_unbounded_runs_are_counted_as_without() -> None:
    recordings, cohort = study()
    recordings[0].dynamics["limit_set"] = ("run", ["cycle", "unbounded"])
    recordings[1].dynamics["limit_set"] = ("run", ["cycle", "fixed point"])
    wanted = settings(measure=["attractor", "dsa"])
    found = compare_dynamics(recordings, None, cohort, wanted, np.random.default_rng(0))
    attractor, operator = found["distance"].values
    assert np.isnan(attractor[0, 0]) and np.isfinite(attractor[1:, 1:]).all()
    assert np.isnan(operator[:2]).all() and np.isfinite(operator[2:, 2:]).all()
    assert "(15 recordings, 1 without)" in found.attrs["statement"]
    assert "(14 recordings, 2 without)" in found.attrs["statement"]


def test_a_measure_that_cannot_be_had_is_said() -> None:
    recordings, cohort = study()
    wanted = settings(measure=["attractor", "vectors"])
    found = compare_dynamics(recordings, None, cohort, wanted, np.random.default_rng(0))
    assert found["measure"].values.tolist() == ["attractor"]
    assert "no hierarchical model" in json.loads(found.attrs["left_out"])["vectors"]
    with pytest.raises(RecordingError, match="no hierarchical model"):
        compare_dynamics(recordings, None, cohort, settings(measure=["vectors"]),
                         np.random.default_rng(0))  # fmt: skip
    with pytest.raises(RecordingError, match="at least 4"):
        compare_dynamics(recordings[:3], None, cohort, wanted, np.random.default_rng(0))


def test_one_group_is_described_and_not_tested() -> None:
    recordings, cohort = study()
    found = compare_dynamics(
        recordings, None, cohort.assign(group=None), settings(), np.random.default_rng(0)
    )
    assert np.isnan(found["p"]).all()
    assert "groups are not tested" in found.attrs["statement"]
    draw_similarity(found)


def test_why_there_are_no_distances_is_on_the_page() -> None:
    section = similarity_section(netcdf.excluded("compare_dynamics", "too few"), b"")
    assert "too few" in section.paragraphs[0]
