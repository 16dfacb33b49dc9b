import numpy as np
import pytest
from known_systems import linear, lozi

from neurodsr.dynamics.piecewise.connections import connect
from neurodsr.dynamics.piecewise.cycles import Cycle, find_cycles
from neurodsr.dynamics.piecewise.manifolds import crossings, has_line, manifold
from neurodsr.dynamics.piecewise.regions import pieces_of
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def fixed_points(model: PiecewiseLinearMap, order: int = 1) -> list[Cycle]:
    rng = np.random.default_rng(0)
    found = find_cycles(model, order, np.ones((1, model.latent_dimension)), 1000, rng).found
    return sorted(found, key=lambda cycle: -cycle.states[0, 0])


def on_polygon(points: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """Distance of points from a polygon."""
    a, d = polygon[:-1], np.diff(polygon, axis=0)
    size = np.maximum((d**2).sum(axis=1), 1e-300)
    share = np.clip(((points[:, None] - a) * d).sum(axis=2) / size, 0, 1)
    return np.linalg.norm(points[:, None] - a - share[..., None] * d, axis=2).min(axis=1)


def test_unstable_manifold_of_the_lozi_map() -> None:
    """Misiurewicz (1980): its corner is ((2 + a + sqrt(a^2 + 4 b)) / (2 (1 + a - b)), 0)."""
    a, b = 1.7, 0.5
    point = fixed_points(lozi())[0]
    found = manifold(pieces_of(lozi()), point, False, 60.0, 4000)
    corner = [(2 + a + np.sqrt(a**2 + 4 * b)) / (2 * (1 + a - b)), 0.0]
    together = np.concatenate(found.branches)
    assert together[np.argmax(together[:, 0])] == pytest.approx(corner, abs=1e-9)
    # the attractor is its closure
    orbit = lozi().simulate(np.array([0.1, 0.1]), 2000)[1000:]
    distance = np.min([on_polygon(orbit, branch) for branch in found.branches], axis=0)
    assert np.quantile(distance, 0.9) < 0.03


def test_manifolds_are_invariant() -> None:
    model = lozi()
    pieces = pieces_of(model)
    for point in fixed_points(model):
        for stable in (False, True):
            found = manifold(pieces, point, stable, 20.0, 2000)
            assert len(found.branches) == 2
            for branch in found.branches:
                inner = branch[: len(branch) // 3]
                image = model.step(inner)
                onto = np.min([on_polygon(image, other) for other in found.branches], axis=0)
                assert onto.max() < 1e-8


def test_stable_manifold_leads_to_the_saddle() -> None:
    """While rounding lets it: the unstable direction doubles it each step."""
    model = lozi()
    for point in fixed_points(model):
        for branch in manifold(pieces_of(model), point, True, 5.0, 500).branches:
            orbit = model.simulate(branch[1:12], 16)
            assert np.linalg.norm(orbit - point.states[0], axis=2).min(axis=0).max() < 0.02


def test_chaos_of_the_lozi_map_is_homoclinic() -> None:
    """Transverse homoclinic points of the fixed point in the attractor (Misiurewicz 1980)."""
    model = lozi()
    pieces = pieces_of(model)
    points = fixed_points(model)
    found = connect(pieces, points, 60.0, 4000)
    inner = next(i for i, one in enumerate(found.cycles) if one.states[0, 0] > 0)
    assert inner in found.homoclinic
    homoclinic = found.points[inner, inner]
    for z in homoclinic[:5]:
        ahead = model.simulate(z, 20)
        assert np.linalg.norm(ahead - found.cycles[inner].states[0], axis=1).min() < 0.02


def test_a_linear_saddle_has_straight_manifolds_that_never_cross() -> None:
    model = linear(np.diag([2.0, 0.5]), [0.0, 0.0])
    found = connect(pieces_of(model), fixed_points(model), 10.0, 100)
    (unstable,), (stable,) = found.unstable, found.stable
    assert unstable is not None and stable is not None
    assert np.abs(np.concatenate(unstable.branches)[:, 1]).max() < 1e-12
    assert np.abs(np.concatenate(stable.branches)[:, 0]).max() < 1e-12
    assert not found.points and not found.separatrix_cycles


def test_attractor_before_and_after_its_boundary_crisis() -> None:
    """Misiurewicz (1980): the Lozi map has its attractor where 2 a + b < 4."""
    found = connect(pieces_of(lozi()), fixed_points(lozi()), 60.0, 4000)
    outer = next(i for i, one in enumerate(found.cycles) if one.states[0, 0] < 0)
    inner = 1 - outer
    assert (outer, inner) in found.points  # what leaves the outer saddle falls on the attractor
    assert (inner, outer) not in found.points  # which nothing leaves
    assert found.separatrix_cycles == []
    beyond = lozi(1.9, 0.5)
    found = connect(pieces_of(beyond), fixed_points(beyond), 60.0, 4000)
    assert found.separatrix_cycles == [[0, 1]]


def test_manifolds_of_a_cycle() -> None:
    (cycle,) = fixed_points(lozi(), 2)
    assert cycle.type == "saddle node" and has_line(cycle, True)
    found = manifold(pieces_of(lozi()), cycle, False, 10.0, 1000)
    assert len(found.branches) == 4
    for branch in found.branches:
        assert np.abs(cycle.states - branch[0]).max(axis=1).min() < 1e-9


def test_crossings_of_polygons() -> None:
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    line = np.array([[-1.0, 0.5], [2.0, 0.6]])
    assert np.sort(crossings(line, square)[:, 0]) == pytest.approx([0.0, 1.0])
    assert len(crossings(line + [0, 5], square)) == 0


def lifted(a: float, third: float, b: float = 0.5) -> PiecewiseLinearMap:
    """The Lozi map with a third coordinate that x drives: z' = third z + x / 10."""
    flat = lozi(a, b)
    A = np.zeros((3, 3))
    A[:2, :2], A[2] = flat.A, [0.1, 0.0, third]
    return PiecewiseLinearMap(
        A, np.vstack([flat.W1, [[0.0]]]), np.array([[1.0, 0.0, 0.0]]), np.append(flat.h1, 0.0),
        flat.h2, np.zeros((3, 0)), False,
    )  # fmt: skip


@pytest.mark.parametrize("third", [0.3, -0.2, 2.5])
def test_connections_in_three_dimensions_are_those_of_the_plane(third: float) -> None:
    """Contracting: lines cross stable surfaces. Expanding: stable lines cross unstable ones."""
    length = 60.0 if third < 1 else 3000.0  # backwards the map stretches more
    for a, cycles in ((1.7, []), (1.9, [[0, 1]])):
        model = lifted(a, third)
        found = connect(pieces_of(model), fixed_points(model), length, 4000)
        planar = connect(pieces_of(lozi(a)), fixed_points(lozi(a)), 60.0, 4000)
        assert set(found.points) == set(planar.points)
        assert found.separatrix_cycles == cycles


def test_homoclinic_points_lead_to_the_saddle_both_ways() -> None:
    model = lifted(1.7, 0.3)
    found = connect(pieces_of(model), fixed_points(model), 60.0, 4000)
    (inner,) = found.homoclinic
    saddle = found.cycles[inner].states[0]
    for z in found.points[inner, inner][:5]:
        ahead = model.simulate(z, 16)
        assert np.linalg.norm(ahead - saddle, axis=1).min() < 0.02
        orbit = [z]  # x = y' / b, |x| known, z by its own equation
        for _ in range(25):
            x, y, w = orbit[-1]
            before = y / 0.5
            orbit.append(np.array([before, x - 1 + 1.7 * abs(before), (w - 0.1 * before) / 0.3]))
        assert np.linalg.norm(np.array(orbit) - saddle, axis=1).min() < 0.02


def test_no_connection_without_a_line() -> None:
    """Two unstable and two stable directions: neither manifold is a line."""
    model = linear(np.diag([2.0, 1.5, 0.5, 0.3]), [0.1, 0.0, 0.0, 0.0])
    found = connect(pieces_of(model), fixed_points(model), 10.0, 100)
    assert found.unstable == found.stable == [None] and not found.points
