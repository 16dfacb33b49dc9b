"""Components against scikit-learn and against the factors that made the data."""

import numpy as np
import pytest

from neurodsr.errors import RecordingError
from neurodsr.preprocess.assembly.reduction import fit_reduction
from neurodsr.preprocess.series import make_series
from neurodsr.preprocess.stretches import stretches


def mixed(samples=2000, channels=6, rank=2, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((samples, rank)) * np.arange(rank, 0, -1)
    return latent @ rng.standard_normal((rank, channels)) + noise * rng.standard_normal(
        (samples, channels)
    )


def pca(components):
    return {"method": "pca", "components": components}


def test_data_of_low_rank_come_back_exactly():
    values = mixed() + 5.0
    reduction = fit_reduction("eeg", values, pca(2))
    np.testing.assert_allclose(reduction.restore(reduction.reduce(values)), values, atol=1e-9)
    assert reduction.explained.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(reduction.projection @ reduction.projection.T, np.eye(2), atol=1e-12)


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    values = mixed(noise=0.5)
    reduction = fit_reduction("eeg", values, pca(3))
    reference = PCA(3).fit(values)
    np.testing.assert_allclose(reduction.explained, reference.explained_variance_ratio_)
    sign = np.sign((reduction.projection * reference.components_).sum(axis=1))
    np.testing.assert_allclose(reduction.projection, sign[:, None] * reference.components_)


def test_factors_are_those_of_scikit_learn():
    from sklearn.decomposition import FactorAnalysis

    values = mixed(samples=400, noise=0.5) * np.array([1, 1, 1, 2, 2, 3.0])
    options = {"method": "factor-analysis", "components": 2}
    reduction = fit_reduction("eeg", values, options)
    reference = FactorAnalysis(2, tol=1e-6, max_iter=3000, svd_method="lapack").fit(values)
    np.testing.assert_allclose(
        reduction.loadings.T @ reduction.loadings,
        reference.components_.T @ reference.components_,
        rtol=1e-3,
        atol=1e-3,
    )
    scores, expected = reduction.reduce(values), reference.transform(values)
    for factor in range(2):
        assert abs(np.corrcoef(scores[:, factor], expected[:, factor])[0, 1]) > 0.9999


def test_a_share_of_the_variance_asks_for_as_many_as_it_takes():
    values = mixed(rank=4, noise=0.0, channels=8)
    shares = fit_reduction("eeg", values, pca(4)).explained
    for number in (1, 2, 3):
        wanted = float(shares[:number].sum())
        assert len(fit_reduction("eeg", values, pca(wanted - 1e-6)).explained) == number
        assert len(fit_reduction("eeg", values, pca(wanted + 1e-6)).explained) == number + 1


def test_what_cannot_be_reduced_is_explained():
    with pytest.raises(RecordingError, match="eeg: reduction: 7 components of 6 channels"):
        fit_reduction("eeg", mixed(), pca(7))
    holes = mixed()
    holes[np.arange(2000), np.arange(2000) % 6] = np.nan
    with pytest.raises(RecordingError, match="0 training samples have all 6 channels"):
        fit_reduction("eeg", holes, pca(2))


def test_a_series_keeps_what_its_components_come_from(recording, continuous, settings):
    values = mixed(noise=0.3) + 20.0
    drive = np.random.default_rng(3).standard_normal((2000, 2))
    tree = recording({"lfp": continuous(values, 100.0), "pupil": continuous(drive, 100.0)})
    given = settings(modalities={"lfp": {"reduction": {"components": 2}}})
    series = make_series(tree, given)
    names = ["lfp.pc1", "lfp.pc2", "pupil.c0", "pupil.c1"]
    assert series["channel"].values.tolist() == names == series["component"].values.tolist()
    assert series["channel_full"].values.tolist()[:2] == ["lfp.c0", "lfp.c1"]
    components = (series["observation"] * series["scale"] + series["offset"]).values
    full, loadings = series["unreduced"].values, series["loadings"].values
    np.testing.assert_allclose(components, full @ series["projection"].values.T, atol=1e-9)
    np.testing.assert_allclose(
        full * series["full_scale"].values + series["full_offset"].values,
        np.concatenate([values, drive], axis=1),
    )
    train = series["split"].values == 0
    back = components @ loadings
    rest = (full - back)[train].var(axis=0) / full[train].var(axis=0)
    np.testing.assert_allclose(series["full_explained"].values, 1.0 - rest, atol=1e-9)
    np.testing.assert_allclose(back[:, 6:], full[:, 6:], atol=1e-9)
    observed = series["observation"].values[train]
    np.testing.assert_allclose(observed.mean(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose(observed.std(axis=0), 1.0)
    assert stretches(series, "train", 2)


def test_components_are_those_of_the_training_samples(recording, continuous, settings):
    values = mixed(noise=0.3)
    given = settings(modalities={"lfp": {"reduction": {"components": 2}}})
    one = make_series(recording({"lfp": continuous(values, 100.0)}), given)
    other = values.copy()
    other[one["split"].values == 2] *= np.array([1, -5, 1, 9, 1, 1])
    two = make_series(recording({"lfp": continuous(other, 100.0)}), given)
    np.testing.assert_array_equal(one["loadings"], two["loadings"])
    used = np.isin(one["split"].values, (0, 1))
    np.testing.assert_array_equal(one["observation"][used], two["observation"][used])


def test_components_can_be_embedded(recording, continuous, settings):
    given = settings(
        modalities={"lfp": {"reduction": {"components": 2}}},
        embedding={"dimension": 2, "delay": 3},
    )
    series = make_series(recording({"lfp": continuous(mixed(noise=0.3), 100.0)}), given)
    assert series["channel"].values.tolist()[2:] == ["lfp.pc1(t-3)", "lfp.pc2(t-3)"]
    assert series["loadings"].dims == ("component", "channel_full")
