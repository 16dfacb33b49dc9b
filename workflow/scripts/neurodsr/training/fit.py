"""Training of one model on one recording: all runs at once, from a series to a fit."""

import json
import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from neurodsr.errors import RecordingError
from neurodsr.models.families import Parameters
from neurodsr.models.model import FAMILIES, Model, build
from neurodsr.training import fused, optimise
from neurodsr.training.checkpoint import State
from neurodsr.training.descent import Task, course, descend, values_of_choice
from neurodsr.training.forcing import intervals, strengths
from neurodsr.training.free_runs import FreeRuns
from neurodsr.training.gain import gains, history
from neurodsr.training.optimise import Adapt, DataGradients, Gradients
from neurodsr.training.refusals import check_memory, check_values
from neurodsr.training.selection import admitted, make_criterion
from neurodsr.training.stacked import StackedGradients
from neurodsr.training.windows import TRAIN, Batch, make_windows

Floats = NDArray[Any]


def fit(
    series: xr.Dataset,
    statespace: xr.Dataset,
    settings: Mapping[str, Any],
    seed: int,
    checkpoint_path: Path | None,
    log: logging.Logger,
) -> xr.Dataset:
    """Train all runs of one model.

    Parameters
    ----------
    series
        Model-ready series (``series.nc``).
    statespace
        State-space check (``statespace.nc``); its attributes ``forcing_interval`` and
        ``sequence_length`` (steps) are the automatic choices, ``noise_level`` that of the data.
    settings
        Settings of one model (``models.schema.yaml``).
    seed
        Start of all random numbers.
    checkpoint_path
        File to resume from and to keep up to date, deleted at the end; None for no checkpoints.
    log
        Receives the progress.

    Returns
    -------
    xr.Dataset
        ``fit.nc``: for each run the canonical map, observation, encoding and gain (see `gain`) of
        the epoch that is kept (see `selection`).

    Raises
    ------
    RecordingError
        When the data cannot be trained on, or no run could be trained.
    ConfigError
        When model sizes do not fit each other, the number of channels or the memory, or the
        device is not there.
    """
    check_values(series, series["split"].values == TRAIN)
    if settings["family"] not in FAMILIES:
        from neurodsr.training.baselines import fit_baseline

        return fit_baseline(series, statespace, settings, seed, checkpoint_path, log)
    windows = make_windows(
        series, settings["sequence_length"], int(statespace.attrs["sequence_length"]),
        settings["forcing"]["neighbours"], settings["rarity"], settings["emphasis"],
    )  # fmt: skip
    train = series["observation"].values[series["split"].values == TRAIN]
    model = build(
        settings,
        series.sizes["channel"],
        series.sizes.get("input", 0),
        (float(np.nanmin(train)), float(np.nanmax(train))),
    )
    criterion = make_criterion(
        series, windows.steps, seed, known=history(model, series),
        noise=statespace.attrs["noise_level"],
    )  # fmt: skip
    check_memory(model, settings, len(criterion.inputs), windows.steps)
    judge = FreeRuns(model, criterion)
    task = Task(
        model,
        windows,
        strengths(
            settings["forcing"], settings["epochs"], windows.steps, intervals(statespace.attrs)
        ),
        *descent_of(model, settings),
        judge,
        len(criterion.inputs),
        partial(criterion.hardly_worse, tolerance=settings["forecast_tolerance"]),
    )
    state = descend(task, series, settings, seed, checkpoint_path, log)
    result = assemble(model, judge, state, settings, series, windows.steps)
    if checkpoint_path:
        checkpoint_path.unlink(missing_ok=True)
    return result


def descent_of(model: Model, settings: Mapping[str, Any]) -> tuple[Gradients, Adapt | None]:
    """Gradient with penalties on the device of the settings, and how the forcing adapts if it does.

    Raises
    ------
    ConfigError
        When the device is not there.
    """
    on_processor = settings["device"] == "cpu"
    of_data: DataGradients = (
        fused.gradients if on_processor else StackedGradients(settings["device"])
    )

    def gradients(parameters: Parameters, batch: Batch, strength: Floats) -> tuple[Floats, Floats]:
        weights = settings["regularisation"]
        return optimise.penalised_gradients(of_data, model, parameters, batch, strength, weights)

    def adapt(values: Floats, batch: Batch, strength: Floats) -> Floats:
        return optimise.adapted_strength(model, values, batch, strength, settings["forcing"])

    return gradients, adapt if settings["forcing"]["kind"] == "adaptive" else None


def assemble(
    model: Model,
    judge: FreeRuns,
    state: State,
    settings: Mapping[str, Any],
    series: xr.Dataset,
    steps: int,
) -> xr.Dataset:
    """The fit: maps of the chosen epochs, and how the training went."""
    runs, epochs = state.loss.shape
    best = torch.from_numpy(state.best)
    status = np.where(np.isfinite(state.best_value), "ok", "failed: free runs are unbounded")
    status = np.where(state.rate > 0, status, "failed: loss or gradient diverged twice")
    if not (status == "ok").any():
        raise RecordingError(
            f"fit: run_status: none of {runs} runs could be trained ({'; '.join(np.unique(status))}"
            "); lower learning_rate, raise forcing strength, or set clipped: true"
        )
    _, _, kinds = judge.score(state.best)
    parameters = model.unpack(best)
    maps = model.family.lower(parameters).canonical()
    values = {
        "A": (("run", "latent", "latent_from"), maps.A),
        "W1": (("run", "latent", "hidden"), maps.W1),
        "W2": (("run", "hidden", "latent_from"), maps.W2),
        "h1": (("run", "latent"), maps.h1),
        "h2": (("run", "hidden"), maps.h2),
        "C": (("run", "latent", "input"), maps.C),
        "B": (("run", "channel", "latent"), model.observation.decoder(parameters)),
        "E": (("run", "latent", "channel"), model.observation.encoder(parameters)),
    }
    error = np.where(status == "ok", state.error, np.inf)
    least = error[state.resting].min(initial=np.inf)
    tolerance = settings["forecast_tolerance"]
    good = admitted(error, state.resting, least, tolerance)
    ranking = judge.criterion.order(
        values_of_choice(state), error, state.divergence, ~good, tolerance
    )
    result = xr.Dataset(
        {
            **{name: (dims, tensor.double().numpy()) for name, (dims, tensor) in values.items()},
            "run_status": ("run", status.astype(object)),
            "free_run": ("run", np.array(kinds, object), {"long_name": "what free runs do"}),
            "divergence": (
                "run",
                state.divergence,
                {"long_name": "of seen data from long free runs in state space", "units": "nat"},
            ),
            **course(state),
        },
        coords={
            "run": np.arange(runs),
            "epoch": np.arange(1, epochs + 1),
            "channel": series["channel"].values,
        },
        attrs={
            "family": settings["family"],
            "clipped": int(maps.clipped),
            "model_settings": json.dumps(settings, sort_keys=True),
            "best_run": int(ranking[0]),
            "parameters": model.count,
            "pulled_units": model.observation.forced,
            "history": history(model, series),
            "updates": state.updates,
            "sequence_length": steps,
            "training_seconds": round(state.seconds, 2),
            "sampling_interval": float(series.attrs["sampling_interval"]),
            "selection": "sliced Wasserstein distance of (x_t, x_t+lag) + Hellinger "
            "distance of power spectra, free runs from 16 starts"
            + (
                ""
                if tolerance is None
                else "; what oscillates forecasts the validation split no worse than what comes to"
                " rest; of epochs that differ less than halves or stretches of the data do that of"
                " the least divergence in state space, where unknown the last; of runs likewise, or"
                " the one with the best forecast"
            ),
        },
    )
    result["gain"] = "run", gains(result, series), {"long_name": "pull of a history on the state"}
    return result
