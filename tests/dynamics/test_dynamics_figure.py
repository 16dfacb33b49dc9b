import numpy as np
import pytest
from known_systems import defaults, fit_of, lozi, lozi_series

from neurodsr.dynamics.analysis import analyse
from neurodsr.figures.dynamics import draw_dynamics


@pytest.mark.parametrize("status", ["ok", "failed: loss is NaN"])
def test_orbit_with_fixed_points(status: str) -> None:
    series, fit = lozi_series(2000), fit_of([lozi()], [status])
    dynamics = analyse(series, fit, defaults("analysis"), np.random.default_rng(0))
    figure = draw_dynamics(dynamics, series=series, fit=fit)
    figure.canvas.draw()
    orbit = figure.axes[0]
    marks = [line for line in orbit.lines if line.get_label() == "saddle node"]
    assert orbit.get_title() == (
        f"Best run: aperiodic, {float(dynamics['dominant_period'].values[0]):.3g} s"
        if status == "ok"
        else "Best run: no limit set"
    )
    assert [len(line.get_xdata()) for line in marks] == ([2] if status == "ok" else [])


def test_panels_below() -> None:
    series, fit = lozi_series(2000), fit_of([lozi()])
    settings = defaults("analysis") | {"sweep": "gain", "sweep_from": 0.6, "sweep_to": 1.0}
    dynamics = analyse(series, fit, settings, np.random.default_rng(0))
    figure = draw_dynamics(dynamics, series=series, fit=fit)
    figure.canvas.draw()
    orbit, *_, basins, back, sweep = figure.axes
    labels = [line.get_label() for line in orbit.lines]
    assert {"unstable manifold", "stable manifold", "cycles"} <= set(labels)
    assert any("chaos" in text.get_text() for text in basins.get_legend().get_texts())
    assert len(back.lines[-1].get_xdata()) > 100
    assert "flip" in [text.get_text() for text in sweep.get_legend().get_texts()]
