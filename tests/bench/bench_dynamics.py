"""Searches for fixed points and cycles against the plain heuristic, and what analyses cost.

``python tests/bench/bench_dynamics.py`` prints the tables and writes them to
results/bench/cycles.tsv and results/bench/analysis.tsv. Both searches get the same maps and take
turns; times are those of one core. The plain heuristic is written here from the equations (SCYFI,
Eisenmann et al. 2023) with the counts of its authors; the restarts are capped in time.
"""

import os

os.environ |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}

import csv
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

ROOT = Path(__file__).parents[2]
sys.path[:0] = [
    str(ROOT / "workflow" / "scripts"),
    str(ROOT / "tests" / "evaluation"),
    str(ROOT / "tests" / "dynamics"),
]

from known_systems import defaults, fit_of, lozi, series_of  # noqa: E402
from maps_by_hand import plrnn, shallow  # noqa: E402

from neurodsr.dynamics.analysis import analyse  # noqa: E402
from neurodsr.dynamics.fixed_points import find_fixed_points  # noqa: E402
from neurodsr.dynamics.piecewise.cycles import find_cycles  # noqa: E402
from neurodsr.dynamics.piecewise.regions import pieces_of  # noqa: E402
from neurodsr.dynamics.piecewise.search import distinct, least_period, search_cycles  # noqa: E402
from neurodsr.models.piecewise_linear import PiecewiseLinearMap  # noqa: E402

PLAIN_SECONDS = 5.0
Found = list[np.ndarray]


def plain_search(
    model: PiecewiseLinearMap,
    order: int,
    visited: np.ndarray,
    rng: np.random.Generator,
    seconds: float = 0.0,
) -> tuple[Found, int]:
    """Random regions, then those of the virtual cycle, until so many restarts bring no news.

    Or for so many seconds, where these are given.
    """
    outer = 10 if order < 8 else 40 if order < 30 else 100
    inner = {order < 3: 20, 3 <= order < 6: 60, 6 <= order < 8: 300, 8 <= order < 20: 1080}.get(
        True, 1115
    )
    found: Found = []
    solved = fruitless = 0
    until = time.process_time() + (seconds or PLAIN_SECONDS)
    spread = visited.std(axis=0) + 1e-6
    while (seconds or fruitless < outer) and time.process_time() < until:
        fruitless += 1
        draws = visited.mean(axis=0) + 3 * spread * rng.standard_normal((order, len(spread)))
        word = bits(model, draws)
        for _ in range(inner):
            z = solution(model, word)
            solved += 1
            if z is None:
                break
            orbit = model.simulate(z, order)
            if not np.isfinite(orbit).all():
                break
            seen = bits(model, orbit)
            if (seen == word).all():
                if distinct(orbit[None], found):
                    found.append(orbit)
                    fruitless = 0
                break
            word = seen
    return found, solved


def bits(model: PiecewiseLinearMap, z: np.ndarray) -> np.ndarray:
    """Which units are on, with and without bias ``(2, state, hidden)``."""
    u = z @ model.W2.T
    return np.stack([u + model.h2 > 0, (u > 0) & model.clipped])


def solution(model: PiecewiseLinearMap, word: np.ndarray) -> np.ndarray | None:
    """First state of the cycle that a word of regions has, admissible or not."""
    product, constant = np.eye(model.latent_dimension), np.zeros(model.latent_dimension)
    for on, off in zip(word[0].astype(float), word[1].astype(float), strict=True):
        J = model.A + (model.W1 * (on - off)) @ model.W2
        product, constant = J @ product, J @ constant + model.W1 @ (on * model.h2) + model.h1
    try:
        return np.linalg.solve(np.eye(len(constant)) - product, constant)
    except np.linalg.LinAlgError:
        return None


def timed(call: Callable[[], tuple[Found, int]]) -> tuple[Found, int, float]:
    started = time.process_time()
    found, searched = call()
    return found, searched, time.process_time() - started


def own_search(
    model: PiecewiseLinearMap, order: int, visited: np.ndarray, rng: np.random.Generator
) -> tuple[Found, int]:
    if order == 1:
        points = find_fixed_points(model, visited, 200_000, rng)
        return [state[None] for state in points.states], points.regions
    return search_cycles(pieces_of(model), order, visited, 100_000, rng)[:2]


def cycles_table() -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    cases: list[tuple[str, PiecewiseLinearMap, Sequence[int]]] = [
        ("Lozi map", lozi(), range(1, 13)),
        ("PLRNN M2, order 27", plrnn(0.9777689, -0.14375, 0.52505308), [27]),
        ("PLRNN M2, order 40", plrnn(0.9777689, -0.64375, 0.52505308), [40]),
        ("PLRNN M2, order 80", plrnn(0.9777689, -0.14375, 0.52505308, -0.77931491), [80]),
        ("clipped M3 H50", shallow(np.random.default_rng(0), 3, 50, True), [1]),
        ("clipped M8 H50", gained(shallow(np.random.default_rng(0), 8, 50, True), 1.5), [1]),
        ("clipped M30 H100", shallow(np.random.default_rng(5), 30, 100, True), [1]),
    ]
    rows: list[dict[str, object]] = []
    for name, model, orders in cases:
        visited = orbits_of(model, rng)
        own_search(model, orders[0], visited[:10], np.random.default_rng(0))  # compile
        totals = {"own": [0.0, 0.0, 0.0], "plain": [0.0, 0.0, 0.0]}
        for order in orders:
            for which, search in (("own", own_search), ("plain", plain_search)):
                found, searched, seconds = timed(
                    lambda s=search, o=order, m=model, v=visited: s(  # type: ignore[misc]
                        m, o, v, np.random.default_rng(1)
                    )
                )
                totals[which][0] += sum(least_period(one) == order for one in found)
                totals[which][1] += searched
                totals[which][2] += seconds
        share = totals["own"][2] / len(orders)
        patient = sum(
            sum(least_period(one) == order for one in found)
            for order in orders
            for found in [plain_search(model, order, visited, np.random.default_rng(1), share)[0]]
        )
        row: dict[str, object] = {"case": name, "plain_found_in_own_s": patient}
        for which, (objects, searched, seconds) in totals.items():
            row |= {
                f"{which}_found": int(objects),
                f"{which}_regions": int(searched),
                f"{which}_s": round(seconds, 3),
                f"{which}_ms_per_object": round(1e3 * seconds / objects, 2) if objects else "n/a",
            }
        rows.append(row)
        print(row, flush=True)
    return rows


def orbits_of(model: PiecewiseLinearMap, rng: np.random.Generator) -> np.ndarray:
    starts = 0.5 * rng.standard_normal((20, model.latent_dimension))
    orbit = model.simulate(starts, 300)[100::10].reshape(-1, model.latent_dimension)
    return orbit[np.isfinite(orbit).all(axis=1) & (np.abs(orbit) < 1e6).all(axis=1)]


def gained(model: PiecewiseLinearMap, gain: float) -> PiecewiseLinearMap:
    return replace(model, W1=gain * model.W1)


def order_twenty() -> dict[str, object]:
    """Fixed points and all orders to 20 of a map of 30 units, as `analyse` searches for them."""
    rng = np.random.default_rng(0)
    model = shallow(np.random.default_rng(5), 30, 100, True)
    visited = orbits_of(model, rng)
    started = time.process_time()
    points = find_fixed_points(model, visited, 200_000, rng)
    counts = [len(find_cycles(model, k, visited, 2000, rng).found) for k in range(2, 21)]
    row: dict[str, object] = {
        "case": "clipped M30 H100, order 1 to 20",
        "own_found": len(points.states) + sum(counts),
        "own_s": round(time.process_time() - started, 2),
    }
    print(row, flush=True)
    return row


SIZES = ((2, 30, 5), (3, 50, 5), (3, 50, 20), (10, 50, 5), (30, 100, 5))
OFF = {
    "basin_starts": 0, "basin_grid": 0, "cycle_order": 1, "manifold_length": 0, "lesion_steps": 0,
    "pulse_steps": 0,
}  # fmt: skip
LEAST = "fixed points, exponents, symbols, coupling"
PARTS: dict[str, dict[str, object]] = {
    "cycles to order 6": {"cycle_order": 6},
    "basins, 100 starts": {"basin_starts": 100},
    "basin map, 24 x 24": {"basin_starts": 1, "basin_grid": 24},
    "manifolds and their crossings": {"manifold_length": 10},
    "lesions": {"lesion_steps": 500},
    "pulses": {"pulse_steps": 50},
    "sweep of the gain": {"sweep": "gain", "sweep_from": 0.8, "sweep_to": 1.2},
}


def analysis_table() -> list[dict[str, object]]:
    """CPU time and memory of `analyse`, whole and for each of its parts beyond the first one."""
    rows: list[dict[str, object]] = []
    for latent, hidden, runs in SIZES:
        usual = defaults("analysis")
        least, peak, found = cost(latent, hidden, runs, usual | OFF)
        for part, wanted in ({LEAST: {}} | PARTS | {"all but the sweep": usual}).items():
            seconds = least
            if wanted:
                total, peak, found = cost(latent, hidden, runs, usual | OFF | wanted)
                seconds = total if part not in PARTS else max(total - least, 0.0)
            rows.append(
                {
                    "latent": latent,
                    "hidden": hidden,
                    "runs": runs,
                    "part": part,
                    "seconds": round(seconds, 2),
                    "peak_mib": round(peak, 1),
                    "result_mib": round(found.nbytes / 2**20, 2),
                    "fixed_points_proved": int(np.nansum(found["search_complete"])),
                }
            )
            print(rows[-1], flush=True)
    return rows


def cost(
    latent: int, hidden: int, runs: int, settings: dict[str, object]
) -> tuple[float, float, xr.Dataset]:
    """CPU seconds, most memory beyond what was there (MiB, arrays) and the result."""
    rng = np.random.default_rng(1)
    maps = [shallow(rng, latent, hidden, True) for _ in range(runs)]
    data = maps[0].simulate(rng.standard_normal(latent), 4000)
    data = data + 0.01 * rng.standard_normal(data.shape)
    series, fit = series_of(data), fit_of(maps)
    analyse(series.isel(time=slice(400)), fit.isel(run=slice(1)), settings, rng)  # compiles
    started = time.process_time()
    analyse(series, fit, settings, np.random.default_rng(2))
    seconds = time.process_time() - started
    tracemalloc.start()  # slows Python down, hence once more
    found = analyse(series, fit, settings, np.random.default_rng(2))
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return seconds, peak, found


def write(name: str, rows: list[dict[str, object]]) -> None:
    path = ROOT / "results" / "bench" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, names, delimiter="\t", restval="n/a")
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    write("analysis.tsv", analysis_table())
    write("cycles.tsv", [order_twenty(), *cycles_table()])
