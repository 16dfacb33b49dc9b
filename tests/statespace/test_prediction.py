import numpy as np
import pytest

from neurodsr.statespace.embedding.coordinates import Coordinate
from neurodsr.statespace.prediction import (
    THETAS,
    s_map,
    s_map_skill,
    simplex,
    simplex_skill,
    skill,
)


def three(delay):
    return [Coordinate(0, k * delay) for k in range(3)]


def test_simplex_equals_its_definition_by_plain_loops(henon):
    points = np.stack([henon[:80], henon[1:81]], axis=1)
    targets, position, theiler = henon[2:82, None], np.arange(80), 4
    expected = []
    for q in range(80):
        gaps = np.linalg.norm(points - points[q], axis=1)
        gaps[np.abs(position - q) <= theiler] = np.inf
        near = np.argsort(gaps)[:3]
        weight = np.exp(-gaps[near] / gaps[near[0]])
        expected.append(weight @ targets[near] / weight.sum())
    found = simplex(points, targets, position, position, theiler)
    np.testing.assert_allclose(found, expected)


def test_s_map_equals_weighted_least_squares(henon):
    points = np.stack([henon[:90], henon[1:91]], axis=1)
    targets = np.stack([henon[2:92], henon[3:93]], axis=1)
    position, queries, theiler, thetas = np.arange(90), np.arange(0, 90, 9), 2, [0.0, 1.0, 3.0]
    found = s_map(points, targets, position, queries, theiler, thetas)
    for k, theta in enumerate(thetas):
        for i, q in enumerate(queries):
            rest = np.abs(position - q) > theiler
            gaps = np.linalg.norm(points[rest] - points[q], axis=1)
            weight = np.exp(-theta * gaps / gaps.mean())[:, None]
            design = np.column_stack([np.ones(rest.sum()), points[rest]])
            solution = np.linalg.lstsq(weight * design, weight * targets[rest], rcond=None)[0]
            np.testing.assert_allclose(found[k, i], [1.0, *points[q]] @ solution, rtol=1e-5)


def test_lorenz_is_predicted_as_measured_and_far_better_than_a_linear_surrogate(lorenz):
    # shared reference, section 3.2: x, E = 3, delay 17, 30 steps ahead: 0.970 on 3000 samples
    x = lorenz[:3000, 0]
    found = simplex_skill([x], three(17), 30, 50)
    assert found.correlation[0] == pytest.approx(0.97, abs=0.025)
    spectrum = np.fft.rfft(x)
    phase = np.exp(2j * np.pi * np.random.default_rng(0).random(len(spectrum)))
    surrogate = np.fft.irfft(np.abs(spectrum) * phase, len(x))
    assert simplex_skill([surrogate], three(17), 30, 50).correlation[0] < 0.6


def test_linear_process_is_best_predicted_by_one_linear_map(ar):
    x = ar([1.6, -0.81], 2000, 0)
    pair = [Coordinate(0, 0), Coordinate(0, 1)]
    found = s_map_skill([x], pair, 1, 20, thetas=(0.0, 8.0), most_queries=1500)
    # variance over noise of this AR(2): (1 + .81) / ((1 - .81) (1.81 ** 2 - 1.6 ** 2)) = 13.3
    assert found.error[0, 0] == pytest.approx(np.sqrt(1 / 13.3), rel=0.08)
    assert found.correlation[0, 0] > found.correlation[-1, 0]


def test_nonlinear_map_gains_from_weighting_the_near(henon):
    found = s_map_skill([henon], [Coordinate(0, 0), Coordinate(0, 1)], 1, 1)
    assert found.correlation.shape == (len(THETAS), 1)
    assert found.correlation[0, 0] < 0.6
    assert found.correlation.max() > 0.999


def test_what_is_near_in_time_does_not_help(ar):
    # a slow process is no better predicted than by its own autocorrelation, 0.99 ** 40
    walk = ar([0.99], 4000, 1)
    found = simplex_skill([walk], [Coordinate(0, 0)], 40, 400)
    assert found.correlation[0] < 0.99**40 + 0.15


def test_all_channels_are_targets_and_pieces_are_kept_apart(lorenz):
    pieces = [lorenz[:2000], lorenz[2000:4000], lorenz[4000:4040]]
    found = simplex_skill(pieces, [Coordinate(c, 0) for c in range(3)], 30, 50)
    assert found.correlation.shape == (3,) and (found.correlation > 0.97).all()


def test_skill_has_its_closed_form_and_leaves_out_missing_predictions():
    truth = np.array([[0.0], [1.0], [2.0], [9.0]])
    found = skill(np.array([[1.0], [2.0], [3.0], [np.nan]]), truth)
    assert found.correlation[0] == pytest.approx(1.0)
    assert found.error[0] == pytest.approx(1 / np.sqrt(2 / 3))
    assert np.isnan(skill(np.full((3, 1), np.nan), truth[:3]).correlation).all()


def test_too_few_states_give_nothing():
    short = np.arange(5.0)
    assert np.isnan(simplex_skill([short], three(2), 1, 1).correlation).all()
    assert np.isnan(s_map_skill([short], three(2), 1, 1).correlation).all()
    assert np.isnan(s_map_skill([np.arange(9.0)], three(2), 1, 9).correlation).all()
