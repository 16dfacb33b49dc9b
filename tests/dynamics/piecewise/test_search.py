from dataclasses import replace

import numpy as np
import pytest
from known_systems import lozi
from maps_by_hand import plrnn, shallow

from neurodsr.dynamics.piecewise.curves import search_curves
from neurodsr.dynamics.piecewise.proof import prove_cycles
from neurodsr.dynamics.piecewise.regions import Pieces, pieces_of
from neurodsr.dynamics.piecewise.search import (
    distinct,
    enumerate_cycles,
    least_period,
    search_cycles,
    word_count,
)


def primitive(cycles: list[np.ndarray], order: int) -> list[np.ndarray]:
    latent = cycles[0].shape[1] if cycles else 1
    own = [one for one in cycles if least_period(one) == order]
    return distinct(np.array(own).reshape(-1, order, latent), [])


def orbit(model, rng: np.random.Generator) -> np.ndarray:
    return model.simulate(0.1 * rng.standard_normal(model.latent_dimension), 2000)[500:]


LOZI = {1: 2, 2: 1, 3: 0, 4: 1, 5: 0, 6: 4, 7: 4, 8: 7, 9: 10, 10: 12, 11: 18, 12: 32}


@pytest.mark.parametrize("order", LOZI)
def test_all_cycles_of_the_lozi_map(order: int) -> None:
    """Counts by symbolic enumeration; a = 1.7, b = 0.5."""
    rng = np.random.default_rng(order)
    pieces = pieces_of(lozi())
    found, words, unseen = search_cycles(pieces, order, orbit(lozi(), rng), 100_000, rng)
    assert len(primitive(found, order)) == LOZI[order]
    assert words <= 2**order and unseen == 0


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5, 6, 7, 8])
def test_the_proof_finds_the_same(order: int) -> None:
    for radius in (0.5, 3.0):
        cycles, _, complete = prove_cycles(pieces_of(lozi()), order, radius, 200_000)
        assert complete and len(primitive(cycles, order)) == LOZI[order]


@pytest.mark.parametrize(
    "model, order, none",
    [
        (plrnn(-0.0222311, -0.64375, 0.52505308), 1, None),
        (plrnn(0.8377689, -0.64375, 0.52505308), 16, 15),
        (plrnn(0.9777689, -0.14375, 0.52505308), 27, 25),
        (plrnn(0.9777689, -0.14375, 1.17505308), 31, 30),
        (plrnn(0.9777689, -0.64375, 0.52505308), 40, 38),
        (plrnn(0.9377689, -0.64375, 0.52505308), 53, 50),
        (plrnn(0.9777689, -0.14375, 0.52505308, -0.77931491), 80, 70),
        (plrnn(0.9777689, -0.14375, 0.67505308), 83, 80),
    ],
)
def test_long_cycles_of_the_literature(model, order: int, none: int | None) -> None:
    """A stable cycle and a saddle of each listed order, none of another (Eisenmann et al. 2023)."""
    rng = np.random.default_rng(0)
    pieces = pieces_of(model)
    visited = np.concatenate([orbit(model, rng)[::50] for _ in range(20)])
    found = primitive(search_cycles(pieces, order, visited, 50_000, rng)[0], order)
    assert len(found) == (2 if order > 1 else len(enumerate_cycles(pieces, 1)[0]))
    largest = [np.abs(around(model, states)).max() for states in found]
    assert sum(value < 1 for value in largest) == 1
    for states in found:
        assert model.step(states) == pytest.approx(np.roll(states, -1, axis=0), abs=1e-8)
    if none is not None:
        assert not primitive(search_cycles(pieces, none, visited, 50_000, rng)[0], none)


def around(model, states: np.ndarray) -> np.ndarray:
    product = np.eye(2)
    for state in states:
        product = model.jacobian(state) @ product
    return np.linalg.eigvals(product)


def test_searches_miss_nothing_that_all_regions_have() -> None:
    """100 random maps of up to 8 dimensions: every region solved against the searches."""
    rng = np.random.default_rng(2023)
    total = recalled = 0
    for i in range(100):
        clipped = bool(i % 2)
        latent, hidden = int(rng.integers(2, 9)), int(rng.integers(2, 9 if clipped else 13))
        model = shallow(rng, latent, hidden, clipped)
        pieces = pieces_of(model)
        truth, _ = enumerate_cycles(pieces, 1)
        found = both_searches(pieces, 2 * rng.standard_normal((50, latent)), rng)
        recalled += sum(np.abs(found - one[0]).max(axis=1).min(initial=np.inf) < 1e-6
                        for one in truth)  # fmt: skip
        assert len(found) == len(truth)
        total += len(truth)
    assert recalled == total > 100


def both_searches(pieces: Pieces, visited: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    cycles = search_cycles(pieces, 1, visited, 10_000, rng)[0]
    known = np.array(cycles).reshape(-1, visited.shape[1])
    more = search_curves(pieces, visited, known, 20_000, rng)[0]
    return np.concatenate([known, more])


def test_cycles_of_random_maps() -> None:
    """All words of order 2 and 3 against the search."""
    rng = np.random.default_rng(7)
    total = 0
    for i in range(40):
        latent, hidden = int(rng.integers(1, 6)), int(rng.integers(2, 5))
        model = shallow(rng, latent, hidden, clipped=bool(i % 2))
        pieces = pieces_of(replace(model, A=np.diag(rng.uniform(-1.0, 0.5, latent))))
        for order in (2, 3):
            if 3**hidden > 100 and order == 3:
                continue
            truth = primitive(enumerate_cycles(pieces, order)[0], order)
            found = search_cycles(pieces, order, rng.standard_normal((50, latent)), 20_000, rng)[0]
            assert len(primitive(found, order)) == len(truth)
            total += len(truth)
    assert total > 10


@pytest.mark.parametrize("latent, hidden", [(2, 40), (3, 30), (4, 12)])
def test_proof_against_searches(latent: int, hidden: int) -> None:
    rng = np.random.default_rng(3)
    total = 0
    for clipped in (False, True):
        model = shallow(rng, latent, hidden, clipped)
        pieces = pieces_of(model)
        cycles, _, complete = prove_cycles(pieces, 1, 5.0, 400_000)
        found = both_searches(pieces, rng.standard_normal((50, latent)), rng)
        assert complete and len(primitive(cycles, 1)) == len(found)
        total += len(found)
    assert total


def test_no_proof_where_fixed_points_fill_a_line() -> None:
    from known_systems import linear

    line, shift = np.diag([1.0, 0.5]), np.eye(2)
    assert not prove_cycles(pieces_of(linear(line, [0.0, 0.0])), 1, 1.0, 1000)[2]
    assert prove_cycles(pieces_of(linear(shift, [1.0, 0.0])), 1, 1.0, 1000)[::2] == ([], True)


def test_two_searches_agree_in_thirty_dimensions() -> None:
    """23 fixed points from two seeds, each to saturation; virtual ones alone find some of these."""
    rng = np.random.default_rng(5)
    model = shallow(rng, 30, 100, clipped=True)
    pieces = pieces_of(model)
    visited = 2 * rng.standard_normal((50, 30))
    nothing = np.empty((0, 30))
    (one, segments, missed), (other, *_) = (
        search_curves(pieces, visited, nothing, 1_000_000, np.random.default_rng(seed))
        for seed in (0, 1)
    )
    assert len(one) == len(other) == 23 and missed == 0 and segments < 1_000_000
    assert np.abs(model.step(one) - one).max() < 1e-7
    virtual, *_ = search_cycles(pieces, 1, visited, 10_000, rng)
    for state in [*one, *(cycle[0] for cycle in virtual)]:
        assert np.abs(other - state).max(axis=1).min() < 1e-5


def test_a_search_that_is_cut_short_says_so() -> None:
    """Of this map 153 fixed points are known from long searches."""
    rng = np.random.default_rng(6)
    pieces = pieces_of(shallow(rng, 30, 100, clipped=True))
    visited = 2 * rng.standard_normal((50, 30))
    found, _, unseen = search_curves(pieces, visited, np.empty((0, 30)), 400_000, rng)
    assert len(found) < len(found) + unseen < 200
    assert unseen > 3


def test_words_without_number() -> None:
    model = shallow(np.random.default_rng(0), 2, 900, clipped=True)
    assert word_count(pieces_of(model), 1) == word_count(pieces_of(lozi()), 2000) == np.inf
