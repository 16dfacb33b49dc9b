"""A small finished cohort: made-up results, taken through the scripts of group and report."""

import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from neurodsr import netcdf
from neurodsr.figures.style import message_figure
from orchestration.config import complete

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"
HOSTILE = '<script>alert("x")</script>&<img src=x onerror=alert(1)>'
DATASETS = {
    "simulated": {
        "format": "nwb",
        "simulate": {"system": "wilson-cowan"},
        "licence": "CC0",
        "citation": f"Nobody & Co {HOSTILE}",
    }
}
MODEL = complete(
    {
        "family": "shallow-plrnn",
        "latent": 2,
        "hidden": 20,
        "runs": 4,
        "forcing": {"strength": 0.15},
    },
    "models.schema.yaml",
)
RUNS, SUBJECTS, INTERVAL = 4, 12, 0.001
FAILED = "failed: loss or gradient diverged twice"
EXPONENT = {
    "largest_exponent": 18.0,
    "largest_exponent_low": 15.5,
    "largest_exponent_high": 20.5,
    "predictability_time": 39,
    "predictability": "ln 2 / largest exponent of 2 of 2 channels",
}
NO_EXPONENT = {
    **dict.fromkeys(("largest_exponent", "largest_exponent_low", "largest_exponent_high"), np.nan),
    "predictability_time": 8,
    "predictability": "no exponent (growth as by diffusion): the automatic forcing interval",
}


def make_series(rng: np.random.Generator) -> xr.Dataset:
    samples = 400
    time = np.arange(samples) * INTERVAL
    wave = np.sin(2 * np.pi * 25 * time)[:, None] + 0.1 * rng.normal(size=(samples, 2))
    return xr.Dataset(
        {
            "observation": (("time", "channel"), wave),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", np.repeat([0, 1, 2], [250, 50, 100]).astype(np.int8)),
        },
        {
            "time": time,
            "channel": ["E", HOSTILE],
            "scale": ("channel", [2.0, 1.0]),
        },
        {
            "sampling_interval": INTERVAL,
            "dropped_channels": '["noise"]',
            "warnings": '["upsampled from 500 Hz"]',
        },
    )


def make_statespace(code: str) -> xr.Dataset:
    words = {"nonlinear": "Nonlinear determinism detected.", "linear": "Linear is enough."}
    return xr.Dataset(
        attrs={
            "verdict_code": code,
            "verdict": words[code],
            "delay": 8,
            "embedding_dimension": 3,
            "nonlinearity_p": 0.01,
            "is_embedding": "consistent with an embedding (1 % false neighbours)",
            "data": "250 samples, 31 autocorrelation times",
            "cautions": '["the training data drift (mean)"]',
        }
    )


def make_scores(states: list[str], rng: np.random.Generator) -> xr.Dataset:
    measures = ["D_stsp", "D_H", "PE"]
    score = rng.uniform(0.1, 0.3, (RUNS, 3))
    return xr.Dataset(
        {
            "score": (("run", "measure"), score),
            "skill": (("run", "measure"), 1 - score),
            "run_state": ("run", states),
            "floor": ("measure", [0.05, 0.05, 0.0]),
            "null_score": (
                ("null", "measure"),
                [[2.0, 0.5, 0.4], [1.5, 0.02, np.nan], [np.nan, np.nan, 0.9]],
            ),
            "comparison": ("measure", ["better", "better", "similar"]),
            "median": ("measure", np.median(score, axis=0)),
            "median_low": ("measure", score.min(axis=0)),
            "median_high": ("measure", score.max(axis=0)),
            "skill_median": ("measure", [0.9, 0.8, 0.5]),
            "skill_median_low": ("measure", [0.8, 0.7, 0.4]),
            "skill_median_high": ("measure", [1.0, 0.9, 0.6]),
            "reads": ("measure", ["better", "better", "not better than a linear model"]),
        },
        {
            "run": np.arange(RUNS),
            "measure": measures,
            "null": ["VAR", "IAAFT", "persistence"],
        },
        {"verdict_code": "better", "verdict": "Better than a linear model."},
    )


def make_dynamics(growth: np.ndarray, frequency: float) -> xr.Dataset:
    """Two fixed points; the first has a complex pair of the given growth rate (1/s)."""
    pair = np.exp((growth[:, None] + np.array([1j, -1j]) * 2 * np.pi * frequency) * INTERVAL)
    eigenvalues = np.stack([pair, np.full_like(pair, np.nan)], axis=1)
    moves = growth > 0
    return xr.Dataset(
        {
            "fixed_point_count": ("run", np.ones(RUNS)),
            "stable_count": ("run", 1.0 - moves),
            "search_complete": ("run", [1.0, 0.0, 0.0, 0.0]),
            "fixed_points_unseen": ("run", [0.0, 0.2, 3.4, np.nan]),
            "eigenvalue_real": (("run", "point", "latent"), eigenvalues.real),
            "eigenvalue_imag": (("run", "point", "latent"), eigenvalues.imag),
            "lyapunov": (("run", "latent"), np.stack([0 * growth, -np.abs(growth)], axis=1)),
            "kaplan_yorke": ("run", moves * 1.0),
            "limit_set": ("run", np.where(moves, "cycle", "fixed point")),
            "dominant_period": ("run", np.where(moves, 1 / frequency, np.nan)),
            "amplitude": (("run", "channel"), np.stack([moves * 3.0, moves * 1.0], axis=1)),
            "relative_amplitude": ("run", moves * 1.5),
            "orbit_observation": (("time", "channel"), np.zeros((50, 2))),
            "fixed_point_observation": (("run", "point", "channel"), np.zeros((RUNS, 2, 2))),
            "stability": (("run", "point"), np.tile(["stable", "saddle"], (RUNS, 1))),
        },
        {"run": np.arange(RUNS)},
        {"sampling_interval": INTERVAL, "best_run": 0},
    )


class Named(SimpleNamespace):
    """Inputs as Snakemake names them, some of which a cohort may lack."""

    def get(self, name: str, default: object) -> object:
        return getattr(self, name, default)


def run_script(name: str, **snakemake: object) -> None:
    """Run a rule's script as Snakemake does, with the given global object."""
    snakemake["log"] = [snakemake["log"]]
    runpy.run_path(
        str(WORKFLOW / "scripts" / name), {"snakemake": SimpleNamespace(**snakemake)}, "__main__"
    )
    logging.captureWarnings(False)


def save(folder: Path, stage: str, result: xr.Dataset) -> None:
    netcdf.write(folder / f"{stage}.nc", result, {})
    said = "Excluded at preprocess: no" if netcdf.is_excluded(result) else f"figure {HOSTILE}"
    message_figure(said).savefig(folder / f"{stage}.svg", metadata={"Date": None})


@pytest.fixture(scope="session")
def group_settings() -> dict[str, object]:
    schema = yaml.safe_load((WORKFLOW / "schemas" / "group.schema.yaml").read_text())
    return {key: spec["default"] for key, spec in schema["properties"].items()}


@pytest.fixture(scope="session")
def study_folder(
    tmp_path_factory: pytest.TempPathFactory, group_settings: dict[str, object]
) -> Path:
    """Twelve subjects in two groups on both sides of a bifurcation, one more that is excluded."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("results") / "cohort"
    truth, cohort = [], []
    for number in range(SUBJECTS + 1):
        participant, name = f"{number:02d}", f"sub-{number:02d}_task-rest"
        folder = root / name
        group = "control" if number % 2 else "patient"
        growth = (-20.0 if group == "control" else 30.0) + rng.normal(0, 5)
        frequency = 25 + rng.normal(0, 3)
        truth.append(
            {
                "participant_id": f"sub-{participant}",
                "regime": "limit cycle" if growth > 0 else "fixed point",
                "growth_rate": growth,
                "frequency": frequency,
                "period": 1 / frequency if growth > 0 else np.nan,
                "amplitude": 3.0 * (growth > 0),
            }
        )
        cohort.append(
            {
                "recording": name,
                "dataset": "simulated",
                "participant": participant,
                "session": None,
                "task": "rest",
                "group": group,
                "modality": "eeg",
                "source_files": f"sub-{participant}.nwb",
                "status": "found",
                "reason": None,
            }
        )
        gone = netcdf.excluded("preprocess", f"signal: all missing {HOSTILE}")
        excluded = number == SUBJECTS
        save(folder, "recording", xr.Dataset())
        save(folder, "series", gone if excluded else make_series(rng))
        statespace = make_statespace("nonlinear")
        statespace.attrs |= {0: EXPONENT, 1: NO_EXPONENT}.get(number, {})
        save(folder, "statespace", gone if excluded else statespace)
        states = {0: ["ok", "ok", "decayed", "diverged"], 1: ["ok", "ok", "ok", FAILED]}.get(
            number, ["ok"] * RUNS
        )
        status = np.where(np.array(states) == FAILED, FAILED, "ok")
        fit = xr.Dataset({"run_status": ("run", status)}, {"run": np.arange(RUNS)}, {"best_run": 1})
        dynamics = make_dynamics(growth + rng.normal(0, 2, RUNS), frequency)
        for values in dynamics.values():
            if "run" in values.dims:
                values[{"run": status == FAILED}] = "" if values.dtype.kind == "U" else np.nan
        models = folder / "models" / "small"
        models.mkdir(parents=True)
        save(models, "fit", gone if excluded else fit)
        save(models, "scores", gone if excluded else make_scores(states, rng))
        save(models, "dynamics", gone if excluded else dynamics)
    pd.DataFrame(cohort).to_csv(root / "cohort.tsv", sep="\t", index=False, na_rep="n/a")
    pd.DataFrame(truth).to_csv(root / "truth.tsv", sep="\t", index=False, na_rep="n/a")
    benchmarks = root / "benchmarks"
    benchmarks.mkdir()
    for stage in ("ingest", "train_small"):
        header = "s\th:m:s\tmax_rss\tmax_vms\tcpu_time\n"
        (benchmarks / f"{stage}.tsv").write_text(header + "2.5\t0:00:02\t120.0\t-\t2.0\n")

    group = root / "group"
    named = SimpleNamespace
    run_script(
        "features.py",
        input=Named(cohort=root / "cohort.tsv"),
        output=named(
            **{name: group / f"{name}.tsv" for name in ("features", "responses", "inclusion")}
        ),
        params=named(models=["small"]),
        log=root / "logs" / "features.log",
    )
    tables = ("subjects", "reliability", "statistics", "effects", "truth")
    figures = ("differences", "reliability", "responses", "truth")
    run_script(
        "group.py",
        input=named(
            cohort=root / "cohort.tsv",
            features=group / "features.tsv",
            responses=group / "responses.tsv",
            truth=[root / "truth.tsv"],
        ),
        output=named(
            summary=group / "summary.json",
            **{name: group / f"{name}.tsv" for name in tables},
            **{f"{name}_figure": group / f"{name}.svg" for name in figures},
        ),
        params=named(settings=group_settings, seed=1),
        log=root / "logs" / "group.log",
    )
    run_script(
        "report.py",
        input=named(benchmarks=sorted(benchmarks.iterdir())),
        output=[root / "report.html"],
        params=named(
            settings={
                "title": f"Two groups {HOSTILE}",
                "group": group_settings,
                "hierarchical": None,
            },
            models={"small": MODEL},
            datasets=DATASETS,
        ),
        wildcards=named(cohort="cohort"),
        log=root / "logs" / "report.log",
    )
    return root
