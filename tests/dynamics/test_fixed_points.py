import numpy as np
import pytest
from known_systems import linear, lozi
from maps_by_hand import plrnn, shallow

from neurodsr.dynamics.fixed_points import FixedPoints, find_fixed_points
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def all_fixed_points(model: PiecewiseLinearMap) -> FixedPoints:
    """With budget for a proof."""
    states = np.ones((1, model.latent_dimension))
    return find_fixed_points(model, states, 100_000, np.random.default_rng(0))


def test_lozi_map() -> None:
    found = all_fixed_points(lozi())
    order = np.argsort(found.states[:, 0])
    assert found.states[order] == pytest.approx(
        np.array([[-0.833333, -0.416667], [0.454545, 0.227273]]), abs=1e-6
    )
    assert found.eigenvalues[order].real == pytest.approx(
        np.array([[1.955667, -0.255667], [-1.955667, 0.255667]]), abs=1e-6
    )
    assert found.type == ["saddle node"] * 2
    assert found.complete and found.regions == 2


@pytest.mark.parametrize(
    "a1, w1, w2, h2, state, moduli",
    [
        (-0.0222311, -0.64375, 0.52505308, -0.97931491, (0.3649, -22.2606), (0.9646, 0.0222)),
        (0.8377689, -0.64375, 0.52505308, -0.97931491, (1.8724, 0.1075), (1.0706, 1.0706)),
        (0.9777689, -0.14375, 0.52505308, -0.97931491, (2.0190, 2.2824), (1.0093, 1.0093)),
        (0.9777689, -0.14375, 1.17505308, -0.97931491, (0.9073, 2.4543), (1.0546, 1.0546)),
        (0.9777689, -0.64375, 0.52505308, -0.97931491, (1.8998, 0.5138), (1.1319, 1.1319)),
        (0.9377689, -0.64375, 0.52505308, -0.97931491, (1.8919, 0.3965), (1.1147, 1.1147)),
        (0.9777689, -0.14375, 0.52505308, -0.77931491, (1.6420, 2.3407), (1.0093, 1.0093)),
        (0.9777689, -0.14375, 0.67505308, -0.97931491, (1.5740, 2.3512), (1.0199, 1.0199)),
    ],
)
def test_published_two_dimensional_plrnns(
    a1: float, w1: float, w2: float, h2: float, state: tuple, moduli: tuple
) -> None:
    model = plrnn(a1, w1, w2, h2)
    found = find_fixed_points(model, np.zeros((1, 2)), 100, np.random.default_rng(0))
    nearest = int(np.argmin(np.abs(found.states - state).max(axis=1)))
    assert found.states[nearest] == pytest.approx(np.array(state), abs=1e-4)
    assert np.abs(found.eigenvalues[nearest]) == pytest.approx(np.array(moduli), abs=1e-4)


def test_clipped_map_built_by_hand() -> None:
    """z' = z / 2 + 2 [max(z + 1, 0) - max(z, 0)] - 1: points -2, (no more than) 0 and 2.

    Slope 1/2 outside (-1, 0), 5/2 inside: -2 and 2 are stable, -2/3 is not.
    """
    one = np.ones((1, 1))
    model = PiecewiseLinearMap(
        0.5 * one, 2 * one, one, np.array([-1.0]), np.array([1.0]), np.zeros((1, 0)), True
    )
    found = all_fixed_points(model)
    order = np.argsort(found.states[:, 0])
    assert found.states[order, 0] == pytest.approx([-2.0, -2 / 3, 2.0])
    assert [found.type[i] for i in order] == ["stable node", "unstable node", "stable node"]
    assert found.eigenvalues[order, 0].real == pytest.approx([0.5, 2.5, 0.5])


def test_every_point_is_fixed_and_none_is_missed_by_iteration() -> None:
    rng = np.random.default_rng(0)
    for clipped in (False, True):
        model = shallow(rng, 3, 6, clipped)
        found = all_fixed_points(model)
        assert model.step(found.states) == pytest.approx(found.states, abs=1e-9)
        ends = model.simulate(3 * rng.standard_normal((200, 3)), 3000)[-2:]
        with np.errstate(invalid="ignore"):
            settled = np.abs(ends[1] - ends[0]).max(axis=1) < 1e-12
        for end in ends[1][settled]:
            assert np.abs(found.states - end).max(axis=1).min() < 1e-6


def test_types_of_linear_maps() -> None:
    def kind(A: np.ndarray) -> str:
        found = all_fixed_points(linear(A, [1.0, 0.5]))
        (only,) = found.type
        return only

    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    assert kind(np.diag([0.9, -0.5])) == "stable node"
    assert kind(0.9 * turn) == "stable focus"
    assert kind(1.1 * turn) == "unstable focus"
    assert kind(np.diag([1.2, 1.1])) == "unstable node"
    assert kind(np.diag([1.2, 0.1])) == "saddle node"


def test_a_map_without_fixed_point_and_one_with_a_line_of_them() -> None:
    shift = linear(np.eye(2), [1.0, 0.0])
    assert len(all_fixed_points(shift).states) == 0
    assert len(all_fixed_points(linear(np.diag([1.0, 0.5]), [0.0, 0.0])).states) <= 1


def test_search_stops_at_its_budget() -> None:
    rng = np.random.default_rng(0)
    model = shallow(rng, 20, 100, clipped=True)
    found = find_fixed_points(model, rng.standard_normal((300, 20)), 500, rng)
    assert found.regions <= 2 * 500 + 2 * 2002 and not found.complete


def test_constant_input_moves_the_point() -> None:
    """z' = z / 2 + s has its fixed point at 2 s."""
    model = linear(0.5 * np.eye(2), [0.0, 0.0])
    driven = PiecewiseLinearMap(
        model.A, model.W1, model.W2, model.h1, model.h2, np.eye(2), model.clipped
    )
    found = find_fixed_points(
        driven, np.ones((1, 2)), 10, np.random.default_rng(0), s=np.array([1.0, -2.0])
    )
    assert found.states == pytest.approx(np.array([[2.0, -4.0]]))


def test_a_proof_says_so_where_all_regions_are_too_many() -> None:
    """2^50 combinations of hidden units; three-dimensional boxes are few."""
    rng = np.random.default_rng(1)
    model = shallow(rng, 3, 50, clipped=True)
    found = find_fixed_points(model, rng.standard_normal((100, 3)), 50_000, rng)
    assert found.complete and len(found.states) % 2 == 1  # a bounded map has an odd number
    assert model.step(found.states) == pytest.approx(found.states, abs=1e-9)
