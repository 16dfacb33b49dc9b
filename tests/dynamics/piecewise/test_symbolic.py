import numpy as np
import pytest
from known_systems import lozi
from maps_by_hand import tent

from neurodsr.dynamics.piecewise.regions import pieces_of
from neurodsr.dynamics.piecewise.symbolic import entropy_of_cycles, symbols_of, topological_entropy


def sequence_of(model, steps: int = 60_000) -> np.ndarray:
    rng = np.random.default_rng(0)
    orbit = model.simulate(0.1 + 0.01 * rng.random(model.latent_dimension), steps)[100:]
    return symbols_of(pieces_of(model), orbit).sequence


@pytest.mark.parametrize("slope", [1.3, 1.5, (1 + np.sqrt(5)) / 2, 1.9])
def test_tent_map(slope: float) -> None:
    """The entropy of a tent of slope s is ln s."""
    assert topological_entropy(sequence_of(tent(slope)), 11) == pytest.approx(
        np.log(slope), abs=0.02
    )


def test_golden_mean_shift() -> None:
    """Markov at slope (1 + sqrt 5) / 2: two letters, one of them never twice."""
    sequence = sequence_of(tent((1 + np.sqrt(5)) / 2 - 1e-9))
    assert topological_entropy(sequence, 2) == pytest.approx(np.log((1 + np.sqrt(5)) / 2), abs=1e-3)


def test_a_cycle_has_no_entropy_and_independent_letters_have_all() -> None:
    assert topological_entropy(np.tile([0, 1, 2], 100), 1) == pytest.approx(0.0, abs=1e-9)
    free = np.random.default_rng(0).integers(0, 3, 5000)
    assert topological_entropy(free, 1) == pytest.approx(np.log(3), abs=1e-9)


def test_lozi_map_by_words_and_by_cycles() -> None:
    """Not less than the positive exponent .4701 (Ruelle's inequality); both ways agree."""
    counts = dict(zip(range(1, 13), (2, 1, 0, 1, 0, 4, 4, 7, 10, 12, 18, 32), strict=True))
    by_cycles = entropy_of_cycles(counts)
    by_words = topological_entropy(sequence_of(lozi(), 200_000), 14)
    assert 0.4701 < by_words < 0.56
    assert by_cycles == pytest.approx(by_words, abs=0.03)


def test_visits_and_transitions() -> None:
    symbols = symbols_of(pieces_of(tent(1.9)), tent(1.9).simulate(np.array([0.2]), 5000))
    assert len(symbols.visits) == 2 and symbols.visits.sum() == 5000
    assert symbols.visits[0] >= symbols.visits[1]
    assert symbols.transitions.sum() == 4999
    assert symbols.transitions.sum(axis=1) == pytest.approx(symbols.visits, abs=1)
