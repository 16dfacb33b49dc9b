"""Model families: parameter counts and initialisations of the literature, lowering, observation."""

import numpy as np
import pytest
import torch

from neurodsr.errors import ConfigError
from neurodsr.models.families import (
    Affine,
    AlmostLinearRNN,
    Family,
    Identity,
    Model,
    Observation,
    ShallowPLRNN,
    build,
)


def stacked(model: Model, runs: int = 2) -> torch.Tensor:
    rows = [model.initial(np.random.default_rng(run)) for run in range(runs)]
    return torch.tensor(np.stack(rows))


@pytest.mark.parametrize(
    ("family", "observation", "count"),
    [
        # GTF paper, Table 1 (ECG, EEG) and the Lorenz-63 sizes of dsr.md 4.8.
        (ShallowPLRNN(5, 250), Affine(5, 5), 2785),
        (ShallowPLRNN(16, 512), Affine(16, 64), 17952),
        (ShallowPLRNN(3, 50), Identity(3, 3), 356),
        (ShallowPLRNN(3, 100), Identity(3, 3), 706),
        # AL-RNN: M² + 2M + (M − N) N.
        (AlmostLinearRNN(20, 2), Identity(20, 3), 491),
        (ShallowPLRNN(3, 50, inputs=2), Identity(3, 3), 362),
    ],
)
def test_parameters_are_counted_as_in_the_literature(
    family: Family, observation: Observation, count: int
) -> None:
    assert Model(family, observation).count == count


def test_shallow_plrnn_starts_as_published() -> None:
    values = ShallowPLRNN(4, 400).initial(np.random.default_rng(3))
    assert np.all((values["A"] > 0) & (values["A"] <= 1))
    assert np.abs(values["W1"]).max() == pytest.approx(1 / 20, rel=0.01)
    assert np.abs(values["W2"]).max() == pytest.approx(1 / 2, rel=0.01)
    assert np.abs(values["h2"]).max() == pytest.approx(1 / 20, rel=0.02)
    assert not values["h1"].any()
    assert not ShallowPLRNN(4, 10, clipped=False).initial(np.random.default_rng(0))["h2"].any()


@pytest.mark.parametrize("clipped", [True, False])
def test_shallow_plrnn_lowers_to_its_equation(clipped: bool) -> None:
    model = Model(ShallowPLRNN(3, 7, clipped=clipped), Identity(3, 3))
    p = model.unpack(stacked(model))
    z = torch.randn(2, 3, 5, dtype=torch.float64, generator=torch.manual_seed(0))
    for run in range(2):
        u = p["W2"][run] @ z[run]
        basis = torch.relu(u + p["h2"][run, :, None])
        if clipped:
            basis = basis - torch.relu(u)
        expected = p["A"][run, :, None] * z[run] + p["W1"][run] @ basis + p["h1"][run, :, None]
        torch.testing.assert_close(model.family.lower(p).step(z)[run], expected)


def test_al_rnn_lowers_to_its_equation() -> None:
    model = Model(AlmostLinearRNN(6, 2), Identity(6, 3))
    values = stacked(model).requires_grad_()
    p = model.unpack(values)
    z = torch.randn(2, 6, 5, dtype=torch.float64, generator=torch.manual_seed(0))
    mixed = torch.cat([z[:, :4], torch.relu(z[:, 4:])], 1)
    expected = p["A"][..., None] * z + p["W"] @ mixed + p["h"][..., None]
    step = model.family.lower(p).step(z)
    torch.testing.assert_close(step, expected)
    weight = torch.randn_like(step)
    (here,) = torch.autograd.grad((step * weight).sum(), values, retain_graph=True)
    (there,) = torch.autograd.grad((expected * weight).sum(), values)
    torch.testing.assert_close(here, there)


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


def test_sizes_that_do_not_fit_are_refused() -> None:
    settings = {"family": "shallow-plrnn", "latent": 2, "hidden": 5, "clipped": True}
    with pytest.raises(ConfigError, match=r"latent: 2 .*channels"):
        build(settings | {"observation": "identity"}, channels=3, inputs=0)
    assert build(settings | {"observation": "affine"}, channels=3, inputs=0).count == 35
    with pytest.raises(ConfigError, match="rectified: 9"):
        AlmostLinearRNN(4, 9)


def test_automatic_latent_dimension() -> None:
    settings = {"family": "shallow-plrnn", "latent": "auto", "hidden": 5, "clipped": True}
    assert build(settings | {"observation": "identity"}, 4, 0).family.latent == 4
    assert build(settings | {"observation": "affine"}, 64, 0).family.latent == 10
