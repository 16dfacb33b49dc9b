"""What the page's script is given to draw, and that nothing else may run."""

import base64
import hashlib
import html
import json
import re

import numpy as np
import pytest
import xarray as xr

from neurodsr.report.page import Panel, ReportContent, render_report
from neurodsr.report.view import GAP, UNIT, View, state_space_view


def series_of(x: np.ndarray, names: list[str]) -> xr.Dataset:
    return xr.Dataset(
        {
            "observation": (("time", "channel"), x),
            "segment": ("time", np.zeros(len(x), int)),
            "split": ("time", np.zeros(len(x), np.int8)),
        },
        coords={"channel": names},
    )


def dynamics_of(orbit: np.ndarray, point: list[float], **more: xr.DataArray) -> xr.Dataset:
    return xr.Dataset(
        {
            "orbit_observation": (("time", "channel"), orbit),
            "fixed_point_observation": (("run", "point", "channel"), [[point]]),
            "stability": (("run", "point"), [["saddle"]]),
            **more,
        },
        coords={"run": [0]},
        attrs={"best_run": 0},
    )


def layers(view: View) -> dict[str, np.ndarray]:
    """Points in half ranges of the data, as the script unpacks them."""
    found = {}
    for layer in json.loads(view.data)["layers"]:
        xyz = np.frombuffer(base64.b64decode(layer["xyz"]), "<i2").reshape(-1, 3)
        found[layer["name"]] = np.where(xyz == GAP, np.nan, xyz / UNIT)
    return found


def turning(samples: int, channels: int) -> np.ndarray:
    t = 0.1 * np.arange(samples)
    return np.stack([2 * np.sin(t + c) for c in range(channels)], axis=1)


def test_three_channels_are_their_own_axes() -> None:
    x = turning(600, 3)
    line = np.concatenate([x[:4], np.full((1, 3), np.nan), 50 * x[:2]])
    more = {"stable_manifold": xr.DataArray(line, dims=("stable_corner", "channel"))}
    dynamics = dynamics_of(x[100:300], [0.0, 0.0, 1.0], **more)
    (view,) = state_space_view("m", series_of(x, ["a", "b", "c"]), dynamics, 5)
    drawn = layers(view)
    assert list(view.axes) == ["a (sd)", "b (sd)", "c (sd)"]
    assert drawn["data"] == pytest.approx(x / 2, abs=2e-3)
    assert drawn["free run of the model"] == pytest.approx(x[100:300] / 2, abs=2e-3)
    assert drawn["saddle fixed points"] == pytest.approx(np.array([[0, 0, 0.5]]), abs=2e-3)
    assert np.isnan(drawn["stable manifold"][4:]).all()  # a gap, and what lies far away
    assert np.isfinite(drawn["stable manifold"][:4]).all()


def test_two_channels_get_a_delayed_copy() -> None:
    """A cycle's past is its end; the past of a fixed point is itself."""
    x = turning(600, 2)
    cycle = np.array([[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [np.nan, np.nan]]])
    more = {"cycle_observation": xr.DataArray(cycle, dims=("cycle", "cycle_step", "channel"))}
    dynamics = dynamics_of(x[:300], [1.0, -1.0], **more)
    (view,) = state_space_view("m", series_of(x, ["a", "b"]), dynamics, 2)
    drawn = layers(view)
    assert view.axes[2] == "a, 2 samples before"
    assert drawn["data"] == pytest.approx(np.column_stack([x[2:], x[:-2, 0]]) / 2, abs=2e-3)
    assert drawn["saddle fixed points"] == pytest.approx(np.array([[1, -1, 1]]) / 2, abs=2e-3)
    before = np.column_stack([cycle[0, :3], cycle[0, [1, 2, 0], 0]])
    assert drawn["cycles"] == pytest.approx(before / 2, abs=2e-3)


def test_one_channel_gets_two_and_many_are_reduced() -> None:
    (view,) = state_space_view(
        "m", series_of(turning(600, 1), ["a"]), dynamics_of(turning(99, 1), [0.0]), 3
    )
    assert list(view.axes)[1:] == ["a, 3 samples before", "a, 6 samples before"]
    many = turning(600, 6)
    (view,) = state_space_view(
        "m", series_of(many, list("abcdef")), dynamics_of(many[:99], [0.0] * 6), 3
    )
    assert np.abs(layers(view)["data"][:, 2]).max() < 1e-3  # a circle lies in a plane


def test_only_the_script_of_the_views_may_run() -> None:
    x = turning(600, 3)
    names = ['"><script>alert(1)</script>', "b", "c"]
    views = list(state_space_view("m", series_of(x, names), dynamics_of(x[:99], [0.0] * 3), 5))
    content = ReportContent("c", "t", "s", [], panels=[Panel("r", "s", False, views=views)] * 2)
    text = render_report(content)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]*)"', text).group(1))
    assert f"script-src 'sha256-{digest}'" in policy and "default-src 'none'" in policy
    assert len(text) < 200_000


def test_nothing_to_turn_where_the_model_left() -> None:
    x = turning(600, 3)
    gone = dynamics_of(np.full((1, 3), np.nan), [0.0] * 3)
    assert not list(state_space_view("m", series_of(x, list("abc")), gone, 5))
