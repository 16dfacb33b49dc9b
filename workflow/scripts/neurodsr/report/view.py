"""State space in three dimensions, to be turned: data, model, fixed points, cycles, manifolds."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.figures.style import CYCLE, DATA, MODEL, NULL
from neurodsr.report.text import counted

Array = NDArray[np.float64]

UNIT, GAP = 8192, -32768
BEYOND = 2.0
"""Half ranges of the data beyond which nothing is shown."""
MOST_POINTS = 1500
MOST_CORNERS = 2500
TURN, TILT = -0.6, 0.45
FIXED_POINTS = {"stable": CYCLE[5], "saddle": CYCLE[2], "unstable": CYCLE[1]}


@dataclass(frozen=True)
class Layer:
    """Points of one kind, ``xyz (point, 3)`` in half ranges of the data, NaN for a gap.

    ``mark`` is line, circle or square, ``width`` that of the line or half that of a mark (pixels).
    """

    name: str
    mark: str
    colour: str
    width: float
    xyz: Array

    def packed(self) -> str:
        """The points as 16-bit numbers, in base64."""
        whole = np.where(np.isfinite(self.xyz), np.round(UNIT * self.xyz), GAP)
        return base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii")


@dataclass(frozen=True)
class View:
    """A state space that can be turned, with a picture of it from one side."""

    title: str
    caption: str
    axes: Sequence[str]
    layers: Sequence[Layer]

    @property
    def data(self) -> str:
        """What the page's script draws (JSON)."""
        layers = [
            {"name": one.name, "mark": one.mark, "colour": one.colour, "width": one.width,
             "xyz": one.packed()}
            for one in self.layers
        ]  # fmt: skip
        return json.dumps({"axes": list(self.axes), "layers": layers}, separators=(",", ":"))

    @property
    def uri(self) -> str:
        """The picture, for where no script runs."""
        body = "".join(_drawn(layer) for layer in self.layers) + "".join(_axes(self.axes))
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 420">{body}</svg>'
        return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def state_space_view(
    model: str, series: xr.Dataset, dynamics: xr.Dataset, delay: int
) -> Iterator[View]:
    """The best run's state space, or nothing where it has no orbit.

    Three channels are their own axes, of more the first three principal components are; fewer get
    delayed copies.

    Parameters
    ----------
    model
        Its name.
    series, dynamics
        Contents of ``series.nc`` and ``dynamics.nc``.
    delay
        Of the copies (samples).
    """
    if "orbit_observation" not in dynamics:
        return
    orbit = dynamics["orbit_observation"].values
    data = _training(series)
    if not np.isfinite(orbit).all() or len(data) < 3 * delay:
        return
    names = [str(name) for name in series["channel"].values]
    space = _Space(data, names, delay)
    best = dynamics.sel(run=dynamics.attrs["best_run"])
    layers = [
        *_moving("data", NULL, space.path(data)),
        *_moving("free run of the model", MODEL, space.path(orbit)),
    ]
    if "cycle_observation" in dynamics:
        cycles = [one[np.isfinite(one).all(axis=1)] for one in dynamics["cycle_observation"].values]
        shown = np.concatenate([space.cycle(one) for one in cycles])
        layers.append(Layer("cycles", "circle", CYCLE[4], 2.0, shown))
    if not space.delayed:
        for side, colour in (("unstable", CYCLE[6]), ("stable", CYCLE[0])):
            if f"{side}_manifold" in dynamics:
                line = dynamics[f"{side}_manifold"].values[:MOST_CORNERS]
                layers.append(Layer(f"{side} manifold", "line", colour, 1.0, space.points(line)))
    located, stability = best["fixed_point_observation"].values, best["stability"].values
    for kind, colour in FIXED_POINTS.items():
        some = space.fixed(located[stability == kind])
        if np.isfinite(some).any():
            mark = "circle" if kind == "stable" else "square"
            layers.append(Layer(f"{kind} fixed points", mark, colour, 4.5, some))
    yield View(
        f"State space to be turned ({model})",
        "Drag or use the arrow keys to turn, the wheel after a click to come nearer, a double "
        "click to go back; the boxes show and hide. Best run, in the space of the channels.",
        space.axes,
        [layer for layer in layers if np.isfinite(layer.xyz).any()],
    )


class _Space:
    """Three axes for observations, in half ranges of the data."""

    def __init__(self, data: Array, names: list[str], delay: int) -> None:
        channels = data.shape[1]
        self.delay, self.delayed = delay, channels < 3
        self.axes = [f"{name} (sd)" for name in names]
        self.mean, self.turn = np.zeros(channels), np.eye(channels)
        if channels > 3:
            self.mean = data.mean(axis=0)
            self.turn = np.linalg.svd(data - self.mean, full_matrices=False)[2][:3].T
            self.axes = [f"component {i} (sd)" for i in (1, 2, 3)]
        for copies in range(1, 4 - channels):
            self.axes.append(f"{names[0]}, {counted(copies * delay, 'sample')} before")
        placed = self._placed(self._copies(data)) if self.delayed else self._placed(data)
        low, high = placed.min(axis=0), placed.max(axis=0)
        self.centre, self.size = (low + high) / 2, float((high - low).max() / 2) or 1.0

    def _placed(self, x: Array) -> Array:
        return x if self.delayed else (x - self.mean) @ self.turn

    def _copies(self, x: Array) -> Array:
        """Channels and delayed copies of the first one, of all times that have them."""
        reach = (3 - x.shape[1]) * self.delay
        before = [x[reach - n * self.delay : len(x) - n * self.delay, :1] for n in
                  range(1, 4 - x.shape[1])]  # fmt: skip
        return np.hstack([x[reach:], *before])

    def _scaled(self, placed: Array) -> Array:
        scaled = (placed - self.centre) / self.size
        scaled[~(np.abs(scaled) < BEYOND).all(axis=1)] = np.nan
        return np.asarray(scaled)

    def points(self, x: Array) -> Array:
        """Observations ``(point, channel)`` of three channels or more."""
        return self._scaled(self._placed(x))

    def path(self, x: Array) -> Array:
        """A trajectory."""
        return self._scaled(self._copies(x)) if self.delayed else self.points(x)

    def cycle(self, x: Array) -> Array:
        """States of a cycle, whose past is its end."""
        if not self.delayed:
            return self.points(x)
        times = -(-(2 * self.delay) // len(x)) + 1
        return self._scaled(self._copies(np.tile(x, (times, 1)))[-len(x) :])

    def fixed(self, x: Array) -> Array:
        """Fixed points, whose past is what they are."""
        if not self.delayed:
            return self.points(x)
        return self._scaled(np.hstack([x, *[x[:, :1]] * (3 - x.shape[1])]))


def _training(series: xr.Dataset) -> Array:
    """The last stretch of training data, at most so many samples."""
    x = series["observation"].transpose("time", "channel").values
    usable = (series["split"].values == 0) & np.isfinite(x).all(axis=1)
    breaks = np.flatnonzero(np.diff(usable.astype(int)) | np.diff(series["segment"].values)) + 1
    parts = [part for part in np.split(np.arange(len(x)), breaks) if usable[part[0]]]
    longest = max(parts, key=len, default=np.zeros(0, int))
    return np.asarray(x[longest[-MOST_POINTS:]], dtype=float)


def _moving(name: str, colour: str, xyz: Array) -> Iterator[Layer]:
    """A trajectory as a line, or as points where it jumps."""
    xyz = xyz[:MOST_POINTS]
    jumps = np.nanmedian(np.linalg.norm(np.diff(xyz, axis=0), axis=1)) > 0.3
    yield Layer(name, "circle" if jumps else "line", colour, 1.0, xyz)


def _seen(xyz: Array) -> Array:
    """From the side from which the script looks at first: ``(point, 2)`` in pixels."""
    (x, y, z), s, c = xyz.T, np.sin(TURN), np.cos(TURN)
    across, away = c * x - s * y, s * x + c * y
    up = np.cos(TILT) * z - np.sin(TILT) * away
    return np.asarray(np.stack([320 + 134 * across, 200 - 134 * up], axis=1))


def _drawn(layer: Layer) -> str:
    at = _seen(layer.xyz)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(at).all(axis=1))
    if layer.mark == "line":
        commands = [
            f"{'L' if i and known[i - 1] else 'M'}{at[i, 0]:.1f} {at[i, 1]:.1f}"
            for i in np.flatnonzero(known)
        ]
        return (
            f'<path d="{"".join(commands)}" fill="none" stroke="{layer.colour}" stroke-width=".6"/>'
        )
    dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in at[known])
    return (
        f'<path d="{dots}" stroke="{layer.colour}" stroke-width="{2 * layer.width:g}" '
        'stroke-linecap="round"/>'
    )


def _axes(names: Sequence[str]) -> Iterator[str]:
    for axis, name in enumerate(names):
        ends = np.full((2, 3), -1.1)
        ends[1, axis] = 1.1
        (x, y), (u, v) = _seen(ends).tolist()
        yield (
            f'<path d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" stroke="{NULL}" fill="none"/>'
            f'<text x="{u + 4:.1f}" y="{v - 4:.1f}" font-size="11" fill="{DATA}" '
            f'font-family="sans-serif">{escape(name)}</text>'
        )
