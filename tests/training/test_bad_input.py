"""Bad input is refused before training, or the failure of a run is recorded: no model of NaN."""

import logging
import os
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neurodsr.errors import ConfigError, RecordingError
from neurodsr.models.model import build
from neurodsr.models.reconstruction import load_runs
from neurodsr.training import fit as training
from neurodsr.training.descent import begin
from neurodsr.training.free_runs import FreeRuns
from neurodsr.training.refusals import bytes_of_a_run
from neurodsr.training.selection import UNBOUNDED, make_criterion

from .conftest import make_series

log = logging.getLogger("neurodsr")
Settings = dict[str, Any]
MAPS = ("A", "W1", "W2", "h1", "h2", "C", "B", "E")
TRAIN, VALIDATION = slice(0, 780), slice(780, 960)


@pytest.fixture
def short(settings: Settings) -> Settings:
    return settings | {"epochs": 3, "batches_per_epoch": 2, "validate_every": 3}


def refused(series: xr.Dataset, statespace: xr.Dataset, settings: Settings) -> str:
    with pytest.raises(RecordingError) as error:
        training.fit(series, statespace, settings, 0, None, log)
    return str(error.value)


def changed(series: xr.Dataset, where: Any, channel: Any, value: float) -> xr.Dataset:
    """A copy with one value in some samples of a channel."""
    copy = series.copy(deep=True)
    copy["observation"][where, channel] = value
    return copy


def with_splits(series: xr.Dataset, split: np.ndarray) -> xr.Dataset:
    return series.assign(split=("time", split.astype(np.int8)))


@pytest.mark.parametrize(
    ("length", "samples", "said"),
    [
        (900, 780, "no window of 900 steps .* stretch has 780 samples .*; lower sequence_length"),
        ("auto", 9, "no window of 10 steps .* stretch has 9 samples .*; lower sequence_length"),
        ("auto", 0, "no window of 10 steps .* stretch has 0 samples"),
    ],
)
def test_a_series_shorter_than_the_window(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, length: Any, samples: int,
    said: str,
) -> None:  # fmt: skip
    split = series["split"].values.copy()
    split[samples:780] = 2
    series = with_splits(series, split)
    assert re.search(said, refused(series, statespace, short | {"sequence_length": length}))


def test_a_window_longer_than_every_trial(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings
) -> None:
    """Trials of 60, 40, 60, 40 ... samples: refused if asked for, halved if automatic."""
    series["segment"] = "time", np.cumsum(np.isin(np.arange(1200) % 100, [0, 60]))
    message = refused(series, statespace, short | {"sequence_length": 60})
    assert "longest contiguous stretch has 60 samples" in message
    statespace.attrs["sequence_length"] = 200
    result = training.fit(series, statespace, short, 0, None, log)
    assert result.attrs["sequence_length"] == 30
    longer = training.fit(series, statespace, short | {"sequence_length": 45}, 0, None, log)
    for one in (result, longer):
        assert all(np.isfinite(one[name]).all() for name in ("loss", *MAPS))


@pytest.mark.parametrize("samples", [0, 1, 2, 9])
@pytest.mark.parametrize("driven", [False, True])
def test_a_validation_split_that_is_too_short(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, samples: int, driven: bool
) -> None:
    split = series["split"].values.copy()
    split[780 + samples : 960] = -1
    series = with_splits(series, split)
    if driven:
        series["input"] = ("time", "input"), np.ones((1200, 1))
    message = refused(series, statespace, short)
    assert f"validation split has {samples} samples" in message
    assert "raise splits.validation" in message


@pytest.mark.parametrize("driven", [False, True])
def test_the_shortest_validation_split_will_do(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, driven: bool
) -> None:
    split = series["split"].values.copy()
    split[790:960] = -1
    series = with_splits(series, split)
    if driven:
        series["input"] = ("time", "input"), np.ones((1200, 1))
    result = training.fit(series, statespace, short, 0, None, log)
    assert list(result["run_status"].values) == ["ok", "ok"]


def test_windows_longer_than_free_runs_have_a_criterion() -> None:
    series = with_splits(
        make_series(np.random.default_rng(0).normal(size=(9000, 1))), np.ones(9000)
    )
    criterion = make_criterion(series, 20_000, 0)
    assert np.isfinite(criterion.distance(np.random.default_rng(1).normal(size=(2000, 1, 16)))[0])


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_channel_without_variation_in_training(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, value: float
) -> None:
    message = refused(changed(series, TRAIN, 1, value), statespace, short)
    assert message.startswith("series: observation: x1: a single value")
    assert "leave the channel out (preprocess.modalities)" in message


def test_a_channel_that_rests_in_validation_only(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings
) -> None:
    result = training.fit(changed(series, VALIDATION, 1, 0.3), statespace, short, 0, None, log)
    assert list(result["run_status"].values) == ["ok", "ok"]
    assert np.isfinite(result["validation"].values[:, -1]).all()


def test_channels_that_are_mostly_missing(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings
) -> None:
    """Windows of 40 steps begin where x1 is known, every 50 samples, and see no more of it."""
    mostly = changed(series, np.flatnonzero(np.arange(780) % 50), 1, np.nan)
    message = refused(mostly, statespace, short)
    assert "x1: no value to be predicted, only missing ones, in windows of 40 steps" in message
    assert "raise sequence_length" in message
    result = training.fit(mostly, statespace, short | {"sequence_length": 60}, 0, None, log)
    assert all(np.isfinite(result[name]).all() for name in ("loss", *MAPS))

    never = changed(series, VALIDATION, 1, np.nan)
    message = refused(never, statespace, short)
    assert "x1 is missing in 100% of it; lengthen it (splits.validation)" in message
    later = changed(series, slice(781, 960), 1, np.nan)
    message = refused(later, statespace, short)
    assert "x1: no value to be predicted" in message and "raise splits.validation" in message


def test_no_sample_with_all_channels(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings
) -> None:
    taking_turns = changed(series, slice(0, 780, 2), 0, np.nan)
    taking_turns = changed(taking_turns, slice(1, 780, 2), 1, np.nan)
    message = refused(taking_turns, statespace, short)
    assert "must begin with a sample without missing values; x0 is missing in 50% of it" in message


def test_forecasts_begin_where_the_data_are_complete(series: xr.Dataset) -> None:
    """Only the last 30 of 180 validation samples are complete: forecasts of 29 steps."""
    criterion = make_criterion(changed(series, slice(780, 930), 1, np.nan), 40, 0)
    assert criterion.future.shape == (30, 3, 1)
    np.testing.assert_allclose(
        criterion.future[..., 0], series["observation"].values[930:960], rtol=1e-6
    )


def test_no_free_run_with_inputs_can_begin(series: xr.Dataset) -> None:
    """Only the last third of either split is complete; a free run is half as long as the first."""
    for part in (slice(0, 520), slice(780, 900)):
        series = changed(series, part, 1, np.nan)
    series["input"] = ("time", "input"), np.ones((1200, 1))
    with pytest.raises(RecordingError, match=r"has 390 steps of inputs after it.*x1 is missing in"):
        make_criterion(series, 40, 0)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, value: float
) -> None:
    message = refused(changed(series, 850, 2, value), statespace, short)
    assert message == "series: observation: x2: infinite values; mark missing ones with NaN"


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_inputs_with_gaps(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, value: float
) -> None:
    series["input"] = ("time", "input"), np.ones((1200, 1))
    series["input"][5] = value
    message = refused(series, statespace, short)
    assert message.startswith("series: input: has missing") and "maximum_gap" in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"latent": 2}, "latent: 2 is below the number of channels .3.*observation: affine"),
        ({"family": "dend-plrnn", "latent": 1}, "latent: 1 is below"),
        ({"family": "al-rnn", "latent": 4, "rectified": 5}, "rectified: 5 .* latent: 4; choose 1"),
    ],
)
def test_sizes_that_do_not_fit(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, change: Settings, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        training.fit(series, statespace, short | change, 0, None, log)


def test_a_model_larger_than_the_memory(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 + 2 x 3 x 10000 + 3 + 10000 parameters, 12 copies of 4 bytes: 3.4 GB for 1000 runs."""
    short |= {"hidden": 10_000, "runs": 1000}
    assert bytes_of_a_run(build(short, 3, 0), short, 0, 0) == 4 * (12 * 70_006 + 2 * 16 * 3)
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 500_000}.get)
    with pytest.raises(ConfigError, match=r"runs: 1000 runs of 70006 .* 2\.0 GB; lower runs, hid"):
        training.fit(series, statespace, short, 0, None, log)


@pytest.mark.parametrize(
    "change",
    [
        {"observation": "identity", "latent": 5},
        {"observation": "identity", "latent": 5, "partial": False},
        {"observation": "affine", "latent": 2},
        *({"observation": "identity", "latent": 4, "kind": "adaptive", "estimator": estimator}
          for estimator in ("product_upper_bound", "arithmetic_mean", "batch_maximum")),
    ],
)  # fmt: skip
def test_missing_forcing_signals(
    series: xr.Dataset, statespace: xr.Dataset, short: Settings, change: Settings
) -> None:
    """A channel known in every fourth sample: states without a signal run freely."""
    forcing = {key: change.pop(key) for key in ("partial", "kind", "estimator") if key in change}
    short |= change | {"forcing": short["forcing"] | forcing}
    gaps = changed(series, np.flatnonzero(np.arange(1200) % 4), 1, np.nan)
    result = training.fit(gaps, statespace, short, 0, None, log)
    assert list(result["run_status"].values) == ["ok", "ok"]
    assert all(np.isfinite(result[name]).all() for name in ("loss", "forcing_strength", *MAPS))
    assert np.all(result["forcing_strength"].values[:, -1] < 1)


def test_exploding_losses_are_recorded_and_leave_other_runs_alone(
    series: xr.Dataset, statespace: xr.Dataset, settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    settings |= {"clipped": False, "gradient_clip": 0.0, "batches_per_epoch": 30, "runs": 4}
    settings["learning_rate"] |= {"start": 1.0, "end": 1.0}
    settings["forcing"] |= {"strength": 1e-6, "final_strength": None}
    together = training.fit(series, statespace, settings, 1, None, log)
    assert "diverged: restarted at a lower rate" in caplog.text
    ok = together["run_status"].values == "ok"
    assert all(status.startswith("failed: ") for status in together["run_status"].values[~ok])
    assert ok[together.attrs["best_run"]]
    assert [one.run for one in load_runs(together)] == np.flatnonzero(ok).tolist()
    assert all(np.isfinite(together[name]).all() for name in MAPS)
    assert np.isnan(together["loss"]).any()
    alone = training.fit(series, statespace, settings | {"runs": 1}, 1, None, log)
    np.testing.assert_array_equal(np.isnan(alone["loss"][0]), np.isnan(together["loss"][0]))
    assert alone["run_status"][0] == together["run_status"][0]


def test_no_run_survives(series: xr.Dataset, statespace: xr.Dataset, short: Settings) -> None:
    """Squares of 1e25 overflow single precision."""
    huge = series.assign(observation=1e25 * series["observation"])
    message = refused(huge, statespace, short)
    assert "none of 2 runs could be trained (failed: loss or gradient diverged twice)" in message
    assert "lower learning_rate" in message


def growing(rate: float) -> xr.Dataset:
    """Trials of 40 samples that grow by a factor at each step from 1e-4, with either sign."""
    rng = np.random.default_rng(0)
    first = 1e-4 * rng.choice([-1, 1], (60, 1)) * rng.uniform(0.5, 1, (60, 1))
    trials = first * rate ** np.arange(40)
    series = make_series(trials.reshape(-1, 1))
    series["segment"] = "time", np.repeat(np.arange(60), 40)
    return series


def test_free_runs_that_leave_every_bound_fail_although_the_loss_is_small(
    statespace: xr.Dataset, settings: Settings
) -> None:
    settings |= {"clipped": False, "latent": 1, "epochs": 20, "batches_per_epoch": 20}
    settings |= {"sequence_length": 20, "validate_every": 20, "noise": 0.0}
    settings["forcing"] |= {"strength": 1.0, "final_strength": None}
    settings["learning_rate"] |= {"start": 1e-2, "end": 1e-2}
    message = refused(growing(1.2), statespace, settings)
    assert "none of 2 runs could be trained (failed: free runs are unbounded)" in message
    assert "clipped: true" in message


def test_a_failed_run_is_never_the_best(series: xr.Dataset, settings: Settings) -> None:
    """The first run forecast best before it was given up, the second has unbounded free runs."""
    model = build(settings, 3, 0)
    state = begin(model, 3, settings["epochs"], 0)
    state.error[:] = 0.01, 0.01, 0.5
    state.best_value[:] = 0.1, np.inf, 0.6
    state.rate[0] = 0.0
    state.chosen_epoch[:] = 2
    state.validation[:, 1] = 0.1, 0.1, 0.6
    judge = FreeRuns(model, make_criterion(series, 40, 0))
    result = training.assemble(model, judge, state, settings, series, 40)
    assert result["run_status"].values.tolist() == [
        "failed: loss or gradient diverged twice", "failed: free runs are unbounded", "ok",
    ]  # fmt: skip
    assert result.attrs["best_run"] == 2


@pytest.mark.parametrize("tolerance, best", [(0.05, 1), (None, 0)])
def test_forecasts_decide_among_runs_nearer_than_halves_of_the_data(
    series: xr.Dataset, settings: Settings, tolerance: float | None, best: int
) -> None:
    """Unless free runs alone are to choose."""
    settings |= {"forecast_tolerance": tolerance}
    model = build(settings, 3, 0)
    criterion = replace(make_criterion(series, 40, 0), floor=0.5)
    state = begin(model, 3, settings["epochs"], 0)
    state.error[:] = 0.3, 0.2, 0.1
    state.best_value[:] = 0.1, 0.4, 0.6
    state.chosen_epoch[:] = 2
    state.validation[:, 1] = state.best_value
    result = training.assemble(model, FreeRuns(model, criterion), state, settings, series, 40)
    assert result.attrs["best_run"] == best


def test_free_runs_of_nan_are_unbounded(series: xr.Dataset, settings: Settings) -> None:
    model = build(settings, 3, 0)
    judge = FreeRuns(model, make_criterion(series, 40, 0))
    values, errors, kinds = judge.score(np.full((2, model.count), np.nan, np.float32))
    assert np.isinf(values).all() and np.isinf(errors).all() and kinds == [UNBOUNDED] * 2
