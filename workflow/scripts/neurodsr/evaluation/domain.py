"""Out of domain: does a model hold where it was not trained, in other basins or conditions?

Errors per initial condition as of Göring et al. (2024): statistical, how far the generated
trajectory's distribution is from the true one, and topological, whether it reaches the same set.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.evaluation.measures.transport import directions, hausdorff, sliced_wasserstein
from neurodsr.evaluation.runs import UNBOUNDED
from neurodsr.models.interface import Reconstruction
from neurodsr.models.piecewise_linear import Array
from neurodsr.preprocess.stretches import Stretch

DIRECTIONS, QUANTILES = 200, 1000
DOMAINS = ("seen", "new")
SHARE = 0.5
"""A trial is new when more than this share of its late samples lies away from training data."""


def new_trials(
    trials: Sequence[Stretch], train: Sequence[Array], radius: float, transient: float
) -> NDArray[np.bool_]:
    """Which trials go, after a transient, where training data have not been.

    Parameters
    ----------
    trials
        Held-out stretches.
    train
        Training data ``(time, channel)``.
    radius
        Nearest training sample is further away than that (units of the data).
    transient
        First share of a trial that does not count.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(np.concatenate(train))
    return np.array(
        [np.mean(tree.query(late(trial.x, transient))[0] > radius) > SHARE for trial in trials]
    )


def late(x: Array, transient: float) -> Array:
    """What follows the first share of a trajectory."""
    return x[int(transient * len(x)) :]


def generalisation(
    models: Sequence[Reconstruction],
    trials: Sequence[Stretch],
    new: NDArray[np.bool_],
    radius: float,
    transient: float,
    rng: np.random.Generator,
) -> xr.Dataset:
    """Errors of every run from the initial condition of every held-out trial.

    Parameters
    ----------
    models
        Runs.
    trials
        Held-out stretches, each the true trajectory from its own initial condition.
    new
        Which of them are out of domain.
    radius
        Two sets are the same when their Hausdorff distance is below (units of the data).
    transient
        First share of trajectories that is left out of that distance.
    rng
        Draws of directions.

    Returns
    -------
    xr.Dataset
        Over ``run`` and ``trial``: ``statistical_error`` (sliced 1-Wasserstein distance, sd),
        ``hausdorff_distance`` (sd). Over ``run`` and ``domain`` ("seen", "new"):
        ``statistical_error_mean`` and ``topological_error``, the share of initial conditions from
        which another set is reached, with its 95 % interval (Wilson) ``_low`` and ``_high``; NaN
        without trials. ``trial_domain`` and ``trial_start``.
    """
    shape = len(models), len(trials)
    statistical, distance = np.full(shape, np.inf), np.full(shape, np.inf)
    vectors = directions(trials[0].x.shape[1], DIRECTIONS, rng)
    for i, one in enumerate(models):
        for j, (true, made) in enumerate(pairs(one, trials)):
            if np.abs(made).max() < UNBOUNDED:
                statistical[i, j] = sliced_wasserstein(true, made, vectors, QUANTILES)
                distance[i, j] = hausdorff(late(true, transient), late(made, transient))
    wrong = ~(distance < radius)
    result = xr.Dataset(
        {
            "statistical_error": (("run", "trial"), statistical),
            "hausdorff_distance": (("run", "trial"), distance),
            "trial_domain": ("trial", np.where(new, *DOMAINS[::-1])),
            "trial_start": (("trial", "channel"), np.stack([trial.x[0] for trial in trials])),
        },
        coords={"run": [one.run for one in models], "domain": list(DOMAINS)},
        attrs={"domain_radius": radius},
    )
    groups = [~new, new]
    means = [
        statistical[:, g].mean(axis=1) if g.any() else np.full(shape[0], np.nan) for g in groups
    ]
    result["statistical_error_mean"] = ("run", "domain"), np.stack(means, axis=1)
    counts = np.array([[[row[g].sum(), g.sum()] for g in groups] for row in wrong], dtype=float)
    shares = np.vectorize(wilson, signature="(2)->(3)")(counts.reshape(-1, 2)).reshape(-1, 2, 3)
    for k, suffix in enumerate(("", "_low", "_high")):
        result["topological_error" + suffix] = ("run", "domain"), shares[..., k]
    return result


def pairs(one: Reconstruction, trials: Sequence[Stretch]) -> list[tuple[Array, Array]]:
    """True and generated trajectory of each trial, from the end of the history it needs on."""
    known = one.warm_up - 1
    steps = max(map(len, trials)) - known
    history = np.stack([trial.history(known, one.warm_up) for trial in trials], axis=1)
    driven = [trial.s for trial in trials if trial.s is not None]
    padded = [np.pad(s, ((0, known + steps - len(s)), (0, 0))) for s in driven]
    inputs = np.stack(padded, axis=1) if padded else None
    with np.errstate(over="ignore", invalid="ignore"):
        orbit = one.free_run(history, steps, inputs)
    return [(trial.x[known:], orbit[: len(trial) - known, j]) for j, trial in enumerate(trials)]


def wilson(counted: Array) -> Array:
    """Share and its 95 % interval (Wilson 1927) of ``(number, of how many)``."""
    number, total = counted
    if not total:
        return np.full(3, np.nan)
    z = 1.959964
    share = number / total
    centre = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2)) / (1 + z**2 / total)
    return np.array([share, max(centre - half, 0.0), min(centre + half, 1.0)])


def domain_sentence(result: xr.Dataset) -> str:
    """What the errors mean, in words."""
    new = result["trial_domain"].values == "new"
    errors = result["topological_error"].median("run")
    wrong = float(errors.sel(domain="new"))
    held = f"{int(new.sum())} of {len(new)} held-out trials go where training data have not been"
    where = (
        "the model reproduces what it was trained on only"
        if wrong > 0.5
        else "the model holds there too, if not always"
        if wrong > 0.05
        else "the model holds there too"
    )
    numbers = [f"from these the wrong set is reached in {100 * wrong:.0f} % (median over runs)"]
    if not new.all():
        numbers.append(f"from the others in {100 * float(errors.sel(domain='seen')):.0f} %")
    return f"Out of domain: {held}; {', '.join(numbers)}: {where}."


def with_domain(
    scores: xr.Dataset,
    models: Sequence[Reconstruction],
    trials: Sequence[Stretch],
    train: Sequence[Stretch],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> xr.Dataset:
    """Scores with the errors of `generalisation` where there are several held-out trials.

    The verdict speaks of them where some are out of domain.
    """
    radius, transient = settings["domain_radius"], settings["domain_transient"]
    if len(trials) < 2 or not models:
        return scores
    new = new_trials(trials, [stretch.x for stretch in train], radius, transient)
    found = generalisation(models, trials, new, radius, transient, rng)
    attributes = scores.attrs | found.attrs | {"new_trials": int(new.sum())}
    if new.any():
        attributes["verdict"] = f"{scores.attrs['verdict']} {domain_sentence(found)}"
    joined = scores.merge(found.reindex(run=scores["run"].values))
    return joined.assign_attrs(attributes)
