"""Time of one full update: compiled training against the plain time loop of the tutorials.

``make bench`` prints the table and writes it to results/bench/speed.tsv. All rows come from one
run, in which plain loop, compiled update and a matrix product that shows the core's peak take
turns, so that a busy machine hits all of them alike.
"""

import os

os.environ |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
os.environ.setdefault("NUMBA_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import csv
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numba
import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from neurodsr.models.families import (  # noqa: E402
    PLRNN,
    AlmostLinearRNN,
    DendriticPLRNN,
    ShallowPLRNN,
)
from neurodsr.models.model import Model  # noqa: E402
from neurodsr.models.observation import Affine, Identity  # noqa: E402
from neurodsr.training import fused  # noqa: E402
from neurodsr.training.compiled import optimiser  # noqa: E402
from neurodsr.training.optimise import DataGradients, leaves, penalised_gradients  # noqa: E402
from neurodsr.training.sides import first_memory, sides_of  # noqa: E402
from neurodsr.training.stacked import StackedGradients  # noqa: E402
from neurodsr.training.windows import Noise, Windows  # noqa: E402

BATCH, ALPHA, RATE = 16, 0.15, 1e-3
ROUNDS = 7
NO_PENALTY = {"latent": 0.0, "observation": 0.0, "manifold": 0.0, "curvature": 0.0,
              "invertibility": 0.0}  # fmt: skip
Parameters = dict[str, Tensor]
Step = Callable[[Parameters, Tensor], Tensor]


def shallow_step(p: Parameters, z: Tensor) -> Tensor:
    u = z @ p["W2"].T
    basis = torch.relu(u + p["h2"]) - torch.relu(u)
    return p["A"] * z + basis @ p["W1"].T + p["h1"]


def al_rnn_step(p: Parameters, z: Tensor) -> Tensor:
    mixed = torch.cat([z[:, :-2], torch.relu(z[:, -2:])], 1)
    return p["A"] * z + mixed @ p["W"].T + p["h"]


def plrnn_step(p: Parameters, z: Tensor) -> Tensor:
    W = p["W"] - torch.diag(torch.diag(p["W"]))
    return p["A"] * z + torch.relu(z) @ W.T + p["h"]


def dendritic_step(p: Parameters, z: Tensor) -> Tensor:
    W = p["W"] - torch.diag(torch.diag(p["W"]))
    basis = torch.relu(z[..., None] - p["H"]) - torch.relu(z)[..., None]
    return p["A"] * z + (basis @ p["alpha"]) @ W.T + p["h"]


@dataclass(frozen=True)
class Case:
    """One row: our model, the tutorials' step, and the arithmetic a step of one lane needs."""

    name: str
    model: Model
    step: Step
    steps: int
    flops: int
    goal: str


def elementwise_flops(latent: int, basis: int) -> int:
    """Three products with W, and about ten operations on each basis function."""
    return 6 * latent**2 + 10 * latent * basis


CASES = [
    Case("clipped shPLRNN M3 H50, T 200", Model(ShallowPLRNN(3, 50), Identity(3, 3)),
         shallow_step, 200, 12 * 3 * 50, "100x"),
    Case("AL-RNN M20 P2, T 200", Model(AlmostLinearRNN(20, 2), Identity(20, 3)),
         al_rnn_step, 200, elementwise_flops(20, 0), "60x"),
    Case("clipped shPLRNN M16 H512, 64 channels affine, T 50",
         Model(ShallowPLRNN(16, 512), Affine(16, 64)),
         shallow_step, 50, 12 * 16 * 512 + 6 * 64 * 16, "8x, 40 % of peak"),
    Case("clipped shPLRNN M20 H200, T 200", Model(ShallowPLRNN(20, 200), Identity(20, 20)),
         shallow_step, 200, 12 * 20 * 200, "15x"),
    Case("clipped dendPLRNN M30 B50, T 200", Model(DendriticPLRNN(30, 50), Identity(30, 3)),
         dendritic_step, 200, elementwise_flops(30, 50), "20x"),
    Case("PLRNN M30, T 200", Model(PLRNN(30), Identity(30, 3)),
         plrnn_step, 200, elementwise_flops(30, 1), ""),
]  # fmt: skip
TWENTY = 20


class Plain:
    """The tutorials' training of one model: a Python loop over time, gradients by torch."""

    def __init__(self, case: Case) -> None:
        self.case = case
        values = torch.from_numpy(case.model.initial(np.random.default_rng(0))[None]).float()
        named = case.model.unpack(values)
        self.p = {name: value[0].clone().requires_grad_() for name, value in named.items()}
        self.optimiser = torch.optim.RAdam(list(self.p.values()), RATE)
        self.data = torch.randn(2000, case.model.observation.channels)

    def update(self) -> None:
        steps, channels = self.case.steps, self.data.shape[1]
        starts = torch.randint(0, len(self.data) - steps - 1, (BATCH,))
        x = torch.stack([self.data[start : start + steps + 1] for start in starts])
        self.optimiser.zero_grad()
        if "B" in self.p:
            inverse = torch.linalg.pinv(self.p["B"])
            z, signal = x[:, 0] @ inverse.T, x @ inverse.detach().T
        else:
            z, signal = torch.cat([x[:, 0], x[:, 0] @ self.p["L"].T], 1), x
        predictions = []
        for t in range(steps):
            forced = ALPHA * signal[:, t] + (1 - ALPHA) * z[:, : signal.shape[2]]
            z = self.case.step(self.p, torch.cat([forced, z[:, signal.shape[2] :]], 1))
            predictions.append(z)
        out = torch.stack(predictions, 1)
        seen = out @ self.p["B"].T if "B" in self.p else out[..., :channels]
        torch.nn.functional.mse_loss(seen, x[:, 1:]).backward()
        self.optimiser.step()


class Ours:
    """The very code that trains: batching, losses and gradients, optimiser."""

    def __init__(self, case: Case, runs: int, gradients: DataGradients) -> None:
        self.model, self.number, self.gradients = case.model, 0, gradients
        rows = [case.model.initial(np.random.default_rng(run)) for run in range(runs)]
        self.values = np.stack(rows).astype(np.float32)
        self.parameters = leaves(self.model, self.values)
        self.sides = sides_of("radam", case.model.shapes.values())
        self.memory = first_memory(self.values, self.sides)
        self.finite, self.rate = np.ones(runs, bool), np.full(runs, RATE)
        data = np.random.default_rng(0).standard_normal((2000, case.model.observation.channels))
        data = data.astype(np.float32)
        windows = Windows(
            data, data, np.zeros((2000, 0), np.float32), np.full(2000, 2000),
            np.arange(2000 - case.steps - 1), case.steps,
        )  # fmt: skip
        self.epoch = windows.epoch(0, 0, runs, 50, BATCH, Noise(0.0))
        self.strength = np.full((runs, case.steps), ALPHA, np.float32)

    def update(self) -> None:
        batch = self.epoch.batch(self.number % 50)
        _, gradient = penalised_gradients(
            self.gradients, self.model, self.parameters, batch, self.strength, NO_PENALTY
        )
        self.number += 1
        optimiser.update(
            self.values, gradient, *self.memory, self.sides, self.number, self.rate, 0.0, True,
            self.finite,
        )  # fmt: skip


def seconds(update: Callable[[], None], times: int) -> float:
    """Wall-clock time of an update, mean of some."""
    began = time.perf_counter()
    for _ in range(times):
        update()
    return (time.perf_counter() - began) / times


def peak(size: int = 768) -> float:
    """GFLOP/s of a matrix product on one core."""
    a = np.ones((size, size), np.float32)
    return 2e-9 * size**3 / seconds(lambda: np.matmul(a, a), 3)


def kilobytes(case: Case, runs: int) -> float:
    """Memory of one update: windows, states, gradients, pre-activations, factors of some steps.

    Windows are those of all runs; the rest is that of the one block that a core is at.
    """
    M, N = case.model.family.latent, case.model.observation.channels
    hidden = getattr(case.model.family, "hidden", 2 * M)
    block = case.steps * (3 * M + N + hidden) + 2 * min(32, case.steps) * hidden
    return (runs * case.steps * N + block) * BATCH * 4 / 1024


def measure(case: Case, runs: int, cores: int, on_gpu: bool = False) -> dict[str, str]:
    """One row of the table."""
    numba.set_num_threads(cores)
    gradients = StackedGradients("cuda") if on_gpu else fused.gradients
    plain, ours = Plain(case), Ours(case, runs, gradients)
    seconds(plain.update, 2)
    seconds(ours.update, 20)
    times: dict[str, list[float]] = {"plain": [], "ours": [], "peak": []}
    for _ in range(ROUNDS):
        times["plain"].append(seconds(plain.update, 3))
        times["ours"].append(seconds(ours.update, max(1, 100 // runs)) / runs)
        times["peak"].append(peak())
    slow, fast, top = (median(times[name]) for name in ("plain", "ours", "peak"))
    arithmetic = case.flops * BATCH * case.steps
    speed = 1e-9 * arithmetic / fast
    return {
        "case": case.name,
        "runs": str(runs),
        "cores": "gpu" if on_gpu else str(cores),
        "plain ms": f"{1e3 * slow:.1f}",
        "ms per run": f"{1e3 * fast:.3f}",
        "from": f"{1e3 * min(times['ours']):.3f}",
        "to": f"{1e3 * max(times['ours']):.3f}",
        "ratio": f"{slow / fast:.0f}",
        "goal": case.goal,
        "MFLOP": f"{1e-6 * arithmetic:.1f}",
        "GFLOP/s": f"{speed:.1f}",
        "GEMM peak": f"{top:.1f}",
        "% of peak": "" if on_gpu else f"{100 * speed / top / cores:.0f}",
        "KiB": "" if on_gpu else f"{kilobytes(case, runs):.0f}",
    }


def main() -> None:
    torch.set_num_threads(1)
    processors = numba.config.NUMBA_NUM_THREADS
    rows = [measure(case, 1, 1) for case in CASES]
    rows += [measure(CASES[0], TWENTY, cores) for cores in range(1, min(processors, 2) + 1)]
    if torch.cuda.is_available():
        rows += [measure(case, TWENTY, 1, on_gpu=True) for case in CASES]
        rows.append(measure(CASES[0], 10 * TWENTY, 1, on_gpu=True))
    path = ROOT / "results" / "bench" / "speed.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in rows[0]}
    for row in [dict(zip(widths, widths, strict=True)), *rows]:
        print("  ".join(row[name].ljust(width) for name, width in widths.items()))
    if processors > 1:
        one, two = (
            float(row["ms per run"])
            for row in rows
            if row["runs"] == str(TWENTY) and row["cores"] != "gpu"
        )
        print(f"{TWENTY} runs on two cores: {one / two:.2f} times the throughput of one")


if __name__ == "__main__":
    main()
