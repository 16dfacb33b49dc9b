import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from neurodsr.statespace.verdict import check_state_space


def check(series, settings):
    return check_state_space(series, settings, np.random.default_rng(0))


def test_lorenz_is_nonlinear_with_its_known_values(lorenz, series, settings):
    result = check(series(lorenz[:, :1]), settings())
    assert result.attrs["verdict_code"] == "nonlinear"
    assert result.attrs["verdict"].startswith("nonlinear determinism detected (p = 0.025")
    assert result.attrs["delay"] == pytest.approx(17, abs=1)
    assert result.attrs["embedding_dimension"] == 3
    assert result.attrs["forcing_interval"] == result.attrs["delay"]
    assert 150 <= result.attrs["sequence_length"] <= 200
    assert result.attrs["attractor_dimension"] == pytest.approx(2.05, abs=0.15)
    assert "is below both" in result.attrs["data"]


def test_a_lone_channel_is_no_embedding_and_its_noise_is_measured(lorenz, series, settings):
    x = lorenz[:4000, :1] + 0.1 * 7.9 * np.random.default_rng(0).standard_normal((4000, 1))
    attributes = check(series(x), settings()).attrs
    assert attributes["is_embedding_code"] == "not_embedding"
    assert 3 <= attributes["delay_coordinates"] <= 5
    assert "preprocess.embedding" in json.loads(attributes["cautions"])[0]
    assert attributes["noise_level"] == pytest.approx(0.1, rel=0.3)
    assert attributes["power"] > 0.95 and attributes["detectable_noise"] >= 0.5


def test_the_full_state_is_an_embedding(lorenz, series, settings):
    attributes = check(series(lorenz[:6000]), settings(channels=1)).attrs
    assert attributes["is_embedding_code"] == "embedding"
    assert attributes["delay_coordinates"] == 1
    assert "an embedding" not in "".join(json.loads(attributes["cautions"]))
    assert "enough for an attractor of dimension 7.6" in attributes["data"]


def test_a_reduced_set_is_compared_with_what_it_was_made_of(lorenz, series, settings):
    values = (lorenz[:6000] - lorenz.mean(axis=0)) / lorenz.std(axis=0)
    axes = np.linalg.eigh(np.cov(values.T))[1][:, ::-1]
    reduced = series(values @ axes[:, :1])
    reduced["unreduced"] = (("time", "channel_full"), values)
    found = check(reduced, settings())
    assert found.attrs["is_embedding_code"] == "not_embedding"
    assert found.sizes["target"] == 3
    assert (found["skill"] < found["reference_skill"] - 0.04).all()


def test_copies_of_an_embedded_series_are_not_tested(lorenz, series, settings):
    x = lorenz[:3000, 0]
    embedded = series(np.stack([x[34:], x[17:-17], x[:-34]], axis=1))
    result = check(embedded.assign_attrs(embedding_dimension=3), settings())
    assert result["tested"].values.tolist() == ["c0"]
    assert result.attrs["is_embedding_code"] == "embedding"


def test_drifts_are_said(ar, series, settings):
    x = ar([0.7], 1500, 2) + np.linspace(0.0, 3.0, 1500)
    attributes = check(series(x[:, None]), settings()).attrs
    assert "mean" in json.loads(attributes["drifts"])
    assert "drift" in json.loads(attributes["cautions"])[0]


def test_autoregression_is_linear(ar, series, settings):
    result = check(series(ar([0.7], 1500, 2)[:, None]), settings())
    assert result.attrs["verdict_code"] == "linear"
    assert result.attrs["verdict"].startswith(
        "not distinguishable from a linear stochastic process"
    )
    assert result.attrs["nonlinearity_p"] > 0.05


def test_noise_that_is_not_gaussian_shows_no_determinism(series, settings):
    noise = np.random.default_rng(3).exponential(size=1500)
    attributes = check(series(lfilter([1.0], [1.0, -0.8], noise)[:, None]), settings()).attrs
    assert attributes["verdict_code"] == "undetermined"
    assert "determinism is not shown: it differs only by its asymmetry" in attributes["verdict"]
    assert np.isnan(attributes["largest_exponent"])


def test_a_spectrum_that_changes_shows_no_determinism(series, settings):
    # an oscillation whose frequency trebles, driven by Gaussian noise
    noise, x = np.random.default_rng(0).standard_normal(2000), np.zeros(2000)
    for t in range(2, 2000):
        x[t] = 1.9 * np.cos(0.2 + 2e-4 * t) * x[t - 1] - 0.9 * x[t - 2] + noise[t]
    attributes = check(series(x[:, None]), settings()).attrs
    assert attributes["nonlinearity_p"] == 1 / 40 and attributes["driven_p"] > 0.05
    assert attributes["verdict_code"] == "undetermined"
    assert "linear process that changes slowly" in attributes["verdict"]


@pytest.mark.parametrize("samples", [6, 25, 40])
def test_little_noise_is_too_short_to_say(ar, series, settings, samples):
    result = check(series(ar([0.5], samples, 1)[:, None]), settings())
    assert result.attrs["verdict_code"] == "too_short"
    assert result.attrs["verdict"].startswith("too short to say")
    assert result.attrs["sequence_length"] <= samples // 2


def test_slow_noise_is_too_short_however_many_its_samples(ar, series, settings):
    result = check(series(ar([0.995], 1500, 3)[:, None]), settings())
    assert result.attrs["verdict_code"] == "too_short"
    assert result.attrs["correlation_times"] < 20


def test_only_training_samples_count(lorenz, series, settings):
    changed = lorenz.copy()
    changed[1500:] = np.random.default_rng(0).standard_normal((8500, 3)) * 99
    first = check(series(lorenz, train=1500), settings())
    second = check(series(changed, train=1500), settings())
    assert first.identical(second)


def test_leading_channels_are_tested_and_named(lorenz, series, settings):
    values = np.concatenate([0.1 * lorenz, lorenz], axis=1)[:1500]
    result = check(series(values), settings(channels=2))
    # standard deviations of x, y, z: 7.9, 9.0, 8.6
    assert set(result["tested"].values.tolist()) == {"c4", "c5"}
    assert result["autocorrelation"].shape[0] == 6


def test_missing_samples_and_segments_are_not_bridged(lorenz, series, settings):
    values = lorenz[:6000, :1].copy()
    values[1000:1100] = np.nan
    result = check(series(values, segment=np.repeat([0, 1], [4000, 2000])), settings())
    assert result.attrs["tested_samples"] == 2900
    assert result.attrs["verdict_code"] == "nonlinear"
    assert np.isfinite(result["autocorrelation"].values).all()


def test_a_mostly_missing_channel_leaves_little_in_common(ar, series, settings):
    values = np.stack([ar([0.5], 800, 0), ar([0.5], 800, 1)], axis=1)
    values[:770, 1] = np.nan
    assert check(series(values), settings()).attrs["verdict_code"] == "too_short"


@pytest.mark.parametrize("subject", ["sub-01", "sub-02"])
def test_real_heart_and_breath_are_nonlinear(series, settings, subject):
    root = os.environ.get("NEURODSR_TEST_DATA")
    if not root:
        pytest.skip("NEURODSR_TEST_DATA is not set: no real recordings here")
    folder = Path(root) / "ds210_physio" / subject / "func"
    signal = np.loadtxt(folder / f"{subject}_task-rest_run-01_physio.tsv.gz")[::2]
    result = check(series(signal, interval=0.04), settings())
    assert result.attrs["verdict_code"] == "nonlinear"
    assert (result["p"].sel(statistic="prediction error") == 0.025).all()


def test_sparse_spikes_are_not_judged(series, settings):
    counts = np.random.default_rng(0).poisson(0.03, 2000).astype(float)
    result = check(series(gaussian_filter1d(counts, 3.0)[:, None], kernel=0.03), settings())
    assert result.attrs["verdict_code"] == "too_short"
    assert "too few events" in result.attrs["verdict"]


def test_smoothed_spikes_without_dynamics_are_not_nonlinear(series, settings):
    found = []
    for seed in range(8):
        counts = np.random.default_rng(seed).poisson(0.25, 1200).astype(float)
        smoothed = gaussian_filter1d(np.sqrt(counts), 3.0)[:, None]
        found.append(check(series(smoothed, kernel=0.03), settings()).attrs["verdict_code"])
    # P(more than 3 of 8 | 5 %) < 0.001; without regard to the kernel one in four is
    assert found.count("nonlinear") <= 3
