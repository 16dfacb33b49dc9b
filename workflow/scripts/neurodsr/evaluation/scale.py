"""Every measure of every run on its scale from the best null to the floor, in words too."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from neurodsr.evaluation.measures.suite import MEASURES
from neurodsr.evaluation.nulls import NULLS
from neurodsr.evaluation.protocol import Protocol
from neurodsr.evaluation.replicates import NOTHING, Bootstrap, Spread, mean_skill, of_run, quantiles
from neurodsr.evaluation.runs import Runs
from neurodsr.evaluation.verdict import INVARIANT, READS, WORDS, Comparison, overall, sentence
from neurodsr.models.piecewise_linear import Array

SUFFIXES = ("", "_low", "_high")


def scale(
    runs: Runs,
    names: list[str],
    floor: Mapping[str, Array],
    nulls: Mapping[str, Mapping[str, Array]],
    protocol: Protocol,
    rng: np.random.Generator,
) -> xr.Dataset:
    """Scores, floors, nulls, skills and verdicts of the measures `names`.

    Parameters
    ----------
    runs
        Replicates of the runs.
    names
        Of the measures, in order.
    floor
        By measure, replicates ``(replicate,)`` of other data of the system; a measure that is left
        out has no floor.
    nulls
        By null and measure, their replicates.
    protocol
        What was compared.
    rng
        Source of the bootstrap.
    """
    comparisons: dict[str, Comparison] = {}
    skills: dict[str, tuple[Spread, Array]] = {}
    columns: dict[str, list[Any]] = {key: [] for key in ("floor", "null", "score", "skill")}
    for name in names:
        sign = MEASURES[name].sign
        own = sign * floor[name] if name in floor else np.array([-np.inf])
        rivals = {rival: sign * nulls[rival][name] for rival in MEASURES[name].rivals}
        best = min(rivals, key=lambda rival: float(np.median(rivals[rival])))
        bootstrap = Bootstrap(sign * runs.table(name), MEASURES[name].forecast, rng)
        spread = bootstrap.score()
        comparisons[name] = one = Comparison(
            *(spread.middle, spread.low, spread.high),
            *quantiles(own)[::2],
            *quantiles(rivals[best]),
            best,
        )
        skills[name] = bootstrap.skill(own, rivals[best]) if one.decidable else (NOTHING, own)
        each = [of_run(values, MEASURES[name].forecast) for values in runs.table(name)]
        columns["score"].append([(run.middle, run.low, run.high) for run in each])
        columns["skill"].append(
            [(one.null - sign * run.middle) / (one.null - one.floor) for run in each]
            if one.decidable and np.isfinite(one.floor)
            else np.full(len(each), np.nan)
        )
        columns["floor"].append(quantiles(floor.get(name, np.array([np.nan]))))
        missing = np.array([np.nan])
        columns["null"].append([quantiles(nulls[null].get(name, missing)) for null in NULLS])
    return dataset(runs, names, comparisons, skills, columns, protocol)


def dataset(
    runs: Runs,
    names: list[str],
    comparisons: Mapping[str, Comparison],
    skills: Mapping[str, tuple[Spread, Array]],
    columns: Mapping[str, list[Any]],
    protocol: Protocol,
) -> xr.Dataset:
    """The parts of `scale` as they are stored."""
    counted = [name for name in INVARIANT if comparisons[name].decidable]
    skill = mean_skill(
        [skills[name][1] for name in counted], [skills[name][0].middle for name in counted]
    )
    code = overall(comparisons) if runs.shown else "failed"
    words = sentence(code, comparisons, protocol.samples, skill)
    if code == "failed":
        words, skill = f"{WORDS[code]}.", NOTHING
    troubled = [state for state in runs.states if state != "ok"]
    if troubled:
        words += f" {len(troubled)} of {len(runs.states)} runs: {'; '.join(sorted(set(troubled)))}."
    signs = np.array([MEASURES[name].sign for name in names])
    medians = signs * np.array([(c.middle, c.low, c.high) for c in comparisons.values()]).T
    medians[1:] = np.sort(medians[1:], axis=0)
    medians += 0.0  # no -0
    scores, nulls = np.array(columns["score"]), np.array(columns["null"])
    result = xr.Dataset(
        {
            "skill": (("run", "measure"), np.array(columns["skill"]).T),
            "outside": ("run", runs.outside),
            "run_state": ("run", runs.states),
            "best_null": ("measure", [one.null_name for one in comparisons.values()]),
            "comparison": ("measure", [one.code for one in comparisons.values()]),
            "reads": ("measure", [READS[one.code] for one in comparisons.values()]),
        },
        coords={
            "run": runs.index,
            "measure": names,
            "null": list(NULLS),
            "label": ("measure", [MEASURES[name].label for name in names]),
            "better": ("measure", ["smaller" if s > 0 else "larger" for s in signs]),
        },
        attrs={"verdict_code": code, "verdict": words},
    )
    for k, suffix in enumerate(SUFFIXES):
        result["score" + suffix] = ("run", "measure"), scores[:, :, k].T
        result["floor" + suffix] = "measure", np.array(columns["floor"])[:, k]
        result["null" + (suffix or "_score")] = ("null", "measure"), nulls[:, :, k].T
        result["median" + suffix] = "measure", medians[k]
        each = [getattr(spread, suffix[1:] or "middle") for spread, _ in skills.values()]
        result["skill_median" + suffix] = "measure", each
        result.attrs["overall_skill" + suffix] = getattr(skill, suffix[1:] or "middle")
    return result
