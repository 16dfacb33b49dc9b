"""How often prediction finds what is not there, and how often what is.

Summary-level cohorts (20 + 20 subjects, 2 sessions, 3 runs; four features of the dynamics, age as
covariate) go through `predict_target`. Printed: the share of cohorts with p <= 0.05, and the share
in which the dynamics are said to be better than the covariate alone.

    python tests/studies/prediction_false_positives.py [cohorts]
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

WORKFLOW = Path(__file__).resolve().parents[2] / "workflow"
sys.path[:0] = [str(WORKFLOW), str(WORKFLOW / "scripts")]

from neurodsr.group.prediction.predict import predict_target  # noqa: E402
from orchestration.config import complete  # noqa: E402

NAMES = ("frequency", "growth_rate", "period", "kaplan_yorke")


def cohort(
    effect: float, mirrors: bool, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Groups ``effect`` apart in one feature, or apart in age, which the features mirror."""
    people, rows = [], []
    for s in range(40):
        patient = s % 2
        age = rng.standard_normal() + 1.2 * mirrors * patient
        own = rng.standard_normal(len(NAMES)) + mirrors * age
        own[0] += effect * patient
        for session in "12":
            name = f"sub-{s}_ses-{session}"
            people.append((name, "d", f"{s}", session, ("control", "patient")[patient], age))
            here = own + 0.5 * rng.standard_normal(len(NAMES))
            for run in range(3):
                values = here + 0.3 * rng.standard_normal(len(NAMES))
                rows += [(name, "m", run, 1, *one) for one in zip(NAMES, values, strict=True)]
    columns = ["recording", "dataset", "participant", "session", "group", "age"]
    names = ["recording", "model", "run", "acceptable", "feature", "value"]
    return pd.DataFrame(rows, columns=names), pd.DataFrame(people, columns=columns)


def study(number: int) -> None:
    predict = {"target": "group", "covariates": ["age"], "repeats": 2, "permutations": 199}
    settings = complete({"predict": predict, "bootstrap": 400}, "group.schema.yaml")
    for label, effect, mirrors in (
        ("no effect", 0.0, False),
        ("features mirror a covariate", 0.0, True),
        ("effect of 1 sd", 1.0, False),
    ):
        found = dict.fromkeys(("balanced accuracy", "AUC", "gain in AUC"), 0)
        for seed in range(number):
            rng = np.random.default_rng(seed)
            features, people = cohort(effect, mirrors, rng)
            table = predict_target(features, people, pd.DataFrame(), settings, rng).table
            one = table.set_index(["features", "against", "metric"])
            alone = table[table["against"].isna() & (table["features"] == "m")]
            p = alone.set_index("metric")["p"]
            found["balanced accuracy"] += p["balanced_accuracy"] <= 0.05
            found["AUC"] += p["auc"] <= 0.05
            found["gain in AUC"] += one.loc[("m + covariates", "covariates", "auc"), "low"] > 0
        shares = ", ".join(f"{name} {100 * n / number:.1f} %" for name, n in found.items())
        print(f"{label}: {shares} of {number} cohorts", flush=True)


if __name__ == "__main__":
    study(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
