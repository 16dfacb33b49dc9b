"""Training of one model on one recording: all runs at once, from a series to a fit."""

import json
import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from neurodsr.errors import RecordingError
from neurodsr.models.model import FAMILIES, Model, build
from neurodsr.training import checkpoint, fused
from neurodsr.training.adaptive import START
from neurodsr.training.checkpoint import State
from neurodsr.training.forcing import learning_rates, strengths
from neurodsr.training.optimise import run_epoch
from neurodsr.training.refusals import check_memory, check_values
from neurodsr.training.selection import Criterion, make_criterion, worst_forecast
from neurodsr.training.stacked import StackedGradients
from neurodsr.training.windows import TRAIN, Noise, inputs_of, make_windows

TOLERANCE = 0.2
"""A later epoch is preferred to an earlier one whose criterion is better by less than this part:
validation data are short, so small differences are chance, while training goes on to help."""


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
        ``sequence_length`` (steps) are the automatic choices.
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
        ``fit.nc``: for each run the canonical map, observation and encoding of the epoch with the
        smallest validation criterion.

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

        return fit_baseline(series, statespace, settings, seed, log)
    windows = make_windows(
        series, settings["sequence_length"], int(statespace.attrs["sequence_length"])
    )
    train = series["observation"].values[series["split"].values == TRAIN]
    model = build(
        settings,
        series.sizes["channel"],
        series.sizes.get("input", 0),
        (float(np.nanmin(train)), float(np.nanmax(train))),
    )
    epochs = settings["epochs"]
    schedule = strengths(settings["forcing"], epochs, windows.steps, intervals(statespace))
    rates = learning_rates(settings["learning_rate"], epochs)
    noise = Noise(settings["noise"], settings["noise_on"] == "window")
    criterion = make_criterion(series, windows.steps, seed)
    check_memory(model, settings, len(criterion.inputs), windows.steps)
    fingerprint = checkpoint.digest(
        {**settings, "checkpoint_every": None},
        seed,
        [series[name].values for name in ("observation", "split", "segment")]
        + [inputs_of(series), rates, *([] if schedule is None else [schedule])],
    )
    state = checkpoint.load(checkpoint_path, fingerprint) if checkpoint_path else None
    if state is None:
        state = begin(model, settings, seed)
    else:
        log.info("resumed after epoch %d of %d", state.epoch, settings["epochs"])
    log.info(
        "%d runs of %s, %d parameters each; %d windows of %d steps",
        settings["runs"], settings["family"], model.count, len(windows.starts), windows.steps,
    )  # fmt: skip
    on_processor = settings["device"] == "cpu"
    gradients = fused.gradients if on_processor else StackedGradients(settings["device"])
    began = reported = time.monotonic()
    done_before = state.epoch
    while state.epoch < epochs:
        used = time.process_time()
        epoch = state.epoch
        run_epoch(
            model,
            state,
            windows.epoch(
                seed, epoch, settings["runs"], settings["batches_per_epoch"], settings["batch"],
                noise,
            ),
            None if schedule is None else schedule[epoch],
            settings,
            rates[epoch],
            gradients,
        )  # fmt: skip
        if state.epoch % settings["validate_every"] == 0 or state.epoch == epochs:
            validate(model, criterion, state, settings)
        state.seconds += time.process_time() - used
        if checkpoint_path and state.epoch % settings["checkpoint_every"] == 0:
            checkpoint.save(checkpoint_path, state, fingerprint)
        now = time.monotonic()
        if now - reported > 5 or state.epoch == epochs:
            report(log, state, settings, (now - began) / (state.epoch - done_before))
            reported = now
    result = assemble(model, criterion, state, settings, series, windows.steps)
    if checkpoint_path:
        checkpoint_path.unlink(missing_ok=True)
    return result


def intervals(statespace: xr.Dataset) -> dict[str, int]:
    """Intervals of sparse forcing (samples) that the state-space check offers."""
    return {
        "auto": max(1, int(statespace.attrs["forcing_interval"])),
        "predictability": max(1, int(statespace.attrs["predictability_time"])),
    }


def begin(model: Model, settings: Mapping[str, Any], seed: int) -> State:
    """State before the first update; a run's initial values do not depend on the other runs."""
    runs, epochs = settings["runs"], settings["epochs"]
    rows = [model.initial(np.random.default_rng((seed, run))) for run in range(runs)]
    parameters = np.stack(rows).astype(np.float32)
    return State(
        parameters=parameters,
        first_moment=np.zeros_like(parameters),
        second_moment=np.zeros_like(parameters),
        updates=0,
        strength=np.full(runs, START),
        rate=np.ones(runs),
        best=parameters.copy(),
        best_value=np.full(runs, np.inf),
        error=np.full(runs, np.inf),
        least_error=np.full(runs, np.inf),
        chosen_epoch=np.zeros(runs, np.int64),
        loss=np.full((runs, epochs), np.nan),
        validation=np.full((runs, epochs), np.nan),
        pull=np.full((runs, epochs), np.nan),
    )


def validate(model: Model, criterion: Criterion, state: State, settings: Mapping[str, Any]) -> None:
    """Score the present parameters and keep them if there is hardly a better epoch, in place."""
    values, errors, _ = criterion.evaluate(model, torch.from_numpy(state.parameters))
    state.validation[:, state.epoch - 1] = values
    state.least_error = np.minimum(state.least_error, errors)
    allowed = state.least_error * worst_forecast(settings["forecast_tolerance"])
    state.best_value[state.error > allowed] = np.inf
    eligible = np.isfinite(values) & (errors <= allowed)
    state.best_value[eligible] = np.minimum(state.best_value, values)[eligible]
    better = eligible & (values <= (1 + TOLERANCE) * state.best_value)
    state.best[better] = state.parameters[better]
    state.error[better] = errors[better]
    state.chosen_epoch[better] = state.epoch


def report(log: logging.Logger, state: State, settings: Mapping[str, Any], pace: float) -> None:
    """Write one line of progress; ``pace`` is in seconds per epoch."""
    epoch, epochs = state.epoch, settings["epochs"]
    loss = state.loss[:, epoch - 1]
    finite = loss[np.isfinite(loss)]
    log.info(
        "epoch %d/%d: loss %.3g, best validation %.3g, %.0f updates/s of %d runs, %.0f s left",
        epoch, epochs, np.median(finite) if len(finite) else np.nan, state.best_value.min(),
        settings["batches_per_epoch"] / pace, settings["runs"], pace * (epochs - epoch),
    )  # fmt: skip


def assemble(
    model: Model,
    criterion: Criterion,
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
    _, _, kinds = criterion.evaluate(model, best)
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
    chosen = state.validation[np.arange(runs), np.maximum(state.chosen_epoch - 1, 0)]
    error = np.where(status == "ok", state.error, np.inf)
    good = (status == "ok") & (
        error <= worst_forecast(settings["forecast_tolerance"]) * error.min()
    )
    ranking = np.where(good, chosen, np.inf)
    return xr.Dataset(
        {
            **{name: (dims, tensor.double().numpy()) for name, (dims, tensor) in values.items()},
            "run_status": ("run", status.astype(object)),
            "free_run": ("run", np.array(kinds, object), {"long_name": "what free runs do"}),
            "loss": (("run", "epoch"), state.loss, {"units": "1"}),
            "validation": (
                ("run", "epoch"),
                state.validation,
                {"units": "1", "long_name": "sliced Wasserstein + Hellinger distance"},
            ),
            "chosen_epoch": ("run", state.chosen_epoch),
            "forcing_strength": (
                ("run", "epoch"),
                state.pull,
                {"long_name": "mean forcing strength over the steps of a window"},
            ),
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
            "best_run": int(np.argmin(ranking)),
            "parameters": model.count,
            "updates": state.updates,
            "sequence_length": steps,
            "training_seconds": round(state.seconds, 2),
            "sampling_interval": float(series.attrs["sampling_interval"]),
            "selection": "validation: sliced Wasserstein distance of (x_t, x_t+lag) + Hellinger "
            "distance of power spectra, free runs from 16 starts"
            + (
                ""
                if settings["forecast_tolerance"] is None
                else ", among epochs whose forecast error is within"
                f" {settings['forecast_tolerance']:.0%} of the least"
            ),
        },
    )
