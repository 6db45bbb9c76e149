"""A smooth displacement field from scattered displacements."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

MOST = 12  # neighbours that a place is told by
STIFF = 0.02  # how much slopes are held back, so that few neighbours in a row make no wild ones


class Field(NamedTuple):
    """Displacements (n, 2) known at points (n, 2), with weights (n,); smoothed over `width`."""

    points: np.ndarray
    shifts: np.ndarray
    weights: np.ndarray
    width: float


def shift_at(field: Field, places: np.ndarray) -> np.ndarray:
    """Displacement (t, 2) at places (t, 2): local linear regression with Gaussian weights.

    Fan & Gijbels, Local Polynomial Modelling and Its Applications (1996), chapter 2: unlike a mean
    it follows a uniform strain up to the rim.
    """
    number = min(MOST, len(field.points))
    distance, rows = cKDTree(field.points).query(places, k=[*range(1, number + 1)])
    # relative to the nearest, so that far off not all weights vanish
    near = np.exp((distance[:, :1] ** 2 - distance**2) / (2 * field.width**2))
    weight = near * field.weights[rows]
    apart = (field.points[rows] - places[:, None]) / field.width
    design = np.concatenate([np.ones((*rows.shape, 1)), apart], axis=2)
    weighted = design * weight[:, :, None]
    normal = np.swapaxes(weighted, 1, 2) @ design
    held = STIFF * weight.sum(axis=1)
    normal[:, 1, 1] += held
    normal[:, 2, 2] += held
    right = np.swapaxes(weighted, 1, 2) @ field.shifts[rows]
    return np.linalg.solve(normal, right)[:, 0]


def rows_of_shift(
    values: np.ndarray, step: tuple[float, float], width: int
) -> Callable[[slice], tuple[np.ndarray, np.ndarray]]:
    """Read a field (2, gy, gx), known every `step` pixels from pixel (0, 0), on slices of rows."""
    col = np.arange(width) / step[1]
    left = np.minimum(col.astype(int), values.shape[2] - 2)
    share = col - left

    def read(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        row = np.arange(rows.start, rows.stop) / step[0]
        top = np.minimum(row.astype(int), values.shape[1] - 2)
        down = (row - top)[:, None]
        lines = (1 - down) * values[:, top] + down * values[:, top + 1]
        a, b = (1 - share) * lines[:, :, left] + share * lines[:, :, left + 1]
        return a, b

    return read
