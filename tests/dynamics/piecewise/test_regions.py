import numpy as np
import pytest
from maps_by_hand import shallow

from neurodsr.dynamics.piecewise.regions import affine_map, pieces_of, region_count, regions_of
from neurodsr.models.families import DendriticPLRNN
from neurodsr.models.piecewise_linear import PiecewiseLinearMap


def family_maps() -> list[PiecewiseLinearMap]:
    import torch

    from neurodsr.models.families import PLRNN, AlmostLinearRNN, Family, ShallowPLRNN

    rng = np.random.default_rng(0)
    families: list[Family] = [
        ShallowPLRNN(3, 12, clipped=True, inputs=2),
        ShallowPLRNN(3, 12, clipped=False),
        AlmostLinearRNN(5, 2),
        DendriticPLRNN(3, 4, clipped=True),
        DendriticPLRNN(3, 4, clipped=False),
        PLRNN(4),
        PLRNN(4, centred=True),
    ]
    maps = []
    for family in families:
        values = {name: torch.tensor(x)[None] for name, x in family.initial(rng).items()}
        structured = family.lower(values)
        one = structured.canonical()
        arrays = {k: getattr(one, k)[0].numpy() for k in ("A", "W1", "W2", "h1", "h2", "C")}
        maps.append(PiecewiseLinearMap(**arrays, clipped=one.clipped))
    return maps


@pytest.mark.parametrize("model", family_maps())
def test_affine_maps_are_the_map_in_every_variant(model: PiecewiseLinearMap) -> None:
    rng = np.random.default_rng(1)
    s = rng.standard_normal(model.C.shape[1])
    pieces = pieces_of(model, s)
    for z in 2 * rng.standard_normal((200, model.latent_dimension)):
        J, b = affine_map(pieces, regions_of(pieces, z[None])[0])
        assert pytest.approx(model.jacobian(z), abs=1e-12) == J
        assert J @ z + b == pytest.approx(model.step(z, s), abs=1e-12)


def test_units_that_see_one_direction_share_their_borders() -> None:
    """Four thresholds of one unit cut its axis into five pieces, six with the clip at zero."""
    counts = [region_count(pieces_of(model)) for model in family_maps()]
    assert counts == [3.0**12, 2.0**12, 4.0, 6.0**3, 5.0**3, 16.0, 16.0]


def test_regions_of_a_clipped_map_tell_apart_what_slopes_do_not() -> None:
    model = shallow(np.random.default_rng(0), 2, 3, clipped=True)
    pieces = pieces_of(model)
    below, above = np.full((1, 2), -50.0), np.full((1, 2), 50.0)
    assert (model.slopes(below) == model.slopes(above)).all()
    assert (regions_of(pieces, below) != regions_of(pieces, above)).any()


def test_a_border_without_kink_is_none() -> None:
    model = shallow(np.random.default_rng(0), 2, 3, clipped=False)
    silent = PiecewiseLinearMap(
        model.A, 0 * model.W1, model.W2, model.h1, model.h2, model.C, model.clipped
    )
    assert region_count(pieces_of(silent)) == 1
