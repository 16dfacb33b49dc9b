"""Border-collision normal forms (Nusse & Yorke 1992; di Bernardo et al. 2008) and linear maps."""

import numpy as np
import pytest
from known_systems import linear, lozi

from neurodsr.dynamics.piecewise.bifurcation import between, diagram, follow, pushed, scaled
from neurodsr.dynamics.piecewise.cycles import find_cycles
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def two_slopes(left: float, right: float) -> PiecewiseLinearMap:
    """x' = left x (x < 0), right x (x > 0); a push mu is added."""
    one = np.ones((1, 1))
    return PiecewiseLinearMap(
        left * one, (right - left) * one, one, np.zeros(1), np.zeros(1), np.zeros((1, 0)), False
    )


def fixed_point(model: PiecewiseLinearMap, order: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    visited = np.ones((1, model.latent_dimension))
    return [one.states for one in find_cycles(model, order, visited, 1000, rng).found]


UP, DOWN = np.linspace(-1, 1, 38), np.linspace(1, -1, 38)


@pytest.mark.parametrize(
    "left, right, kind",
    [
        (0.5, -0.5, "border collision"),
        (0.5, 1.5, "border-collision fold"),
        (0.5, -1.5, "border-collision flip"),
    ],
)
def test_normal_forms_in_one_dimension(left: float, right: float, kind: str) -> None:
    """The fixed point mu / (1 - left) reaches the border 0 at mu = 0."""
    family = pushed(two_slopes(left, right), np.ones(1))
    first = next(z for z in fixed_point(family(-1.0)) if z[0, 0] < 0)
    branch = follow(family, first, UP)
    (event,) = branch.events
    assert event.kind == kind
    assert event.parameter == pytest.approx(0.0, abs=1e-6)
    assert event.state == pytest.approx([0.0], abs=1e-5)
    before = branch.parameters < 0
    assert branch.states[before, 0, 0] == pytest.approx(branch.parameters[before] / (1 - left))
    assert (len(branch.parameters) == len(UP)) == (kind != "border-collision fold")


def test_both_legs_of_a_fold_end_together() -> None:
    family = pushed(two_slopes(0.5, 1.5), np.ones(1))
    legs = [follow(family, z, UP) for z in fixed_point(family(-1.0))]
    assert len(legs) == 2
    assert [leg.events[-1].parameter for leg in legs] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert sorted(abs(leg.eigenvalues[0, 0]) for leg in legs) == pytest.approx([0.5, 1.5])


def test_the_cycle_born_at_a_flip_is_followed_back_to_it() -> None:
    """Slopes 1/2 and -3/2: eigenvalue -3/4 once around, from mu = 0 on."""
    family = pushed(two_slopes(0.5, -1.5), np.ones(1))
    (cycle,) = fixed_point(family(1.0), 2)
    branch = follow(family, cycle, DOWN)
    assert branch.eigenvalues[:, 0].real == pytest.approx(np.full(len(branch.parameters), -0.75))
    assert branch.events[-1].parameter == pytest.approx(0.0, abs=1e-6)
    assert branch.parameters[-1] > 0


def test_a_pair_leaves_the_circle_at_a_border() -> None:
    """Spirals of radius 0.9 on the left of x = 0, 1.1 on the right."""

    def spiral(radius: float) -> np.ndarray:
        return radius * np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])

    # continuity across x = 0 keeps the second column
    left = np.array([[2 * 0.9 * np.cos(0.7), 1.0], [-(0.9**2), 0.0]])
    right = np.array([[2 * 1.1 * np.cos(0.7), 1.0], [-(1.1**2), 0.0]])
    model = PiecewiseLinearMap(
        left, (right - left)[:, :1], np.array([[1.0, 0.0]]), np.zeros(2), np.zeros(1),
        np.zeros((2, 0)), False,
    )  # fmt: skip
    family = pushed(model, np.array([1.0, 0.0]))
    (start,) = fixed_point(family(-1.0))
    branch = follow(family, start, UP)
    assert [event.kind for event in branch.events] == ["border-collision Neimark-Sacker"]
    assert np.abs(branch.eigenvalues[0]) == pytest.approx([0.9, 0.9])
    assert np.abs(branch.eigenvalues[-1]) == pytest.approx([1.1, 1.1])


@pytest.mark.parametrize(
    "a, b, kind, where",
    [
        (np.diag([-0.5, 0.2]), np.diag([-1.5, 0.2]), "flip", 0.5),
        (
            0.8 * np.array([[0.6, -0.8], [0.8, 0.6]]),
            1.3 * np.array([[0.6, -0.8], [0.8, 0.6]]),
            "Neimark-Sacker",
            0.4,
        ),
    ],
)
def test_eigenvalues_cross_inside_a_region(
    a: np.ndarray, b: np.ndarray, kind: str, where: float
) -> None:
    family = between(linear(a, [1.0, 0.5]), linear(b, [1.0, 0.5]))
    (start,) = fixed_point(family(0.0))
    branch = follow(family, start, np.linspace(0, 1, 22))
    (event,) = branch.events
    assert (event.kind, event.parameter) == (kind, pytest.approx(where, abs=1e-6))


def test_a_point_goes_to_infinity_at_an_eigenvalue_of_one() -> None:
    family = between(linear(np.diag([0.5, 0.2]), [1.0, 0]), linear(np.diag([1.5, 0.2]), [1.0, 0]))
    (start,) = fixed_point(family(0.0))
    branch = follow(family, start, np.linspace(0, 1, 2001))
    assert branch.events[-1].kind == "fold"
    assert branch.parameters[-1] == pytest.approx(0.5, abs=0.15)


def test_diagram_of_a_flip() -> None:
    family = pushed(two_slopes(0.5, -1.5), np.ones(1))
    orbits = diagram(family, UP, np.array([[0.1]]), 200, 8)
    values = [len(np.unique(np.round(orbit[0, :, 0], 6))) for orbit in orbits]
    assert set(np.array(values)[UP < 0]) == {1} and set(np.array(values)[UP > 0]) == {2}


def test_a_diagram_survives_runs_that_leave() -> None:
    family = pushed(two_slopes(0.5, 1.5), np.ones(1))
    orbits = diagram(family, UP, np.array([[-0.5]]), 500, 4)
    assert np.isfinite(orbits[UP < 0]).all()


def test_models_in_between() -> None:
    assert (scaled(lozi())(0.0).W1 == 0).all()
    middle = between(lozi(1.4), lozi(1.8))(0.5)
    assert middle.step(np.array([0.3, 0.2])) == pytest.approx(lozi(1.6).step(np.array([0.3, 0.2])))


def test_several_events_within_one_step() -> None:
    """Slopes 1/2, -1/2, -3/2 with borders at 0 and 1: x = mu / 1.5 reaches them at 0 and 1.5."""
    one = np.ones((1, 1))
    model = PiecewiseLinearMap(
        0.5 * one, np.array([[-1.0, -1.0]]), np.ones((2, 1)), np.zeros(1), np.array([0.0, -1.0]),
        np.zeros((1, 0)), False,
    )  # fmt: skip
    family = pushed(model, np.ones(1))
    (start,) = fixed_point(family(-1.0))
    for ticks in (np.array([-1.0, 4.0]), np.linspace(-1, 4, 101)):
        events = follow(family, start, ticks).events
        assert [event.kind for event in events] == ["border collision", "border-collision flip"]
        assert [event.parameter for event in events] == pytest.approx([0.0, 1.5], abs=1e-6)


def test_units_that_turn_past_each_other_are_no_event() -> None:
    """The directions of two hidden units change places and meet on the way; the point stays 0."""

    def family(angle: float) -> PiecewiseLinearMap:
        W2 = np.array([[np.cos(angle), np.sin(angle)], [1.0, 0.0], [0.0, 1.0]])
        return PiecewiseLinearMap(
            0.5 * np.eye(2), 0.1 * np.ones((2, 3)), W2, -0.1 * np.ones(2),
            np.array([1.0, 0.0, 0.0]), np.zeros((2, 0)), False,
        )  # fmt: skip

    (start,) = fixed_point(family(-0.5))
    assert start == pytest.approx(np.zeros((1, 2)), abs=1e-12)
    branch = follow(family, start, np.linspace(-0.5, 2.0, 26))
    assert len(branch.parameters) == 26
    assert np.abs(branch.states).max() < 1e-9


def test_the_hopf_bifurcation_of_a_sampled_flow() -> None:
    """A damped turn whose damping vanishes half-way between two maps, held by a clipped unit."""
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    ends = [linear(radius * turn, [0.2, 0.1]) for radius in (0.8, 1.2)]
    (start,) = fixed_point(ends[0])
    (event,) = follow(between(*ends), start, np.array([0.0, 1.0])).events
    assert (event.kind, event.parameter) == ("Neimark-Sacker", pytest.approx(0.5, abs=1e-6))
