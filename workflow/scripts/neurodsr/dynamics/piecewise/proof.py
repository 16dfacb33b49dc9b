"""Proof that no cycle of one order is missing: all of state space, by branch and prune.

State space is written in homogeneous coordinates ``z = x / rho``, in which the map is
``G(x, rho) = rho F(x / rho)``: piecewise linear again, and the cube ``|x| <= 1`` at
``rho = 1 / radius`` together with its faces for all smaller rho, down to infinity, is all there
is. Boxes of a chart are bisected; one is dropped when the enclosure of
``G^k(x) - x`` does not contain zero or the interval Newton step (Neumaier 1990, ch. 5) leaves
nothing, and its equation is solved when no border crosses it any more.
"""

from typing import Any

import numpy as np
from numba import njit

from neurodsr.dynamics.piecewise.regions import (
    Pieces,
    Regions,
    affine_map,
    inside,
    write_affine,
)
from neurodsr.dynamics.piecewise.words import factorise, solve_cycle, substitute
from neurodsr.models.piecewise_linear import Array

DEPTH = 4000
MOST_CYCLES = 4096
MOST_SINGULAR = 1024
SMALLEST = 1e-11
SLOW = 0.6
"""A Newton step that leaves more than this share of the largest side is followed by a bisection."""


def prove_cycles(
    pieces: Pieces, order: int, radius: float, most_boxes: int
) -> tuple[list[Array], int, bool]:
    """All cycles of one order, wherever they lie.

    Parameters
    ----------
    pieces
        Of the map.
    order
        Length of the cycles, 1 for fixed points.
    radius
        About the largest coordinate of interesting states; the result does not depend on it.
    most_boxes
        Boxes examined at most.

    Returns
    -------
    cycles
        States ``(order, latent)`` of each; the same one may appear more than once, and shorter
        ones run through several times.
    boxes
        Number of boxes that were examined.
    complete
        Whether these were all. Not if cycles fill a line or more. The enclosures are computed in
        double precision with margins of 1e-13 of the cube, not with directed rounding.
    """
    latent = len(pieces.h)
    found = np.empty((MOST_CYCLES, order, latent))
    singular = np.empty((MOST_SINGULAR, order, len(pieces.W)), np.uint8)
    count, degenerate, boxes, complete = _prove(pieces, order, radius, most_boxes, found, singular)
    none_there = all(not _solvable(pieces, word) for word in singular[:degenerate])
    return list(found[:count]), int(boxes), bool(complete and none_there)


def _solvable(pieces: Pieces, word: Regions) -> bool:
    """Whether the singular equation of a word has solutions all the same."""
    product, constant = np.eye(len(pieces.h)), np.zeros(len(pieces.h))
    for region in word:
        J, b = affine_map(pieces, region)
        product, constant = J @ product, J @ constant + b
    system = np.eye(len(constant)) - product
    solution = np.linalg.lstsq(system, constant)[0]
    gap = float(np.abs(system @ solution - constant).max())
    return gap < 1e-8 * (1.0 + float(np.abs(constant).max()))


@njit(cache=True, nogil=True, error_model="numpy")
def _prove(p: Any, order: int, radius: float, most_boxes: int, found: Any, singular: Any) -> Any:
    latent = len(p.h)
    word = np.empty((order, p.W.shape[0]), np.uint8)
    steps = np.empty((order, latent, latent))
    constants = np.empty((order, latent))
    states = np.empty((order, latent))
    centres = np.empty((DEPTH, latent))
    radii = np.empty((DEPTH, latent))
    count, degenerate, boxes = 0, 0, 0
    complete = True
    for chart in range(2 * latent + 1):
        face = chart // 2 if chart < 2 * latent else -1
        centres[0] = 0.0
        radii[0] = 1.0
        if face >= 0:
            centres[0, face] = radii[0, face] = 0.5 / radius
        top = 1
        while top > 0:
            if boxes >= most_boxes or top + 2 > DEPTH:
                return count, degenerate, boxes, False
            boxes += 1
            top -= 1
            centre, radius_here = centres[top].copy(), radii[top].copy()
            undecided, empty, split, shrunk = _examine(
                p, order, centre, radius_here, face, 1.0 if chart % 2 else -1.0, 1.0 / radius, word
            )
            if empty:
                continue
            small = radius_here.max() < SMALLEST
            if undecided == 0 or small:
                for t in range(order):
                    write_affine(p, word[t], steps[t], constants[t])
                solved = solve_cycle(steps, constants, states)
                real = solved
                for t in range(order):
                    real = real and inside(p, states[t], word[t])
                if real and count < len(found):
                    known = False
                    for other in range(count):
                        gap = np.abs(found[other] - states).max()
                        known = known or gap < 1e-9 * (1.0 + np.abs(states).max())
                    if not known:
                        found[count] = states
                        count += 1
                    complete = complete and count < len(found)
                complete = complete and (solved or undecided == 0) and (real or not small)
                if not solved and undecided == 0:
                    if degenerate == len(singular):
                        return count, degenerate, boxes, False
                    singular[degenerate] = word
                    degenerate += 1
                continue
            centres[top], radii[top] = centre, radius_here
            if shrunk > SLOW:
                half = 0.5 * radius_here[split]
                centres[top + 1], radii[top + 1] = centre, radius_here
                radii[top, split] = radii[top + 1, split] = half
                centres[top, split] -= half
                centres[top + 1, split] += half
                top += 1
            top += 1
    return count, degenerate, boxes, complete


@njit(cache=True, nogil=True, error_model="numpy")
def _examine(
    p: Any, order: int, centre: Any, radii: Any, face: int, sign: float, rho: float, word: Any
) -> Any:
    """Follow a box for `order` steps and shrink it, in place, to what its cycles may be in.

    Returns the number of borders that cross its images, whether it holds no cycle, the coordinate
    to be bisected, and the share of the largest side that is left. Writes the word of its centre.
    """
    latent = len(centre)
    directions, most = p.borders.shape
    x = centre.copy()
    seed = np.eye(latent)
    rate = np.zeros(latent)  # of rho, with the free coordinates
    if face >= 0:
        rho = centre[face]
        x[face] = sign
        seed[face, face] = 0.0
        rate[face] = 1.0
    start = x.copy()
    middle = seed.copy()
    spread = np.zeros((latent, latent))
    undecided = 0
    smear = np.zeros(latent)
    matrix = np.empty((latent, latent))
    constant = np.empty(latent)
    kinks = np.empty((directions * most, latent))
    reach = np.empty((directions * most, latent))
    row = np.empty(latent)
    blur = np.empty(latent)
    crossing = 0
    before = spread
    for t in range(order):
        image = np.zeros(latent)
        for i in range(latent):
            constant[i] = p.h[i]
            image[i] = rho * p.h[i]
            for j in range(latent):
                matrix[i, j] = p.A[i, j]
                image[i] += p.A[i, j] * x[j]
        crossing = 0
        for g in range(directions):
            v = 0.0
            for j in range(latent):
                v += p.W[g, j] * x[j]
                row[j] = 0.0
                blur[j] = 0.0
            for i in range(latent):
                w = p.W[g, i]
                if w != 0.0:
                    for j in range(latent):
                        row[j] += w * middle[i, j]
                        blur[j] += abs(w) * spread[i, j]
            own, base = 0, 0
            first = crossing
            for b in range(most):
                if p.borders[g, b] == np.inf:
                    break
                argument = v - p.borders[g, b] * rho
                extent = 0.0
                for j in range(latent):
                    extent += (abs(row[j] - p.borders[g, b] * rate[j]) + blur[j]) * radii[j]
                if argument > 0.0:
                    own = b + 1
                if argument >= extent and argument > 0.0:
                    base = b + 1
                elif argument > -extent:
                    # secant slopes of max(., 0) between the centre and the rest of the box
                    mean = 0.5 * (1.0 + argument / extent)
                    half = 0.5 * (1.0 - abs(argument) / extent)
                    for j in range(latent):
                        reach[crossing, j] = half * (
                            abs(row[j] - p.borders[g, b] * rate[j]) + blur[j]
                        )
                        smear[j] += reach[crossing, j]
                        kinks[crossing, j] = p.slopes[g, b + 1, j] - p.slopes[g, b, j]
                        slope = mean * kinks[crossing, j]
                        constant[j] -= slope * p.borders[g, b]
                        if slope != 0.0:
                            for e in range(latent):
                                matrix[j, e] += slope * p.W[g, e]
                    crossing += 1
            word[t, g] = own
            undecided += crossing - first
            for i in range(latent):
                constant[i] += p.offsets[g, base, i]
                slope = p.slopes[g, base, i]
                if slope != 0.0:
                    for j in range(latent):
                        matrix[i, j] += slope * p.W[g, j]
                image[i] += p.slopes[g, own, i] * v + p.offsets[g, own, i] * rho
        moved = np.zeros((latent, latent))
        before = spread
        spread = np.zeros((latent, latent))
        for i in range(latent):
            for e in range(latent):
                a = matrix[i, e]
                if a != 0.0:
                    for j in range(latent):
                        moved[i, j] += a * middle[e, j]
                        spread[i, j] += abs(a) * before[e, j]
            for j in range(latent):
                moved[i, j] += constant[i] * rate[j]
        for c in range(crossing):
            for i in range(latent):
                for j in range(latent):
                    spread[i, j] += abs(kinks[c, i]) * reach[c, j]
        middle = moved
        x = image
    split = 0
    for j in range(1, latent):
        if smear[j] * radii[j] > smear[split] * radii[split]:
            split = j
    if not smear[split] * radii[split] > 0.0:
        split = int(np.argmax(radii))
    gap = x - start
    for i in range(latent):
        extent = 0.0
        for j in range(latent):
            middle[i, j] -= seed[i, j]
            extent += (abs(middle[i, j]) + spread[i, j]) * radii[j]
        if abs(gap[i]) > extent * (1.0 + 1e-9) + 1e-13:
            return undecided, True, split, 1.0
    if undecided == 0:
        return 0, False, split, 1.0
    inverse = np.empty((latent, latent))
    factors = middle.copy()
    pivots = np.empty(latent, np.int64)
    if not factorise(factors, pivots):
        return undecided, False, split, 1.0
    for j in range(latent):
        column = np.zeros(latent)
        column[j] = 1.0
        substitute(factors, pivots, column)
        inverse[:, j] = column
    offset = np.dot(inverse, gap)
    rest = np.zeros((latent, latent))
    carried = np.dot(inverse, matrix)
    for i in range(latent):
        for e in range(latent):
            for j in range(latent):
                rest[i, j] += abs(carried[i, e]) * before[e, j]
    for c in range(crossing):
        pushed = np.dot(inverse, kinks[c])
        for i in range(latent):
            for j in range(latent):
                rest[i, j] += abs(pushed[i]) * reach[c, j]
    low, high = -radii, radii.copy()
    largest = radii.max()
    for _ in range(2):
        for i in range(latent):
            extent = 1e-13
            for j in range(latent):
                if j != i:
                    extent += rest[i, j] * max(abs(low[j]), abs(high[j]))
            own = rest[i, i]
            if own < 1.0:
                lower, upper = -offset[i] - extent, -offset[i] + extent
                lower /= 1.0 - own if lower < 0.0 else 1.0 + own
                upper /= 1.0 - own if upper > 0.0 else 1.0 + own
                low[i], high[i] = max(low[i], lower), min(high[i], upper)
                if low[i] > high[i] + 1e-15:
                    return undecided, True, split, 1.0
    largest_left = 0.0
    for i in range(latent):
        largest_left = max(largest_left, (high[i] - low[i]) / 2 / radii[i] if radii[i] > 0 else 0.0)
        centre[i] += 0.5 * (low[i] + high[i])
        radii[i] = max(0.5 * (high[i] - low[i]), 0.0)
    if largest == 0.0:
        largest_left = 1.0
    return undecided, False, split, largest_left
