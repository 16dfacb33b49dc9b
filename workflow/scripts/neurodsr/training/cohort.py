"""The hierarchical model of a cohort, from the series of its recordings to a result."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from scipy.linalg import orthogonal_procrustes

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.models.model import FAMILIES, build
from neurodsr.training import fused
from neurodsr.training.free_runs import FreeRuns
from neurodsr.training.gain import history
from neurodsr.training.hierarchical import Hierarchy, begin, cohort_windows, train
from neurodsr.training.refusals import check_values
from neurodsr.training.selection import make_criterion
from neurodsr.training.stacked import StackedGradients
from neurodsr.training.windows import TRAIN

Array = NDArray[np.float64]


def fit_cohort(
    cohort: Mapping[str, xr.Dataset],
    settings: Mapping[str, Any],
    features: int,
    vector_rate: float,
    seed: int,
    log: logging.Logger,
) -> xr.Dataset:
    """Train the hierarchical model of a cohort, some runs of it.

    Parameters
    ----------
    cohort
        Series (``series.nc``) by the names of the recordings; each counts as a subject, so that the
        sessions of a person can be compared.
    settings
        Of one model (`models.schema.yaml`).
    features
        Length of the subjects' vectors.
    vector_rate
        Learning rate of the vectors over that of what is shared.
    seed
        Start of all random numbers.
    log
        Receives the progress.

    Returns
    -------
    xr.Dataset
        ``vector (run, recording, feature)``, standardised over recordings and turned so that runs
        agree as well as a rotation allows; the canonical map and observation of each subject;
        ``noise_variance``, ``criterion`` (validation, free runs) and ``free_run (run, recording)``.

    Raises
    ------
    ConfigError
        The family is a baseline, or there are too few recordings for so many features.
    RecordingError
        Recordings do not fit each other, or no run could be trained.
    """
    names = list(cohort)
    if settings["family"] not in FAMILIES:
        raise ConfigError(
            f"hierarchical.model: a {settings['family']} cannot be shared by a cohort; valid:"
            f" {', '.join(FAMILIES)}"
        )
    if len(names) < features + 2:
        raise ConfigError(
            f"hierarchical.features: {features} for {len(names)} recordings; lower it to"
            f" {max(1, len(names) - 2)} at most"
        )
    for name, series in cohort.items():
        try:
            check_values(series, series["split"].values == TRAIN)
        except RecordingError as error:
            raise RecordingError(f"{name}: {error}") from error
    steps = settings["sequence_length"]
    windows = cohort_windows(
        list(cohort.values()), 50 if steps == "auto" else steps,
        settings["forcing"]["neighbours"], settings["rarity"], settings["emphasis"],
    )  # fmt: skip
    first = next(iter(cohort.values()))
    extent = float(np.nanmin(windows.observation)), float(np.nanmax(windows.observation))
    model = build(settings, first.sizes["channel"], first.sizes.get("input", 0), extent)
    on_processor = settings["device"] == "cpu"
    gradients = fused.gradients if on_processor else StackedGradients(settings["device"])
    chosen = {**settings, "vector_rate": vector_rate}
    intervals = {"auto": max(1, windows.steps // 10), "predictability": max(1, windows.steps // 10)}
    began = time.process_time()
    fits: list[Hierarchy] = []
    losses, failures = [], []
    for run in range(settings["runs"]):
        try:
            fitted, loss = train(
                model, windows, begin(model, len(names), features, seed + run), chosen, seed + run,
                intervals, log, data_gradients=gradients,
            )  # fmt: skip
        except RecordingError as error:
            log.warning("run %d: %s", run, error)
            failures.append(f"run {run}: {error}")
            continue
        log.info("run %d of %d done", run + 1, settings["runs"])
        fits.append(fitted.aligned())
        losses.append(loss)
    if not fits:
        raise RecordingError(f"hierarchical model: none of its runs trained: {failures[0]}")
    rows = [fitted.parameters() for fitted in fits]
    parameters = [torch.from_numpy(theta) for theta in rows]
    criteria = [
        make_criterion(series, windows.steps, seed, known=history(model, series))
        for series in cohort.values()
    ]
    judged = [
        [FreeRuns(model, c).score(own[None]) for c, own in zip(criteria, theta, strict=True)]
        for theta in rows
    ]
    maps = [model.family.lower(model.unpack(theta)).canonical() for theta in parameters]
    named = [model.unpack(theta) for theta in parameters]
    both = ("run", "recording")
    stacked = {
        "A": ((*both, "latent", "latent_from"), [one.A for one in maps]),
        "W1": ((*both, "latent", "hidden"), [one.W1 for one in maps]),
        "W2": ((*both, "hidden", "latent_from"), [one.W2 for one in maps]),
        "h1": ((*both, "latent"), [one.h1 for one in maps]),
        "h2": ((*both, "hidden"), [one.h2 for one in maps]),
        "C": ((*both, "latent", "input"), [one.C for one in maps]),
        "B": ((*both, "channel", "latent"), [model.observation.decoder(p) for p in named]),
        "E": ((*both, "latent", "channel"), [model.observation.encoder(p) for p in named]),
    }
    return xr.Dataset(
        {
            **{
                name: (dims, torch.stack(list(parts)).double().numpy())
                for name, (dims, parts) in stacked.items()
            },
            "vector": (
                (*both, "feature"),
                in_common([fitted.vectors.astype(float) for fitted in fits]),
                {"long_name": "subject vector", "units": "1"},
            ),
            "noise_variance": (both, np.stack([fitted.variance for fitted in fits])),
            "criterion": (both, np.array([[value[0] for value, _, _ in run] for run in judged])),
            "forecast_error": (both, np.array([[e[0] for _, e, _ in run] for run in judged])),
            "free_run": (
                both,
                np.array([[kind[0] for _, _, kind in run] for run in judged], object),
            ),
            "loss": (("run", "recording", "epoch"), np.stack(losses)),
        },
        coords={
            "recording": np.array(names, object),
            "run": np.arange(len(fits)),
            "epoch": np.arange(1, settings["epochs"] + 1),
            "channel": first["channel"].values,
        },
        attrs={
            "family": settings["family"],
            "clipped": int(maps[0].clipped),
            "model_settings": json.dumps(dict(settings), sort_keys=True),
            "parameters": model.count,
            "shared_parameters": (features + 1) * model.count,
            "failures": "; ".join(failures),
            "sequence_length": windows.steps,
            "sampling_interval": float(first.attrs["sampling_interval"]),
            "training_seconds": round(time.process_time() - began, 2),
        },
    )


def in_common(vectors: list[Array]) -> Array:
    """Vectors ``(run, recording, feature)`` of all runs, turned toward those of the first.

    What a vector means is free up to a rotation once its entries are standardised.
    """
    turned = [v @ orthogonal_procrustes(v, vectors[0])[0] for v in vectors]
    return np.stack(turned)
