"""False positives, power and cost of the group statistics, on simulated tables of features.

    .venv/bin/python tests/studies/group_false_positives.py          # some CPU minutes
    .venv/bin/python tests/studies/group_false_positives.py cost     # 1000 subjects x 200 features

Features are drawn directly (no model is trained): two groups of 20 subjects with 2 sessions each, a
subject's own level, session noise, and age. `unequal noise` doubles the noise of patients,
`confounder` makes them older while age drives the feature, `lost sessions` drops a fifth of them,
`one session fewer` all second sessions of all but two controls.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "workflow" / "scripts")]

from neurodsr.group.design import make_design  # noqa: E402
from neurodsr.group.effects import design_effects  # noqa: E402
from neurodsr.group.formula import parse_formula  # noqa: E402
from neurodsr.group.mixed import Model, exchanges  # noqa: E402
from neurodsr.group.trust import reliability_table  # noqa: E402
from orchestration.config import complete  # noqa: E402

COHORTS, PERMUTATIONS = 200, 199
DESIGN = "feature ~ group * session + age + (1 | subject)"
CASES: dict[str, dict[str, Any]] = {
    "no effect": {},
    "unequal noise": {"noise": 2.0},
    "confounder": {"older": 15.0},
    "lost sessions": {"lost": 0.2},
    "one session fewer": {"fewer": True},
    "small effect (0.5 sd)": {"effect": 0.5},
    "large effect (1 sd)": {"effect": 1.0},
}


def cohort(
    rng: np.random.Generator,
    features: int,
    effect: float = 0.0,
    noise: float = 1.0,
    older: float = 0.0,
    lost: float = 0.0,
    fewer: bool = False,
    subjects: int = 40,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Table of recordings, and values (recording, feature)."""
    patient = np.repeat(np.arange(subjects) % 2, 2)
    table = pd.DataFrame(
        {
            "subject": np.repeat([f"s{i}" for i in range(subjects)], 2),
            "group": np.where(patient == 1, "patient", "control"),
            "session": np.tile(["1", "2"], subjects),
            "age": np.repeat(rng.uniform(20, 60, subjects), 2) + older * patient,
        }
    )
    own = np.repeat(rng.standard_normal((subjects, features)), 2, axis=0)
    within = 0.7 * rng.standard_normal((2 * subjects, features))
    scale = np.where(patient == 1, noise, 1.0)[:, None]
    values = scale * (own + within) + 0.05 * table["age"].to_numpy()[:, None]
    values += effect * np.hypot(1, 0.7) * patient[:, None]
    kept = rng.random(len(table)) >= lost
    if fewer:
        kept = ~((patient == 0) & (table["session"] == "2") & (table.index > 8))
    return table[kept].reset_index(drop=True), values[kept]


def rates() -> None:
    print(f"share of p <= 0.05 in {COHORTS} cohorts x 5 features, {PERMUTATIONS} permutations")
    for name, options in CASES.items():
        rng = np.random.default_rng(7)
        hits: dict[str, list[bool]] = {}
        for _ in range(COHORTS):
            table, values = cohort(rng, 5, **options)
            model = Model(make_design(parse_formula(DESIGN), table))
            for term in model.terms:
                orders = exchanges(model, term, PERMUTATIONS, None, rng)
                for y in values.T:
                    hits.setdefault(term, []).append(model.permuted(y, term, orders)[1] <= 0.05)
        print(f"{name:24}", {term: round(float(np.mean(h)), 3) for term, h in hits.items()})


def cost() -> None:
    rng = np.random.default_rng(0)
    table, values = cohort(rng, 200, subjects=1000)
    names = [f"r{i}" for i in range(len(table))]
    people = table.assign(recording=names, dataset="d", participant=table["subject"])
    features = pd.concat(
        pd.DataFrame(
            {"recording": names, "model": f"m{f // 10}", "run": run, "acceptable": 1,
             "feature": f"vector_{f % 10 + 1}",
             "value": values[:, f] + 0.1 * rng.standard_normal(len(table))}
        )
        for f in range(200) for run in range(3)
    )  # fmt: skip
    settings = complete({"design": DESIGN, "permutations": 1000}, "group.schema.yaml")
    began, used = time.monotonic(), time.process_time()
    reliability = reliability_table(features, settings)
    middle = time.process_time()
    effects = design_effects(features, people, reliability, settings, rng)
    print(
        f"1000 subjects x 2 sessions x 3 runs x 200 features: reliability"
        f" {middle - used:.0f} CPU s,"
        f" mixed models with 1000 permutations and FDR {time.process_time() - middle:.0f} CPU s,"
        f" {time.monotonic() - began:.0f} s in all; {int((effects['q'] < 0.05).sum())} effects"
    )


if __name__ == "__main__":
    cost() if sys.argv[1:] == ["cost"] else rates()
