import numpy as np
import pytest
from known_systems import linear, lozi
from maps_by_hand import shallow, tent

from neurodsr.dynamics.piecewise.cycles import find_cycles
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


@pytest.mark.parametrize("order, count", [(1, 2), (2, 1), (3, 2), (4, 3), (5, 6), (6, 9), (7, 18)])
def test_full_tent_map(order: int, count: int) -> None:
    """2^n points of period dividing n; the slope once around is 2^n in size."""
    rng = np.random.default_rng(0)
    found = find_cycles(tent(2.0), order, rng.random((20, 1)), 10_000, rng)
    assert found.complete and len(found.found) == count
    for cycle in found.found:
        assert abs(cycle.eigenvalues[0]) == pytest.approx(2.0**order)
        assert cycle.type == "unstable node" and cycle.period == order
        assert ((cycle.states >= 0) & (cycle.states <= 1)).all()


def test_eigenvalues_once_around() -> None:
    """Their product is (-b)^n for the Lozi map, whose Jacobian has the determinant -b."""
    rng = np.random.default_rng(0)
    orbit = lozi().simulate(np.array([0.1, 0.1]), 500)[100:]
    for order in (2, 4, 6):
        for cycle in find_cycles(lozi(), order, orbit, 1000, rng).found:
            assert np.prod(cycle.eigenvalues).real == pytest.approx((-0.5) ** order)
            assert cycle.stability == "saddle"


def test_proof_search_and_enumeration_are_one() -> None:
    """A budget below the number of words leads to boxes, a tiny one to the search."""
    rng = np.random.default_rng(0)
    orbit = lozi().simulate(np.array([0.1, 0.1]), 500)[100:]
    every = find_cycles(lozi(), 8, orbit, 256, rng)
    boxes = find_cycles(lozi(), 7, orbit, 127 * 100, rng), find_cycles(lozi(), 8, orbit, 255, rng)
    assert every.complete and len(every.found) == 7
    assert not boxes[1].complete and len(boxes[1].found) == 7
    assert boxes[0].complete and len(boxes[0].found) == 4


def test_a_constant_input_moves_a_cycle() -> None:
    """z' = s - z / 2 rests at 2 s / 3 and has no cycle."""
    model = linear(-0.5 * np.eye(2), [0.0, 0.0])
    driven = PiecewiseLinearMap(
        model.A, model.W1, model.W2, model.h1, model.h2, np.eye(2), model.clipped
    )
    rng = np.random.default_rng(0)
    (point,) = find_cycles(driven, 1, np.ones((1, 2)), 10, rng, s=np.array([3.0, 0.0])).found
    assert point.states[0] == pytest.approx([2.0, 0.0])
    assert not find_cycles(driven, 2, np.ones((1, 2)), 10, rng, s=np.array([3.0, 0.0])).found


def test_stable_cycles_that_iteration_finds_are_found() -> None:
    rng = np.random.default_rng(11)
    seen = 0
    for _ in range(40):
        model = shallow(rng, 2, 6, clipped=True)
        model = PiecewiseLinearMap(
            -model.A, model.W1, model.W2, model.h1, model.h2, model.C, model.clipped
        )
        ends = model.simulate(rng.standard_normal((20, 2)), 2000)[-9:]
        for lane in range(5):
            orbit = ends[:, lane]
            back = np.abs(orbit[1:] - orbit[0]).max(axis=1) < 1e-10
            if not back.any():
                continue
            order = int(np.argmax(back)) + 1
            found = find_cycles(model, order, rng.standard_normal((20, 2)), 5000, rng).found
            gaps = [np.abs(cycle.states - orbit[0]).max(axis=1).min() for cycle in found]
            assert min(gaps) < 1e-6
            seen += order > 1
    assert seen > 5
