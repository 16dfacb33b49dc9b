"""Observation models: pseudo-inverse, learned first states, what forcing reaches."""

import numpy as np
import pytest
import torch

from neurodsr.models.families import ShallowPLRNN
from neurodsr.models.model import Model
from neurodsr.models.observation import Affine, Identity


def stacked(model: Model, runs: int = 2) -> torch.Tensor:
    rows = [model.initial(np.random.default_rng(run)) for run in range(runs)]
    return torch.tensor(np.stack(rows))


@pytest.mark.parametrize(("latent", "channels"), [(3, 7), (5, 5), (7, 3)])
def test_affine_encoder_is_the_pseudo_inverse(latent: int, channels: int) -> None:
    model = Model(ShallowPLRNN(latent, 4), Affine(latent, channels))
    values = stacked(model).requires_grad_()
    p = model.unpack(values)
    encoder = model.observation.encoder(p)
    torch.testing.assert_close(encoder, torch.linalg.pinv(p["B"]))
    weight = torch.randn(encoder.shape, dtype=torch.float64, generator=torch.manual_seed(1))
    (here,) = torch.autograd.grad((encoder * weight).sum(), values, retain_graph=True)
    (there,) = torch.autograd.grad((torch.linalg.pinv(p["B"]) * weight).sum(), values)
    torch.testing.assert_close(here, there)


def test_identity_reads_the_first_units_and_starts_at_the_data() -> None:
    model = Model(ShallowPLRNN(5, 4), Identity(5, 3))
    p = model.unpack(stacked(model))
    E, B = model.observation.encoder(p), model.observation.decoder(p)
    torch.testing.assert_close(B @ E, torch.eye(3, dtype=torch.float64).expand(2, 3, 3))
    torch.testing.assert_close(E[:, 3:], p["L"])


def test_forcing_reaches_observed_units_or_all() -> None:
    assert Identity(5, 3).forced == 3
    assert Identity(5, 3, partial=False).forced == 5
    assert Affine(4, 9).forced == 4
