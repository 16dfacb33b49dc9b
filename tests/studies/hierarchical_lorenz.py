"""How well the vectors of a hierarchical model tell the parameters of 64 Lorenz systems.

    .venv/bin/python tests/studies/hierarchical_lorenz.py [epochs] [features]
    .venv/bin/python tests/studies/hierarchical_lorenz.py compare    # with subject-wise and pooled

The first prints R2 of a linear map from vectors to (sigma, rho, beta), cross-validated over
subjects, for the 64 subjects of the training (1000 samples each) and for 16 new ones (200 samples
each). The second prints D_stsp of 16 of the subjects on 10 000 samples that no model saw, by how
many samples a subject has in training, for the hierarchical model, for models of single subjects
and for one model of all; each takes the same number of updates, of equally many windows of every
subject.
"""

import logging
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow"), str(ROOT / "workflow" / "scripts")]

from neurodsr.dynamics.piecewise.regions import free_run, pieces_of  # noqa: E402
from neurodsr.evaluation.measures.geometry import reference  # noqa: E402
from neurodsr.models.model import Model, build  # noqa: E402
from neurodsr.models.piecewise_linear import PiecewiseLinearMap  # noqa: E402
from neurodsr.training import fused, hierarchical  # noqa: E402
from neurodsr.training.fit import begin as begin_alone  # noqa: E402
from neurodsr.training.forcing import learning_rates, strengths  # noqa: E402
from neurodsr.training.optimise import run_epoch  # noqa: E402
from neurodsr.training.windows import Noise  # noqa: E402

DT = 0.02
LOW, HIGH = np.array([8.0, 24.0, 2.0]), np.array([12.0, 40.0, 3.2])
RNG = np.random.default_rng(0)
CENTRE, SCALE = np.array([0.0, 0.0, 27.0]), np.array([9.0, 10.0, 9.5])


def lorenz(parameters: np.ndarray, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noisy orbits ``(subject, time, 3)`` of Lorenz-63 on the attractor, in common units."""
    sigma, rho, beta = parameters.T

    def flow(s: np.ndarray) -> np.ndarray:
        x, y, z = s.T
        return np.stack([sigma * (y - x), x * (rho - z) - y, x * y - beta * z], 1)

    state = rng.standard_normal((len(parameters), 3)) + [1, 1, 20]
    orbit = []
    step = DT / 2
    for i in range(2 * (samples + 1000)):
        k1 = flow(state)
        k2 = flow(state + step / 2 * k1)
        k3 = flow(state + step / 2 * k2)
        k4 = flow(state + step * k3)
        state = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if i >= 2000 and i % 2 == 0:
            orbit.append(state)
    clean = (np.stack(orbit, 1)[:, :samples] - CENTRE) / SCALE
    return clean + 0.02 * rng.standard_normal(clean.shape)


def series(observation: np.ndarray, name: str) -> xr.Dataset:
    samples = len(observation)
    return xr.Dataset(
        {
            "observation": (("time", "channel"), observation),
            "segment": ("time", np.zeros(samples, int)),
            "split": ("time", np.zeros(samples, np.int8)),
        },
        coords={"channel": ["x", "y", "z"]},
        attrs={"sampling_interval": DT, "recording": name},
    )


def settings(epochs: int) -> dict[str, Any]:
    return {
        "family": "shallow-plrnn", "clipped": True, "latent": 3, "hidden": 64,
        "observation": "identity", "epochs": epochs, "batches_per_epoch": 50, "batch": 16,
        "forcing": {"kind": "generalised", "strength": 0.2, "final_strength": 0.05,
                    "annealing": "exponential", "partial": True},
        "learning_rate": {"start": 3e-3, "end": 1e-5, "decay": "cosine"}, "vector_rate": 3.0,
        "optimiser": "radam", "gradient_clip": 0.0, "noise": 0.0, "noise_on": "window",
        "regularisation": {"latent": 0.0, "observation": 0.0, "manifold": 0.0,
                           "manifold_share": 0.5, "curvature": 0.0, "invertibility": 0.0},
    }  # fmt: skip


def explained(vectors: np.ndarray, truth: np.ndarray, others: Any = None) -> np.ndarray:
    """R2 of each parameter: leave-one-out, or for other subjects."""

    def design(v: np.ndarray) -> np.ndarray:
        return np.hstack([np.ones((len(v), 1)), v])

    if others is None:
        X = design(vectors)
        hat = X @ np.linalg.pinv(X)
        residual = (truth - hat @ truth) / (1 - np.diag(hat))[:, None]
        return 1 - (residual**2).sum(0) / ((truth - truth.mean(0)) ** 2).sum(0)
    new, there = others
    guess = design(new) @ np.linalg.lstsq(design(vectors), truth, rcond=None)[0]
    return 1 - ((there - guess) ** 2).sum(0) / ((there - there.mean(0)) ** 2).sum(0)


def main() -> None:
    torch.set_num_threads(1)
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    features = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    rng = np.random.default_rng(1)
    truth = rng.uniform(LOW, HIGH, (80, 3))
    data = lorenz(truth, 1000, rng)
    chosen = settings(epochs)
    model = build(chosen, 3, 0)
    cohort = [series(x, f"sub-{i}") for i, x in enumerate(data[:64])]
    windows = hierarchical.cohort_windows(cohort, 30)
    began, used = time.monotonic(), time.process_time()
    fitted, losses = hierarchical.train(
        model,
        windows,
        hierarchical.begin(model, 64, features, 0),
        chosen,
        0,
        {},
        logging.getLogger(),
    )
    print(
        f"{epochs * 50} updates of 64 subjects: {time.monotonic() - began:.0f} s,"
        f" {time.process_time() - used:.0f} CPU s; loss {np.median(losses[:, -1]):.3g}"
    )
    fitted = fitted.aligned()
    print("R2 linear, leave one out:", np.round(explained(fitted.vectors, truth[:64]), 3))
    new = [series(x[:200], f"new-{i}") for i, x in enumerate(data[64:])]
    short = {**chosen, "epochs": 40, "learning_rate": {**chosen["learning_rate"], "start": 0.01}}
    found, _ = hierarchical.train(
        model, hierarchical.cohort_windows(new, 30), hierarchical.newcomers(fitted, 16), short, 1,
        {}, logging.getLogger(), shared=False,
    )  # fmt: skip
    print(
        "R2 of 16 new subjects, 200 samples:",
        np.round(explained(fitted.vectors, truth[:64], (found.vectors, truth[64:])), 3),
    )


UPDATES, JUDGED, TEST = 6000, 16, 10_000


def alone(model: Model, cohort: list[xr.Dataset], chosen: dict[str, Any]) -> np.ndarray:
    """Parameters ``(subject, parameter)`` of models that know one subject each."""
    windows = hierarchical.cohort_windows(cohort, 30)
    state = begin_alone(model, {**chosen, "runs": len(cohort)}, 0)
    schedule = strengths(chosen["forcing"], chosen["epochs"], windows.steps, {})
    rates = learning_rates(chosen["learning_rate"], chosen["epochs"])
    assert schedule is not None
    for epoch in range(chosen["epochs"]):
        drawn = windows.epoch(
            0, epoch, len(cohort), chosen["batches_per_epoch"], chosen["batch"], Noise(0.0)
        )
        run_epoch(model, state, drawn, schedule[epoch], chosen, rates[epoch], fused.gradients)
    return state.parameters


def together(
    model: Model, cohort: list[xr.Dataset], chosen: dict[str, Any], features: int
) -> np.ndarray:
    """Parameters of the hierarchical model; without features, of one model of all."""
    begin = hierarchical.begin(model, len(cohort), max(features, 1), 0)
    if not features:  # vectors and directions of zero stay so
        begin = replace(begin, vectors=0 * begin.vectors, directions=0 * begin.directions)
    windows = hierarchical.cohort_windows(cohort, 30)
    log = logging.getLogger()
    return hierarchical.train(model, windows, begin, chosen, 0, {}, log)[0].parameters()


def divergences(model: Model, theta: np.ndarray, test: np.ndarray) -> np.ndarray:
    """D_stsp of free runs, each subject's from its first test sample."""
    maps = model.family.lower(model.unpack(torch.from_numpy(theta))).canonical()
    found = []
    for s, true in enumerate(test):
        names = ("A", "W1", "W2", "h1", "h2", "C")
        own = {name: getattr(maps, name)[s].double().numpy() for name in names}
        pieces = pieces_of(PiecewiseLinearMap(**own, clipped=bool(maps.clipped)))
        orbit = free_run(pieces, true[:1], len(true))[:, 0]
        there = np.isfinite(orbit).all()
        found.append(reference(true, "gtf-keep", RNG).divergence(orbit) if there else np.inf)
    return np.array(found)


def compare() -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng(1)
    truth = rng.uniform(LOW, HIGH, (64, 3))
    data = lorenz(truth, 4000 + TEST, rng)
    test = data[:JUDGED, -TEST:]
    floor = [
        reference(a, "gtf-keep", RNG).divergence(b)
        for a, b in zip(test, lorenz(truth[:JUDGED], TEST, rng), strict=True)
    ]
    chosen = settings(UPDATES // 50)
    model = build(chosen, 3, 0)
    print(f"floor (another orbit of the same system): {np.median(floor):.2f}", flush=True)
    wanted = [("hierarchical", n) for n in (100, 200, 1000)] + [("pooled", 1000)]
    wanted += [("subject-wise", n) for n in (200, 500, 1000, 2000, 4000)]
    for name, samples in wanted:
        used = time.process_time()
        people = JUDGED if name == "subject-wise" else 64
        cohort = [series(x[:samples], f"sub-{i}") for i, x in enumerate(data[:people])]
        if name == "subject-wise":
            theta = alone(model, cohort, chosen)
        else:
            theta = together(model, cohort, chosen, 3 if name == "hierarchical" else 0)
        found = divergences(model, theta[:JUDGED].astype(np.float32), test)
        print(
            f"{name:13} {samples:5} samples a subject: D_stsp {np.median(found):.2f}"
            f" ({np.quantile(found, 0.25):.2f} to {np.quantile(found, 0.75):.2f})"
            f" {time.process_time() - used:.0f} CPU s",
            flush=True,
        )


if __name__ == "__main__":
    compare() if sys.argv[1:] == ["compare"] else main()
