"""The compiled optimiser against torch's."""

import numpy as np
import pytest
import torch

from neurodsr.training.compiled import optimiser
from neurodsr.training.sides import first_memory, sides_of


@pytest.mark.parametrize("rectified", [True, False])
@pytest.mark.parametrize("clip", [0.0, 0.5])
def test_updates_equal_those_of_torch(rectified: bool, clip: float) -> None:
    rng = np.random.default_rng(0)
    runs, parameters = 3, 11
    values = rng.standard_normal((runs, parameters)).astype(np.float32)
    theirs = [torch.from_numpy(row.copy()).requires_grad_() for row in values]
    kind = torch.optim.RAdam if rectified else torch.optim.Adam
    optimisers = [kind([row], 0.01 * (i + 1)) for i, row in enumerate(theirs)]
    sides = sides_of("radam", [(parameters,)])
    memory = first_memory(values, sides)
    finite = np.ones(runs, bool)
    for number in range(1, 41):
        gradient = rng.standard_normal((runs, parameters)).astype(np.float32)
        optimiser.update(
            values, gradient, *memory, sides, number, 0.01 * np.arange(1, runs + 1), clip,
            rectified, finite,
        )  # fmt: skip
        for row, g, one in zip(theirs, gradient, optimisers, strict=True):
            row.grad = torch.from_numpy(g.copy())
            if clip:
                torch.nn.utils.clip_grad_norm_([row], clip)
            one.step()
    expected = np.stack([row.detach().numpy() for row in theirs])
    np.testing.assert_allclose(values, expected, rtol=2e-5, atol=1e-6)
    assert finite.all()


def test_a_run_without_finite_gradient_stays_as_it_is() -> None:
    values = np.ones((2, 3), np.float32)
    gradient = np.array([[1, np.nan, 1], [1, 1, 1]], np.float32)
    sides = sides_of("adam", [(3,)])
    memory = first_memory(values, sides)
    finite = np.ones(2, bool)
    optimiser.update(values, gradient, *memory, sides, 10, np.full(2, 0.1), 1.0, False, finite)
    assert finite.tolist() == [False, True]
    assert (values[0] == 1).all() and (memory[0][0] == 0).all() and (values[1] < 1).all()
