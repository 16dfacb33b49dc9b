"""Models with the default settings on systems that nothing was tuned on, against their baselines.

``.venv/bin/python tests/studies/unseen_training.py FOLDER [samples]`` simulates them (default
10 000 samples with 5 % noise; 20 000 clean ones for the scores) and writes FOLDER/unseen.yaml, for

    snakemake benchmark --cores 2 --configfile FOLDER/unseen.yaml

which ends with results/unseen-full/benchmark.md, all components observed, and
results/unseen-partial/benchmark.md, one component with as many delays as the checks find needed.
"""

import sys
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

from unseen_flows import (
    chua,
    duffing,
    halvorsen,
    hindmarsh_rose,
    hodgkin_huxley,
    lorenz84,
    mackey_glass,
    thomas,
    van_der_pol,
)

from neurodsr.simulate.flows import runge_kutta

NOISE = 0.05
TEST = 20_000
FLOWS = {
    # field, start, time between samples
    "thomas": (thomas, (1.1, 1.1, -0.01), 0.15),
    "halvorsen": (halvorsen, (-1.5, -1.5, 1.0), 0.015),
    "hindmarshrose": (hindmarsh_rose, (-1.0, 0.0, 3.0), 0.25),
    "duffing": (duffing, (0.5, 0.0, 0.0), 0.1),
    "vanderpol": (van_der_pol, (1.0, 0.0), 0.1),
    "chua": (chua, (0.7, 0.0, 0.0), 0.04),
    "lorenz84": (lorenz84, (1.0, 1.0, 1.0), 0.03),
    "hodgkinhuxley": (hodgkin_huxley, (-65.0, 0.05, 0.6, 0.32), 0.15),
}
SEEN = {"full": "fully observed", "partial": "from one component"}
PARTIAL = ["halvorsen", "hindmarshrose", "chua", "hodgkinhuxley", "mackeyglass"]
LONG = {"family": "shallow-plrnn", "epochs": 400}
SMOOTH = {
    **LONG,
    "hidden": 100,
    "clipped": False,
    "forcing": {"kind": "generalised", "strength": 0.15, "final_strength": None},
}
MODELS = {
    "default": {"family": "shallow-plrnn"},
    "long": LONG,
    "smooth": {**SMOOTH, "regularisation": {"curvature": 1e-4}},
    "less-smooth": {**SMOOTH, "regularisation": {"curvature": 1e-5}},
    "not-smooth": SMOOTH,
    "reservoir": {"family": "reservoir"},
    "sindy": {"family": "sindy"},
    "var": {"family": "var"},
}


def states(name: str, samples: int) -> np.ndarray:
    """Of a system ``(time, component)``; a phase as its cosine and sine."""
    if name == "mackeyglass":
        return mackey_glass(samples)[:, None]
    field, start, interval = FLOWS[name]
    substeps = max(5, round(interval / 0.005))
    orbit = runge_kutta(field, start, interval, samples + 2000, substeps)[2000:]
    if name == "duffing":
        orbit = np.column_stack([orbit[:, :2], np.cos(orbit[:, 2]), np.sin(orbit[:, 2])])
    assert np.isfinite(orbit).all(), name
    return orbit


def write(folder: Path, samples: int) -> None:
    entries: dict[str, dict[str, dict[str, object]]] = {"full": {}, "partial": {}}
    for name in [*FLOWS, "mackeyglass"]:
        clean = states(name, samples + TEST)
        rng = np.random.default_rng(sum(name.encode()))
        noisy = clean + NOISE * clean.std(0) * rng.standard_normal(clean.shape)
        for kind in [kind for kind, of in (("full", FLOWS), ("partial", PARTIAL)) if name in of]:
            files = {"train": f"{name}-{kind}-train.npy", "test": f"{name}-{kind}-test.npy"}
            columns = slice(1) if kind == "partial" else slice(None)
            np.save(folder / files["train"], noisy[:samples, columns])
            np.save(folder / files["test"], clean[samples:, columns])
            entries[kind][name] = {**files, "sampling_interval": 0.01}
    preprocess = {"trials": "trials", "splits": {"column": "split", "validation": 0.1}}
    cohorts = {
        f"unseen-{kind}": {
            "title": f"Systems that nothing was tuned on, {SEEN[kind]}",
            "datasets": [kind],
            "models": list(MODELS),
            "preprocess": {**preprocess, "embedding": "auto" if kind == "partial" else None},
            "evaluation": {"spectrum": "gtf", "prediction_steps": 20, "starts": 5},
            "analysis": {"steps": 4000, "fixed_point_regions": 50},
        }
        for kind in entries
    }
    config = {
        "datasets": {
            kind: {"format": "arrays", "path": str(folder), "recordings": of}
            for kind, of in entries.items()
        },
        "models": {name: {"runs": 4, **settings} for name, settings in MODELS.items()},
        "cohorts": cohorts,
    }
    (folder / "unseen.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


if __name__ == "__main__":
    into = Path(sys.argv[1]).resolve()
    into.mkdir(parents=True, exist_ok=True)
    write(into, int(sys.argv[2]) if len(sys.argv) > 2 else 10_000)
