"""Cycles from words: the linear regions that an orbit visits one after another.

A word ``(order, direction)`` of regions gives one affine equation ``z = P z + c`` for the state in
its first region. Its solution is a cycle where it visits these regions; else it is virtual, and the
regions that it does visit are the word to be tried next (after SCYFI, Eisenmann et al. 2023).
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neurodsr.dynamics.piecewise.regions import (
    NEAR,
    Pieces,
    Regions,
    inside,
    locate,
    write_affine,
    write_step,
)
from neurodsr.models.piecewise_linear import Array

SINGULAR, VIRTUAL, REAL = 0, 1, 2
HUGE = 1e12


def solve_words(pieces: Pieces, words: Regions) -> tuple[NDArray[np.int8], Array, Regions]:
    """Solve the equations of words ``(word, order, direction)``.

    Returns
    -------
    status : (word,)
        `REAL` where the solution is a cycle, `VIRTUAL` where it is not, `SINGULAR` without one.
    states : (word, order, latent)
    visited : (word, order, direction)
        The regions of these states.
    """
    count, order, directions = words.shape
    status = np.zeros(count, dtype=np.int8)
    states = np.zeros((count, order, len(pieces.h)))
    visited = np.zeros((count, order, directions), dtype=np.uint8)
    _solve(pieces, np.ascontiguousarray(words), status, states, visited)
    return status, states, visited


@njit(cache=True, nogil=True, error_model="numpy")
def _solve(p: Any, words: Any, status: Any, states: Any, visited: Any) -> None:
    count, order, _ = words.shape
    latent = len(p.h)
    steps = np.empty((order, latent, latent))
    constants = np.empty((order, latent))
    for n in range(count):
        for t in range(order):
            write_affine(p, words[n, t], steps[t], constants[t])
        if not solve_cycle(steps, constants, states[n]):
            continue
        status[n] = REAL
        for t in range(order):
            if not inside(p, states[n, t], words[n, t]):
                status[n] = VIRTUAL
            locate(p, states[n, t], visited[n, t])


@njit(cache=True, nogil=True, error_model="numpy")
def solve_cycle(steps: Any, constants: Any, states: Any) -> bool:
    """Write the states with ``z[t + 1] = steps[t] z[t] + constants[t]``, closed to a cycle.

    False where they are not determined, or only beyond the precision of the numbers.
    """
    order, latent = states.shape
    product = np.eye(latent)
    for t in range(order):
        product = np.dot(steps[t], product) if t else steps[0].copy()
    factors = np.eye(latent) - product
    pivots = np.empty(latent, np.int64)
    if not factorise(factors, pivots):
        return False
    shift = np.zeros(latent)
    state = np.zeros(latent)
    for attempt in range(3):
        # from the second time on: what the first solution misses the closure by
        for i in range(latent):
            states[0, i] = state[i]
        size = 1.0
        for t in range(order):
            for i in range(latent):
                total = constants[t, i]
                for j in range(latent):
                    total += steps[t, i, j] * states[t, j]
                if t + 1 < order:
                    states[t + 1, i] = total
                else:
                    shift[i] = total
                size = max(size, abs(states[t, i]))
        if not size < HUGE:
            return False
        gap = 0.0
        for i in range(latent):
            shift[i] -= state[i]
            gap = max(gap, abs(shift[i]))
        if attempt and gap < NEAR * size:
            return True
        substitute(factors, pivots, shift)
        for i in range(latent):
            state[i] += shift[i]
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def factorise(matrix: Any, pivots: Any) -> bool:
    """LU decomposition with partial pivoting, in place; false where the matrix is singular."""
    size = len(matrix)
    largest = 0.0
    for i in range(size):
        for j in range(size):
            largest = max(largest, abs(matrix[i, j]))
    for k in range(size):
        best = k
        for i in range(k + 1, size):
            if abs(matrix[i, k]) > abs(matrix[best, k]):
                best = i
        pivots[k] = best
        if not abs(matrix[best, k]) > 1e-14 * largest:
            return False
        if best != k:
            for j in range(size):
                matrix[k, j], matrix[best, j] = matrix[best, j], matrix[k, j]
        for i in range(k + 1, size):
            matrix[i, k] /= matrix[k, k]
            factor = matrix[i, k]
            if factor != 0.0:
                for j in range(k + 1, size):
                    matrix[i, j] -= factor * matrix[k, j]
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def substitute(factors: Any, pivots: Any, vector: Any) -> None:
    """Solve, in place, with what `factorise` made."""
    size = len(vector)
    for k in range(size):
        if pivots[k] != k:
            vector[k], vector[pivots[k]] = vector[pivots[k]], vector[k]
    for i in range(size):
        for j in range(i):
            vector[i] -= factors[i, j] * vector[j]
    for i in range(size - 1, -1, -1):
        for j in range(i + 1, size):
            vector[i] -= factors[i, j] * vector[j]
        vector[i] /= factors[i, i]


@njit(cache=True, nogil=True, error_model="numpy")
def orbit_words(p: Any, starts: Any, order: int) -> Any:
    """Regions ``(start, order, direction)`` that orbits visit, and how far they end from it."""
    count, latent = starts.shape
    words = np.zeros((count, order, p.W.shape[0]), np.uint8)
    distance = np.zeros(count)
    image = np.empty(latent)
    for n in range(count):
        state = starts[n].copy()
        for t in range(order):
            locate(p, state, words[n, t])
            write_step(p, state, image)
            for i in range(latent):
                state[i] = image[i]
        for i in range(latent):
            distance[n] += (state[i] - starts[n, i]) ** 2
    return words, distance


@njit(cache=True, nogil=True, error_model="numpy")
def rotation_keys(words: Any) -> Any:
    """One number for each word, the same for all its cyclic rotations."""
    count, order, directions = words.shape
    keys = np.empty(count, np.uint64)
    letters = np.empty(order, np.uint64)
    prime = np.uint64(1099511628211)
    for n in range(count):
        for t in range(order):
            letter = np.uint64(14695981039346656037)
            for g in range(directions):
                letter = (letter ^ np.uint64(words[n, t, g] + 1)) * prime
                letter ^= letter >> np.uint64(29)
            letters[t] = letter
        first, other, matched = 0, 1, 0
        while first < order and other < order and matched < order:
            a, b = letters[(first + matched) % order], letters[(other + matched) % order]
            if a == b:
                matched += 1
                continue
            if a > b:
                first += matched + 1
            else:
                other += matched + 1
            if first == other:
                other += 1
            matched = 0
        start = min(first, other)
        key = np.uint64(order)
        for t in range(order):
            key = (key ^ letters[(start + t) % order]) * prime
            key ^= key >> np.uint64(31)
        keys[n] = key
    return keys
