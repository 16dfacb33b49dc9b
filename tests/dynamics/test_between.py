"""A cohort of rotations whose radius differs: at rest below 1, spirals outwards above."""

import numpy as np
import pytest
import xarray as xr

from neurodsr.dynamics.between import between_groups, growth_rates

RADII = np.array([0.86, 0.9, 0.94, 1.06, 1.1, 1.14])
GROUPS = {f"sub-{i}": "control" if i < 3 else "patient" for i in range(6)}


def cohort(radii: np.ndarray) -> xr.Dataset:
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    both = ("run", "recording")
    n = len(radii)
    return xr.Dataset(
        {
            "A": ((*both, "latent", "latent_from"), [radii[:, None, None] * turn] * 2),
            "W1": ((*both, "latent", "hidden"), np.zeros((2, n, 2, 1))),
            "W2": ((*both, "hidden", "latent_from"), np.ones((2, n, 1, 2))),
            "h1": ((*both, "latent"), np.full((2, n, 2), 0.1)),
            "h2": ((*both, "hidden"), np.ones((2, n, 1))),
            "C": ((*both, "latent", "input"), np.zeros((2, n, 2, 0))),
            "B": ((*both, "channel", "latent"), [[np.eye(2)] * n] * 2),
            "E": ((*both, "latent", "channel"), [[np.eye(2)] * n] * 2),
        },
        coords={"recording": [f"sub-{i}" for i in range(n)], "run": [0, 1]},
        attrs={"clipped": 0, "sampling_interval": 0.01},
    )


def test_the_bifurcation_lies_between_the_groups() -> None:
    """Radius 0.9 + 0.2 s: the eigenvalues leave the circle at s = 1 / 2."""
    found = between_groups(cohort(RADII), GROUPS, np.random.default_rng(0))
    assert found["line_event"].values == pytest.approx([0.5, 0.5], abs=1e-6)
    assert set(found["line_event_kind"].values) == {"Neimark-Sacker"}
    assert found["line_place"].values[0] == pytest.approx((RADII - 0.9) / 0.2)
    assert found["line_agreement"].values == pytest.approx([1.0, 1.0])
    assert found["line_multiplier"].values[0] == pytest.approx(0.9 + 0.2 * found["line"].values)
    low, high = found["line_low"].sel(line=0.0), found["line_high"].sel(line=0.0)
    assert np.abs(low - high).max() < 1e-9 and found.attrs["line_groups"] == "control, patient"


def test_growth_rates_of_the_recordings_own_models() -> None:
    found = growth_rates(cohort(RADII), np.random.default_rng(0))
    assert found.values == pytest.approx(np.log([RADII] * 2) / 0.01)


def test_groups_that_do_not_differ_have_no_bifurcation_between_them() -> None:
    radii = np.array([0.89, 0.9, 0.91, 0.9, 0.91, 0.92])
    found = between_groups(cohort(radii), GROUPS, np.random.default_rng(0))
    assert np.isnan(found["line_event"]).all() and (found["line_agreement"] == 1).all()


@pytest.mark.parametrize("groups", [{}, dict.fromkeys(GROUPS, "all"), {"sub-0": "a", "sub-1": ""}])
def test_nothing_without_two_groups(groups: dict[str, str]) -> None:
    assert not between_groups(cohort(RADII), groups, np.random.default_rng(0)).data_vars
