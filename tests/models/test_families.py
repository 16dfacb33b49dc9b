"""Model families: parameter counts and initialisations of the literature, lowering, observation."""

import numpy as np
import pytest
import torch

from neurodsr.errors import ConfigError
from neurodsr.models.families import (
    PLRNN,
    AlmostLinearRNN,
    DendriticPLRNN,
    Family,
    ShallowPLRNN,
)
from neurodsr.models.model import Model, build
from neurodsr.models.observation import Affine, Identity, Observation


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
        # dendPLRNN rows of the GTF paper's Table 1: M² + 2M + B + MB + (M − N) N.
        (DendriticPLRNN(35, 50), Identity(35, 5), 3245),
        (DendriticPLRNN(105, 40), Identity(105, 64), 18099),
        (PLRNN(30), Identity(30, 3), 30**2 + 2 * 30 + 27 * 3),
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
        torch.testing.assert_close(model.family.lower(p).canonical().step(z)[run], expected)


def test_al_rnn_lowers_to_its_equation() -> None:
    model = Model(AlmostLinearRNN(6, 2), Identity(6, 3))
    values = stacked(model).requires_grad_()
    p = model.unpack(values)
    z = torch.randn(2, 6, 5, dtype=torch.float64, generator=torch.manual_seed(0))
    mixed = torch.cat([z[:, :4], torch.relu(z[:, 4:])], 1)
    expected = p["A"][..., None] * z + p["W"] @ mixed + p["h"][..., None]
    step = model.family.lower(p).canonical().step(z)
    torch.testing.assert_close(step, expected)
    weight = torch.randn_like(step)
    (here,) = torch.autograd.grad((step * weight).sum(), values, retain_graph=True)
    (there,) = torch.autograd.grad((expected * weight).sum(), values)
    torch.testing.assert_close(here, there)


@pytest.mark.parametrize("centred", [True, False])
def test_plrnn_lowers_to_its_equation(centred: bool) -> None:
    model = Model(PLRNN(5, centred=centred), Identity(5, 3))
    p = model.unpack(stacked(model))
    z = torch.randn(2, 5, 4, dtype=torch.float64, generator=torch.manual_seed(0))
    seen = z - z.mean(1, keepdim=True) if centred else z
    coupling = p["W"].clone()
    coupling.diagonal(dim1=1, dim2=2).zero_()
    expected = p["A"][..., None] * z + coupling @ torch.relu(seen) + p["h"][..., None]
    torch.testing.assert_close(model.family.lower(p).canonical().step(z), expected)


@pytest.mark.parametrize("clipped", [True, False])
def test_dendritic_plrnn_lowers_to_its_equation(clipped: bool) -> None:
    model = Model(DendriticPLRNN(4, 6, clipped=clipped), Identity(4, 3))
    p = model.unpack(stacked(model))
    z = torch.randn(2, 4, 5, dtype=torch.float64, generator=torch.manual_seed(0))
    expected = p["A"][..., None] * z + p["h"][..., None]
    for b in range(6):
        g = torch.relu(z - p["H"][:, :, b, None])
        if clipped:
            g = g - torch.relu(z)
        expected = (
            expected
            + torch.einsum("rmn,rnl->rml", p["W"] * (1 - torch.eye(4)), g)
            * p["alpha"][:, b, None, None]
        )
    torch.testing.assert_close(model.family.lower(p).canonical().step(z), expected)


def test_clipped_orbits_are_bounded() -> None:
    """|z| <= bound / (1 - max A) as soon as every unit's self-connection is below 1."""
    for family in (ShallowPLRNN(3, 20), DendriticPLRNN(3, 20)):
        model = Model(family, Identity(3, 3))
        p = {name: value.clone() for name, value in model.unpack(stacked(model)).items()}
        p["A"] = p["A"].clamp(max=0.95)
        step = model.family.lower(p).canonical().step
        z = 1e6 * torch.randn(2, 3, 8, dtype=torch.float64, generator=torch.manual_seed(0))
        for _ in range(2000):
            z = step(z)
        assert float(z.abs().max()) < 1e3


def test_dendritic_thresholds_start_inside_the_data() -> None:
    values = DendriticPLRNN(4, 400, thresholds=(-1.5, 2.0)).initial(np.random.default_rng(3))
    assert -1.5 <= values["H"].min() < -1.4
    assert 1.9 < values["H"].max() <= 2.0
    assert np.abs(values["alpha"]).max() == pytest.approx(1 / 20, rel=0.02)


def test_manifold_penalty_is_nought_for_integrating_units() -> None:
    model = Model(PLRNN(6), Identity(6, 3))
    p = {name: value.clone() for name, value in model.unpack(stacked(model)).items()}
    assert float(model.family.manifold_penalty(p, 0.5).min()) > 0
    p["A"][:, 3:], p["W"][:, 3:], p["h"][:, 3:] = 1, 0, 0
    assert not model.family.manifold_penalty(p, 0.5).any()
    p["A"][:, 3] = 0.5
    torch.testing.assert_close(
        model.family.manifold_penalty(p, 0.5), torch.full((2,), 0.25, dtype=torch.float64)
    )
    shallow = Model(ShallowPLRNN(4, 5), Identity(4, 3))
    p = {name: value.clone() for name, value in shallow.unpack(stacked(shallow)).items()}
    p["A"][:, 2:], p["W1"][:, 2:] = 1, 0
    assert not shallow.family.manifold_penalty(p, 0.5).any()


def test_sizes_that_do_not_fit_are_refused() -> None:
    settings = {"family": "shallow-plrnn", "latent": 2, "hidden": 5, "clipped": True}
    settings |= {"forcing": {"partial": True}}
    with pytest.raises(ConfigError, match=r"latent: 2 .*channels"):
        build(settings | {"observation": "identity"}, channels=3, inputs=0)
    assert build(settings | {"observation": "affine"}, channels=3, inputs=0).count == 35
    with pytest.raises(ConfigError, match="rectified: 9"):
        AlmostLinearRNN(4, 9)


def test_automatic_latent_dimension() -> None:
    settings = {"family": "shallow-plrnn", "latent": "auto", "hidden": 5, "clipped": True}
    settings |= {"forcing": {"partial": True}}
    assert build(settings | {"observation": "identity"}, 4, 0).family.latent == 4
    assert build(settings | {"observation": "affine"}, 64, 0).family.latent == 10
