"""Linear regions of the canonical map, and the affine map in each of them."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.models.piecewise_linear import Array, PiecewiseLinearMap

Regions = NDArray[np.uint8]
"""Piece of every direction, ``(..., direction)``: one linear region."""
NEAR = 1e-9


class Pieces(NamedTuple):
    r"""A map as a sum of piecewise-linear functions of one direction each.

    .. math:: F(z) = A z + h + \sum_g f_g(w_g \cdot z)

    Hidden units that see the same direction (all basis functions of one unit of a dendritic PLRNN)
    share one function, so that regions count which exist: basis + 1 for each unit, not 2^basis.

    Attributes
    ----------
    A : (latent, latent)
    h : (latent,)
        With the constant input.
    W : (direction, latent)
        Unit vectors.
    borders : (direction, border)
        Where the slope of f changes, ascending, filled up with infinity.
    slopes, offsets : (direction, border + 1, latent)
        f is ``slopes[g, j] u + offsets[g, j]`` in its piece j, which j borders lie below.
    """

    A: Array
    h: Array
    W: Array
    borders: Array
    slopes: Array
    offsets: Array


def pieces_of(model: PiecewiseLinearMap, s: Array | None = None) -> Pieces:
    """The pieces of a map under a constant input ``(input,)``."""
    latent = model.latent_dimension
    h = model.h1 if s is None else model.h1 + model.C @ s
    length = np.linalg.norm(model.W2, axis=1)
    moves = length > 0
    h = h + model.W1[:, ~moves] @ np.maximum(model.h2[~moves], 0.0)
    unit = model.W2[moves] / length[moves, None]
    leading = np.take_along_axis(unit, np.argmax(np.abs(unit), axis=1)[:, None], 1)
    sign = np.sign(leading)
    directions, first, member = np.unique(
        np.round(unit * sign, 12), axis=0, return_index=True, return_inverse=True
    )
    member = member.ravel()
    gain = (length[moves, None] * sign).ravel()
    weight, bias = model.W1[:, moves], model.h2[moves]
    most = int(np.bincount(member, minlength=1).max()) + model.clipped
    borders = np.full((len(directions), most), np.inf)
    slopes, offsets = np.zeros((2, len(directions), most + 1, latent))
    most = _write_pieces(
        member, gain, bias, np.ascontiguousarray(weight.T), model.clipped, borders, slopes, offsets
    )
    W = (unit * sign)[first]
    return Pieces(
        np.ascontiguousarray(model.A),
        np.ascontiguousarray(h, dtype=float),
        np.ascontiguousarray(W.reshape(-1, latent)),
        np.ascontiguousarray(borders[:, :most]),
        np.ascontiguousarray(slopes[:, : most + 1]),
        np.ascontiguousarray(offsets[:, : most + 1]),
    )


@njit(cache=True, nogil=True, error_model="numpy")
def _write_pieces(
    member: Any, gain: Any, bias: Any, weight: Any, clipped: bool, borders: Any, slopes: Any,
    offsets: Any,
) -> Any:  # fmt: skip
    """Write ``sum_k weight_k [phi(gain_k u + bias_k) - c phi(gain_k u)]`` of every direction.

    Borders at which nothing changes are left out. Returns the largest number of borders.
    """
    latent = weight.shape[1]
    most = 0
    for g in range(len(borders)):
        own = np.flatnonzero(member == g)
        edges = np.empty(len(own) + clipped)
        edges[-1] = 0.0  # of the clip, if there is one
        edges[: len(own)] = -bias[own] / gain[own]
        edges = np.unique(edges)
        pieces = np.zeros((2, len(edges) + 1, latent))
        for j in range(len(edges) + 1):
            if j == 0:
                inner = edges[0] - 1.0
            elif j == len(edges):
                inner = edges[-1] + 1.0
            else:
                inner = (edges[j - 1] + edges[j]) / 2
            for k in own:
                on = gain[k] * inner + bias[k] > 0.0
                slope = on - (clipped and gain[k] * inner > 0.0)
                for i in range(latent):
                    pieces[0, j, i] += slope * gain[k] * weight[k, i]
                    pieces[1, j, i] += on * bias[k] * weight[k, i]
        least = 1e-14 * (1.0 + np.abs(pieces[0]).max())
        slopes[g, 0], offsets[g, 0] = pieces[0, 0], pieces[1, 0]
        count = 0
        for j in range(len(edges)):
            if np.abs(pieces[0, j + 1] - pieces[0, j]).max() > least:
                borders[g, count] = edges[j]
                count += 1
                slopes[g, count], offsets[g, count] = pieces[0, j + 1], pieces[1, j + 1]
        most = max(most, count)
    return most


def region_count(pieces: Pieces) -> float:
    """Number of combinations of pieces; no more linear regions than that are there."""
    with np.errstate(over="ignore"):
        return float(np.prod(np.isfinite(pieces.borders).sum(axis=1) + 1.0))


def regions_of(pieces: Pieces, z: Array) -> Regions:
    """Linear regions ``(state, direction)`` of states ``(state, latent)``."""
    u = z @ pieces.W.T
    above = u[..., None] > pieces.borders
    return np.asarray(above.sum(axis=-1), dtype=np.uint8)


def affine_map(pieces: Pieces, region: Regions) -> tuple[Array, Array]:
    """Matrix and constant of the map in one region."""
    J, b = np.empty_like(pieces.A), np.empty_like(pieces.h)
    write_affine(pieces, region, J, b)
    return J, b


def images(pieces: Pieces, z: Array) -> Array:
    """Images of states ``(state, latent)``."""
    return np.asarray(free_run(pieces, z, 2)[1])


def free_run(pieces: Pieces, z: Array, steps: int) -> Array:
    """Orbits ``(steps, state, latent)`` from states ``(state, latent)``, these included."""
    orbit = np.empty((steps, *z.shape))
    orbit[0] = z
    _run(pieces, orbit)
    return orbit


@njit(cache=True, nogil=True, error_model="numpy")
def _run(p: Any, orbit: Any) -> None:
    for t in range(1, len(orbit)):
        for n in range(orbit.shape[1]):
            write_step(p, orbit[t - 1, n], orbit[t, n])


@njit(cache=True, nogil=True, error_model="numpy")
def locate(p: Any, z: Any, region: Any) -> None:
    """Write the region of a state."""
    for g in range(p.W.shape[0]):
        u = 0.0
        for i in range(len(z)):
            u += p.W[g, i] * z[i]
        j = 0
        while j < p.borders.shape[1] and u > p.borders[g, j]:
            j += 1
        region[g] = j


@njit(cache=True, nogil=True, error_model="numpy")
def inside(p: Any, z: Any, region: Any) -> bool:
    """Whether a state lies in a region or, up to rounding, on its border."""
    for g in range(p.W.shape[0]):
        u = 0.0
        size = 1.0
        for i in range(len(z)):
            u += p.W[g, i] * z[i]
            size += abs(p.W[g, i] * z[i])
        j = region[g]
        if j > 0 and u < p.borders[g, j - 1] - NEAR * size:
            return False
        if j < p.borders.shape[1] and u > p.borders[g, j] + NEAR * size:
            return False
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def write_affine(p: Any, region: Any, J: Any, b: Any) -> None:
    """Write matrix and constant of the map in a region."""
    latent = len(b)
    for i in range(latent):
        b[i] = p.h[i]
        for j in range(latent):
            J[i, j] = p.A[i, j]
    for g in range(p.W.shape[0]):
        piece = region[g]
        for i in range(latent):
            b[i] += p.offsets[g, piece, i]
            slope = p.slopes[g, piece, i]
            if slope != 0.0:
                for j in range(latent):
                    J[i, j] += slope * p.W[g, j]


@njit(cache=True, nogil=True, error_model="numpy")
def write_step(p: Any, z: Any, image: Any) -> None:
    """Write the image of a state."""
    latent = len(z)
    for i in range(latent):
        total = p.h[i]
        for j in range(latent):
            total += p.A[i, j] * z[j]
        image[i] = total
    for g in range(p.W.shape[0]):
        u = 0.0
        for i in range(latent):
            u += p.W[g, i] * z[i]
        piece = 0
        while piece < p.borders.shape[1] and u > p.borders[g, piece]:
            piece += 1
        for i in range(latent):
            image[i] += p.slopes[g, piece, i] * u + p.offsets[g, piece, i]
