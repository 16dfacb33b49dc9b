import numpy as np
import pytest
from known_systems import defaults, fit_of, linear, lozi, lozi_series

from neurodsr.evaluation.scores import evaluate
from neurodsr.figures.scores import draw_scores


@pytest.mark.parametrize("status", ["ok", "failed: loss is NaN"])
def test_scale_and_verdict_are_shown(status: str) -> None:
    fit = fit_of([lozi(1.68), linear(1.5 * np.eye(2), [0.1, 0.0])], [status] * 2)
    scores = evaluate(lozi_series(4000), fit, defaults("evaluation"), np.random.default_rng(0))
    figure = draw_scores(scores, series=lozi_series(100), fit=fit)
    figure.canvas.draw()
    upper, lower = figure.subfigs
    expected = "Not better" if status == "ok" else "No run"
    assert figure.get_suptitle().startswith(expected)
    rows = [label.get_text() for label in lower.axes[0].get_yticklabels()]
    assert rows == ["D_stsp (nats)", "D_H", "PE(20)", "VPT (s)", "W1 (sd)", "ACE", "CCE"]
    words = [text.get_text() for text in lower.axes[0].texts]
    assert any("/ IAAFT" in text or "/ VAR" in text for text in words)
    assert "no floor; larger is better" in words
    assert "persistence" in {line.get_label() for line in lower.axes[1].lines}
    spectra = {line.get_label() for line in upper.axes[2].lines}
    assert spectra == ({"VAR", "data", "model"} if status == "ok" else {"VAR", "data"})
