import numpy as np
import pytest

from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def random_map(clipped: bool, seed: int = 0) -> PiecewiseLinearMap:
    rng = np.random.default_rng(seed)
    return PiecewiseLinearMap(
        A=0.3 * rng.standard_normal((4, 4)),
        W1=0.3 * rng.standard_normal((4, 7)),
        W2=rng.standard_normal((7, 4)),
        h1=rng.standard_normal(4),
        h2=rng.standard_normal(7),
        C=rng.standard_normal((4, 2)),
        clipped=clipped,
    )


def test_step_by_hand() -> None:
    """2 z + 3 [max(z + 1, 0) - max(z, 0)] + 4 + 5 s in one dimension."""
    one = np.ones((1, 1))
    arguments = (2 * one, 3 * one, one, np.array([4.0]), np.array([1.0]), 5 * one)
    clipped = PiecewiseLinearMap(*arguments, clipped=True)
    plain = PiecewiseLinearMap(*arguments, clipped=False)
    z = np.array([[-2.0], [-0.5], [3.0]])
    assert clipped.step(z)[:, 0] == pytest.approx([0.0, 4.5, 13.0])
    assert plain.step(z)[:, 0] == pytest.approx([0.0, 4.5, 22.0])
    assert clipped.step(z[:1], np.array([[2.0]]))[0, 0] == pytest.approx(10.0)


@pytest.mark.parametrize("clipped", [False, True])
def test_jacobian_is_the_derivative(clipped: bool) -> None:
    model = random_map(clipped)
    states = np.random.default_rng(1).standard_normal((20, 4))
    step = 1e-7
    numeric = np.stack(
        [
            (model.step(states + step * unit) - model.step(states - step * unit)) / (2 * step)
            for unit in np.eye(4)
        ],
        axis=-1,
    )
    assert model.jacobian(states) == pytest.approx(numeric, abs=1e-6)


@pytest.mark.parametrize("clipped", [False, True])
def test_map_is_affine_within_a_region(clipped: bool) -> None:
    model = random_map(clipped)
    rng = np.random.default_rng(2)
    z = rng.standard_normal(4)
    near = z + 1e-4 * rng.standard_normal((10, 4))
    assert (model.slopes(near) == model.slopes(z)).all()
    moved = model.step(z) + (near - z) @ model.jacobian(z).T
    assert model.step(near) == pytest.approx(moved, abs=1e-12)


def test_clipped_slopes_are_signed() -> None:
    slopes = random_map(clipped=True).slopes(np.random.default_rng(0).standard_normal((500, 4)))
    assert set(np.unique(slopes)) == {-1.0, 0.0, 1.0}


def test_clipped_map_is_bounded_by_its_linear_part() -> None:
    """The hidden units contribute at most |W1| |h2|, whatever the state."""
    model = random_map(clipped=True)
    far = 1e6 * np.random.default_rng(3).standard_normal((100, 4))
    rest = model.step(far) - far @ model.A.T - model.h1
    assert (np.abs(rest) <= np.abs(model.W1) @ np.abs(model.h2) + 1e-6).all()


def test_simulate_iterates_step_with_inputs() -> None:
    model = random_map(clipped=True)
    inputs = np.random.default_rng(4).standard_normal((6, 3, 2))
    start = np.random.default_rng(5).standard_normal((3, 4))
    orbit = model.simulate(start, 6, inputs)
    assert orbit.shape == (6, 3, 4)
    assert (orbit[0] == start).all()
    for t in range(5):
        assert orbit[t + 1] == pytest.approx(model.step(orbit[t], inputs[t]))


def test_divergence_gives_inf_and_no_warning() -> None:
    one = np.ones((1, 1))
    model = PiecewiseLinearMap(
        9 * one, one, one, np.zeros(1), np.zeros(1), np.zeros((1, 0)), clipped=False
    )
    orbit = model.simulate(np.ones(1), 2000)
    assert not np.isfinite(orbit[-1]).any()
