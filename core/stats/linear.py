"""Small symmetric linear systems: as many unknowns as there are hedging instruments or lags."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SINGULAR = 1e-13
_SWEEPS = 100


def solve(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float] | None:
    """The x with ``matrix · x = right``, by elimination with pivots; ``None`` where the matrix is singular."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    scale = max((abs(value) for row in matrix for value in row), default=0.0)
    for column in range(size):
        pivot = max(range(column, size), key=lambda index: abs(rows[index][column]))
        if abs(rows[pivot][column]) <= _SINGULAR * scale:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for below in range(column + 1, size):
            factor = rows[below][column] / rows[column][column]
            rows[below] = [a - factor * b for a, b in zip(rows[below], rows[column], strict=True)]
    found = [0.0] * size
    for index in range(size - 1, -1, -1):
        known = math.fsum(rows[index][later] * found[later] for later in range(index + 1, size))
        found[index] = (rows[index][size] - known) / rows[index][index]
    return found


def eigenvalues(matrix: Sequence[Sequence[float]]) -> list[float]:
    """Eigenvalues of a symmetric matrix in rising order, by Jacobi's rotations."""
    rows = [list(row) for row in matrix]
    size = len(rows)
    for _ in range(_SWEEPS):
        off = math.fsum(rows[i][j] ** 2 for i in range(size) for j in range(i))
        if off <= 1e-30 * math.fsum(rows[i][i] ** 2 for i in range(size)):
            break
        for i in range(size):
            for j in range(i):
                _rotate(rows, i, j)
    return sorted(rows[i][i] for i in range(size))


def condition_number(matrix: Sequence[Sequence[float]]) -> float:
    """Largest over smallest eigenvalue of a covariance or correlation matrix; infinite where it is singular."""
    found = eigenvalues(matrix)
    return found[-1] / found[0] if found[0] > _SINGULAR * found[-1] else math.inf


def _rotate(rows: list[list[float]], i: int, j: int) -> None:
    """Turn the plane of axes i and j so that the element between them becomes zero."""
    if not rows[i][j]:
        return
    slope = (rows[j][j] - rows[i][i]) / (2 * rows[i][j])
    tangent = math.copysign(1, slope) / (abs(slope) + math.hypot(slope, 1))
    cosine = 1 / math.hypot(tangent, 1)
    sine = tangent * cosine
    for k in range(len(rows)):
        rows[k][i], rows[k][j] = cosine * rows[k][i] - sine * rows[k][j], sine * rows[k][i] + cosine * rows[k][j]
    for k in range(len(rows)):
        rows[i][k], rows[j][k] = cosine * rows[i][k] - sine * rows[j][k], sine * rows[i][k] + cosine * rows[j][k]
