"""Measures against plain implementations: values, time and memory, one core."""

import argparse
import os
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[threads] = "1"  # read when numpy is imported

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "tests" / "evaluation")]

import plain_measures  # noqa: E402

from neurodsr.evaluation.measures.correlation import CorrelationReference  # noqa: E402
from neurodsr.evaluation.measures.geometry import PRESETS, reference, state_space_divergence  # noqa: E402
from neurodsr.evaluation.measures.mixture import Mixture, MixtureReference  # noqa: E402
from neurodsr.evaluation.measures.spectra import SPECTRA, spectral_distance  # noqa: E402
from neurodsr.evaluation.measures.transport import directions, sliced_wasserstein  # noqa: E402
from neurodsr.statespace.binning import BinnedReference  # noqa: E402

COLUMNS = ("measure", "samples", "channels", "plain", "plain_value", "value", "plain_s", "ours_s",
           "times_faster", "peak_MiB")  # fmt: skip


def best(call: Callable[[], float], repeats: int) -> tuple[float, float]:
    """Value, and the least CPU time of some calls (after one that compiles)."""
    if repeats > 1:
        call()
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        value = call()
        seconds.append(time.process_time() - started)
    return value, min(seconds)


def peak(call: Callable[[], float]) -> float:
    """Most memory (MiB) that one call takes beyond its arguments."""
    tracemalloc.start()
    call()
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return memory / 2**20


def row(
    name: str,
    shape: tuple[int, int],
    ours: Callable[[], float],
    plain: Callable[[], float] | None = None,
    plain_name: str = "",
    repeats: int = 5,
) -> str:
    value, seconds = best(ours, repeats)
    expected, slow = best(plain, 1) if plain else (np.nan, np.nan)
    cells = [name, *map(str, shape), plain_name or "none"]
    cells += [f"{one:.8g}" for one in (expected, value)]
    cells += [f"{slow:.4g}", f"{seconds:.4g}", f"{slow / seconds:.3g}", f"{peak(ours):.1f}"]
    print(*cells, sep="\t", flush=True)
    return "\t".join(cells)


def rows(rng: np.random.Generator) -> list[str]:
    x = np.cumsum(rng.standard_normal((100_000, 3)), axis=0)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    y = 1.02 * x[::-1] + 0.01
    found = [
        row(
            "D_stsp gtf",
            x.shape,
            lambda: state_space_divergence(x, y, "gtf", rng),
            plain,
            name,
            repeats=20,
        )
        for plain, name in (
            (lambda: plain_measures.binned_divergence(x, y, "gtf"), "loops over points"),
            (lambda: plain_measures.dense_divergence(x, y), "numpy.histogramdd"),
        )
    ]
    made = reference(x, "gtf", rng)
    found.append(
        row(
            "D_stsp gtf, one more run",
            x.shape,
            lambda: made.divergence(y),
            lambda: plain_measures.dense_divergence(x, y),
            "numpy.histogramdd",
            repeats=20,
        )
    )
    five = rng.standard_normal((100_000, 5))
    found.append(
        row(
            "D_stsp gtf, 30 bins",
            five.shape,
            lambda: BinnedReference(five, PRESETS["gtf"]).divergence(0.9 * five),
            lambda: plain_measures.binned_divergence(five, 0.9 * five, "gtf"),
            "loops over points",
        )
    )
    many = rng.standard_normal((10_000, 64))
    shifted = many + 0.1
    mixture = reference(many, "gmm", np.random.default_rng(0))
    found.append(
        row(
            "D_stsp gmm",
            many.shape,
            lambda: state_space_divergence(many, shifted, "gmm", np.random.default_rng(0)),
            lambda: plain_measures.mixture_divergence(many, shifted, mixture.draws, 1.0, False),
            "a loop over draws",
        )
    )
    most = rng.standard_normal((100_000, 64))
    everything = Mixture(1.0, points=100_000)
    found.append(
        row(
            "D_stsp gmm, all points",
            most.shape,
            lambda: MixtureReference(most, everything, np.random.default_rng(0)).divergence(
                0.9 * most
            ),
            repeats=2,
        )
    )
    other = np.cumsum(rng.standard_normal(x.shape), axis=0)
    found.append(
        row(
            "D_H gtf",
            x.shape,
            lambda: spectral_distance([x], [other], SPECTRA["gtf"]),
            lambda: plain_measures.spectral_distance(x, other, 20),
            "a loop over the kernel",
        )
    )
    vectors = directions(3, 100, rng)
    found.append(row("W1, 100 directions", x.shape, lambda: sliced_wasserstein(x, y, vectors)))
    correlations = CorrelationReference([x])
    found.append(row("ACE", x.shape, lambda: correlations.autocorrelation_error([y])))
    found.append(row("CCE", x.shape, lambda: correlations.cross_correlation_error([y])))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "results/bench/evaluation.tsv")
    output = parser.parse_args().output
    print(*COLUMNS, sep="\t")
    lines = rows(np.random.default_rng(0))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text("\n".join(["\t".join(COLUMNS), *lines]) + "\n")


if __name__ == "__main__":
    main()
