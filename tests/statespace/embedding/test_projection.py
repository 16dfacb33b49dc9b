import numpy as np
import pytest

from neurodsr.statespace.embedding.coordinates import Coordinate, delay_vectors
from neurodsr.statespace.embedding.projection import (
    TOLERANCE,
    attractor_size,
    false_projections,
    is_embedding,
)
from neurodsr.statespace.prediction import simplex, skill

DELAY, HORIZON, THEILER = 17, 30, 50


@pytest.fixture(scope="module")
def spaces(lorenz):
    """Standardised states of Lorenz-63 and their principal components ``(time, 3 + 3)``."""
    states = (lorenz - lorenz.mean(axis=0)) / lorenz.std(axis=0)
    axes = np.linalg.svd(states, full_matrices=False)[2]
    return states, states @ axes.T


@pytest.mark.parametrize(
    ("coordinates", "false", "tolerance", "rho", "rho_tolerance"),
    [
        ([(0, 0), (1, 0), (2, 0)], 0.013, 0.013, (0.998, 0.996, 0.991), 0.01),
        ([(3, 0)], 0.909, 0.04, (0.748, 0.719, 0.451), 0.06),
        ([(3, 0), (4, 0)], 0.099, 0.03, (0.984, 0.971, 0.984), 0.012),
        ([(3, 0), (3, 17), (3, 34)], 0.033, 0.025, (0.996, 0.992, 0.990), 0.01),
        ([(3, 0), (3, 17)], 0.106, 0.03, (0.997, 0.989, 0.982), 0.012),
        ([(2, 0), (2, 17), (2, 34)], 0.510, 0.1, (-0.14, -0.08, 0.966), (0.45, 0.45, 0.03)),
    ],
    ids=["true", "PC1", "PC1+PC2", "3 delays of PC1", "2 delays of PC1", "3 delays of z"],
)
def test_measured_table_of_projections(spaces, coordinates, false, tolerance, rho, rho_tolerance):
    """Own measurement of another session on another run (shared reference, section 3.3)."""
    x = np.hstack(spaces)
    vectors = delay_vectors([x], [Coordinate(*c) for c in coordinates], HORIZON, most=3000)
    everything = np.arange(len(vectors.points))
    truth = vectors.ahead(0)[:, :3]
    share = false_projections(
        vectors.points,
        truth,
        vectors.position,
        everything,
        THEILER,
        TOLERANCE * attractor_size(truth),
    )
    assert share == pytest.approx(false, abs=tolerance)
    future = vectors.ahead(HORIZON)[:, :3]
    guess = simplex(vectors.points, future, vectors.position, everything, THEILER)
    off = np.abs(skill(guess, future).correlation - rho)
    np.testing.assert_array_less(off, rho_tolerance)


def test_the_true_state_is_an_embedding(spaces):
    states, _ = spaces
    found = is_embedding([states], [states], DELAY, HORIZON, THEILER)
    assert found.code == "embedding" and found.delays == 1
    assert found.false_projections == found.floor < 0.03
    np.testing.assert_array_equal(found.continuity, found.reference_continuity)


@pytest.mark.parametrize(("kept", "delays"), [(1, 3), (2, 2)])
def test_leading_components_are_no_embedding_and_delays_mend_it(spaces, kept, delays):
    states, components = spaces
    found = is_embedding([components[:, :kept]], [states], DELAY, HORIZON, THEILER)
    assert found.code == "not_embedding" and found.delays == delays
    assert (found.skill < found.reference_skill).all()
    assert (found.continuity > found.reference_continuity).all()
    assert f"{delays} delay coordinates" in found.sentence


def test_z_alone_cannot_be_mended(spaces):
    states, _ = spaces
    found = is_embedding([states[:, 2:]], [states], DELAY, HORIZON, THEILER)
    assert found.code == "not_embedding" and found.delays == 0
    assert "other channels" in found.sentence


def test_without_a_reference_the_delays_of_the_set_itself_are_one(spaces):
    states, _ = spaces
    alone = is_embedding([states[:, :1]], None, DELAY, HORIZON, THEILER)
    assert alone.code == "not_embedding" and alone.delays in (2, 3)
    assert is_embedding([states], None, DELAY, HORIZON, THEILER).code == "embedding"


def test_memory_of_a_linear_process_counts_as_state(ar):
    first, second = ar([0.9], 5000, 0), ar([1.9, -0.95], 6000, 1)
    found = is_embedding([first[:, None]], None, 10, 5, 30)
    assert found.code == "embedding"
    found = is_embedding([second[:, None] / second.std()], None, 8, 8, 60)
    assert found.code == "not_embedding" and found.delays == 2


@pytest.mark.parametrize("noise", [0.05, 0.1])
def test_many_noisy_channels_may_be_reduced_to_three_components_but_not_two(spaces, noise):
    states, _ = spaces
    rng = np.random.default_rng(0)
    mixing = np.linalg.qr(rng.standard_normal((24, 3)))[0].T * np.sqrt(8)
    many = states @ mixing
    many += noise * rng.standard_normal(many.shape)
    many = (many - many.mean(axis=0)) / many.std(axis=0)
    axes = np.linalg.svd(many, full_matrices=False)[2]
    codes = [
        is_embedding([many @ axes[:kept].T], [many], DELAY, HORIZON, THEILER).code
        for kept in (1, 2, 3, 5)
    ]
    assert codes == ["not_embedding", "not_embedding", "embedding", "embedding"]


def test_where_nothing_predicts_nothing_is_said():
    noise = np.random.default_rng(0).standard_normal((2000, 4))
    found = is_embedding([noise[:, :2]], [noise], 3, 3, 3)
    assert found.code == "undecided" and "predicts nothing" in found.sentence
    short = is_embedding([noise[:50, :2]], [noise[:50]], 3, 3, 3)
    assert short.code == "undecided" and "too few samples" in short.sentence


def test_gaps_are_not_crossed(spaces):
    states, components = spaces
    gappy = states.copy()
    gappy[::1000] = np.nan
    found = is_embedding([components[:, :2]], [gappy], DELAY, HORIZON, THEILER)
    assert found.code == "not_embedding" and found.delays == 2


def test_a_constant_channel_and_constant_data_do_no_harm(spaces):
    states, components = spaces
    still = np.hstack([states, np.ones((len(states), 1))])
    found = is_embedding([components[:, :2]], [still], DELAY, HORIZON, THEILER)
    assert found.code == "not_embedding" and np.isnan(found.reference_skill[3])
    nothing = is_embedding([np.ones((1000, 2))], None, 3, 3, 3)
    assert nothing.code == "undecided"
