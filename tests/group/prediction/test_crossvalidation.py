"""Nested cross-validation against scikit-learn, and everything that could leak."""

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from neurodsr.group.prediction.accuracy import resampled_scores, scores
from neurodsr.group.prediction.crossvalidation import (
    PENALTIES,
    Scaler,
    cross_validate,
    exchange,
    partition,
    ridge_path,
)

Array = NDArray[np.float64]
PEOPLE = np.repeat(np.arange(30), 2)


def every(train: NDArray[np.bool_], columns: int = 0) -> NDArray[np.bool_]:
    return np.ones(columns, dtype=bool)


def run(
    x: Array, targets: Array, participant: NDArray[np.intp], classes: int, seed: int = 0
) -> Array:
    rng = np.random.default_rng(seed)
    folds = partition(participant, 5, rng)
    targets = targets[:, None] if targets.ndim == 1 else targets
    return cross_validate(
        x, targets, participant, classes, folds, lambda train: every(train, x.shape[1]), rng
    )[0]


def p_of(value: Array) -> float:
    return float(np.mean(value >= value[0]))


def test_ridge_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    for features in (4, 50):
        train, test = rng.standard_normal((20, features)), rng.standard_normal((7, features))
        y = rng.standard_normal(20)
        singular = np.linalg.svd(StandardScaler().fit_transform(train), compute_uv=False)
        scale = np.mean(singular[singular > 1e-10] ** 2)
        ours = ridge_path(train, test, (y - y.mean())[:, None])
        for penalty, predicted in zip(PENALTIES, ours, strict=True):
            model = make_pipeline(StandardScaler(), Ridge(alpha=penalty * scale)).fit(train, y)
            np.testing.assert_allclose(predicted[:, 0] + y.mean(), model.predict(test))


def test_two_classes_are_told_apart_as_by_discriminant_analysis() -> None:
    """With many rows and no need to shrink, ridge on indicators is Fisher's rule."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rng = np.random.default_rng(1)
    y = (rng.random(400) < 0.25).astype(float)
    x = rng.standard_normal((400, 3)) @ np.array([[1, 0.8, 0], [0, 1, 0], [0, 0, 3]])
    x[:, 0] += 1.5 * y
    people = np.arange(400)
    rng = np.random.default_rng(2)
    folds = partition(people, 5, rng)
    ours = cross_validate(x, y[:, None], people, 2, folds, lambda _: every(_, 3), rng)[0][:, 0]
    right = 0
    for test in folds:
        rule = LinearDiscriminantAnalysis(priors=[0.5, 0.5]).fit(x[~test], y[~test])
        right += int((rule.predict(x[test]) == ours[test].argmax(axis=1)).sum())
    assert right > 390


def test_scores_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

    rng = np.random.default_rng(3)
    for classes in (2, 3):
        truth = rng.permutation(np.arange(31) % classes)
        output = rng.standard_normal((31, classes)) + (truth[:, None] == np.arange(classes))
        ours = scores(output[:, None], truth[:, None], classes)
        assert ours["balanced_accuracy"][0] == pytest.approx(
            balanced_accuracy_score(truth, output.argmax(axis=1))
        )
        areas = [roc_auc_score(truth == k, output[:, k]) for k in range(classes)]
        assert ours["auc"][0] == pytest.approx(np.mean(areas))
        same = resampled_scores(output[None], truth, classes, np.ones((1, 31)))
        for name, value in ours.items():
            assert same[name][0] == pytest.approx(value[0])
    truth = rng.standard_normal(20)
    output = truth + rng.standard_normal(20)
    ours = scores(output[:, None, None], truth[:, None], 0)["r2"][0]
    assert ours == pytest.approx(r2_score(truth, output))
    same = resampled_scores(output[None, :, None], truth, 0, np.ones((1, 20)))["r2"][0]
    assert same == pytest.approx(ours)


def test_no_participant_is_in_training_and_test() -> None:
    people = np.random.default_rng(0).integers(11, size=60)
    folds = partition(people, 4, np.random.default_rng(1))
    assert np.sum(folds, axis=0).tolist() == [1] * 60
    for test in folds:
        assert not set(people[test]) & set(people[~test])


def test_scaling_is_learned_from_training_rows_alone() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 5))
    x[3, 2] = np.nan
    y = np.repeat(rng.standard_normal(30), 2)
    scaler = Scaler.fit(x)
    np.testing.assert_allclose(scaler.mean, np.nanmean(x, axis=0))
    np.testing.assert_allclose(scaler.sd, np.nanstd(x, axis=0))
    assert scaler.apply(x)[3, 2] == 0
    before = run(x, y, PEOPLE, 0)[:, 0, 0]
    folds = partition(PEOPLE, 5, np.random.default_rng(0))
    test = folds[2]
    changed = x.copy()
    one = np.flatnonzero(test)[0]
    changed[one] = 1e6
    after = run(changed, y, PEOPLE, 0)[:, 0, 0]
    others = test & (np.arange(60) != one)
    np.testing.assert_array_equal(after[others], before[others])
    assert np.abs(after[~test] - before[~test]).max() > 0.01  # there it is a training row


def test_a_subjects_fingerprint_does_not_leak() -> None:
    """A feature that names the participant gives the label away if sessions are split up."""
    rng = np.random.default_rng(4)
    x = (PEOPLE[:, None] == np.arange(30)).astype(float) + 0.01 * rng.standard_normal((60, 30))
    y = np.repeat(rng.permutation(np.arange(30) % 2), 2).astype(float)
    by_row = scores(run(x, y, np.arange(60), 2), y[:, None], 2)["balanced_accuracy"][0]
    assert by_row > 0.85  # the mistake: rows as units
    targets = exchange(y, PEOPLE, None, 200, rng)
    honest = scores(run(x, targets, PEOPLE, 2), targets, 2)["balanced_accuracy"]
    assert abs(honest.mean() - 0.5) < 0.06
    assert 0.02 < p_of(honest) < 0.98


def test_a_session_that_is_there_twice_does_not_leak() -> None:
    rng = np.random.default_rng(5)
    once = rng.standard_normal((30, 40))
    x, y = (
        np.repeat(once, 2, axis=0),
        np.repeat(rng.permutation(np.arange(30) % 2), 2).astype(float),
    )
    by_row = scores(run(x, y, np.arange(60), 2), y[:, None], 2)["balanced_accuracy"][0]
    assert by_row > 0.75
    targets = exchange(y, PEOPLE, None, 200, rng)
    honest = scores(run(x, targets, PEOPLE, 2), targets, 2)["balanced_accuracy"]
    assert abs(honest.mean() - 0.5) < 0.06
    assert p_of(honest) > 0.02
    single = run(once, y[::2], np.arange(30), 2)
    np.testing.assert_allclose(run(x, y, PEOPLE, 2)[::2], single, rtol=1e-6, atol=1e-9)


def test_permutations_keep_participants_together() -> None:
    rng = np.random.default_rng(6)
    y = np.repeat(rng.permutation(np.arange(30) % 3), 2).astype(float)
    site = np.repeat(np.arange(30) % 2, 2)
    drawn = exchange(y, PEOPLE, site, 50, rng)
    np.testing.assert_array_equal(drawn[:, 0], y)
    np.testing.assert_array_equal(drawn[::2], drawn[1::2])
    for one in range(2):
        np.testing.assert_array_equal(
            np.sort(drawn[site == one], axis=0), np.sort(y[site == one])[:, None] + 0 * drawn[:30]
        )
    assert (drawn[:, 1:] != y[:, None]).any(axis=0).all()
    task = np.tile([0.0, 1.0], 30)
    swapped = exchange(task, PEOPLE, None, 50, rng)
    np.testing.assert_array_equal(swapped[::2] + swapped[1::2], 1)
    assert 0.3 < swapped[::2, 1:].mean() < 0.7


def test_scikit_learns_permutations_within_groups_find_nothing_where_ours_do() -> None:
    """With one label per participant its null equals the score: p = 1 for any effect."""
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import LeaveOneGroupOut, permutation_test_score

    rng = np.random.default_rng(7)
    y = np.repeat(np.arange(30) % 2, 2).astype(float)
    x = rng.standard_normal((60, 3)) + 1.5 * y[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score, null, p = permutation_test_score(
            RidgeClassifier(), x, y, groups=PEOPLE, cv=LeaveOneGroupOut(), n_permutations=5,
            random_state=0,
        )  # fmt: skip
    assert score > 0.8
    assert p == 1
    np.testing.assert_allclose(null, score)
    targets = exchange(y, PEOPLE, None, 199, rng)
    assert p_of(scores(run(x, targets, PEOPLE, 2), targets, 2)["balanced_accuracy"]) == 1 / 200


@pytest.mark.parametrize("kind", ["classes", "number", "within"])
def test_p_is_uniform_without_an_effect(kind: str) -> None:
    """200 cohorts: p <= 0.05 in 10 on average, in 1 to 21 but for 1 in 2000 such studies."""
    rng = np.random.default_rng(8)
    found, low = 0, 0
    for _ in range(200):
        own = np.repeat(rng.standard_normal((12, 3)), 2, axis=0)  # sessions are alike
        x = own + 0.5 * rng.standard_normal((24, 3))
        people = np.repeat(np.arange(12), 2)
        y = {
            "classes": np.repeat(rng.permutation(np.arange(12) % 2), 2),
            "number": np.repeat(rng.standard_normal(12), 2),
            "within": np.tile([0, 1], 12),
        }[kind].astype(float)
        classes = 0 if kind == "number" else 2
        targets = exchange(y, people, None, 99, rng)
        drawn = run(x, targets, people, classes, int(rng.integers(1000)))
        value = scores(drawn, targets, classes)["r2" if kind == "number" else "auc"]
        p = p_of(np.round(value, 9))
        found += p <= 0.05
        low += p <= 0.5
    assert 1 <= found <= 21
    assert 70 <= low <= 128


def test_three_classes_and_a_continuous_target_are_predicted() -> None:
    rng = np.random.default_rng(9)
    y = np.repeat(np.arange(30) % 3, 2).astype(float)
    x = rng.standard_normal((60, 6))
    x[:, 0] += 4 * (y == 1)
    x[:, 1] += 4 * (y == 2)
    found = scores(run(x, y, PEOPLE, 3), y[:, None], 3)
    assert found["balanced_accuracy"][0] > 0.85
    assert found["auc"][0] > 0.9
    number = x[:, 2] + 0.5 * rng.standard_normal(60)  # known: R2 = 1 / 1.25 = 0.8
    assert scores(run(x, number, PEOPLE, 0), number[:, None], 0)["r2"][0] == pytest.approx(
        0.8, abs=0.12
    )
    nothing = rng.standard_normal(60)
    assert -0.4 < scores(run(x, nothing, PEOPLE, 0), nothing[:, None], 0)["r2"][0] < 0.15
