import numpy as np
import pytest

from neurodsr.simulate.flows import runge_kutta
from neurodsr.simulate.systems import Lorenz96
from neurodsr.statespace.divergence import Divergence, divergence, fit, predictability
from neurodsr.statespace.verdict import check_state_space

SLOW = 10_000


def orbit(flow, state, dt, steps=2):
    """States every dt, by the fourth-order Runge-Kutta method, after a transient."""
    h, states = dt / steps, np.empty((SLOW + 1000, len(state)))
    for t in range(len(states)):
        states[t] = state
        for _ in range(steps):
            a = flow(state)
            b = flow(state + h / 2 * a)
            c = flow(state + h / 2 * b)
            state = state + h / 6 * (a + 2 * b + 2 * c + flow(state + h * c))
    return states[1000:]


@pytest.fixture(scope="module")
def long_lorenz():
    """Lorenz-63, x of 200 time units; its largest exponent is 0.906."""
    return orbit(
        lambda s: np.array(
            [10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]]
        ),
        np.array([1.0, 1.0, 20.0]),
        0.02,
    )[:, 0]


@pytest.fixture(scope="module")
def roessler():
    """Rössler's system (0.2, 0.2, 5.7), 2000 time units; its largest exponent is 0.0714."""
    return orbit(
        lambda s: np.array([-s[1] - s[2], s[0] + 0.2 * s[1], 0.2 + s[2] * (s[0] - 5.7)]),
        np.array([1.0, 1.0, 0.0]),
        0.2,
    )


def test_lorenz_diverges_at_its_known_rate(long_lorenz):
    found = divergence([long_lorenz], 3, 8, 15)
    assert found.exponent / 0.02 == pytest.approx(0.906, rel=0.1)
    assert found.low / 0.02 < 0.906 < found.high / 0.02
    assert found.first == 16


@pytest.mark.parametrize(("channel", "dimension"), [(0, 4), (1, 3)])
def test_roessler_diverges_at_its_known_rate(roessler, channel, dimension):
    found = divergence([roessler[:, channel]], dimension, 6, 6)
    assert found.exponent / 0.2 == pytest.approx(0.0714, rel=0.25)


def test_henon_diverges_at_its_known_rate_also_in_pieces(henon):
    assert divergence([henon], 2, 1, 1).exponent == pytest.approx(0.419, rel=0.05)
    assert divergence(np.split(henon, 10), 2, 1, 1).exponent == pytest.approx(0.419, rel=0.1)


def test_lorenz_96_diverges_at_its_known_rate_in_many_pieces():
    system = Lorenz96(4, 20.0)
    starts = system.start[:, None] + 0.1 * np.random.default_rng(0).standard_normal((4, 20))
    orbits = runge_kutta(system.field, starts, 0.05, 1600, 5)[100:]
    found = divergence([orbits[:, 0, k] for k in range(20)], 5, 3, 10)
    # 1.194 +- 0.007 by the tangent space (shared reference, section 0)
    assert found.exponent / 0.05 == pytest.approx(1.194, rel=0.15)


def test_waves_and_noise_do_not_diverge_exponentially(ar):
    t = np.arange(SLOW)
    rng = np.random.default_rng(0)
    sine = np.sin(2 * np.pi * t / 37.3)
    for values in (
        sine,
        sine + 0.05 * rng.standard_normal(SLOW),
        sine + np.sin(2 * np.pi * t / 60.4),
        rng.standard_normal(SLOW),
        ar([0.95], SLOW, 1),
        ar([1.9, -0.95], SLOW, 2),
    ):
        found = divergence([values], 4, 8, 8)
        assert np.isnan(found.exponent) and "do not grow" in found.reason


def test_diffusing_phase_is_not_taken_for_chaos():
    rng = np.random.default_rng(3)
    phase = np.cumsum(0.2 + 0.005 * rng.standard_normal(SLOW))
    assert np.isnan(divergence([np.cos(phase)], 3, 8, 8).exponent)
    diffusion = np.tile(0.5 * np.log1p(np.arange(2000)), (10, 1))
    assert "diffusion" in fit(diffusion, 3).reason


def test_fit_is_exact_on_straight_growth_to_a_plateau():
    step = np.arange(200)
    growth = np.minimum(-5 + 0.1 * step, 0.0)
    slopes = np.linspace(-0.01, 0.01, 10)[:, None]
    found = fit(growth + slopes * np.minimum(step, 40), 3)
    assert (found.first, found.last) == (3, 40)
    assert found.exponent == pytest.approx(0.1)
    # Student's quantile t(9, 0.975) = 2.262
    half = 2.262 * slopes.std(ddof=1) / np.sqrt(10)
    assert [found.low, found.high] == pytest.approx([0.1 - half, 0.1 + half], abs=1e-4)


def test_short_series_are_told_so():
    noise = np.random.default_rng(0).standard_normal(60)
    assert "short" in divergence([noise], 3, 5, 5).reason
    assert "neighbour" in divergence([noise], 1, 1, 59).reason


def one(exponent, reason=""):
    return Divergence(np.empty(0), 0, 0, exponent, exponent - 0.01, exponent + 0.01, reason)


def test_predictability_time_is_the_time_in_which_errors_double():
    attrs = predictability([one(0.02), one(0.04), one(np.nan, "why")], 0.5, 7)
    assert attrs["largest_exponent"] == pytest.approx(0.06)
    assert attrs["largest_exponent_low"] == pytest.approx(0.04)
    assert attrs["predictability_time"] == 23  # ln 2 / 0.03
    assert attrs["predictability"] == "ln 2 / largest exponent of 2 of 3 channels"


def test_without_an_exponent_the_automatic_interval_stands_in():
    for channels in ([], [one(np.nan, "why"), one(np.nan, "why"), one(0.1)]):
        attrs = predictability(channels, 0.5, 7)
        assert np.isnan(attrs["largest_exponent"]) and attrs["predictability_time"] == 7
        assert "automatic" in attrs["predictability"]


def test_check_reports_the_exponent_only_of_what_is_deterministic(
    long_lorenz, henon, ar, series, settings
):
    chaos = check_state_space(
        series(long_lorenz[:, None], interval=0.02), settings(), np.random.default_rng(0)
    ).attrs
    assert chaos["largest_exponent"] == pytest.approx(0.906, rel=0.1)
    assert chaos["predictability_time"] == pytest.approx(np.log(2) / 0.906 / 0.02, rel=0.1)
    map_ = check_state_space(
        series(henon[:, None], interval=1.0), settings(), np.random.default_rng(0)
    ).attrs
    assert map_["largest_exponent"] == pytest.approx(0.419, rel=0.1)
    noise = check_state_space(
        series(ar([0.7], 1500, 2)[:, None]), settings(), np.random.default_rng(0)
    ).attrs
    assert np.isnan(noise["largest_exponent"])
    assert "not detected" in noise["predictability"]
    assert noise["predictability_time"] == noise["forcing_interval"]
