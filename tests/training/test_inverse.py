"""Pseudo-inverse of the observation matrix, against numpy and torch."""

import numpy as np
import pytest
import torch

from neurodsr.training.compiled.inverse import add_inverse_gradient, pseudo_inverse


@pytest.mark.parametrize("shape", [(64, 16), (5, 5), (3, 8)])
def test_pseudo_inverse_and_its_gradient(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    B, weight = rng.standard_normal(shape), rng.standard_normal(shape[::-1])
    E, gradient = np.empty(shape[::-1]), np.ones(shape)
    pseudo_inverse(B, E)
    np.testing.assert_allclose(E, np.linalg.pinv(B), rtol=1e-8, atol=1e-10)
    add_inverse_gradient(B, E, weight, gradient)
    leaf = torch.tensor(B, requires_grad=True)
    (torch.linalg.pinv(leaf) * torch.from_numpy(weight)).sum().backward()
    np.testing.assert_allclose(gradient - 1, leaf.grad, rtol=1e-7, atol=1e-9)


def test_a_matrix_without_full_rank_has_no_finite_inverse() -> None:
    E = np.empty((2, 3))
    pseudo_inverse(np.zeros((3, 2)), E)
    assert not np.isfinite(E).any()
